import { sign, type KeyObject } from 'node:crypto'
import type { JwsAlgorithm } from '@sallyport/protocol'
import { cachedKeyPairs, type TestIssuer } from '@sallyport/testing'

type Jwk = Readonly<Record<string, string>>

/** The published keys. */
export async function keysOf(issuer: TestIssuer): Promise<readonly Jwk[]> {
  const { keys } = (await issuer.get('/oauth2/jwks')).json
  return keys as readonly Jwk[]
}

/** The key id with which the issuer signs first. */
export async function kidOf(issuer: TestIssuer, alg: JwsAlgorithm): Promise<string> {
  return (await keysOf(issuer)).find((key) => key['alg'] === alg)?.['kid'] ?? ''
}

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A compact JWS over anything at all: `header` and `claims` may also be raw text. */
export function compact(header: unknown, claims: unknown, alg: JwsAlgorithm, key: KeyObject): string {
  const input = `${encoded(header)}.${encoded(claims)}`
  const data = Buffer.from(input)
  const signature =
    alg === 'ES256'
      ? sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
      : alg === 'EdDSA'
        ? sign(null, data, key)
        : alg === 'PS256'
          ? sign('sha256', data, { key, padding: 6, saltLength: 32 })
          : sign('sha256', data, key)
  return `${input}.${signature.toString('base64url')}`
}

/** The private key an issuer of this process signs with first; tests share the keys. */
export const firstKey = (alg: JwsAlgorithm): Promise<KeyObject> => cachedKeyPairs()(alg)

export type Forgery = {
  readonly alg?: JwsAlgorithm
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims: unknown
}

/**
 * A JWT with the issuer's own key and whatever else: what only the issuer could make, to see that a good signature alone
 * opens nothing.
 */
export async function signedByUs(issuer: TestIssuer, { alg = 'ES256', header = {}, claims }: Forgery): Promise<string> {
  const full = { alg, typ: 'at+jwt', kid: await kidOf(issuer, alg), ...header }
  const kept = Object.fromEntries(Object.entries(full).filter(([, value]) => value !== undefined))
  return compact(kept, claims, alg, await firstKey(alg))
}
