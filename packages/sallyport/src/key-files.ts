import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { isJwsAlgorithm, jwsAlgorithms, pemBlocks, type JwsAlgorithm } from '@sallyport/protocol'
import { usage } from './failure.ts'

const maxBytes = 64 * 1024

type Jwk = Readonly<Record<string, unknown>>

function contents(path: string): string {
  try {
    if (statSync(path).size > maxBytes) throw usage(`${path} is longer than ${maxBytes} bytes`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw usage(`${path} cannot be read`)
    throw error
  }
}

const isRecord = (value: unknown): value is Jwk => typeof value === 'object' && value !== null && !Array.isArray(value)

function parsed(path: string, text: string): Jwk {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {
    // Said below.
  }
  throw usage(`${path} is neither JSON nor PEM`)
}

/** The name of a key that follows from the key (RFC 7638). */
function thumbprint({ kty, crv, x, y, n, e }: Jwk): string {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }
  return hash('sha256', JSON.stringify(members), 'base64url')
}

/** The key of a certificate together with the certificate, as clients of `self_signed_tls_client_auth` have it. */
function certified(der: Buffer): Jwk {
  try {
    const jwk = new X509Certificate(der).publicKey.export({ format: 'jwk' })
    return { ...jwk, kid: thumbprint({ ...jwk }), x5c: [der.toString('base64')] }
  } catch {
    throw usage('the file holds a certificate that cannot be read')
  }
}

/**
 * The public keys in a file: a JWK set, one JWK, or public keys or certificates as PEM, which get a `kid` that follows from it. The rules of
 * registration judge them.
 */
export function readPublicKeys(path: string): { readonly keys: readonly Jwk[] } {
  const text = contents(path)
  if (text.includes('PRIVATE KEY-----')) throw usage(`${path} holds a private key; give the public half of it`)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return { keys: pemBlocks(text, 'CERTIFICATE').map(certified) }
  if (text.includes('-----BEGIN')) {
    try {
      const jwk = createPublicKey(text).export({ format: 'jwk' })
      return { keys: [{ ...jwk, kid: thumbprint({ ...jwk }), use: 'sig' }] }
    } catch {
      throw usage(`${path} holds no public key`)
    }
  }
  const value = parsed(path, text)
  if ('kty' in value) return { keys: [value] }
  if (Array.isArray(value['keys']) && value['keys'].every(isRecord)) return { keys: value['keys'] }
  throw usage(`${path} is no JWK set`)
}

/** A private key with what a client has to say of it. */
export type ClientKey = { readonly key: KeyObject; readonly kid: string | undefined; readonly alg: JwsAlgorithm }

function algorithmOf({ asymmetricKeyType: kind, asymmetricKeyDetails: details }: KeyObject): JwsAlgorithm | undefined {
  if (kind === 'ec') return details?.namedCurve === 'prime256v1' ? 'ES256' : undefined
  return kind === 'ed25519' ? 'Ed25519' : kind === 'rsa' ? 'PS256' : undefined
}

/** The private key in a file: a JWK, which may name its algorithm, or PEM (PKCS #8). */
export function readPrivateKey(path: string): ClientKey {
  const text = contents(path)
  const jwk = text.includes('-----BEGIN') ? undefined : parsed(path, text)
  let key: KeyObject
  try {
    key = createPrivateKey(jwk === undefined ? text : { key: jwk, format: 'jwk' })
  } catch {
    throw usage(`${path} holds no private key that can be read; one with a password cannot`)
  }
  const named = jwk?.['alg']
  const alg = isJwsAlgorithm(named) ? named : algorithmOf(key)
  if (alg === undefined || jwsAlgorithms[alg].keyType !== key.asymmetricKeyType)
    throw usage(`the key in ${path} is none for ES256, Ed25519, PS256 or RS256`)
  const kid = jwk?.['kid']
  return { key, kid: typeof kid === 'string' ? kid : undefined, alg }
}

const makers = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  Ed25519: () => generateKeyPairSync('ed25519'),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 3072 }),
} as const

/** Algorithms that `client new-key` makes keys for. */
export const keyAlgorithms: readonly string[] = Object.keys(makers)

/** Makes a key, writes its private half where nobody else can read it, and gives the public half. Never over another file. */
export function writeNewKey(path: string, algorithm: string): Jwk {
  if (!keyAlgorithms.includes(algorithm)) throw usage(`--algorithm is one of ${keyAlgorithms.join(', ')}`)
  const alg = algorithm as keyof typeof makers
  const { privateKey, publicKey } = makers[alg]()
  const shown = publicKey.export({ format: 'jwk' })
  const named = { kid: thumbprint({ ...shown }), alg, use: 'sig' }
  try {
    const text = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...named }, undefined, 2)
    writeFileSync(path, `${text}\n`, { mode: 0o600, flag: 'wx' })
  } catch {
    throw usage(`${path} cannot be written; a file that is there is never replaced`)
  }
  return { ...shown, ...named }
}
