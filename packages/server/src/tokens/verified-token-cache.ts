import { sha256, verifyJwt, type JwtFault, type Seconds, type VerifiedJwt } from '@sallyport/protocol'
import type { KeyRing } from './key-ring.ts'

const maxTokens = 10_000

/**
 * Remembers that the signature of an exact token was found good. Nothing else is remembered: expiry, revocation and the
 * standing of person and client are looked at each time. Keyed by digest, so that the memory holds no usable token.
 */
export type VerifiedTokenCache = {
  /** The verified access token, or why it is none. */
  verify(token: string, keys: KeyRing, now: Seconds): VerifiedJwt | JwtFault
}

const accessTokenTypes: readonly string[] = ['at+jwt']

export function createVerifiedTokenCache(): VerifiedTokenCache {
  const verified = new Map<string, VerifiedJwt>()
  return {
    verify(token, keys, now) {
      const digest = sha256(token)
      const known = verified.get(digest)
      if (known !== undefined) return known
      const result = verifyJwt(token, accessTokenTypes, keys.verificationKeys(now))
      if (typeof result === 'string') return result
      if (verified.size >= maxTokens) verified.delete(verified.keys().next().value ?? '')
      verified.set(digest, result)
      return result
    },
  }
}
