import type { Reason, Seconds } from '@sallyport/protocol'
import { isCertificateMethod, type Client } from './model/client.ts'
import type { HttpHeaders } from './model/http.ts'
import type { Store } from './model/store.ts'
import { addCounts, isoWeek, mergeLastUse, weekEnd, type UsageDelta, type UsageName } from './model/usage.ts'

/**
 * Counts how clients use the server (A-GOV-03). Counting touches memory alone, so that no request waits for it; upkeep
 * writes what came together. What was counted since the last round is lost with the process: these are measures, and no
 * decision hangs on them.
 */
export type UsageBook = {
  /** Counts a success; it is a use of the client where it or a person proved something. `headers` only at the token endpoint, where they are those of the client's software. */
  note(clientId: string, names: readonly UsageName[], headers?: HttpHeaders): void
  /** Notes that a client used one of its secrets, named by its id (A-CC-05). */
  secretUsed(clientId: string, secretId: string): void
  /** Counts a refusal. */
  refused(clientId: string, reason: Reason): void
  /** Writes what was counted so far; keeps it when the store is away. */
  flush(): Promise<void>
}

const byNothing: readonly UsageName[] = []
const bySecret: readonly UsageName[] = ['authenticated_by_secret']
const byKey: readonly UsageName[] = ['authenticated_by_key']

/** How the client proved who it is: all there is to count of a request that only shows that it lives. */
export function provenBy({ authenticationMethod: method }: Pick<Client, 'authenticationMethod'>): readonly UsageName[] {
  if (method === 'none') return byNothing
  return method === 'private_key_jwt' || isCertificateMethod(method) ? byKey : bySecret
}

/** What is counted of a request that anybody can send: it says nothing about whether the client or its people live (B-REG-11). */
const ofAnybody: ReadonlySet<UsageName> = new Set<UsageName>([
  'authorization_requests',
  'pushed_requests',
  'with_s256',
  'with_state',
  'with_nonce',
  'openid_without_nonce',
])

type Entry = {
  readonly clientId: string
  readonly week: string
  readonly counts: Partial<Record<UsageName, number>>
  readonly refused: Partial<Record<Reason, number>>
  usedAt: Seconds | undefined
  library: string | undefined
  refusal: { readonly reason: Reason; readonly at: Seconds } | undefined
  /** Made with the first secret that is used. */
  secrets: Record<string, Seconds>
}

/** Clients counted between two rounds at most; of those beyond, the round's counts are lost, and that is measured. */
const maxEntries = 10_000
/** Clients written in one transaction, so that no request waits long behind it. */
const chunk = 250

export type UsageBookOptions = {
  readonly store: Pick<Store, 'usage'>
  readonly now: () => Seconds
  /** Told when there were too many clients to count one. */
  readonly onDropped: () => void
}

export function createUsageBook({ store, now, onDropped }: UsageBookOptions): UsageBook {
  let entries = new Map<string, Entry>()
  let week = ''
  let weekEnds = Number.NEGATIVE_INFINITY

  const entryOf = (clientId: string, at: Seconds): Entry | undefined => {
    if (at >= weekEnds) {
      week = isoWeek(at)
      weekEnds = weekEnd(at)
    }
    const key = `${clientId}\n${week}`
    const known = entries.get(key)
    if (known !== undefined) return known
    if (entries.size >= maxEntries) {
      onDropped()
      return undefined
    }
    const entry: Entry = {
      clientId,
      week,
      counts: {},
      refused: {},
      usedAt: undefined,
      library: undefined,
      refusal: undefined,
      secrets: {},
    }
    entries.set(key, entry)
    return entry
  }

  /** Puts back what could not be written, below what was counted meanwhile. */
  const putBack = (left: readonly Entry[]): void => {
    for (const entry of left) {
      const key = `${entry.clientId}\n${entry.week}`
      const since = entries.get(key)
      if (since !== undefined) entries.set(key, sumOf(entry, since))
      else if (entries.size < maxEntries) entries.set(key, entry)
      else onDropped()
    }
  }

  return {
    note: (clientId, names, headers) => {
      const at = now()
      const entry = entryOf(clientId, at)
      if (entry === undefined) return
      const { counts } = entry
      for (const name of names) counts[name] = (counts[name] ?? 0) + 1
      if (names.some((name) => !ofAnybody.has(name))) entry.usedAt = at
      if (headers !== undefined && entry.library === undefined) entry.library = libraryOf(headers)
    },
    secretUsed: (clientId, secretId) => {
      const at = now()
      const entry = entryOf(clientId, at)
      if (entry !== undefined) entry.secrets[secretId] = at
    },
    refused: (clientId, reason) => {
      const at = now()
      const entry = entryOf(clientId, at)
      if (entry === undefined) return
      entry.refused[reason] = (entry.refused[reason] ?? 0) + 1
      entry.refusal = { reason, at }
    },
    flush: async () => {
      if (entries.size === 0) return
      const taken = [...entries.values()]
      entries = new Map()
      for (let from = 0; from < taken.length; from += chunk) {
        try {
          await store.usage.add(taken.slice(from, from + chunk))
        } catch {
          putBack(taken.slice(from))
          return
        }
      }
    },
  }
}

function sumOf(before: Entry, since: Entry): Entry {
  const delta: UsageDelta = since
  const { usedAt, library, refusal, secrets } = mergeLastUse(before, delta)
  const { clientId, week } = since
  const counts = addCounts(before.counts, since.counts)
  return {
    clientId,
    week,
    counts,
    refused: addCounts(before.refused, since.refused),
    usedAt,
    library,
    refusal,
    secrets: { ...secrets },
  }
}

/** What software says of itself, and the longest hint that is kept. */
const product = /^[\w.@/+-]{1,40}\/[\w.+-]{1,20}/
const hintHeaders = ['x-client-sku', 'x-requested-with', 'user-agent'] as const

/**
 * The library a client names, such as `openid-client/6.8.1`: the first product of its User-Agent, or what older libraries
 * say in headers of their own. Anything that does not look like a name and a version is left out, since it goes to reports.
 */
function libraryOf(headers: HttpHeaders): string | undefined {
  for (const name of hintHeaders) {
    const value = headers[name]
    if (typeof value !== 'string') continue
    const hint = product.exec(value.slice(0, 100))?.[0]
    if (hint !== undefined) return hint
  }
  return undefined
}
