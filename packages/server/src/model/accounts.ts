import type { AccountClaims } from './account.ts'

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
  /** Address of the page on which people enter the code that a device shows, likewise; short, because it is typed. Needed where the policy offers the grant. */
  readonly deviceUrl?: string | undefined
  /** Authentication context classes that `login` can report, best first (OpenID Connect Core section 2). */
  readonly acrValues: readonly string[]
  /** Languages of the pages, as BCP 47 tags in canonical case. */
  readonly uiLocales: readonly string[]
  /**
   * The claims of a person, without `sub`; `undefined` when the person is gone or may not sign in any more, which makes
   * every token dead. Called at UserInfo and, when the request asked for claims in the ID Token, at the token endpoint.
   */
  findClaims(subject: string): Promise<AccountClaims | undefined>
}
