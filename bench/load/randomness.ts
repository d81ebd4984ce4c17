import { hash, randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(64 * 1024)
let used = pool.length

/** 32 fresh random bytes as 43 base64url characters, drawn from a pool because a call per value costs more. */
export function randomText(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const text = pool.toString('base64url', used, used + 32)
  used += 32
  return text
}

/** The S256 challenge of a verifier (RFC 7636 4.2). */
export const challengeOf = (verifier: string): string => hash('sha256', verifier, 'base64url')
