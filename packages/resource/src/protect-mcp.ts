import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessToken } from './access-token.ts'
import type { AuthenticationNeeded } from './authentication.ts'
import { BearerError } from './bearer-error.ts'
import { createAdmission, isRefusal, type Admitted } from './admission.ts'
import type { Refusal } from './challenge.ts'
import { requireQuotable } from './challenge-text.ts'
import type { RequestParts } from './credentials.ts'
import { fetchRequestParts, withHeaders, type RequestInfo } from './fetch-request.ts'
import { judgeOrigin, originSet } from './mcp-origin.ts'
import { fetchJson, nodeJson, toolsOf, type JsonBody } from './mcp-body.ts'
import { nodeRequestParts } from './node-request.ts'
import type { ResourceMetadata } from './resource-metadata.ts'
import { impliedScopes, type ScopeImplications } from './scope-rules.ts'
import type { Verifier } from './verifier-of.ts'

export type McpProtectOptions = {
  /** The document of this server; its address stands in every challenge. */
  readonly metadata: Pick<ResourceMetadata, 'url'>
  /** Scopes that every request needs. */
  readonly scope: readonly string[]
  /** Scopes that calling a tool needs besides, by the name of the tool. */
  readonly tools?: Readonly<Record<string, readonly string[]>> | undefined
  readonly implies?: ScopeImplications | undefined
  /** Origins of pages that may call; the server's own is among them. Others are refused (MCP, transport security). */
  readonly origins?: readonly string[] | undefined
  /** Longest body in bytes; 1 MiB when left out. */
  readonly maxBytes?: number | undefined
  /** Takes only tokens that are bound to a key (RFC 9449), whatever else the verifier would take. */
  readonly requireDpop?: boolean | undefined
  /** Takes only tokens that are bound to a client certificate (RFC 8705). */
  readonly requireCertificate?: boolean | undefined
  /** How the person has to have signed in; otherwise 401 `insufficient_user_authentication` says so (RFC 9470). */
  readonly requireAuthentication?: AuthenticationNeeded | undefined
}

/** Who calls, in the form in which MCP libraries hand it to tools. */
export type McpCaller = {
  /** Always empty: a token is for this server alone, and what is not at hand cannot be passed on (A-MCP-03). */
  readonly token: ''
  readonly clientId: string
  readonly scopes: string[]
  readonly expiresAt: number
  readonly resource: URL
  readonly extra: { readonly subject: string }
}

export type McpCall = {
  readonly caller: McpCaller
  readonly token: AccessToken
  /** The message, already read; `undefined` for a request without a body. */
  readonly body: unknown
}

export type McpGuard = {
  /** For node:http. A rejection of the handler is the caller's: it comes out of the returned promise. */
  node(
    handler: (req: IncomingMessage, res: ServerResponse, call: McpCall) => void | Promise<void>,
  ): (req: IncomingMessage, res: ServerResponse) => Promise<void>
  /** For servers that speak Request and Response. */
  fetch(
    handler: (request: Request, call: McpCall) => Response | Promise<Response>,
  ): (request: Request, info?: RequestInfo) => Promise<Response>
}

const unreadable = (status: 400 | 413): Refusal => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify({
    jsonrpc: '2.0',
    error:
      status === 413 ? { code: -32600, message: 'The message is too long' } : { code: -32700, message: 'Parse error' },
    id: null,
  }),
})

const callerOf = ({ clientId, scope, expiresAt, subject }: AccessToken, audience: string): McpCaller => ({
  token: '',
  clientId,
  scopes: [...scope],
  expiresAt,
  resource: new URL(audience),
  extra: { subject },
})

/**
 * Guards an MCP server (Streamable HTTP): one address for many operations, so that the scopes needed depend on the message.
 * A 401 names the resource metadata and the scopes to begin with; a tool that needs more answers 403 `insufficient_scope`
 * with all scopes of that call, so that clients can ask for them together with those they have (A-MCP-02, A-MCP-08). The
 * token is checked before the body is read.
 */
export function protectMcp(verifier: Verifier, options: McpProtectOptions): McpGuard {
  const { metadata, scope, tools = {}, implies = {}, maxBytes = 1024 * 1024 } = options
  const admission = createAdmission(verifier, {
    scope,
    implies,
    realm: verifier.audience,
    resourceMetadata: metadata.url,
    announceScope: true,
    requireDpop: options.requireDpop ?? false,
    requireCertificate: options.requireCertificate ?? false,
    requireAuthentication: options.requireAuthentication,
  })
  for (const needed of [scope, ...Object.values(tools)]) {
    requireQuotable('scope', needed.join(' '))
    if (needed.includes('offline_access')) throw new TypeError('offline_access is no scope of an MCP server')
  }

  const origins = originSet(verifier.audience, options.origins ?? [])

  const admit = ({ token }: Admitted, parts: RequestParts, read: JsonBody | undefined): McpCall | Refusal => {
    if (typeof read === 'number') return unreadable(read)
    const body = read?.value
    const called = toolsOf(body).flatMap((name) => (Object.hasOwn(tools, name) ? (tools[name] ?? []) : []))
    const required = [...new Set([...scope, ...called])]
    const held = impliedScopes(token.scope, implies)
    if (required.every((one) => held.has(one))) return { caller: callerOf(token, verifier.audience), token, body }
    return admission.refuse(new BearerError('scope', { required }), parts)
  }

  return {
    node: (handler) => async (req, res) => {
      const { headers, answer } = judgeOrigin(origins, req.method ?? '', req.headers.origin)
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
      const parts = nodeRequestParts(req, verifier.certificateOf)
      const checked = answer ?? (await admission.admit(parts))
      const read = isRefusal(checked) || req.method !== 'POST' ? undefined : await nodeJson(req, maxBytes)
      if (req.errored !== null) return
      const result = isRefusal(checked) ? checked : admit(checked, parts, read)
      for (const [name, value] of Object.entries(checked.headers)) res.setHeader(name, value)
      if (!('status' in result)) return handler(req, res, result)
      // What was not read must not be taken for the next request.
      if (result.status === 413) res.setHeader('connection', 'close')
      res.writeHead(result.status, result.headers).end(result.body)
    },
    fetch: (handler) => async (request, info) => {
      const { headers, answer } = judgeOrigin(origins, request.method, request.headers.get('origin') ?? undefined)
      const parts = { ...fetchRequestParts(request), certificate: info?.certificate }
      const checked = answer ?? (await admission.admit(parts))
      const read = isRefusal(checked) || request.method !== 'POST' ? undefined : await fetchJson(request, maxBytes)
      const result = isRefusal(checked) ? checked : admit(checked, parts, read)
      const more = { ...checked.headers, ...headers }
      if ('status' in result)
        return new Response(result.body === '' ? null : result.body, {
          status: result.status,
          headers: { ...result.headers, ...more },
        })
      return withHeaders(await handler(request, result), more)
    },
  }
}
