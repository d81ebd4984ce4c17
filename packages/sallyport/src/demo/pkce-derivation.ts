import { sha256Bytes, toBase64url, type Random } from '@sallyport/protocol'

/** How a verifier becomes its challenge, with every value on the way. */
export type PkceDerivation = {
  readonly verifier: string
  /** SHA-256 of the ASCII bytes of the verifier, in hexadecimal. */
  readonly digest: string
  readonly challenge: string
}

/** RFC 7636 section 4.2, one step at a time. */
export function deriveChallenge(verifier: string): PkceDerivation {
  const digest = sha256Bytes(Buffer.from(verifier, 'ascii'))
  return { verifier, digest: digest.toString('hex'), challenge: toBase64url(digest) }
}

/** A new verifier: 32 random bytes as 43 characters. */
export const newDerivation = (random: Random): PkceDerivation => deriveChallenge(random.handle())
