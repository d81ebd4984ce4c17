import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessToken } from './access-token.ts'
import type { AuthenticationNeeded } from './authentication.ts'
import { createAdmission, isRefusal } from './admission.ts'
import type { Refusal } from './challenge.ts'
import type { RequestParts } from './credentials.ts'
import { fetchRequestParts, withHeaders, type RequestInfo } from './fetch-request.ts'
import { nodeRequestParts } from './node-request.ts'
import type { ScopeImplications } from './scope-rules.ts'
import type { Verifier } from './verifier-of.ts'

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
  /** Takes only tokens that are bound to a key (RFC 9449), whatever else the verifier would take. */
  readonly requireDpop?: boolean | undefined
  /** Takes only tokens that are bound to a client certificate (RFC 8705). */
  readonly requireCertificate?: boolean | undefined
  /** How the person has to have signed in; otherwise 401 `insufficient_user_authentication` says so (RFC 9470). */
  readonly requireAuthentication?: AuthenticationNeeded | undefined
}

/** What a handler behind the guard gets. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse, token: AccessToken) => void | Promise<void>
export type FetchHandler = (request: Request, token: AccessToken) => Response | Promise<Response>

/** Lets requests with a good access token through and answers all others. */
export type Guard = {
  /** For node:http. A rejection of the handler is the caller's: it comes out of the returned promise. */
  node(handler: NodeHandler): (req: IncomingMessage, res: ServerResponse) => Promise<void>
  /** For servers that speak Request and Response. */
  fetch(handler: FetchHandler): (request: Request, info?: RequestInfo) => Promise<Response>
  /** For everything else: the token, or the answer to give. Clients get a new nonce with a 401 here, not with a 200. */
  check(parts: RequestParts): Promise<AccessToken | Refusal>
}

/**
 * Guards an operation with access tokens (RFC 6750, RFC 9449): 401 without error for a request without credentials, 400 for
 * a malformed one, 401 `invalid_token` for every fault of the token and `invalid_dpop_proof` for one of its proof, 403
 * `insufficient_scope` with the scopes needed, 401 `insufficient_user_authentication` with the sign-in needed (RFC 9470),
 * and 503 while the issuer's keys or the replay store cannot be had.
 */
export function protect(verifier: Verifier, options: ProtectOptions = {}): Guard {
  const { admit } = createAdmission(verifier, {
    scope: options.scope ?? [],
    implies: options.implies ?? {},
    realm: options.realm ?? verifier.audience,
    resourceMetadata: options.resourceMetadata,
    announceScope: options.announceScope ?? false,
    requireDpop: options.requireDpop ?? false,
    requireCertificate: options.requireCertificate ?? false,
    requireAuthentication: options.requireAuthentication,
  })

  return {
    check: async (parts) => {
      const result = await admit(parts)
      return isRefusal(result) ? result : result.token
    },
    node: (handler) => async (req, res) => {
      const result = await admit(nodeRequestParts(req, verifier.certificateOf))
      // The sender is gone: there is nobody to answer, and reading on would only fail.
      if (req.errored !== null) return
      for (const [name, value] of Object.entries(result.headers)) res.setHeader(name, value)
      if (!isRefusal(result)) return handler(req, res, result.token)
      res.statusCode = result.status
      res.end(result.body)
    },
    fetch: (handler) => async (request, info) => {
      const result = await admit({ ...fetchRequestParts(request), certificate: info?.certificate })
      if (!isRefusal(result)) return withHeaders(await handler(request, result.token), result.headers)
      return new Response(result.body === '' ? null : result.body, { status: result.status, headers: result.headers })
    },
  }
}
