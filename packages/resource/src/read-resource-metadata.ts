import { isSecureUrl } from './fetch-document.ts'

/** What a client learns about an API from its document. */
export type ReadResourceMetadata = {
  readonly resource: string
  /** Issuers that the API says it takes tokens of; what each of them says of itself is another document. */
  readonly authorizationServers: readonly string[]
  readonly scopes: readonly string[]
}

/** Why a document must not be used. */
export type ResourceMetadataFault =
  /** It is of another resource than the one that was asked about (RFC 9728 section 3.3). */
  | 'resource'
  /** A member has a shape that it cannot have, or an address that is neither https nor this machine. */
  | 'shape'
  /** Its signed statement is none, or holds another one (RFC 9728 section 2.2). */
  | 'signed_metadata'

const texts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= 1000 && value.every((one) => typeof one === 'string' && one !== '')

/** A statement is not processed, so its values count for nothing; one that holds another is refused all the same (A-PRM-05). */
function isNested(statement: unknown): boolean {
  if (typeof statement !== 'string') return true
  const [, payload = '', ...rest] = statement.split('.')
  if (rest.length !== 1 || !/^[\w-]+$/.test(payload)) return true
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return typeof claims !== 'object' || claims === null || 'signed_metadata' in claims
  } catch {
    return true
  }
}

/**
 * Reads the document of an API as a client has to (RFC 9728 section 3.3, A-PRM-04). `expected` is the identifier from which
 * its address was made, or, where a challenge named the address, the URL that was challenged. They are compared as they
 * stand: whoever lets a close spelling pass takes the document of somebody else. Gives why it must not be used; never throws.
 */
export function readResourceMetadata(
  document: Readonly<Record<string, unknown>>,
  expected: string,
): ReadResourceMetadata | ResourceMetadataFault {
  const { resource, authorization_servers: servers = [], scopes_supported: scopes = [] } = document
  if (resource !== expected) return 'resource'
  if (!texts(servers) || !texts(scopes) || !servers.every(isSecureUrl)) return 'shape'
  if (document['signed_metadata'] !== undefined && isNested(document['signed_metadata'])) return 'signed_metadata'
  return { resource: expected, authorizationServers: servers, scopes }
}
