import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { jwsAlgorithms, type JwsAlgorithm } from '@sallyport/protocol'

const generate = promisify(generateKeyPair)

/** A fresh key pair for one algorithm: P-256, Ed25519 or RSA with 2048 bits (B-JWK-01). */
export async function generateSigningKeyPair(alg: JwsAlgorithm): Promise<KeyObject> {
  switch (alg) {
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey
    case 'Ed25519':
    case 'EdDSA':
      return (await generate('ed25519')).privateKey
    case 'PS256':
    case 'RS256':
      return (await generate('rsa', { modulusLength: 2048 })).privateKey
  }
}

/** True when this half of a key fits the algorithm and is strong enough: P-256, Ed25519, RSA from 2048 bits (B-JWK-01). */
export function keyFits(alg: JwsAlgorithm, key: KeyObject, half: 'private' | 'public'): boolean {
  const { type, asymmetricKeyType, asymmetricKeyDetails: details } = key
  return (
    type === half &&
    asymmetricKeyType === jwsAlgorithms[alg].keyType &&
    (asymmetricKeyType !== 'ec' || details?.namedCurve === 'prime256v1') &&
    (asymmetricKeyType !== 'rsa' || (details?.modulusLength ?? 0) >= 2048)
  )
}

/** Throws unless the private key can sign with the algorithm and is strong enough. */
export function requireFittingKey(alg: JwsAlgorithm, key: KeyObject): void {
  if (!keyFits(alg, key, 'private'))
    throw new TypeError(`the key is of no use for ${alg}: P-256, Ed25519 or RSA with 2048 bits is needed`)
}

/** Public members only, in the order of RFC 7638, then what the JWKS adds. */
export function publicJwk(key: KeyObject, kid: string, alg: JwsAlgorithm): Record<string, string> {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const exported = publicKey.export({ format: 'jwk' }) as Record<string, string | undefined>
  const jwk: Record<string, string> = {}
  for (const member of ['crv', 'e', 'kty', 'n', 'x', 'y']) {
    const value = exported[member]
    if (value !== undefined) jwk[member] = value
  }
  return { ...jwk, use: 'sig', alg, kid }
}
