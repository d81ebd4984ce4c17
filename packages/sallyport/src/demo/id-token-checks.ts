import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { isJwsAlgorithm, leftHalfHash, verifyJwt, type VerificationKey } from '@sallyport/protocol'
import type { AuthorizationAttempt } from './authorization-request.ts'
import type { Check } from './response-checks.ts'

/** The public keys of a JWK set that verify signatures. */
export function verificationKeys(set: Readonly<Record<string, unknown>>): readonly VerificationKey[] {
  const keys: readonly unknown[] = Array.isArray(set['keys']) ? set['keys'] : []
  return keys.flatMap((jwk) => {
    const { kid, alg } = jwk as Record<string, unknown>
    if (typeof kid !== 'string' || !isJwsAlgorithm(alg)) return []
    return [{ kid, alg, key: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }) }]
  })
}

export type IdTokenFacts = {
  readonly idToken: string
  readonly accessToken: string
  readonly attempt: AuthorizationAttempt
  readonly keys: readonly VerificationKey[]
  /** Seconds since 1970. */
  readonly now: number
}

const check = (what: string, expected: string, got: unknown, passed: boolean): Check => ({
  what,
  expected,
  got: typeof got === 'string' || typeof got === 'number' ? String(got) : 'nothing',
  passed,
})

/** What a client has to check of an ID Token (OpenID Connect Core section 3.1.3.7). */
export function idTokenChecks({ idToken, accessToken, attempt, keys, now }: IdTokenFacts): readonly Check[] {
  const verified = verifyJwt(idToken, ['jwt'], keys)
  if (typeof verified === 'string') return [check('signature', 'a key of the issuer', verified, false)]
  const { claims, kid } = verified
  const alg = keys.find((key) => key.kid === kid)?.alg ?? 'RS256'
  const hash = leftHalfHash(alg, accessToken)
  const { iss, aud, nonce, exp, at_hash: atHash } = claims
  return [
    check('signature', 'a key of the issuer', `${alg}, key ${kid}`, true),
    check('iss', attempt.issuer, iss, iss === attempt.issuer),
    check('aud', attempt.client.id, aud, aud === attempt.client.id),
    check('nonce', attempt.nonce, nonce, nonce === attempt.nonce),
    check('exp', `later than ${Math.floor(now)}`, exp, typeof exp === 'number' && exp > now),
    check('at_hash', hash, atHash, atHash === hash),
  ]
}
