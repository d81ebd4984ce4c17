import { sha256, type Seconds } from '@sallyport/protocol'
import type { EventDraft, RouteHost, SecondFactorView, Store } from '@sallyport/server/model'
import { recoveryCodeTyped } from './recovery-codes.ts'
import { codeTyped, stepOf } from './totp.ts'

/** What became of a code somebody typed. */
export type FactorCheck =
  | { readonly outcome: 'accepted'; readonly recovery: boolean }
  | { readonly outcome: 'refused'; readonly reason: 'code_wrong' | 'code_replayed' | 'factor_unknown' }
  | { readonly outcome: 'throttled'; readonly retryAfter: number }

export type FactorAttempt = {
  readonly subject: string
  readonly typed: string
  /** Digest of the mark of a browser that this person signed in with before. */
  readonly device: string | undefined
}

/** Checks a code of a second factor, or a recovery code in its place. Spends what it accepts. */
export type CheckFactor = (host: FactorHost, attempt: FactorAttempt) => Promise<FactorCheck>

type FactorHost = Pick<RouteHost, 'vault' | 'now'>
type FactorCounters = Pick<Store, 'factors' | 'count' | 'readCount'>

/** Wrong codes of one person in a day: whoever guesses knows the password already, and may not go on for years (BF-07). */
const maxFailures = 20
const window = 86_400

/** The event of a code that was not taken. */
export const refusedFactor = (result: FactorCheck): EventDraft => {
  const reason = result.outcome === 'refused' ? result.reason : undefined
  return reason === 'code_replayed' ? { event: 'mfa.code_replayed', reason } : { event: 'mfa.failed', reason }
}

export const seedContext = (subject: string): string => `totp ${subject}`

export function createFactorCheck({ factors, count, readCount }: FactorCounters): CheckFactor {
  const slice = (now: Seconds): number => Math.floor(now / window)
  // A browser the person signed in with is counted by itself, so that nobody else can use up its attempts (BF-03).
  const keyOf = ({ subject, device }: FactorAttempt, now: Seconds): string =>
    `factor:${sha256(subject).slice(0, 22)}:${slice(now)}${device === undefined ? '' : `:device:${device}`}`

  const spent = async (host: FactorHost, view: SecondFactorView, typed: string): Promise<FactorCheck> => {
    const { id, subject, seed: sealed } = view.factor
    const code = codeTyped(typed)
    if (code !== undefined) {
      const seed = host.vault.open(sealed, seedContext(subject))
      if (seed === undefined) throw new Error('the seed of a second factor does not open with this master key')
      const step = stepOf(seed, code, host.now())
      if (step === undefined) return { outcome: 'refused', reason: 'code_wrong' }
      if (await factors.useStep(id, step)) return { outcome: 'accepted', recovery: false }
      return { outcome: 'refused', reason: 'code_replayed' }
    }
    const recovery = recoveryCodeTyped(typed)
    const used = recovery !== undefined && (await factors.useRecovery(id, host.vault.digest(recovery, subject)))
    return used ? { outcome: 'accepted', recovery: true } : { outcome: 'refused', reason: 'code_wrong' }
  }

  return async (host, attempt) => {
    const now = host.now()
    const key = keyOf(attempt, now)
    // Counted before it is looked at, so that parallel attempts cannot slip through (BF-02); what was right is set off.
    const attempts = await count(key, window, now)
    if (attempts > maxFailures && attempts - (await readCount(`${key}:good`, now)) > maxFailures)
      return { outcome: 'throttled', retryAfter: Math.ceil((slice(now) + 1) * window - now) }
    const view = await factors.find(attempt.subject)
    if (view === undefined) return { outcome: 'refused', reason: 'factor_unknown' }
    const result = await spent(host, view, attempt.typed)
    if (result.outcome === 'accepted') await count(`${key}:good`, window, now)
    return result
  }
}
