import { readResourceMetadata, type ResourceMetadataFault } from '@sallyport/resource'
import { bad, ok, type Finding } from '../doctor/finding.ts'
import { clientPaths, metadataFindings, type ClientPath } from './capabilities.ts'
import { fetchDocument, type Fetched } from './fetch-document.ts'
import { createFollow, type Follow } from './follow.ts'

export type McpReport = { readonly checks: readonly Finding[]; readonly clients: readonly ClientPath[] }

const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2026-07-28',
    capabilities: {},
    clientInfo: { name: 'sallyport-mcp-doctor', version: '1' },
  },
})

/** Walks the discovery chain of an MCP server as a client does: challenge, RFC 9728, RFC 8414 or OpenID, capabilities. */
export async function examineMcpServer(server: URL, anywhere = false): Promise<McpReport> {
  const { checks, pointer } = await challengeOf(server)
  const follow = createFollow(server, anywhere)
  const resource = await resourceDocument(server, pointer, follow)
  checks.push(...resource.checks)
  if (resource.issuers.length === 0) return { checks, clients: [] }
  const clients: ClientPath[] = []
  for (const issuer of resource.issuers) {
    const metadata = await authorizationServer(issuer, follow)
    checks.push(...metadata.checks)
    if (metadata.document !== undefined) clients.push(...clientPaths(issuer, metadata.document))
  }
  return { checks, clients }
}

async function challengeOf(server: URL): Promise<{ checks: Finding[]; pointer: string | undefined }> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const {
    status,
    headers: answered,
    fault,
  } = await fetchDocument(server.href, { method: 'POST', headers, body: initialize })
  const check = 'challenge'
  if (status === undefined)
    return {
      checks: [bad(check, `${server.href} ${fault ?? ''}`, 'start the server, or look at DNS and TLS')],
      pointer: undefined,
    }
  if (status !== 401) {
    const remedy = 'answer 401 with WWW-Authenticate to requests without a token, or clients never begin to log in'
    return { checks: [bad(check, `a request without a token is answered ${status}`, remedy)], pointer: undefined }
  }
  const header = answered.get('www-authenticate') ?? ''
  const pointer = /\bresource_metadata="([^"\\]{1,2000})"/i.exec(header)?.[1]
  if (pointer !== undefined) return { checks: [ok(check, `401 points at ${pointer}`)], pointer }
  const remedy =
    'add resource_metadata="URL" to WWW-Authenticate (RFC 9728, section 5.1); clients have to guess without it'
  return { checks: [bad(check, '401 does not name the resource metadata', remedy)], pointer }
}

/** RFC 9728, section 3.1: the well-known path stands before the path of the resource. */
function guesses({ origin, pathname }: URL): readonly string[] {
  const root = rootOf(origin)
  return pathname === '/' ? [root] : [`${root}${pathname}`, root]
}

const rootOf = (origin: string): string => `${origin}/.well-known/oauth-protected-resource`

/** The identifiers for which a document at an address can be: an empty path is spelled with its slash or without. */
function spellings(server: URL, pointer: string | undefined, url: string): readonly string[] {
  const whole = server.origin + server.pathname + server.search
  const bare = server.pathname === '/' && server.search === '' ? [server.origin] : []
  const guessedRoot = pointer === undefined && url === rootOf(server.origin) && bare.length === 0
  return guessedRoot ? [server.origin, `${server.origin}/`] : [whole, ...bare]
}

/** The first address that answers, or all the answers that were none. */
async function firstOf(
  urls: readonly string[],
  follow: Follow,
): Promise<{ found: Fetched | undefined; tried: readonly Fetched[] }> {
  const tried: Fetched[] = []
  for (const url of urls) {
    const one = await follow(url)
    if (one.fault === undefined) return { found: one, tried }
    tried.push(one)
  }
  return { found: undefined, tried }
}

const inWords = (tried: readonly Fetched[]): string => tried.map(({ url, fault }) => `${url} ${fault ?? ''}`).join('; ')

type Resource = { readonly checks: readonly Finding[]; readonly issuers: readonly string[] }

/** Servers beyond these are not walked: a document of a stranger may name thousands. */
const mostServers = 4

const faultWords: Readonly<Record<ResourceMetadataFault, string>> = {
  resource: 'is for another resource',
  shape: 'has members that such a document cannot have',
  signed_metadata: 'has a signed statement that is none, or holds another',
}

async function resourceDocument(server: URL, pointer: string | undefined, follow: Follow): Promise<Resource> {
  const check = 'resource metadata'
  const { found, tried } = await firstOf(pointer === undefined ? guesses(server) : [pointer], follow)
  if (found?.document === undefined)
    return { checks: [bad(check, inWords(tried), 'serve the document of RFC 9728 there')], issuers: [] }
  const { document, url } = found
  const checks: Finding[] = [ok(check, `${url} answers`)]
  const expected = spellings(server, pointer, url)
  const [wanted = ''] = expected
  // RFC 9728, section 3.3: a document for another resource must not be used, so nothing more is said about it.
  const read = readResourceMetadata(document, expected.find((one) => one === document['resource']) ?? wanted)
  if (typeof read === 'string') {
    const what =
      read === 'resource' ? `it describes ${JSON.stringify(document['resource'])}, not ${wanted}` : faultWords[read]
    return {
      checks: [...checks, bad(check, what, `set resource to ${wanted}, and leave out what is not needed`)],
      issuers: [],
    }
  }
  if (read.scopes.includes('offline_access'))
    checks.push(
      bad(check, 'it lists offline_access, which no API needs', 'take offline_access out of scopes_supported'),
    )
  const issuers = read.authorizationServers.slice(0, mostServers)
  if (issuers.length === 0)
    checks.push(bad(check, 'it names no authorization server', 'list the issuer in authorization_servers'))
  return { checks, issuers }
}

/** The orders of MCP: OAuth with the path inserted, OpenID with the path inserted, OpenID with the path in front. */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const inserted = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
  ]
  return path === '' ? inserted : [...inserted, `${origin}${path}/.well-known/openid-configuration`]
}

async function authorizationServer(
  issuer: string,
  follow: Follow,
): Promise<{ checks: readonly Finding[]; document: Fetched['document'] }> {
  const check = 'authorization server'
  const { found, tried } = await firstOf(URL.canParse(issuer) ? metadataUrls(issuer) : [issuer], follow)
  if (found?.document === undefined)
    return { checks: [bad(check, inWords(tried), 'serve the metadata of RFC 8414 there')], document: undefined }
  // RFC 8414, section 3.3: metadata of another issuer must not be used, so nothing more is said about it.
  if (found.document['issuer'] !== issuer) {
    const message = `${found.url} is for the issuer ${JSON.stringify(found.document['issuer'])}, not ${issuer}`
    return { checks: [bad(check, message, 'use one spelling of the issuer everywhere')], document: undefined }
  }
  return { checks: [ok(check, `${found.url} answers`), ...metadataFindings(found.document)], document: found.document }
}
