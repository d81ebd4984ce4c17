import type { ReplayStore } from './dpop-options.ts'

export type OneProcessOptions = {
  /**
   * The API says here that it is one process and stays one: with a second one each proof could be used twice. There is no
   * default, because nothing would tell that it is wrong.
   */
  readonly runsAlone: true
  /** Most proofs remembered at a time; 200 000 when left out, which is 2000 requests a second. Beyond it nobody gets in. */
  readonly maxProofs?: number | undefined
}

/**
 * Remembers used proofs in the memory of this process (RFC 9449 section 11.1). After a restart it knows none, so a proof may
 * count once more within its hundred seconds. Throws TypeError for an API that does not say that it runs alone.
 */
export function replayInOneProcess({ runsAlone, maxProofs = 200_000 }: OneProcessOptions): ReplayStore {
  if ((runsAlone as unknown) !== true)
    throw new TypeError('runsAlone must be true; an API of several processes needs a store that they share')
  if (!(Number.isInteger(maxProofs) && maxProofs > 0)) throw new TypeError('maxProofs must be a whole number above 0')
  // In the order in which they came, which is nearly the order in which they expire.
  const used = new Map<string, number>()

  const forgetOld = (now: number): void => {
    for (const [key, expiresAt] of used) {
      if (expiresAt > now) return
      used.delete(key)
    }
  }

  return {
    rememberOnce: async (key, expiresAt, now) => {
      forgetOld(now)
      const known = used.get(key)
      if (known !== undefined && known > now) return false
      // Forgetting one that still counts would let it be used again, so the newcomer has to wait.
      if (used.size >= maxProofs) throw new Error(`more than ${maxProofs} proofs are remembered`)
      used.delete(key)
      used.set(key, expiresAt)
      return true
    },
  }
}
