import type { Seconds } from '@sallyport/protocol'
import type { Client } from '../model/client.ts'
import type { Store } from '../model/store.ts'

/** Seconds for which a client record is believed without asking the store: a change is in force everywhere within one. */
export const clientFreshness = 1

const maxClients = 10_000

/** Remembers client records for a second; decisions that must not be a second late look inside the store's transaction. */
export type ClientCache = {
  find(id: string): Client | undefined | Promise<Client | undefined>
  forget(id: string): void
}

export function createClientCache(store: Store, now: () => Seconds): ClientCache {
  const entries = new Map<string, { readonly client: Client; readonly until: number }>()

  const load = async (id: string): Promise<Client | undefined> => {
    const client = await store.findClient(id)
    entries.delete(id)
    // Unknown ids are not remembered: an attacker could fill the memory with them.
    if (client !== undefined) {
      if (entries.size >= maxClients) entries.delete(entries.keys().next().value ?? '')
      entries.set(id, { client, until: now() + clientFreshness })
    }
    return client
  }

  return {
    find(id) {
      const entry = entries.get(id)
      return entry !== undefined && now() < entry.until ? entry.client : load(id)
    },
    forget: (id) => {
      entries.delete(id)
    },
  }
}
