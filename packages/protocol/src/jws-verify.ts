import { verify, type KeyObject } from 'node:crypto'
import { fromBase64url } from './base64url.ts'
import { ecdsaToDer } from './ecdsa-signature.ts'
import { isJwsAlgorithm, jwsAlgorithms, type JwsAlgorithm } from './jws-algorithm.ts'

/** A public key as the verifier knows it; the algorithm belongs to the key, never to the token. A key without an id has an empty one, which no token can name. */
export type VerificationKey = { readonly kid: string; readonly alg: JwsAlgorithm; readonly key: KeyObject }

/** Why a JWT was refused. */
export type JwtFault = 'size' | 'syntax' | 'crit' | 'typ' | 'alg' | 'kid' | 'signature' | 'claims'

export type VerifiedJwt = {
  readonly typ: string
  readonly kid: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** What `types` lists where a header without `typ` is accepted too. */
export const absentTyp = ''

/** Raw length above which a JWT is not looked at (JW-05). */
export const maxJwtLength = 16_384

const maxDepth = 8

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
  let depth = 0
  for (const character of text) {
    if (character === '{' || character === '[') {
      if (++depth > maxDepth) return undefined
    } else if (character === '}' || character === ']') depth--
  }
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.assign(Object.create(null) as Record<string, unknown>, value)
      : undefined
  } catch {
    return undefined
  }
}

/** A compact JWS in its parts, of which nothing has been verified. */
export type CompactJws = {
  readonly header: Readonly<Record<string, unknown>>
  /** What is signed: the first two parts as they were sent. */
  readonly input: string
  readonly signature: Buffer
  /** The claims; `undefined` when they are no JSON object. */
  claims(): Readonly<Record<string, unknown>> | undefined
}

/** Takes a compact JWS in canonical form apart (RFC 7515 section 7.1); headers that change its meaning are not understood here (B-JWK-05). */
export function readCompactJws(token: string): CompactJws | 'syntax' | 'crit' {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second < 0 || token.includes('.', second + 1)) return 'syntax'
  const headerBytes = fromBase64url(token.slice(0, first))
  const signature = fromBase64url(token.slice(second + 1))
  const header = headerBytes === undefined ? undefined : parseObject(headerBytes)
  if (header === undefined || signature === undefined) return 'syntax'
  if ('crit' in header || 'b64' in header || 'zip' in header) return 'crit'
  return {
    header,
    input: token.slice(0, second),
    signature,
    claims: () => {
      const payload = fromBase64url(token.slice(first + 1, second))
      return payload === undefined ? undefined : parseObject(payload)
    },
  }
}

/**
 * Verifies a compact JWS in canonical form. `types` are the accepted values of `typ`, compared without regard to case
 * and with an optional `application/` prefix (RFC 7515 section 4.1.9); `keys` are the keys of the one role that may have
 * signed. Keys are chosen by exact `kid`, or without one when exactly one key fits (B-JWK-06); `crit`, `b64` and keys
 * inside the token are refused or ignored (B-JWK-05). Never throws.
 */
export function verifyJwt(
  token: string,
  types: readonly string[],
  keys: readonly VerificationKey[],
  maxLength = maxJwtLength,
): VerifiedJwt | JwtFault {
  if (token.length > maxLength) return 'size'
  const jws = readCompactJws(token)
  if (typeof jws === 'string') return jws
  const { header } = jws
  const typ = header['typ'] === undefined ? absentTyp : mediaType(header['typ'])
  if (typ === undefined || !types.includes(typ)) return 'typ'
  if (!isJwsAlgorithm(header['alg'])) return 'alg'
  const key = chooseKey(keys, header['alg'], header['kid'])
  if (typeof key === 'string') return key
  if (!signatureFits(jws, key)) return 'signature'
  const claims = jws.claims()
  return claims === undefined ? 'syntax' : { typ, kid: key.kid, claims }
}

function mediaType(typ: unknown): string | undefined {
  if (typeof typ !== 'string') return undefined
  const lower = typ.toLowerCase()
  const type = lower.startsWith('application/') ? lower.slice('application/'.length) : lower
  return type === '' ? undefined : type
}

/**
 * The claims of a compact JWT that nobody has verified: good for finding out whose keys to verify it with, and for nothing
 * else. Never throws.
 */
export function unverifiedClaims(
  token: string,
  maxLength = maxJwtLength,
): Readonly<Record<string, unknown>> | undefined {
  if (token.length > maxLength) return undefined
  const payload = fromBase64url(token.split('.', 2)[1] ?? '')
  return payload === undefined ? undefined : parseObject(payload)
}

function chooseKey(keys: readonly VerificationKey[], alg: JwsAlgorithm, kid: unknown): VerificationKey | JwtFault {
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 256)) return 'kid'
  let found: VerificationKey | undefined
  let sameKid = false
  for (const key of keys) {
    if (kid !== undefined && key.kid !== kid) continue
    sameKid = true
    if (key.alg !== alg) continue
    if (found !== undefined) return 'kid'
    found = key
  }
  return found ?? (sameKid ? 'alg' : 'kid')
}

/** Whether the key made the signature, with its own algorithm and in the one form that algorithm has. */
export function signatureFits(
  { input, signature }: { readonly input: string | Uint8Array; readonly signature: Buffer },
  { alg, key }: Pick<VerificationKey, 'alg' | 'key'>,
): boolean {
  const { digest, padding, signatureBytes, keyType } = jwsAlgorithms[alg]
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false
  try {
    const wanted = keyType === 'ec' ? ecdsaToDer(signature) : signature
    const data = typeof input === 'string' ? Buffer.from(input) : input
    return verify(digest, data, padding === undefined ? key : { key, ...padding }, wanted)
  } catch {
    return false
  }
}
