import type { ProofFault } from '@sallyport/protocol'
import type { AuthenticationNeeded } from './authentication.ts'

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
  /** Bound by `cnf` and sent as if it were not, or bound in a way that is not checked here (B-ATJ-08, B-DPOP-30). */
  | 'cnf'
  /** Sent with a proof, and bound to no key (B-DPOP-31). */
  | 'not_bound'
  /** Sent without a proof to an operation that takes bound tokens only. */
  | 'bearer'
  /** The proof is by another key than the one the token is bound to (B-DPOP-29). */
  | 'jkt_mismatch'
  /** It is bound to a client certificate, and the connection has none, another one, or one that a proxy passed on wrongly (B-MTLS-07). */
  | 'certificate_missing'
  | 'certificate_mismatch'
  | 'certificate_syntax'
  /** It is bound to no client certificate, and the operation takes only tokens that are. */
  | 'certificate_unbound'
  /** There is no proof. */
  | 'dpop_missing'
  /** What is wrong with the proof; `dpop_nonce` is one that has to be made anew, with our nonce. */
  | `dpop_${ProofFault}`
  | 'dpop_replayed'
  /** The replay store cannot be asked. */
  | 'replay_unavailable'
  | 'scope'
  /** The person did not sign in strongly or recently enough for this operation (RFC 9470 section 3). */
  | 'authentication'
  /** The issuer says that it is not in force: unknown, expired, revoked or for another API (RFC 7662 section 2.2). */
  | 'inactive'
  /** The issuer cannot be asked. */
  | 'introspection_unavailable'
  /** No current keys of the issuer are at hand and none can be had. */
  | 'keys_unavailable'

/** What the wire may learn about a reason: RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9, RFC 9470 section 3. */
export type BearerAnswer = {
  readonly status: 400 | 401 | 403 | 503
  readonly error:
    | 'invalid_request'
    | 'invalid_token'
    | 'insufficient_scope'
    | 'insufficient_user_authentication'
    | 'invalid_dpop_proof'
    | 'use_dpop_nonce'
    | 'temporarily_unavailable'
    | undefined
  readonly description: string
}

const answer = (status: BearerAnswer['status'], error: BearerAnswer['error'], description: string): BearerAnswer => ({
  status,
  error,
  description,
})

const bare = answer(401, undefined, '')
const invalidToken = answer(401, 'invalid_token', 'The access token is not valid for this API')
const invalidProof = (description: string): BearerAnswer => answer(401, 'invalid_dpop_proof', description)

/** Proofs are made by those who send them, who learn nothing about anybody else when they are told what is wrong. */
const proofAnswers: Readonly<Partial<Record<BearerReason, BearerAnswer>>> = {
  dpop_missing: invalidProof('The access token needs one DPoP proof'),
  dpop_syntax: invalidProof('The DPoP proof is not one compact JWS'),
  dpop_typ: invalidProof('The type of the DPoP proof is not dpop+jwt'),
  dpop_alg: invalidProof('The DPoP proof is signed with an algorithm that is not taken'),
  dpop_jwk: invalidProof('The key of the DPoP proof is not one good public key'),
  dpop_signature: invalidProof('The DPoP proof is not signed by its key'),
  dpop_jti: invalidProof('The DPoP proof has no usable jti'),
  dpop_htm: invalidProof('The DPoP proof was made for another method'),
  dpop_htu: invalidProof('The DPoP proof was made for another address'),
  dpop_iat: invalidProof('The DPoP proof is too old or from the future'),
  dpop_ath: invalidProof('The DPoP proof was made for another access token'),
  dpop_replayed: invalidProof('The DPoP proof was used before'),
  dpop_nonce: answer(401, 'use_dpop_nonce', 'The DPoP proof needs the nonce of the header DPoP-Nonce'),
  jkt_mismatch: answer(401, 'invalid_token', 'The access token is bound to another key'),
  certificate_missing: answer(401, 'invalid_token', 'The access token needs the client certificate it is bound to'),
  certificate_mismatch: answer(401, 'invalid_token', 'The access token is bound to another client certificate'),
  certificate_syntax: answer(401, 'invalid_token', 'The client certificate cannot be read'),
  certificate_unbound: answer(
    401,
    'invalid_token',
    'This operation takes only access tokens that are bound to a client certificate',
  ),
  bearer: answer(401, 'invalid_token', 'This operation takes only access tokens that are bound to a key'),
}

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
    case 'authentication':
      return answer(401, 'insufficient_user_authentication', 'This operation needs another sign-in of the person')
    case 'keys_unavailable':
    case 'introspection_unavailable':
    case 'replay_unavailable':
      return answer(503, 'temporarily_unavailable', 'Access tokens cannot be checked at the moment')
    default:
      return proofAnswers[reason] ?? invalidToken
  }
}

export type BearerErrorDetails = {
  readonly cause?: unknown
  readonly required?: readonly string[]
  readonly authentication?: AuthenticationNeeded | undefined
}

/** A request or token that is refused. The message is the reason; no part of the token is in it. */
export class BearerError extends Error {
  readonly reason: BearerReason
  /** Scopes that would have been enough, for `reason` `scope`, and for `authentication` where they are missing too. */
  readonly required: readonly string[]
  /** The sign-in that would have been enough, for `reason` `authentication`. */
  readonly authentication: AuthenticationNeeded | undefined

  constructor(reason: BearerReason, more: BearerErrorDetails = {}) {
    super(reason, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'BearerError'
    this.reason = reason
    this.required = more.required ?? []
    this.authentication = more.authentication
  }
}
