import { CommandFailure, exitCode } from '../failure.ts'

/** How one question to the token endpoint ended; every other end is thrown. */
export type PollOutcome<T> =
  | { readonly kind: 'tokens'; readonly tokens: T }
  | { readonly kind: 'authorization_pending' }
  | { readonly kind: 'slow_down' }
  /** No answer in time, or one that says to come back later. */
  | { readonly kind: 'no_answer' }

export type PollOptions<T> = {
  /** Seconds between two questions, as the server wants them. */
  readonly interval: number
  /** Seconds until the code is over. */
  readonly expiresIn: number
  readonly poll: () => Promise<PollOutcome<T>>
  readonly wait: (seconds: number) => Promise<void>
  /** Seconds of any clock that only goes forward. */
  readonly now: () => number
}

/** Added by each `slow_down`, for good (RFC 8628 section 3.5). */
const slowDown = 5
/** Longest pause after questions without an answer. */
const longestPause = 120

/**
 * Asks until a person has decided: never sooner than the interval, five seconds later after each `slow_down`, twice as late
 * after each question that got no answer, and not at all after any other answer (RFC 8628 section 3.5, A-DEV-12).
 */
export async function pollUntilDecided<T>({ interval, expiresIn, poll, wait, now }: PollOptions<T>): Promise<T> {
  const end = now() + expiresIn
  let pause = interval
  let unanswered = 0
  for (;;) {
    const next = unanswered === 0 ? pause : Math.min(pause * 2 ** unanswered, Math.max(pause, longestPause))
    if (now() + next >= end)
      throw new CommandFailure(exitCode.failed, 'nobody entered the code in time; run the command again for a new one')
    await wait(next)
    const outcome = await poll()
    if (outcome.kind === 'tokens') return outcome.tokens
    if (outcome.kind === 'slow_down') pause += slowDown
    unanswered = outcome.kind === 'no_answer' ? unanswered + 1 : 0
  }
}
