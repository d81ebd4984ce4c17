import type { JwsAlgorithm, OAuthError, Random, Seconds } from '@sallyport/protocol'
import type { AlertBook } from './alerts.ts'
import type { ClientCache } from './clients/client-cache.ts'
import type { ClientKeys } from './clients/client-keys.ts'
import type { DocumentPolicy } from './document-policy.ts'
import type { EventWriter } from './events.ts'
import type { DetailTypes } from './detail-types.ts'
import type { ExchangePolicy } from './exchange-policy.ts'
import type { IdentityAudiences } from './identity-audiences.ts'
import type { Limits } from './limits.ts'
import type { Accounts } from './model/accounts.ts'
import type { HttpRequest } from './model/http.ts'
import type { LogoutNotifier } from './model/logout-notifier.ts'
import type { Fetcher } from './model/outbound.ts'
import type { Pages } from './model/pages.ts'
import type { Resource } from './model/resource.ts'
import type { Store } from './model/store.ts'
import type { MutualTls } from './mutual-tls.ts'
import type { Policy } from './policy.ts'
import type { RegistrationPolicy } from './registration-policy.ts'
import type { Secrets } from './secrets.ts'
import type { TrustedIssuers } from './trusted-issuers.ts'
import type { UsageBook } from './usage.ts'
import type { KeyRing } from './tokens/key-ring.ts'
import type { VerifiedTokenCache } from './tokens/verified-token-cache.ts'

/** Absolute addresses of the endpoints, from the configured issuer and never from a request (A-GEN-06). */
export type Endpoints = {
  readonly authorize: string
  readonly resume: string
  /** Pushed authorization requests (RFC 9126). */
  readonly pushed: string
  readonly token: string
  readonly revoke: string
  readonly introspect: string
  readonly userinfo: string
  readonly jwks: string
  readonly logout: string
  /** The frame that applications watch the session by; there is nothing there unless the policy offers it. */
  readonly checkSession: string
  /** Device authorization; there is nothing there unless the policy offers the grant. */
  readonly deviceAuthorization: string
  /** Backchannel authentication; there is nothing there unless the policy offers the grant. */
  readonly backchannel: string
  /** Dynamic registration; there may be nothing there (`registration.mode`). */
  readonly registration: string
}

/** Everything one issuer needs. Frozen after start; only `keys` is replaced as a whole when the store has newer ones. */
export type Context = {
  readonly issuer: string
  /** Origin of the issuer, for `Origin` checks. */
  readonly origin: string
  /** Path of the issuer without a closing slash; empty for an issuer at the root. */
  readonly basePath: string
  /** False only for plain http on the loopback interface. */
  readonly secure: boolean
  /** The issuer as a resource identifier is written: without a lone closing slash (RFC 8707 section 2). */
  readonly resource: string
  readonly development: boolean
  /** Only for tests that replay the vectors of RFC 7636 (A-PKCE-10). */
  readonly acceptPublishedChallenges: boolean
  readonly policy: Policy
  readonly registration: RegistrationPolicy
  /** `undefined` where no client comes with a certificate. */
  readonly mutualTls: MutualTls | undefined
  readonly store: Store
  readonly accounts: Accounts
  readonly pages: Pages
  readonly random: Random
  readonly secrets: Secrets
  readonly events: EventWriter
  readonly usage: UsageBook
  readonly alerts: AlertBook
  readonly clients: ClientCache
  /** Public keys that clients authenticate with. */
  readonly clientKeys: ClientKeys
  readonly limits: Limits
  /** The one way to other hosts. */
  readonly fetch: Fetcher
  /** Tells clients that sessions have ended. */
  readonly logouts: LogoutNotifier
  /** Whose metadata documents count. */
  readonly documents: DocumentPolicy
  /** Whose assertions about people count. */
  readonly trustedIssuers: TrustedIssuers
  /** Other authorization servers that take this one's word for who signed in. */
  readonly identityAudiences: IdentityAudiences
  /** Types of authorization details (RFC 9396). */
  readonly details: DetailTypes
  /** Who may exchange which tokens. */
  readonly exchange: ExchangePolicy
  readonly verifiedTokens: VerifiedTokenCache
  readonly endpoints: Endpoints
  /** Algorithms there are keys for. */
  readonly algorithms: readonly JwsAlgorithm[]
  /** Address of the documentation, where the server serves it. */
  readonly documentation: string | undefined
  /** Base address of the error help pages, where the server serves them. */
  readonly helpBase: string | undefined
  /** The public form of an unexpected fault; logs what it was, for the operator alone. */
  faultOf(call: Call, fault: unknown): OAuthError
  now(): Seconds
  keys(): KeyRing
  /** Registered resources by id, at most a second old. */
  resources(): Promise<ReadonlyMap<string, Resource>>
  /** Counts for the operator's metrics; names are those of the metrics. */
  measure(name: string, labels: Readonly<Record<string, string>>): void
}

/** One request on its way through: the record, and what names it in answers, events and logs. */
export type Call = {
  readonly request: HttpRequest
  readonly id: string
  /** Network the request is counted under. */
  readonly network: string
}
