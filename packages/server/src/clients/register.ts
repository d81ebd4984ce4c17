import type { Client } from '../model/client.ts'
import type { SecurityEvent } from '../model/authorization.ts'
import type { AdminStore } from '../model/store.ts'
import { registerClient, type RegistrationContext } from './client-record.ts'
import type { ClientRegistration } from './registration.ts'
import { ClientMetadataError } from './registration-rules.ts'

export type RegisteredClient = {
  readonly client: Client
  /** Shown once, to whoever registered the client. */
  readonly secret: string | undefined
  /** Managed clients that have one of the https redirect URIs too, where that was allowed. */
  readonly shared: readonly { readonly uri: string; readonly clientId: string }[]
}

/** Other managed clients with the same https redirect URI: a response could then not be attributed (A-REDIR-13). */
export async function sharedRedirectUris(
  admin: AdminStore,
  client: Client,
): Promise<readonly { uri: string; clientId: string }[]> {
  const own = new Set(client.redirectUris.filter((uri) => uri.startsWith('https://')))
  const shared: { uri: string; clientId: string }[] = []
  if (own.size === 0) return shared
  let after: string | undefined
  do {
    const page = await admin.listClients(after, 200)
    for (const other of page.items) {
      if (other.id === client.id) continue
      for (const uri of other.redirectUris) if (own.has(uri)) shared.push({ uri, clientId: other.id })
    }
    after = page.next
  } while (after !== undefined)
  return shared
}

/**
 * Registers a client by hand of an operator. Throws ClientMetadataError with every fault, also when another client has the
 * same https redirect URI and `allowSharedRedirectUri` is not set. `eventOf` makes the audit record that is stored along.
 */
export async function createManagedClient(
  admin: AdminStore,
  input: ClientRegistration,
  context: RegistrationContext,
  options: { readonly allowSharedRedirectUri: boolean; readonly eventOf: (client: Client) => SecurityEvent },
): Promise<RegisteredClient> {
  const { client, secret } = registerClient(input, context)
  const shared = await sharedRedirectUris(admin, client)
  const [first] = shared
  if (first !== undefined && !options.allowSharedRedirectUri) {
    const fix = 'give each client a redirect URI of its own, or allow the shared one explicitly'
    throw new ClientMetadataError([
      { member: 'redirectUris', problem: `${first.uri} belongs to ${first.clientId} already`, fix },
    ])
  }
  if (!(await admin.createClient(client, [options.eventOf(client)])))
    throw new Error('a client with this id exists already')
  return { client, secret, shared }
}
