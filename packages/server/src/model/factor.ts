import type { Seconds } from '@sallyport/protocol'
import type { SecurityEvent } from './authorization.ts'

/** The second factor of a person: an app or device that makes time-based codes (RFC 6238). One at most for each person. */
export type SecondFactor = {
  readonly id: string
  readonly subject: string
  /** What the codes are made from, sealed with a key that is not in the store. */
  readonly seed: Uint8Array
  /** The newest time step whose code was accepted; none of it or before it is accepted any more (RFC 6238 section 5.2). */
  readonly lastStep: number
  readonly createdAt: Seconds
}

export type SecondFactorView = {
  readonly factor: SecondFactor
  /** Recovery codes that were not used yet. */
  readonly recoveryLeft: number
}

/** Recovery codes of one person. */
export const recoveryCodes = 10

/** Second factors of people with password accounts; only `@sallyport/accounts` and the command line use it. */
export type FactorStore = {
  find(subject: string): Promise<SecondFactorView | undefined>
  /**
   * Stores a factor with the digests of its recovery codes, together or not at all. Law: a person has one at most; false means
   * there is one already and nothing was written.
   */
  enrol(factor: SecondFactor, recovery: readonly string[], events: readonly SecurityEvent[]): Promise<boolean>
  /** Spends the code of a time step. Law: over all time, on all nodes, at most one call per factor and step resolves true, and no later call with an earlier step. */
  useStep(id: string, step: number): Promise<boolean>
  /** Spends a recovery code. Law: over all time, on all nodes, at most one call per code resolves true. */
  useRecovery(id: string, digest: string): Promise<boolean>
  /** Puts new recovery codes in the place of all earlier ones. False when there is no such factor. */
  replaceRecovery(id: string, recovery: readonly string[], events: readonly SecurityEvent[]): Promise<boolean>
  /** Takes a factor away with its recovery codes. Law: at most one call per factor resolves true. */
  remove(id: string, events: readonly SecurityEvent[]): Promise<boolean>
}
