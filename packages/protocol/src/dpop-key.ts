import type { KeyObject } from 'node:crypto'
import { sha256 } from './digest.ts'
import { jwsAlgorithms, type JwsAlgorithm } from './jws-algorithm.ts'
import { importPublicKey, isGoodModulus, maxKeyText, showsSecret, type PublicJwk } from './key-set.ts'
import { recentlyUsed } from './recently-used.ts'

/** The members that make a key what it is, in the order of RFC 7638 section 3.3; whatever else is said of it does not count. */
const requiredMembers = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
} as const

function material(jwk: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> | undefined {
  const kty = jwk['kty']
  if (kty !== 'EC' && kty !== 'OKP' && kty !== 'RSA') return undefined
  const members: Record<string, string> = {}
  for (const member of requiredMembers[kty]) {
    const text = jwk[member]
    if (typeof text !== 'string' || text === '' || text.length > maxKeyText) return undefined
    members[member] = text
  }
  return members
}

/** SHA-256 thumbprint of a public key (RFC 7638), the `jkt` of RFC 9449 section 6.1; `undefined` for what is no key. */
export function jwkThumbprint(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const members = material(jwk)
  return members === undefined ? undefined : sha256(JSON.stringify(members))
}

const thumbprint = /^[A-Za-z0-9_-]{43}$/

/** True for what can be a thumbprint: 43 characters of base64url (B-DPOP-21). */
export const isThumbprint = (value: unknown): value is string => typeof value === 'string' && thumbprint.test(value)

/** A public key out of the header of a proof. */
export type ProofKey = { readonly key: KeyObject; readonly thumbprint: string }

/**
 * Keys that were read lately: a client signs all its proofs with one, and reading it costs a good part of what checking the
 * signature does. Strangers who send others only make each other read again.
 */
const readLately = recentlyUsed<ProofKey>(1000)

/** What cannot be used is never kept. */
function importedOnce(text: string, members: PublicJwk): ProofKey | undefined {
  const known = readLately.get(text)
  if (known !== undefined) return known
  const key = importPublicKey(members)
  if (key === undefined || !isStrong(key)) return undefined
  const read = { key, thumbprint: sha256(text) }
  readLately.set(text, read)
  return read
}

/**
 * The key of a proof (RFC 9449 section 4.2): public, and whole; only its material is looked at. A key that is weak, not on
 * its curve, or not of the kind that the algorithm needs gives `undefined`, and so does a private one (B-DPOP-04 to -06).
 */
export function readProofKey(value: unknown, alg: JwsAlgorithm): ProofKey | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const jwk = value as Readonly<Record<string, unknown>>
  if (showsSecret(jwk)) return undefined
  const members = material(jwk)
  if (members === undefined || !isOfKind(members, alg)) return undefined
  return importedOnce(JSON.stringify(members), members)
}

function isOfKind({ kty, crv }: PublicJwk, alg: JwsAlgorithm): boolean {
  const { keyType } = jwsAlgorithms[alg]
  if (keyType === 'ec') return kty === 'EC' && crv === 'P-256'
  return keyType === 'ed25519' ? kty === 'OKP' && crv === 'Ed25519' : kty === 'RSA'
}

/** RFC 7518 section 6.3: an exponent of 1 or an even one verifies anything or nothing. */
function isStrong(key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa') return true
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  return (
    isGoodModulus(modulusLength) && publicExponent >= 3n && publicExponent <= 0xffff_ffffn && publicExponent % 2n === 1n
  )
}
