import type { IncomingMessage, ServerResponse } from 'node:http'
import { proofAlgorithms, resourceMetadataUrl as addressOf } from '@sallyport/protocol'
import { requireQuotable } from './challenge-text.ts'
import { requireSecureUrl } from './fetch-document.ts'

export type ResourceMetadataOptions = {
  /** The identifier of this API, exactly as clients name it in `resource`. */
  readonly resource: string
  /** Issuers whose tokens it takes. */
  readonly authorizationServers: readonly string[]
  /** Name for people. */
  readonly name: string
  /** The fewest scopes with which the API is of use; never `offline_access`, which is no scope of an API. */
  readonly scopes: readonly string[]
  /** Address of documentation for developers. */
  readonly documentation?: string | undefined
  /** Whether tokens that are bound to a key are taken as well (`offered`), or no others (`required`). */
  readonly dpop?: 'offered' | 'required' | undefined
  /** Whether tokens that are bound to client certificates are taken (RFC 8705). */
  readonly certificates?: boolean | undefined
}

/** The document by which clients find out who issues tokens for an API (RFC 9728). */
export type ResourceMetadata = {
  /** Its address, for `resourceMetadata` of `protect`. */
  readonly url: string
  /** The document as JSON text. */
  readonly body: string
  /** Answers a request for the document; false for any other request, which is then untouched. */
  node(req: IncomingMessage, res: ServerResponse): boolean
  /** The answer to a request for the document; `undefined` for any other. */
  fetch(request: Request): Response | undefined
}

/** Where the document of a resource is: the well-known part stands between host and path (RFC 9728 section 3.1, A-PRM-01). */
export function resourceMetadataUrl(resource: string): string {
  requireSecureUrl('resource', resource)
  if (resource.includes('#')) throw new TypeError('resource must have no fragment')
  return addressOf(resource)
}

/** What clients that prove their key have to know (RFC 9728 section 2). */
const dpopMembers = (dpop: ResourceMetadataOptions['dpop']): object =>
  dpop === undefined
    ? {}
    : { dpop_signing_alg_values_supported: proofAlgorithms, dpop_bound_access_tokens_required: dpop === 'required' }

function documentOf(options: ResourceMetadataOptions): object {
  const { resource, authorizationServers, name, scopes, documentation, dpop, certificates } = options
  if (authorizationServers.length === 0) throw new TypeError('authorizationServers must not be empty')
  for (const issuer of authorizationServers) requireSecureUrl('authorizationServers', issuer)
  if (documentation !== undefined) requireSecureUrl('documentation', documentation)
  if (name.trim() === '') throw new TypeError('name must not be empty')
  if (scopes.includes('offline_access')) throw new TypeError('offline_access is no scope of an API')
  requireQuotable('scopes', scopes.join(' '))
  return {
    resource,
    authorization_servers: authorizationServers,
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
    ...dpopMembers(dpop),
    ...(certificates === true ? { tls_client_certificate_bound_access_tokens: true } : {}),
    resource_name: name,
    ...(documentation === undefined ? {} : { resource_documentation: documentation }),
  }
}

/** Public by nature: any page may read it, and it changes with a deployment only. */
const headers = {
  'content-type': 'application/json',
  'cache-control': 'public, max-age=300',
  'access-control-allow-origin': '*',
  'x-content-type-options': 'nosniff',
}

const answerTo = (method: string | undefined, body: string) =>
  method === 'GET' || method === 'HEAD'
    ? { status: 200, headers, body: method === 'GET' ? body : '' }
    : { status: 405, headers: { allow: 'GET, HEAD' }, body: '' }

/** Makes the document of an API and what serves it (RFC 9728 section 3, A-PRM-02). Throws TypeError for an impossible option. */
export function createResourceMetadata(options: ResourceMetadataOptions): ResourceMetadata {
  const url = resourceMetadataUrl(options.resource)
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2))
  const body = JSON.stringify(documentOf(options))
  return {
    url,
    body,
    node(req, res) {
      if (req.url !== path) return false
      const answer = answerTo(req.method, body)
      res.writeHead(answer.status, answer.headers).end(answer.body)
      return true
    },
    fetch(request) {
      const { pathname, search } = new URL(request.url)
      if (pathname + search !== path) return undefined
      const { status, headers: sent, body: text } = answerTo(request.method, body)
      return new Response(text === '' ? null : text, { status, headers: sent })
    },
  }
}
