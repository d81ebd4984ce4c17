import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import { isJwsAlgorithm, type JwsAlgorithm } from './jws-algorithm.ts'
import type { VerificationKey } from './jws-verify.ts'

/** Most keys of one set (JW-08). */
export const maxClientKeys = 20

const textMembers = ['kty', 'kid', 'use', 'alg', 'crv', 'x', 'y', 'n', 'e'] as const

/** A public key as a set of a client keeps it (RFC 7517 section 4): the members that are read here, and no others. */
export type PublicJwk = { readonly [member in (typeof textMembers)[number]]?: string } & {
  readonly key_ops?: readonly string[]
  /** The certificate of the key in base64, without those that would vouch for it (RFC 7517 section 4.7). */
  readonly x5c?: readonly [string]
}

/** A JWK set with public keys alone. */
export type KeySet = { readonly keys: readonly PublicJwk[] }

/** What only the owner of a key may have (RFC 7518 section 6, RFC 8037 section 2, draft of keys for post-quantum signatures). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** Longest text of a member: an RSA modulus of 8192 bits. */
export const maxKeyText = 1400
const modulusBits = { least: 2048, most: 8192 }

const readable: Readonly<Record<string, readonly string[]>> = { EC: ['P-256'], OKP: ['Ed25519'], RSA: [''] }

/** True for a key that this server could verify with; keys for other purposes are passed over. */
const isKnown = ({ kty = '', crv = '' }: PublicJwk): boolean =>
  Object.hasOwn(readable, kty) && readable[kty]?.includes(crv) === true

/** True for a private or symmetric key, or what is left of one. */
export const showsSecret = (jwk: Readonly<Record<string, unknown>>): boolean =>
  jwk['kty'] === 'oct' || secretMembers.some((member) => Object.hasOwn(jwk, member))

function readKey(value: unknown): PublicJwk | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'has an entry that is no key'
  const source = value as Readonly<Record<string, unknown>>
  if (showsSecret(source)) return 'has a private or symmetric key, which has to be replaced now that it was shown'
  const key: Record<string, unknown> = {}
  for (const member of textMembers) {
    const text = source[member]
    if (text === undefined) continue
    if (typeof text !== 'string' || text.length > maxKeyText) return `has a key whose ${member} is no short text`
    key[member] = text
  }
  const operations = source['key_ops']
  if (operations !== undefined) {
    if (!Array.isArray(operations) || operations.length > 10 || operations.some((one) => typeof one !== 'string'))
      return 'has a key whose key_ops is no list of texts'
    key['key_ops'] = operations
  }
  const certificate = certificateOf(source)
  if (certificate !== undefined) key['x5c'] = [certificate]
  const jwk = key as PublicJwk
  if (typeof jwk.kty !== 'string') return 'has a key without kty'
  if (jwk.kid !== undefined && (jwk.kid === '' || jwk.kid.length > 256))
    return 'has a key whose kid is empty or too long'
  return isKnown(jwk) ? (faultOf(jwk) ?? jwk) : jwk
}

/** The first certificate of a key, if it is one and of that very key; anything else means nothing here, as other members do (B-MTLS-05). */
function certificateOf(source: Readonly<Record<string, unknown>>): string | undefined {
  const { x5c } = source
  const text: unknown = Array.isArray(x5c) ? x5c[0] : undefined
  if (typeof text !== 'string' || text.length > maxCertificateText) return undefined
  const der = Buffer.from(text, 'base64')
  if (der.toString('base64') !== text) return undefined
  try {
    const certified = new X509Certificate(der)
    return certified.raw.equals(der) && certified.publicKey.equals(createPublicKey({ key: source, format: 'jwk' }))
      ? text
      : undefined
  } catch {
    return undefined
  }
}

const maxCertificateText = 16_384

/** True for an RSA modulus that is neither too weak nor made to keep a server busy. */
export const isGoodModulus = (bits: number): boolean => bits >= modulusBits.least && bits <= modulusBits.most

function faultOf(jwk: PublicJwk): string | undefined {
  const key = importPublicKey(jwk)
  if (key === undefined) return 'has a key that cannot be read'
  if (key.asymmetricKeyType !== 'rsa') return undefined
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (!isGoodModulus(modulusLength))
    return `has an RSA key of ${modulusLength} bits; ${modulusBits.least} to ${modulusBits.most} are taken`
  // With a small exponent a signature can be made without the private key where padding is not checked to the last bit.
  return publicExponent < 65_537n || publicExponent > 0xffff_ffffn
    ? 'has an RSA key with an unusual exponent'
    : undefined
}

/** The key object of a JWK; `undefined` when it is none, such as a point that is not on its curve. */
export function importPublicKey(jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/**
 * Reads a JWK set of a client (RFC 7517 section 5): public keys alone, at most 20, none too weak (B-JWK-08). Members that
 * mean nothing here are left out. A text says what is wrong with the set. Never throws.
 */
export function readKeySet(value: unknown): KeySet | string {
  const keys: unknown = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined
  if (!Array.isArray(keys)) return 'is no JWK set'
  if (keys.length === 0 || keys.length > maxClientKeys)
    return `has ${keys.length} keys; 1 to ${maxClientKeys} are taken`
  const read: PublicJwk[] = []
  for (const key of keys as readonly unknown[]) {
    const jwk = readKey(key)
    if (typeof jwk === 'string') return jwk
    read.push(jwk)
  }
  return { keys: read }
}

const material = ({ kty, crv, x, y, n, e }: PublicJwk): string => JSON.stringify([kty, crv, x, y, n, e])

/** True when a key stands in both sets, whatever it is called there; two sets that are not there are the same. */
export function sharesKey(one: KeySet | undefined, other: KeySet | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  const known = new Set(one.keys.map(material))
  return other.keys.some((key) => known.has(material(key)))
}

/** By what the key is, and never by what a token says. RS256 only for a key, or a client, that was registered with it (B-CX-02). */
function algorithmsOf({ kty, alg }: PublicJwk, registered: JwsAlgorithm | undefined): readonly JwsAlgorithm[] {
  if (alg !== undefined && !isJwsAlgorithm(alg)) return []
  const possible: readonly JwsAlgorithm[] =
    kty === 'EC' ? ['ES256'] : kty === 'OKP' ? ['Ed25519', 'EdDSA'] : ['PS256', 'RS256']
  const named = registered ?? alg
  return possible.filter(
    (one) => (named === undefined ? one !== 'RS256' : one === named) && (alg === undefined || alg === one),
  )
}

/**
 * The keys of a set that signatures can be verified with, once for each algorithm they can be used with; only with
 * `registered` where an algorithm is given (B-CA-06).
 */
export function verificationKeys({ keys }: KeySet, registered: JwsAlgorithm | undefined): readonly VerificationKey[] {
  return keys.flatMap((jwk) => {
    const { use = 'sig', key_ops: operations, kid = '' } = jwk
    if (use !== 'sig' || operations?.includes('verify') === false || !isKnown(jwk)) return []
    const algorithms = algorithmsOf(jwk, registered)
    const key = algorithms.length === 0 ? undefined : importPublicKey(jwk)
    return key === undefined ? [] : algorithms.map((alg) => ({ kid, alg, key }))
  })
}
