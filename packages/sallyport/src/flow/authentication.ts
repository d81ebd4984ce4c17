import type { webcrypto } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import { readPrivateKey, type ClientKey } from '../key-files.ts'

const importParameters = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  Ed25519: { name: 'Ed25519' },
  EdDSA: { name: 'Ed25519' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const

/** How an application proves who it is: with the key in a file (RFC 7523), with a secret, or not at all. */
export async function authenticationOf({
  key,
  secret,
}: {
  readonly key: string | undefined
  readonly secret: string | undefined
}): Promise<oauth.ClientAuth> {
  if (key !== undefined) return signedWith(readPrivateKey(key))
  return secret === undefined ? oauth.None() : oauth.ClientSecretBasic(secret)
}

async function signedWith({ key, kid, alg }: ClientKey): Promise<oauth.ClientAuth> {
  const { kty, crv, x, y, d, n, e, p, q, dp, dq, qi } = key.export({ format: 'jwk' })
  const jwk = { kty, crv, x, y, d, n, e, p, q, dp, dq, qi } as webcrypto.JsonWebKey
  const imported = await crypto.subtle.importKey('jwk', jwk, importParameters[alg], false, ['sign'])
  return oauth.PrivateKeyJwt(kid === undefined ? imported : { key: imported, kid })
}
