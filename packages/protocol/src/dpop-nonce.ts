import { createHmac } from 'node:crypto'
import { equalInConstantTime } from './digest.ts'
import type { Seconds } from './seconds.ts'

/** Seconds for which one nonce is handed out; it counts for as long again (B-DPOP-23). */
export const nonceRotation = 60

const nonceOf = (key: Uint8Array, period: number): string =>
  createHmac('sha256', key).update(`sallyport dpop nonce ${period}`).digest('base64url')

const periodAt = (now: Seconds): number => Math.floor(now / nonceRotation)

/**
 * The nonce that is handed out now (RFC 9449 section 8): a time stamp under a key that all nodes have, so nothing has to be
 * stored and every node takes what another gave (DP-10).
 */
export const currentNonce = (key: Uint8Array, now: Seconds): string => nonceOf(key, periodAt(now))

/** True for the nonce of this period or of the one before. */
export function nonceFits(key: Uint8Array, nonce: string, now: Seconds): boolean {
  const period = periodAt(now)
  const current = equalInConstantTime(nonce, nonceOf(key, period))
  const previous = equalInConstantTime(nonce, nonceOf(key, period - 1))
  return current || previous
}
