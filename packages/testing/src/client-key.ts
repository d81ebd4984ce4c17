import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import { jwsAlgorithms, type JwsAlgorithm } from '@sallyport/protocol'
import type { TestClient } from './test-client.ts'

/** The key of a client, and its public half as a registration or a JWK set has it. */
export type ClientKey = {
  readonly alg: JwsAlgorithm
  readonly kid: string
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
}

function makePair(alg: JwsAlgorithm): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  const { keyType } = jwsAlgorithms[alg]
  if (keyType === 'ec') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (keyType === 'ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** Makes a key for one algorithm. */
export function createClientKey(alg: JwsAlgorithm = 'ES256', kid = 'key-1'): ClientKey {
  const { publicKey, privateKey } = makePair(alg)
  return { alg, kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } }
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A compact JWS with the key; members of `header` replace those that belong to the key, and `undefined` leaves one out. */
export function signJws(key: ClientKey, claims: object, header: Readonly<Record<string, unknown>> = {}): string {
  const input = `${encoded({ alg: key.alg, kid: key.kid, ...header })}.${encoded(claims)}`
  const { digest, padding } = jwsAlgorithms[key.alg]
  const signature = sign(digest, Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363', ...padding })
  return `${input}.${signature.toString('base64url')}`
}

/** The claims of an assertion that a server has to take (RFC 7523 section 3). */
export function freshClaims(clientId: string, issuer: string, now: number): Readonly<Record<string, unknown>> {
  const iat = Math.floor(now)
  return { iss: clientId, sub: clientId, aud: issuer, iat, exp: iat + 60, jti: randomUUID() }
}

/** The client with the means to authenticate: each request gets an assertion of its own. */
export const withKey = (
  client: TestClient,
  key: ClientKey,
  { issuer, clock }: { readonly issuer: string; readonly clock: { now(): number } },
): TestClient => ({ ...client, assertion: () => signJws(key, freshClaims(client.id, issuer, clock.now())) })
