import type { Seconds } from '@sallyport/protocol'
import type { SecurityEvent } from './authorization.ts'
import type { Page } from './page.ts'

/**
 * A dated exception: until its deadline one confidential client may ask for codes without a challenge (A-GOV-01, A-GOV-02).
 * A record of its own and never a member of the client, so that nobody finds it where switches are.
 */
export type PkceException = {
  readonly id: string
  readonly clientId: string
  /** Who answers for the client. */
  readonly owner: string
  readonly reason: string
  readonly ticket: string
  /** What stands in for PKCE meanwhile. */
  readonly compensatingControl: string
  /** Who accepts the risk; never the owner. After a renewal the one who accepted that. */
  readonly acceptedBy: string
  readonly createdAt: Seconds
  /** Dead from this second on. */
  readonly deadline: Seconds
  readonly renewedAt: Seconds | undefined
  readonly revokedAt: Seconds | undefined
  /** Codes issued under it. */
  readonly uses: number
  readonly lastUsedAt: Seconds | undefined
}

export type ExceptionCreation = 'created' | 'client_unknown' | 'in_force' | 'cooling_off'

export type ExceptionStore = {
  /**
   * Law: at most one exception of a client is in force, on all nodes. One that was used is not followed by another within
   * `exceptionCoolingOff` of its end: a renewal is the only way on, and there is one. Anything but `created` wrote nothing.
   */
  create(exception: PkceException, events: readonly SecurityEvent[]): Promise<ExceptionCreation>
  /** The exception under which this client may now ask without a challenge. */
  inForce(clientId: string, now: Seconds): Promise<PkceException | undefined>
  find(id: string): Promise<PkceException | undefined>
  /** Law: over all time at most one call per id resolves true, and only while the exception is in force. */
  renew(
    id: string,
    renewal: { readonly acceptedBy: string; readonly deadline: Seconds },
    now: Seconds,
    events: readonly SecurityEvent[],
  ): Promise<boolean>
  /** Ends it at once, codes that wait included. True for the call that ended it. */
  revoke(id: string, now: Seconds, events: readonly SecurityEvent[]): Promise<boolean>
  list(after: string | undefined, limit: number): Promise<Page<PkceException>>
}

const day = 86_400

/** Longest time from creation, or from renewal, to the deadline. */
export const exceptionSpan = 90 * day
/** Time after the end of a used exception in which its client gets no other. */
export const exceptionCoolingOff = 90 * day

/** True until the second of the deadline, unless it was revoked. */
export const isInForce = ({ deadline, revokedAt }: PkceException, now: number): boolean =>
  revokedAt === undefined && deadline > now

/** When it ended or will end. */
export const exceptionEnd = ({ deadline, revokedAt }: PkceException): Seconds =>
  revokedAt !== undefined && revokedAt < deadline ? revokedAt : deadline
