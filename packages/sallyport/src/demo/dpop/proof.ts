import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createSigner, jwkThumbprint, sha256, signJwt } from '@sallyport/protocol'
import type { World } from '../client-requests.ts'

/** A pair of keys of a client or of somebody who would like to be one. */
export type ProofKey = {
  readonly privateKey: KeyObject
  readonly jwk: Readonly<Record<string, unknown>>
  /** What tokens say that are bound to it. */
  readonly thumbprint: string
}

/** The request that a proof is made for. */
export type ProofWish = {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** The access token that goes along with it. */
  readonly token?: string | undefined
}

export function newProofKey(): ProofKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as Readonly<Record<string, unknown>>
  return { privateKey, jwk, thumbprint: jwkThumbprint(jwk) ?? '' }
}

/** Signs a fresh proof of possession (RFC 9449 section 4.2). */
export async function makeProof(
  { random, now }: World,
  key: ProofKey,
  { method, url, token }: ProofWish,
): Promise<string> {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk }
  const signer = createSigner('', 'ES256', key.privateKey)
  signer.headers.set('proof', Buffer.from(JSON.stringify(header)).toString('base64url'))
  const bound = token === undefined ? {} : { ath: sha256(token) }
  return signJwt(signer, 'proof', { jti: random.id(16), htm: method, htu: url, iat: Math.floor(now()), ...bound })
}

/** The same proof with another address written into it; the signature is left as it was, for want of the key. */
export function rewriteAddress(proof: string, url: string): string {
  const [header = '', payload = '', signature = ''] = proof.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>
  const changed = Buffer.from(JSON.stringify({ ...claims, htu: url })).toString('base64url')
  return [header, changed, signature].join('.')
}
