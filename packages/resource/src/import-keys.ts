import type { JwsAlgorithm, VerificationKey } from '@sallyport/protocol'
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

/** More keys than this in one set are not looked at (JW-08). */
const maxKeys = 20

/** The algorithms a key can be used with, by what the key is and never by what a token says. */
function algorithmsOf(jwk: JsonWebKey, key: KeyObject): readonly JwsAlgorithm[] {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return jwk.crv === 'P-256' ? ['ES256'] : []
    case 'ed25519':
      return ['Ed25519', 'EdDSA']
    case 'rsa':
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? ['PS256', 'RS256'] : []
    default:
      return []
  }
}

function importKey(jwk: unknown, allowed: readonly JwsAlgorithm[]): VerificationKey[] {
  if (typeof jwk !== 'object' || jwk === null) return []
  const { kid, use, alg, key_ops: operations, kty } = jwk as Record<string, unknown>
  if (kty === 'oct' || typeof kid !== 'string' || kid === '') return []
  if (use !== undefined && use !== 'sig') return []
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return []
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
    return algorithmsOf(jwk as JsonWebKey, key)
      .filter((possible) => allowed.includes(possible) && (alg === undefined || alg === possible))
      .map((possible) => ({ kid, alg: possible, key }))
  } catch {
    return []
  }
}

/**
 * The usable keys of a JWK set (RFC 7517): public signature keys of an allowed algorithm. Others are passed over, since
 * a set may hold keys for other purposes. Throws when the text is no set or has more than 20 keys.
 */
export function importKeys(
  document: Readonly<Record<string, unknown>>,
  allowed: readonly JwsAlgorithm[],
): readonly VerificationKey[] {
  const { keys } = document
  if (!Array.isArray(keys)) throw new Error('the document is no JWK set')
  if (keys.length > maxKeys) throw new Error(`the JWK set has more than ${maxKeys} keys`)
  return keys.flatMap((jwk) => importKey(jwk, allowed))
}
