import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'

/** A private ES256 key of a client, as a JWK with `kid`. */
export function newSigningKey(): JsonWebKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid: 'bank', alg: 'ES256', use: 'sig' }
}
