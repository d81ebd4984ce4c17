import { bad, ok, type Finding } from '../doctor/finding.ts'

type Metadata = Readonly<Record<string, unknown>>

/** What one kind of client will do with an authorization server. */
export type ClientPath = {
  readonly issuer: string
  readonly kind: 'preregistered' | 'metadata document' | 'dynamic registration' | 'manual entry'
  readonly works: boolean
  readonly will: string
}

const lists = (metadata: Metadata, name: string, value: string): boolean => {
  const values = metadata[name]
  return Array.isArray(values) && values.includes(value)
}

const check = 'capabilities'

const hasPkce = (metadata: Metadata): boolean => lists(metadata, 'code_challenge_methods_supported', 'S256')

/** What MCP clients need from the metadata of an authorization server. */
export function metadataFindings(metadata: Metadata): readonly Finding[] {
  const found: Finding[] = []
  if (hasPkce(metadata)) found.push(ok(check, 'PKCE with S256 is published'))
  else found.push(bad(check, 'PKCE with S256 is not published', 'list S256 in code_challenge_methods_supported'))
  for (const name of ['authorization_endpoint', 'token_endpoint'])
    if (typeof metadata[name] !== 'string') found.push(bad(check, `there is no ${name}`, `publish ${name}`))
  if (metadata['authorization_response_iss_parameter_supported'] !== true)
    found.push(bad(check, 'answers do not name their issuer', 'send iss in every authorization response (RFC 9207)'))
  if (metadata['client_id_metadata_document_supported'] === true && !publicClients(metadata)) {
    const remedy = 'list none in token_endpoint_auth_methods_supported, or clients pass the metadata documents by'
    found.push(bad(check, 'metadata documents are supported, but not public clients', remedy))
  }
  const empty = Object.keys(metadata).filter((name) => metadata[name] === null)
  if (empty.length > 0)
    found.push(
      bad(check, `null stands in ${empty.slice(0, 5).join(', ')}`, 'leave out what there is not; clients refuse null'),
    )
  return found
}

const publicClients = (metadata: Metadata): boolean => lists(metadata, 'token_endpoint_auth_methods_supported', 'none')

/** In the order in which MCP clients try (registration means of the MCP authorization specification). */
export function clientPaths(issuer: string, metadata: Metadata): readonly ClientPath[] {
  const path = (kind: ClientPath['kind'], able: boolean, yes: string, no: string): ClientPath => {
    if (!hasPkce(metadata)) return { issuer, kind, works: false, will: 'stops: it sees no PKCE with S256' }
    return { issuer, kind, works: able, will: able ? yes : no }
  }
  const documents = metadata['client_id_metadata_document_supported'] === true && publicClients(metadata)
  return [
    path('preregistered', true, 'sends the client_id it was given and begins to log in', ''),
    path(
      'metadata document',
      documents,
      'sends the URL of its document as client_id and begins to log in',
      'does not use its document and goes on to dynamic registration',
    ),
    path(
      'dynamic registration',
      typeof metadata['registration_endpoint'] === 'string',
      'registers itself first; the server may still ask for an initial access token',
      'cannot register itself and asks its user for a client_id',
    ),
    path('manual entry', true, 'asks its user for a client_id that an operator made', ''),
  ]
}
