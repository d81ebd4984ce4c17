import type { AuthorizationDetail } from './detail.ts'

/** One requested claim (OpenID Connect Core section 5.5.1). */
export type ClaimRequest = {
  readonly essential: boolean
  readonly value: string | undefined
  readonly values: readonly string[] | undefined
}

/** What the parameters `claims` and `claims_locales` ask for, checked. */
export type ClaimsRequest = {
  /** Languages in which claims are wished, the dearest first (BCP 47 tags, in lower case). */
  readonly locales: readonly string[]
  readonly userinfo: Readonly<Record<string, ClaimRequest>>
  readonly idToken: Readonly<Record<string, ClaimRequest>>
}

export type Prompt = 'none' | 'login' | 'consent' | 'select_account'

/** How an answer travels: as it is, or as one signed JWT (JARM). */
export const responseModes = ['query', 'form_post', 'query.jwt', 'form_post.jwt'] as const
export type ResponseMode = (typeof responseModes)[number]

/** What a request or a client calls it: `jwt` is the mode of JWTs that the response type has by itself (JARM section 2.3.4). */
export const responseModeNames = [...responseModes, 'jwt'] as const
export type ResponseModeName = (typeof responseModeNames)[number]

export const responseModeNamed = (name: string): ResponseMode | undefined =>
  name === 'jwt' ? 'query.jwt' : responseModes.find((mode) => mode === name)

/** A validated authorization request. Later steps read only this, never the browser's parameters again (A-AUTHZ-15). */
export type AuthorizationRequest = {
  readonly clientId: string
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | undefined
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  /** `undefined` only under a dated exception (A-GOV-01). */
  readonly codeChallenge: string | undefined
  readonly exceptionId: string | undefined
  /** Thumbprint of the key that the code is bound to (`dpop_jkt`). */
  readonly senderKey: string | undefined
  readonly nonce: string | undefined
  readonly prompt: readonly Prompt[]
  readonly maxAge: number | undefined
  readonly acrValues: readonly string[]
  readonly claims: ClaimsRequest | undefined
  /** `authorization_details` (RFC 9396), each checked against the schema of its type; none when left out. */
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined
  readonly loginHint: string | undefined
  /** Subject of a verified id_token_hint. */
  readonly hintedSubject: string | undefined
  readonly uiLocales: readonly string[]
  /** Digest of the reference of a pushed request; `undefined` when the request came directly. */
  readonly pushed: string | undefined
}
