import type { KeyObject } from 'node:crypto'
import { importPublicKey, type KeySet, type PublicJwk } from './key-set.ts'

/** How the key of a message may reach its reader (RFC 7518 section 4.1). No RSA1_5, and nothing with a shared secret (B-IDT-14). */
export const keyEncryptionAlgorithms = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'] as const
export type KeyEncryptionAlgorithm = (typeof keyEncryptionAlgorithms)[number]

/** How the key of an encrypted request may reach the server, whose own keys for that are on P-256. */
export const requestEncryptionAlgorithms = [
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A256KW',
] as const satisfies readonly KeyEncryptionAlgorithm[]

/** How the message itself may be encrypted (RFC 7518 section 5.1). */
export const contentEncryptionAlgorithms = ['A128CBC-HS256', 'A128GCM', 'A256GCM'] as const
export type ContentEncryptionAlgorithm = (typeof contentEncryptionAlgorithms)[number]

export const isKeyEncryptionAlgorithm = (text: unknown): text is KeyEncryptionAlgorithm =>
  (keyEncryptionAlgorithms as readonly unknown[]).includes(text)

export const isContentEncryptionAlgorithm = (text: unknown): text is ContentEncryptionAlgorithm =>
  (contentEncryptionAlgorithms as readonly unknown[]).includes(text)

/** A public key that messages can be encrypted to. */
export type EncryptionKey = { readonly kid: string | undefined; readonly key: KeyObject }

/** A key says what it is for: `use: enc`, or the algorithm by name. One that is for signatures is never taken (B-JWK-09). */
function isFor({ kty, use, alg, key_ops: operations }: PublicJwk, wanted: KeyEncryptionAlgorithm): boolean {
  const rsa = wanted === 'RSA-OAEP-256'
  if (kty !== (rsa ? 'RSA' : 'EC')) return false
  if (use === undefined ? alg !== wanted : use !== 'enc' || (alg !== undefined && alg !== wanted)) return false
  const needed = rsa ? ['encrypt', 'wrapKey'] : ['deriveKey', 'deriveBits']
  // The public half of a key agreement has no operation of its own (RFC 7517 section 4.3).
  return operations === undefined || (!rsa && operations.length === 0) || needed.some((one) => operations.includes(one))
}

/** The first key of a set that messages can be encrypted to by this algorithm (B-IDT-15); `undefined` when there is none. */
export function encryptionKey({ keys }: KeySet, alg: KeyEncryptionAlgorithm): EncryptionKey | undefined {
  for (const jwk of keys) {
    const key = isFor(jwk, alg) ? importPublicKey(jwk) : undefined
    // Of the curves only P-256 is read with its checks; a key on another one is passed over.
    if (key !== undefined && (jwk.kty === 'RSA' || jwk.crv === 'P-256')) return { kid: jwk.kid, key }
  }
  return undefined
}
