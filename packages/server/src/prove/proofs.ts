import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createSigner, jwkThumbprint, numericDate, sha256, signJwt } from '@sallyport/protocol'
import type { HttpResponse } from '../model/http.ts'
import type { ProvingGround } from './proving-ground.ts'

/** A key that tokens are bound to. */
export type SenderKey = { readonly key: KeyObject; readonly jwk: object; readonly thumbprint: string }

export function newSenderKey(): SenderKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  return { key: privateKey, jwk, thumbprint: jwkThumbprint({ ...jwk }) ?? '' }
}

/** What a proof is about beside its key. */
export type About = { readonly method: 'GET' | 'POST'; readonly path: string; readonly accessToken?: string }

/** A fresh proof of possession (RFC 9449 section 4.2). */
async function proofOf(ground: ProvingGround, { key, jwk }: SenderKey, about: About, nonce?: string): Promise<string> {
  const { method, path, accessToken } = about
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk }
  const headers = new Map([['dpop+jwt', Buffer.from(JSON.stringify(header)).toString('base64url')]])
  const ath = accessToken === undefined ? undefined : sha256(accessToken)
  const claims = { jti: ground.random.handle(), htm: method, htu: `${ground.issuer.replace(/\/$/, '')}${path}` }
  const iat = numericDate(ground.now())
  return signJwt({ ...createSigner('', 'ES256', key), headers }, 'dpop+jwt', { ...claims, iat, ath, nonce })
}

/** Sends a request with a proof, and once more with a nonce where the policy wants one. Gives the proof that counted too. */
export async function proven(
  ground: ProvingGround,
  by: SenderKey,
  about: About,
  send: (dpop: string) => Promise<HttpResponse>,
): Promise<{ readonly answer: HttpResponse; readonly dpop: string }> {
  const first = await proofOf(ground, by, about)
  const answer = await send(first)
  const nonce = answer.headers['dpop-nonce']
  if (answer.status < 400 || typeof nonce !== 'string') return { answer, dpop: first }
  const dpop = await proofOf(ground, by, about, nonce)
  return { answer: await send(dpop), dpop }
}
