import { sha256, type Seconds } from '@sallyport/protocol'
import type { Store } from '@sallyport/server/model'

/** The counters of the store; shared by all nodes and atomic. */
export type Counters = Pick<Store, 'count' | 'readCount' | 'clearCount'>

/** Limits of guessing. Times are seconds. */
export type ThrottleLimits = {
  /** Attempts for one account from one network before the delays begin. */
  readonly free: number
  /** The same while the account is under attack from many networks. */
  readonly freeUnderAttack: number
  /** First delay; each further failure doubles it, up to `maxDelay`. */
  readonly delay: number
  readonly maxDelay: number
  /** How long failures are remembered. */
  readonly window: number
  /** Failures for one account from everywhere within the window, after which it counts as under attack. */
  readonly accountFailures: number
  /** Failures from one network, whatever the account, within `networkWindow` (BF-04). */
  readonly networkFailures: number
  readonly networkWindow: number
  /** Failures of all accounts and networks within `networkWindow`, after which each network has only `networkFailuresUnderAttack` (A-RATE-02). */
  readonly failuresEverywhere: number
  readonly networkFailuresUnderAttack: number
}

export const defaultThrottle: ThrottleLimits = {
  free: 5,
  freeUnderAttack: 1,
  delay: 15,
  maxDelay: 900,
  window: 3600,
  accountFailures: 50,
  networkFailures: 100,
  networkWindow: 600,
  failuresEverywhere: 2000,
  networkFailuresUnderAttack: 10,
}

/** Who tries from where. A known device is counted by itself, so that nobody else can use up its attempts (BF-03). */
export type Attempt = { readonly account: string; readonly network: string; readonly device: string | undefined }

/** The answer to an attempt that may not be made now: seconds to wait, and which bucket is full. */
export type Throttled = { readonly retryAfter: number; readonly reason: 'account' | 'spray' }

/** Counts attempts before they are made, so that parallel ones cannot slip through (BF-02). */
export type Throttle = {
  /** Reserves an attempt; `undefined` when it may be made. */
  reserve(attempt: Attempt, now: Seconds): Promise<Throttled | undefined>
  /** Forgives the attempts of this account from here, after the right password. */
  succeeded(attempt: Attempt, now: Seconds): Promise<void>
}

/** User names are typed into keys; some people type their password there, so only a digest is kept. */
const digestOf = (text: string): string => sha256(text).slice(0, 22)

const pairKey = ({ account, network, device }: Attempt): string =>
  `login:${digestOf(account)}:${device === undefined ? network : `device:${device}`}`
const accountKey = ({ account }: Attempt): string => `login:${digestOf(account)}`

export function createThrottle(counters: Counters, limits: ThrottleLimits = defaultThrottle): Throttle {
  const delayAfter = (failures: number): number => Math.min(limits.maxDelay, limits.delay * 2 ** Math.max(0, failures))
  const slice = (now: Seconds): number => Math.floor(now / limits.networkWindow)
  const networkKey = (network: string, now: Seconds): string => `login:from:${network}:${slice(now)}`

  const everybodyKey = (now: Seconds): string => `login:everybody:${slice(now)}`

  // Successes are set off against attempts rather than clearing them: one account of their own must not give guessers a
  // clean slate.
  const failures = async (key: string, attempts: number, most: number, now: Seconds): Promise<number> =>
    attempts < most ? attempts : attempts - (await counters.readCount(`${key}:good`, now))

  /** Failures that one network may have: few while lists of stolen passwords are tried from many networks at once. */
  const mostOfNetwork = async (now: Seconds): Promise<number> => {
    const [key, most] = [everybodyKey(now), limits.failuresEverywhere]
    const attempts = await counters.readCount(key, now)
    return (await failures(key, attempts, most, now)) >= most
      ? limits.networkFailuresUnderAttack
      : limits.networkFailures
  }

  const spraying = (now: Seconds): Throttled => ({
    retryAfter: Math.ceil((slice(now) + 1) * limits.networkWindow - now),
    reason: 'spray',
  })

  /** Looks before anything is counted, so that a network over its limit makes no further rows. */
  const overLimit = async (network: string, now: Seconds): Promise<boolean> => {
    const [key, most] = [networkKey(network, now), await mostOfNetwork(now)]
    return (await failures(key, await counters.readCount(key, now), most, now)) >= most
  }

  const reserveNetwork = async (network: string, now: Seconds): Promise<Throttled | undefined> => {
    await counters.count(everybodyKey(now), limits.networkWindow, now)
    const [key, most] = [networkKey(network, now), await mostOfNetwork(now)]
    const attempts = await counters.count(key, limits.networkWindow, now)
    return (await failures(key, attempts, most, now)) > most ? spraying(now) : undefined
  }

  const reservePair = async (attempt: Attempt, now: Seconds): Promise<Throttled | undefined> => {
    const key = pairKey(attempt)
    const everywhere = await counters.readCount(accountKey(attempt), now)
    const attacked = everywhere >= limits.accountFailures && attempt.device === undefined
    const free = attacked ? limits.freeUnderAttack : limits.free
    const before = await counters.readCount(key, now)
    if (before < free && (await counters.count(key, limits.window, now)) <= free) return undefined
    // Beyond the free ones, one attempt for each delay: whoever opens the hold may try, all others wait for its end.
    const over = Math.max(0, before - free)
    if ((await counters.count(`${key}:hold`, delayAfter(over), now)) > 1) {
      return { retryAfter: delayAfter(over - 1), reason: 'account' }
    }
    if (before >= free) await counters.count(key, limits.window, now)
    return undefined
  }

  return {
    async reserve(attempt, now) {
      const { network, device } = attempt
      if (device === undefined && (await overLimit(network, now))) return spraying(now)
      const pair = await reservePair(attempt, now)
      if (pair !== undefined) return pair
      await counters.count(accountKey(attempt), limits.window, now)
      return device === undefined ? reserveNetwork(network, now) : undefined
    },
    async succeeded(attempt, now) {
      const key = pairKey(attempt)
      await counters.clearCount(key)
      await counters.clearCount(`${key}:hold`)
      await counters.clearCount(accountKey(attempt))
      if (attempt.device !== undefined) return
      for (const key of [networkKey(attempt.network, now), everybodyKey(now)])
        await counters.count(`${key}:good`, limits.networkWindow, now)
    },
  }
}
