import { hash, sign, type KeyObject } from 'node:crypto'
import { ecdsaFromDer } from './ecdsa-signature.ts'
import { jwsAlgorithms, type JwsAlgorithm } from './jws-algorithm.ts'

/** A private key prepared for signing: the encoded headers are made once per `typ`. */
export type Signer = {
  readonly kid: string
  readonly alg: JwsAlgorithm
  readonly key: KeyObject
  readonly headers: Map<string, string>
}

/** Prepares a key. The caller guarantees that the key fits the algorithm. */
export const createSigner = (kid: string, alg: JwsAlgorithm, key: KeyObject): Signer => ({
  kid,
  alg,
  key,
  headers: new Map(),
})

function encodedHeader(signer: Signer, typ: string): string {
  const ready = signer.headers.get(typ)
  if (ready !== undefined) return ready
  const text = Buffer.from(JSON.stringify({ alg: signer.alg, typ, kid: signer.kid })).toString('base64url')
  signer.headers.set(typ, text)
  return text
}

function signingInput(signer: Signer, typ: string, claims: object): string {
  return `${encodedHeader(signer, typ)}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
}

/**
 * Signs claims as a compact JWS (RFC 7515 section 7.1). Elliptic curves sign synchronously, since a detour over the
 * thread pool costs more than the signature; RSA, ten times dearer, leaves the event loop free.
 */
export function signJwt(signer: Signer, typ: string, claims: object): string | Promise<string> {
  const input = signingInput(signer, typ, claims)
  const data = Buffer.from(input)
  const { digest, padding, keyType } = jwsAlgorithms[signer.alg]
  if (keyType === 'ec') return `${input}.${ecdsaFromDer(sign(digest, data, signer.key)).toString('base64url')}`
  if (keyType === 'ed25519') return `${input}.${sign(digest, data, signer.key).toString('base64url')}`
  const key = padding === undefined ? signer.key : { key: signer.key, ...padding }
  return new Promise((resolve, reject) => {
    sign(digest, data, key, (error, signature) => {
      if (error === null) resolve(`${input}.${signature.toString('base64url')}`)
      else reject(error)
    })
  })
}

/** `at_hash` of an access token: the left half of the digest that belongs to the algorithm (B-IDT-04, B-IDT-06). */
export function leftHalfHash(alg: JwsAlgorithm, token: string): string {
  const digest = hash(jwsAlgorithms[alg].hashClaim, token, 'buffer')
  return digest.toString('base64url', 0, digest.length / 2)
}
