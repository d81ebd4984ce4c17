import type { Seconds } from '@sallyport/protocol'
import type { Actor, OpaqueAccessToken } from './access-token.ts'
import type { AuthorizationDetail } from './detail.ts'
import type { ClaimsRequest } from './authorization-request.ts'

/** How somebody signed in, as it is told to clients (OpenID Connect Core section 2). */
export type Authentication = {
  readonly time: Seconds
  readonly acr: string | undefined
  readonly amr: readonly string[]
}

/** How an authorization came about that no person gave on a page. */
export type Derivation = {
  /** The authorizations it hangs on, nearest first: it ends with any of them. Empty for one from an assertion. */
  readonly parents: readonly string[]
  /** Who acts for the person; `undefined` when nobody is named beside the client. */
  readonly actor: Actor | undefined
  /** The issuer whose word it rests on; `undefined` for one that came from a token of this server. */
  readonly assertedBy: string | undefined
  /** Whether it is known when and how the person signed in; otherwise no token says so. */
  readonly signInKnown: boolean
}

/** Who allowed which client what: the parent of every token issued from it, and so the token family. */
export type Authorization = {
  readonly id: string
  readonly clientId: string
  readonly subject: string
  readonly sessionId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly claims: ClaimsRequest | undefined
  /** What the person allowed in detail (RFC 9396); nothing when left out. */
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined
  readonly authentication: Authentication
  /** The ID Token says when the person signed in: max_age, require_auth_time or an essential claim asked for it. */
  readonly tellAuthTime: boolean
  /** The ID Token says how the person signed in: acr_values or an acr claim asked for it. */
  readonly tellAcr: boolean
  /** Survives a normal sign-out: the person agreed to offline access (B-CX-16). */
  readonly offline: boolean
  /** The network a device was in when it asked, where a person let one in by its code: they are told so later (A-DEV-13). */
  readonly deviceNetwork: string | undefined
  /** `undefined` for one that a person gave. */
  readonly derived: Derivation | undefined
  readonly createdAt: Seconds
  /** Nothing issued under it lives longer. */
  readonly expiresAt: Seconds
}

/** What ended an authorization; the `reason` of the event `grant.revoked`. */
export type RevocationReason =
  | 'code_replay'
  | 'refresh_reuse'
  | 'client_request'
  | 'subject_inactive'
  | 'credential_change'
  | 'session_ended'
  | 'consent_withdrawn'
  | 'client_key_changed'
  | 'administrator'

/** An authorization code at rest; the code itself is only known to the client. */
export type AuthorizationCode = {
  readonly digest: string
  readonly authorizationId: string
  readonly clientId: string
  readonly redirectUri: string
  /** `undefined` only under an exception; without one the row must never be redeemed (A-PKCE-08). */
  readonly codeChallenge: string | undefined
  /** The dated exception that stands in for the challenge (A-GOV-01). */
  readonly exceptionId: string | undefined
  /** Thumbprint of the key that the token request has to prove (`dpop_jkt`, RFC 9449 section 10). */
  readonly senderKey: string | undefined
  /** Sealed under a key that follows from the code. */
  readonly nonce: string | undefined
  readonly issuedAt: Seconds
  readonly expiresAt: Seconds
  /** Network of the browser that was given the code, for the log of failed exchanges. */
  readonly network: string
  /** Digest of the browser's User-Agent, where the browser itself will redeem the code. */
  readonly agent: string | undefined
}

/** A code together with all that decides about its redemption, read in one trip. */
export type AuthorizationCodeView = {
  readonly code: AuthorizationCode
  readonly state: 'issued' | 'redeemed' | 'destroyed'
  readonly authorization: Authorization
  readonly ended: AuthorizationEnd | undefined
}

/** Why an authorization no longer stands. */
export type AuthorizationEnd = 'authorization_revoked' | 'subject_inactive' | 'session_ended'

/** What a reason of revocation means to somebody who presents a code or token of the authorization. */
export function endFor(reason: RevocationReason): AuthorizationEnd {
  if (reason === 'session_ended' || reason === 'subject_inactive') return reason
  return 'authorization_revoked'
}

/** A refresh token at rest. */
export type RefreshToken = {
  readonly digest: string
  readonly authorizationId: string
  readonly clientId: string
  /** 0 for the first of a family, then one more with each rotation. */
  readonly sequence: number
  /** Thumbprint of the key that a public client has to prove; a confidential one is bound by its authentication (RFC 9449 section 5). */
  readonly senderKey: string | undefined
  readonly issuedAt: Seconds
  /** The token is dead after this instant unless it was used before. */
  readonly idleExpiresAt: Seconds
  /** The answer that delivered this token, sealed under its predecessor; kept for the retry grace only (A-RT-04). */
  readonly sealedAnswer: Uint8Array | undefined
}

/** A refresh token together with all that decides about it, read in one trip. */
export type RefreshTokenView = {
  /** Without its sealed answer, which is of use only to its predecessor. */
  readonly token: Omit<RefreshToken, 'sealedAnswer'>
  readonly state: 'current' | 'rotated'
  /** When it was spent, and what became of its successor. */
  readonly rotatedAt: Seconds | undefined
  readonly successor:
    | { readonly digest: string; readonly state: 'current' | 'rotated'; readonly sealedAnswer: Uint8Array | undefined }
    | undefined
  readonly authorization: Authorization
  readonly ended: AuthorizationEnd | undefined
}

/** What has to be redeemed for an answer: exactly one thing, or nothing that was kept here. */
export type Redemption =
  | { readonly kind: 'none' }
  | { readonly kind: 'authorization_code'; readonly digest: string }
  | { readonly kind: 'refresh_token'; readonly digest: string }
  /** A refresh token that is used and stays the same; it goes idle later. */
  | { readonly kind: 'kept_refresh_token'; readonly digest: string; readonly idleExpiresAt: Seconds }
  | { readonly kind: 'device_code'; readonly digest: string }
  /** Nothing of this server's own: an authorization begins here, under those that it is derived from. */
  | { readonly kind: 'derivation'; readonly authorization: Authorization }

/** Everything that is written together with a redemption. */
export type IssuedRecords = {
  readonly refreshToken: RefreshToken | undefined
  /** The access token, where it is a handle; a JWT needs no row. */
  readonly accessToken: OpaqueAccessToken | undefined
  readonly events: readonly SecurityEvent[]
}

/** A security event as it is stored and logged; `specs/threats` has the vocabulary. */
export type SecurityEvent = {
  readonly id: string
  readonly event: string
  readonly severity: 'info' | 'low' | 'medium' | 'high'
  readonly ts: Seconds
  readonly requestId: string | undefined
  readonly clientId: string | undefined
  readonly subject: string | undefined
  readonly authorizationId: string | undefined
  /** Network of the request: an IPv4 address or an IPv6 /64. */
  readonly network: string | undefined
  readonly reason: string | undefined
  /** Class of a failed code exchange (A-LOG-01). */
  readonly class: string | undefined
  /** How many alike were folded into this one. */
  readonly count: number
  /** Further facts without secrets, such as the surface of a form or the age of a code in seconds. */
  readonly detail: Readonly<Record<string, string | number | boolean>>
}
