import { createFetcher, parseIssuer, sectorDocumentFault, type Client, type ClientFault } from '@sallyport/server'
import type { Workplace } from './workplace.ts'

/**
 * What is wrong with the document of a client's sector. It is fetched when a client is registered, and when the sector or a
 * redirect URI changed (OpenID Connect Registration section 5), with the guard that the server itself uses.
 */
export async function sectorFault(
  { config, issuer, now }: Workplace,
  client: Client,
  before: Client | undefined,
): Promise<ClientFault | undefined> {
  const { sectorIdentifierUri, redirectUris } = client
  const settled =
    before?.sectorIdentifierUri === sectorIdentifierUri &&
    redirectUris.every((uri) => before?.redirectUris.includes(uri))
  if (sectorIdentifierUri === undefined || settled) return undefined
  // What is blocked is told right here, to the operator who named the address.
  const events = { write: () => Promise.resolve() }
  const fetch = createFetcher({ events, now, development: !parseIssuer(issuer).secure }, config.outbound)
  return sectorDocumentFault(fetch, client)
}
