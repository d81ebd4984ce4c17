import type { Seconds } from '@sallyport/protocol'
import type { SecurityEvent } from './authorization.ts'

/** A client that somebody signed in to under a session, and that wants to hear when the session ends. */
export type SessionClient = { readonly sessionId: string; readonly clientId: string }

/**
 * What one client has to hear of one session that has ended (OpenID Connect Back-Channel Logout section 2.5), until it has
 * heard it. The logout token is made from this when it is sent, so nothing here is worth anything to a reader.
 */
export type LogoutNotice = SessionClient & {
  /** Stands in every logout token of this notice as `jti`. */
  readonly id: string
  readonly subject: string
  /** When the session ended. */
  readonly createdAt: Seconds
  /** When the first attempt failed: the lifetime of the logout token began then. `undefined` before that. */
  readonly begunAt: Seconds | undefined
  /** Attempts that failed. */
  readonly attempts: number
  /** Nobody else gets the notice before; also what this claim goes by. */
  readonly claimedUntil: Seconds
}

/**
 * Who hears of the end of which session. Clients are noted by `Store.issueCode` and `devices.approve`; the verbs that end
 * sessions write one notice for each of them in the same transaction, so that a crash loses none.
 */
export type LogoutStore = {
  /** The clients noted for these sessions, at most 200. */
  clientsOf(sessionIds: readonly string[]): Promise<readonly SessionClient[]>
  /**
   * The notice that has been due longest, of no client in `except`. Law: over all nodes, a notice that was given to one
   * caller is given to no other before `until`, unless the first one put it back by `retry`.
   */
  claim(now: Seconds, until: Seconds, except: readonly string[]): Promise<LogoutNotice | undefined>
  /** Takes a notice away, because it was heard or never will be. Law: at most one call per notice resolves true. */
  settle(id: string, events: readonly SecurityEvent[]): Promise<boolean>
  /** Puts a notice back until `dueAt`, with what has come of it. Law: false, and nothing written, once the claim has passed to another. */
  retry(
    claimed: Pick<LogoutNotice, 'id' | 'claimedUntil'>,
    next: Pick<LogoutNotice, 'begunAt' | 'attempts'> & { readonly dueAt: Seconds },
  ): Promise<boolean>
}
