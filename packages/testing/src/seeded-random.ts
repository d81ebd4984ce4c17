import { createHash } from 'node:crypto'
import type { Random } from '@sallyport/protocol'

/**
 * Randomness that is the same in every run with the same seed. For tests alone: whoever knows the seed knows every handle.
 */
export function seededRandom(seed: string): Random {
  let draw = 0
  const take = (bytes: number): string => {
    const blocks: Buffer[] = []
    for (let length = 0; length < bytes; length += 32) {
      blocks.push(createHash('sha256').update(`${seed}\n${draw++}`).digest())
    }
    return Buffer.concat(blocks).toString('base64url', 0, bytes)
  }
  return { handle: () => take(32), id: take }
}
