/** Why a request did not get through; for logs, never for the wire. */
export type BearerReason =
  /** No usable credentials: none at all, another scheme, a token in the address only. */
  | 'no_credentials'
  /** A token was sent in the query, which is ignored (A-BEAR-02); otherwise like `no_credentials`. */
  | 'query_token'
  | 'malformed_header'
  | 'several_methods'
  /** Longer than 16 KiB. */
  | 'size'
  /** Not a JWS in canonical compact form with JSON objects inside. */
  | 'syntax'
  | 'crit'
  /** Not an access token: an ID Token, a logout token, anything else that is signed (RFC 9068 section 2.1). */
  | 'typ'
  | 'alg'
  | 'kid'
  | 'signature'
  | 'claims'
  | 'iss'
  | 'aud'
  | 'exp'
  | 'nbf'
  /** Bound to a key by `cnf`; bindings are not checked here, so the token is refused instead of taken as bearer (B-ATJ-08). */
  | 'cnf'
  | 'scope'
  /** The issuer says that it is not in force: unknown, expired, revoked or for another API (RFC 7662 section 2.2). */
  | 'inactive'
  /** The issuer cannot be asked. */
  | 'introspection_unavailable'
  /** No current keys of the issuer are at hand and none can be had. */
  | 'keys_unavailable'

/** What the wire may learn about a reason: RFC 6750 section 3.1. */
export type BearerAnswer = {
  readonly status: 400 | 401 | 403 | 503
  readonly error: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'temporarily_unavailable' | undefined
  readonly description: string
}

const answer = (status: BearerAnswer['status'], error: BearerAnswer['error'], description: string): BearerAnswer => ({
  status,
  error,
  description,
})

const bare = answer(401, undefined, '')
const invalidToken = answer(401, 'invalid_token', 'The access token is not valid for this API')

/** The public side of each reason. Every fault of a token looks alike, so that nobody can probe with guesses. */
export function answerOf(reason: BearerReason): BearerAnswer {
  switch (reason) {
    case 'no_credentials':
    case 'query_token':
      return bare
    case 'malformed_header':
      return answer(400, 'invalid_request', 'The Authorization header is malformed')
    case 'several_methods':
      return answer(400, 'invalid_request', 'Send the access token once, in the Authorization header')
    case 'scope':
      return answer(403, 'insufficient_scope', 'The access token lacks a required scope')
    case 'keys_unavailable':
    case 'introspection_unavailable':
      return answer(503, 'temporarily_unavailable', 'Access tokens cannot be checked at the moment')
    default:
      return invalidToken
  }
}

/** A request or token that is refused. The message is the reason; no part of the token is in it. */
export class BearerError extends Error {
  readonly reason: BearerReason
  /** Scopes that would have been enough, for `reason` `scope`. */
  readonly required: readonly string[]

  constructor(reason: BearerReason, more: { readonly cause?: unknown; readonly required?: readonly string[] } = {}) {
    super(reason, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'BearerError'
    this.reason = reason
    this.required = more.required ?? []
  }
}
