import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessToken } from './access-token.ts'
import { bearerToken, type RequestParts } from './bearer-credentials.ts'
import { BearerError } from './bearer-error.ts'
import { refusal, requireQuotable, type Refusal } from './challenge.ts'
import { fetchRequestParts } from './fetch-request.ts'
import { nodeRequestParts } from './node-request.ts'
import { impliedScopes, type ScopeImplications } from './scope-rules.ts'
import type { Verifier } from './verifier.ts'

export type ProtectOptions = {
  /** Scopes the operation needs, all of them. */
  readonly scope?: readonly string[] | undefined
  /** Scopes that stand for others. */
  readonly implies?: ScopeImplications | undefined
  /** `realm` of the challenge; the audience when left out. */
  readonly realm?: string | undefined
  /** Address of the protected resource metadata (RFC 9728) for the challenge. */
  readonly resourceMetadata?: string | undefined
  /** Names `scope` in the challenge of a 401 as well, for clients that learn there what to ask for (MCP). */
  readonly announceScope?: boolean | undefined
}

/** What a handler behind the guard gets. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse, token: AccessToken) => void | Promise<void>
export type FetchHandler = (request: Request, token: AccessToken) => Response | Promise<Response>

/** Lets requests with a good access token through and answers all others. */
export type Guard = {
  /** For node:http. A rejection of the handler is the caller's: it comes out of the returned promise. */
  node(handler: NodeHandler): (req: IncomingMessage, res: ServerResponse) => Promise<void>
  /** For servers that speak Request and Response. */
  fetch(handler: FetchHandler): (request: Request) => Promise<Response>
  /** For everything else: the token, or the answer to give. */
  check(parts: RequestParts): Promise<AccessToken | Refusal>
}

/** True for an answer to give instead of going on. */
export const isRefusal = (result: AccessToken | Refusal): result is Refusal => 'status' in result

/**
 * Guards an operation with bearer tokens (RFC 6750): 401 without error for a request without credentials, 400 for a
 * malformed one, 401 `invalid_token` for every fault of the token, 403 `insufficient_scope` with the scopes needed, and
 * 503 while the issuer's keys cannot be had.
 */
export function protect(verifier: Verifier, options: ProtectOptions = {}): Guard {
  const required = options.scope ?? []
  const realm = options.realm ?? verifier.audience
  const { resourceMetadata } = options
  requireQuotable('realm', realm)
  requireQuotable('scope', required.join(' '))
  if (resourceMetadata !== undefined) requireQuotable('resourceMetadata', resourceMetadata)

  const authorize = async (parts: RequestParts): Promise<AccessToken> => {
    const token = await verifier.verify(await bearerToken(parts))
    const scopes = impliedScopes(token.scope, options.implies ?? {})
    if (!required.every((scope) => scopes.has(scope))) throw new BearerError('scope', { required })
    return token
  }

  const check = async (parts: RequestParts): Promise<AccessToken | Refusal> => {
    try {
      return await authorize(parts)
    } catch (error) {
      if (!(error instanceof BearerError)) throw error
      if (error.reason !== 'no_credentials') verifier.rejected(error.reason)
      return refusal(error, { realm, resourceMetadata, scope: options.announceScope === true ? required : undefined })
    }
  }

  return {
    check,
    node: (handler) => async (req, res) => {
      const result = await check(nodeRequestParts(req))
      // The sender is gone: there is nobody to answer, and reading on would only fail.
      if (req.errored !== null) return
      if (!isRefusal(result)) return handler(req, res, result)
      for (const [name, value] of Object.entries(result.headers)) res.setHeader(name, value)
      res.statusCode = result.status
      res.end(result.body)
    },
    fetch: (handler) => async (request) => {
      const result = await check(fetchRequestParts(request))
      if (!isRefusal(result)) return handler(request, result)
      return new Response(result.body === '' ? null : result.body, { status: result.status, headers: result.headers })
    },
  }
}
