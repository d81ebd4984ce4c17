import type { AccountClaims } from './account.ts'
import type { Notice } from './notice.ts'

/**
 * The seam to the people: an application with a user base of its own implements these four, and everything else (codes,
 * tokens, sessions, consent) stays with the server.
 */
export type Accounts = {
  /** Address of the page that signs a person in; the server appends `interaction`. A path, or an absolute URL of the same origin. */
  readonly loginUrl: string
  /** Address of the page that asks for consent, likewise. */
  readonly consentUrl: string
  /** Address of the page that lets a person keep or change the account, likewise. */
  readonly accountUrl: string
  /** Address of the page that asks for the factor that is missing, likewise; without it the page at `loginUrl` asks for everything. */
  readonly factorUrl?: string | undefined
  /** Address of the page on which people look after the ways in which they sign in, likewise. */
  readonly securityUrl?: string | undefined
  /** Address of the page on which people enter the code that a device shows, likewise; short, because it is typed. Needed where the policy offers the grant. */
  readonly deviceUrl?: string | undefined
  /** Address of the page on which people decide about backchannel requests, likewise. Needed where the policy offers the grant. */
  readonly requestsUrl?: string | undefined
  /** Authentication context classes that `login` can report, best first; each includes those after it (OpenID Connect Core section 2). */
  readonly acrValues: readonly string[]
  /** Those of `acrValues` that this person can reach; all of them when left out. Asked when a request wants more than there is. */
  reachableAcr?(subject: string): Promise<readonly string[]>
  /** Languages of the pages, as BCP 47 tags in canonical case. */
  readonly uiLocales: readonly string[]
  /**
   * The claims of a person, without `sub`; `undefined` when the person is gone or may not sign in any more, which makes
   * every token dead. Called at UserInfo and, when the request asked for claims in the ID Token, at the token endpoint.
   */
  findClaims(subject: string): Promise<AccountClaims | undefined>
  /**
   * Tells the person, by mail or in another way of the host's own, with the address of the page that takes the access back, or
   * on which a decision is waited for. Called after what happened was stored, and never waited for; a rejection is a fault in
   * the log, and nothing is tried again.
   */
  notify?(notice: Notice): Promise<void>
  /**
   * Who is meant by the `login_hint` of a backchannel request, such as a user name; `undefined` for nobody. Without it such
   * requests name people by ID tokens alone.
   */
  findByHint?(hint: string): Promise<string | undefined>
}
