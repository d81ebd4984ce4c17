import { randomFillSync } from 'node:crypto'

/** A source of unguessable strings; passed in so that tests can seed it. */
export type Random = {
  /** 32 random bytes as 43 characters of base64url (A-GEN-07). */
  handle(): string
  /** `bytes` random bytes as base64url; for identifiers that are not credentials. */
  id(bytes: number): string
}

const poolSize = 4096

/** Randomness from the operating system's generator, drawn 4 KiB at a time because each draw has a fixed cost. */
export function systemRandom(): Random {
  const pool = Buffer.alloc(poolSize)
  let offset = poolSize
  const take = (bytes: number): string => {
    if (offset + bytes > poolSize) {
      randomFillSync(pool)
      offset = 0
    }
    const text = pool.toString('base64url', offset, offset + bytes)
    // A handed-out byte is wiped: a memory dump of the pool must not reveal live handles.
    pool.fill(0, offset, offset + bytes)
    offset += bytes
    return text
  }
  return { handle: () => take(32), id: take }
}
