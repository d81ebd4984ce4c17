import type { Fetcher, FetchRequest } from '../model/outbound.ts'
import type { ClientFault } from './client-fault.ts'

const maxBytes = 64 * 1024
const maxEntries = 1000

type Sector = {
  readonly sectorIdentifierUri?: string | undefined
  readonly redirectUris?: readonly string[] | undefined
}

function listIn(body: Buffer): readonly unknown[] | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.length <= maxEntries ? value : undefined
  } catch {
    return undefined
  }
}

/**
 * Whoever names a sector has to be named by it: the document is a JSON array with every redirect URI, character for character
 * (OpenID Connect Registration section 5, B-SUB-04). Fetched at registration and at each change, by the guarded fetcher.
 */
export async function sectorDocumentFault(
  fetch: Fetcher,
  { sectorIdentifierUri, redirectUris = [] }: Sector,
  source?: FetchRequest['source'],
): Promise<ClientFault | undefined> {
  if (sectorIdentifierUri === undefined) return undefined
  const fault = (problem: string): ClientFault => ({ member: 'sectorIdentifierUri', problem })
  const answer = await fetch({
    purpose: 'sector_identifier',
    url: sectorIdentifierUri,
    maxBytes,
    accept: 'application/json',
    source,
  })
  if (!answer.ok) return fault(`cannot be fetched (${answer.fault})`)
  if (answer.status !== 200) return fault(`answers ${answer.status}`)
  if (!/^application\/(?:[a-z0-9.-]+\+)?json$/.test(answer.contentType)) return fault('is not JSON by its content type')
  const list = listIn(answer.body)
  if (list === undefined) return fault(`holds no JSON array of at most ${maxEntries} entries`)
  const missing = redirectUris.find((uri) => !list.includes(uri))
  return missing === undefined ? undefined : fault(`does not list ${missing.slice(0, 200)}`)
}
