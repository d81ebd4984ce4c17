import { sha256 } from '@sallyport/protocol'

// One look-up per character instead of a Buffer per key; characters outside base64url count as zero.
const values = new Uint8Array(128)
for (const [index, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  values[letter.charCodeAt(0)] = index
}

/**
 * The first 48 bits of a digest as a number: what indexes hold instead of the digest. Rows are compared by the whole
 * digest afterwards, so two that share a number only cost one more comparison.
 */
export function digestKey(digest: string): number {
  let key = 0
  for (let index = 0; index < 8; index++) key = key * 64 + (values[digest.charCodeAt(index) & 127] ?? 0)
  return key
}

/** The like for a client's challenge. Hashed, because challenges are chosen by others and could be made to crowd together. */
export const challengeKey = (clientId: string, codeChallenge: string): number =>
  digestKey(sha256(clientId + codeChallenge))
