import type { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { Seconds } from '@sallyport/protocol'
import type { Store } from './model/store.ts'

export type SharedCounterOptions = {
  readonly store: Store
  readonly now: () => Seconds
  /** Prefix of its counters. */
  readonly name: string
  /** Most points in one window. */
  readonly points: number
  /** Length of a window, in seconds. */
  readonly window: number
}

/** Takes points; resolves false when that many are not left in this window. */
export type TakePoints = (key: string, points: number) => Promise<boolean>

/**
 * A counter that all nodes have in common, in the store. Windows begin at whole multiples of their length, so the name of a
 * counter says which window it is for. While the store is away each node goes on counting for itself, because these limits
 * protect the server and no secret (A-RATE-03).
 */
export function sharedCounter({ store, now, name, points, window }: SharedCounterOptions): TakePoints {
  let alone: Promise<RateLimiterMemory> | undefined
  const memory = async (): Promise<RateLimiterMemory> => {
    // Loaded for an outage only: the library is large.
    const { RateLimiterMemory } = await import('rate-limiter-flexible')
    return new RateLimiterMemory({ keyPrefix: name, points, duration: window })
  }
  return async (key, taken) => {
    const instant = now()
    const counter = `${name}:${key}:${Math.floor(instant / window)}`
    try {
      return (await store.count(counter, window, instant, taken)) <= points
    } catch {
      return (await (alone ??= memory())).consume(counter, taken).then(
        () => true,
        (refused: RateLimiterRes | Error) => {
          if (refused instanceof Error) throw refused
          return false
        },
      )
    }
  }
}
