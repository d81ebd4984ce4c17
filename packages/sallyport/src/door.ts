import type { Client, ClientChannel, Store } from '@sallyport/server'

/** By which door a client came in, as tables and sentences say it. */
export const doorWords: Readonly<Record<ClientChannel, string>> = {
  managed: 'administrator',
  dynamic: 'registered itself, unverified',
  metadata_document: 'document',
}

/** The host of the document a client describes itself in; nobody looked at what it says of itself. */
export const documentHost = ({ channel, id }: Pick<Client, 'channel' | 'id'>): string | undefined =>
  channel === 'metadata_document' && URL.canParse(id) ? new URL(id).host : undefined

/** The door in a table: of a document the host as well, which is all that is certain of such a client. */
export function doorText(client: Pick<Client, 'channel' | 'id'> | undefined): string {
  if (client === undefined) return 'removed'
  const host = documentHost(client)
  return host === undefined ? doorWords[client.channel] : `document of ${host}, unverified`
}

/** The door in JSON. */
export function doorRecord(client: Pick<Client, 'channel' | 'id'> | undefined): Record<string, unknown> {
  if (client === undefined) return {}
  const host = documentHost(client)
  return { channel: client.channel, verified: client.channel === 'managed', document_host: host }
}

/** The clients that are named somewhere, by their id; one that was removed is not among them. */
export async function clientsNamed(
  { findClient }: Pick<Store, 'findClient'>,
  ids: Iterable<string | undefined>,
): Promise<ReadonlyMap<string, Client>> {
  const found = new Map<string, Client>()
  for (const id of new Set(ids)) {
    const client = id === undefined ? undefined : await findClient(id)
    if (client !== undefined) found.set(client.id, client)
  }
  return found
}
