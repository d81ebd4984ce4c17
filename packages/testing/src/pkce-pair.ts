import { challengeOf, type Random } from '@sallyport/protocol'

/** A verifier and its S256 challenge (RFC 7636 section 4). */
export type PkcePair = { readonly verifier: string; readonly challenge: string }

/** A fresh pair; the verifier has 43 characters. */
export function pkcePair(random: Random): PkcePair {
  const verifier = random.handle()
  return { verifier, challenge: challengeOf(verifier) }
}
