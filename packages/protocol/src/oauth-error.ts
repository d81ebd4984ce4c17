import { reasons, type Reason } from './reasons.ts'
import type { ErrorCode } from './reasons/entry.ts'

/** What only operators see of a refusal. */
export type ErrorPrivate = {
  /** What exactly was wrong; never a secret, a token or a raw parameter. */
  readonly detail?: string | undefined
  /** The fault beneath, where there was one. */
  readonly cause?: unknown
  /** The security event of this refusal was already written where it was found. */
  readonly reported?: boolean | undefined
  /** Extra response headers, such as `Allow` or `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** What else a JSON answer tells the client: how it can do better, from the operator's own words and never from the request. */
  readonly members?: Readonly<Record<string, string | number>> | undefined
}

/**
 * The one error of the protocol code. It is made from a reason; the table of reasons decides what the wire gets, and
 * detail and cause stay with the operator.
 */
export class OAuthError extends Error {
  readonly reason: Reason
  readonly detail: string | undefined
  readonly reported: boolean
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly members: Readonly<Record<string, string | number>> | undefined

  constructor(reason: Reason, more: ErrorPrivate = {}) {
    // An answer, not a fault: the reason tells where it was made, and to walk the stack would cost more than most refusals do.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(reason, more.cause === undefined ? undefined : { cause: more.cause })
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'OAuthError'
    this.reason = reason
    this.detail = more.detail
    this.reported = more.reported ?? false
    this.headers = more.headers
    this.members = more.members
  }

  get code(): ErrorCode {
    return reasons[this.reason].error
  }

  get status(): number {
    return reasons[this.reason].status
  }

  get description(): string {
    return reasons[this.reason].description
  }

  get page(): string {
    return reasons[this.reason].page
  }
}

/** Short form for throwing: `throw refuse('code_unknown')`. */
export const refuse = (reason: Reason, more?: ErrorPrivate): OAuthError => new OAuthError(reason, more)
