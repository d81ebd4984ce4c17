import { hash, sign, type KeyObject } from 'node:crypto'
import { ecdsaFromDer } from './ecdsa-signature.ts'
import { jwsAlgorithms, type JwsAlgorithm } from './jws-algorithm.ts'

/** A raw signature as a JWS carries it (RFC 7518 section 3): R and S in sequence for ES256, never DER. */
type Signature = Uint8Array

/**
 * What signs with one key: in this process, or wherever the key is kept. The encoded headers are made once per `typ`. A key
 * of this process answers at once where that is cheaper than waiting; one that is kept elsewhere answers with a promise.
 */
export type Signer = {
  readonly kid: string
  readonly alg: JwsAlgorithm
  readonly sign: (data: Uint8Array) => Signature | Promise<Signature>
  readonly headers: Map<string, string>
}

/** Prepares a key of this process. The caller guarantees that the key fits the algorithm. */
export const createSigner = (kid: string, alg: JwsAlgorithm, key: KeyObject): Signer => ({
  kid,
  alg,
  sign: signingWith(alg, key),
  headers: new Map(),
})

/**
 * Elliptic curves sign synchronously, since a detour over the thread pool costs more than the signature; RSA, ten times
 * dearer, leaves the event loop free.
 */
function signingWith(alg: JwsAlgorithm, key: KeyObject): Signer['sign'] {
  const { digest, padding, keyType } = jwsAlgorithms[alg]
  if (keyType === 'ec') return (data) => ecdsaFromDer(sign(digest, data, key))
  if (keyType === 'ed25519') return (data) => sign(digest, data, key)
  const padded = padding === undefined ? key : { key, ...padding }
  return (data) =>
    new Promise((resolve, reject) => {
      sign(digest, data, padded, (error, signature) => {
        if (error === null) resolve(signature)
        else reject(error)
      })
    })
}

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

const encoded = (signature: Signature): string =>
  Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('base64url')

/** Signs claims as a compact JWS (RFC 7515 section 7.1); a promise only where the signer gives one. */
export function signJwt(signer: Signer, typ: string, claims: object): string | Promise<string> {
  const input = signingInput(signer, typ, claims)
  const signature = signer.sign(Buffer.from(input))
  if (signature instanceof Promise) return signature.then((bytes) => `${input}.${encoded(bytes)}`)
  return `${input}.${encoded(signature)}`
}

/** `at_hash` of an access token: the left half of the digest that belongs to the algorithm (B-IDT-04, B-IDT-06). */
export function leftHalfHash(alg: JwsAlgorithm, token: string): string {
  const digest = hash(jwsAlgorithms[alg].hashClaim, token, 'buffer')
  return digest.toString('base64url', 0, digest.length / 2)
}
