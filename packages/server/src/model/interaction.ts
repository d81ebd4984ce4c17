import type { Seconds } from '@sallyport/protocol'
import type { AuthorizationDetail } from './detail.ts'
import type { Authentication } from './authorization.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/** Signed-in browser. The cookie holds a handle; the row is found by its digest. */
export type Session = {
  /** Stable public id of the session (`sid`); never the cookie value. */
  readonly id: string
  readonly digest: string
  readonly subject: string
  readonly authentication: Authentication
  readonly createdAt: Seconds
  readonly seenAt: Seconds
  readonly expiresAt: Seconds
  /** Network and user agent at sign-in, cut to 200 characters, for the list of sessions. */
  readonly network: string
  readonly userAgent: string
}

/** A page of the server's own that needs somebody signed in. No application waits for an answer, so there is no client and no address. */
export type PageRequest = {
  readonly page: 'device' | 'security' | 'requests'
  /** The user code that came with the link, to be shown again after the sign-in. */
  readonly userCode: string | undefined
  readonly uiLocales: readonly string[]
}

/** True when a page of the server's own asked for the sign-in, not an application. */
export const isPageRequest = (request: AuthorizationRequest | PageRequest): request is PageRequest => 'page' in request

/** A request of an application, as most interactions carry it. */
export type ClientInteraction = Interaction & { readonly request: AuthorizationRequest }

/** Who passed the first factor of a sign-in that needs another one. It is no session, and nothing is open to it but the next step (BF-08). */
export type FirstFactor = {
  readonly subject: string
  /** Methods passed so far (RFC 8176). */
  readonly amr: readonly string[]
  readonly time: Seconds
}

/** Wrong codes after which a sign-in begins anew with its first factor (BF-07). */
export const maxFailedCodes = 5

/** A request that needs a person: the transaction of A-AUTHZ-14. */
export type Interaction = {
  readonly digest: string
  /** Digest of the cookie of the browser that began it; no other browser can go on. */
  readonly browserDigest: string
  readonly request: AuthorizationRequest | PageRequest
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
  /** Raised by each accepted form, so that a form works once. */
  readonly version: number
  /** Session that was signed in for this very interaction, when it had to be (prompt=login, max_age). */
  readonly loginSessionId: string | undefined
  /** What was said on the account page (prompt=select_account): go on with the one in use, or sign in with another. */
  readonly account: 'chosen' | 'another' | undefined
  readonly firstFactor?: FirstFactor | undefined
  /** Wrong codes of a second factor since the last sign-in; none when left out. */
  readonly failedCodes?: number | undefined
  /** The person goes on without the level that the application wishes for. */
  readonly levelKept?: boolean | undefined
  readonly decision: InteractionDecision | undefined
}

/** What the person decided on the consent page. */
export type InteractionDecision = {
  readonly allow: boolean
  readonly subject: string
  readonly scope: readonly string[]
  /** The details that were allowed; those of the request when left out. */
  readonly details?: readonly AuthorizationDetail[] | undefined
  readonly remember: boolean
}

/** Remembered agreement of one person with one client, compared as sets (CS-06). */
export type Consent = {
  readonly subject: string
  readonly clientId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly claims: readonly string[]
  readonly grantedAt: Seconds
  readonly expiresAt: Seconds
}
