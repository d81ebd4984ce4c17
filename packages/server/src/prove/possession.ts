import { generateKeyPairSync } from 'node:crypto'
import {
  createSigner,
  currentNonce,
  numericDate,
  sha256,
  signJwt,
  type Random,
  type Seconds,
} from '@sallyport/protocol'
import type { PolicyOptions } from '../policy.ts'
import { deriveSecrets } from '../secrets.ts'

type Headers = Readonly<Record<string, string | undefined>>

export type PossessionOptions = {
  readonly issuer: string
  readonly policy: PolicyOptions
  /** The server's own, so that no request has to be sent twice for a nonce. */
  readonly masterKey: Uint8Array
  readonly random: Random
  readonly now: () => Seconds
}

/** Adds a fresh proof of possession to the headers of a request, where its endpoint takes one. */
export type Possession = (method: string, path: string, headers: Headers) => Headers | Promise<Headers>

const bearer = /^Bearer (.+)$/

/**
 * Where nobody gets a token without a proof of possession, the honest clients of the proof send one (RFC 9449), all with one
 * key: what is under proof is PKCE, and each check has to be reached.
 */
export function createPossession({ issuer, policy, masterKey, random, now }: PossessionOptions): Possession {
  if (policy.stages?.requireSenderConstraint !== 'enforce') return (_method, _path, headers) => headers
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) }
  const signer = createSigner('', 'ES256', privateKey)
  signer.headers.set('proof', Buffer.from(JSON.stringify(header)).toString('base64url'))
  const { tokenNonces, resourceNonces } = deriveSecrets(masterKey)
  const nonces: Readonly<Record<string, Uint8Array>> = {
    '/oauth2/token': tokenNonces,
    '/oauth2/userinfo': resourceNonces,
  }

  return async (method, path, headers) => {
    const key = nonces[path]
    // A case about proofs brings its own, or says that there is none.
    if (key === undefined || 'dpop' in headers) return headers
    const token = bearer.exec(headers['authorization'] ?? '')?.[1]
    const shown = token === undefined ? {} : { authorization: `DPoP ${token}` }
    const ath = token === undefined ? undefined : sha256(token)
    const facts = { jti: random.handle(), htm: method, htu: `${issuer.replace(/\/$/, '')}${path}`, ath }
    const claims = { ...facts, iat: numericDate(now()), nonce: currentNonce(key, now()) }
    return { ...headers, ...shown, dpop: await signJwt(signer, 'proof', claims) }
  }
}
