import {
  contentEncryptionAlgorithms,
  isJwsAlgorithm,
  isKeyEncryptionAlgorithm,
  verifyJwt,
  type JwsAlgorithm,
  type KeyEncryptionAlgorithm,
} from '@sallyport/protocol'
import type { KeyObject } from 'node:crypto'
import { requireSecureUrl } from './fetch-document.ts'
import { createKeySource, defaultAlgorithms, type KeySourceOptions } from './key-source.ts'

/** A private key of this API that answers may be encrypted to. */
export type DecryptionKey = {
  readonly key: KeyObject
  /** As registered: `introspection_encrypted_response_alg`. */
  readonly algorithm: KeyEncryptionAlgorithm
  /** The `kid` of its public half; needed where there are several keys. */
  readonly kid?: string | undefined
}

/** Answers are taken as signed JWTs alone (RFC 9701). */
export type SignedAnswers = {
  /** Accepted signature algorithms; ES256, PS256, Ed25519 and EdDSA when left out. RS256 has to be named. */
  readonly algorithms?: readonly JwsAlgorithm[] | undefined
  /** Where the issuer's keys are; found through its metadata when left out. */
  readonly jwksUri?: string | undefined
  /** With keys, answers have to be encrypted to one of them as well. */
  readonly decryptionKeys?: readonly DecryptionKey[] | undefined
}

/** The media type of such an answer, and the `typ` of its header without `application/` (RFC 9701 section 5). */
export const signedAnswerType = 'application/token-introspection+jwt'
const typ = 'token-introspection+jwt'

/** Seconds by which the issuer's clock may differ, and by which an answer may be older than its question. */
const tolerance = 60
const maxKeys = 10

/** Who asks whom. */
type Parties = Pick<KeySourceOptions, 'issuer' | 'fetch' | 'now' | 'onFetchFailed'> & { readonly clientId: string }

type Members = Readonly<Record<string, unknown>>

function checkKeys(keys: readonly DecryptionKey[]): void {
  if (keys.length > maxKeys) throw new TypeError(`there must be at most ${maxKeys} decryptionKeys`)
  for (const { key, algorithm } of keys) {
    if (!isKeyEncryptionAlgorithm(algorithm)) throw new TypeError(`${String(algorithm)} is no accepted key encryption`)
    const wanted = algorithm === 'RSA-OAEP-256' ? 'rsa' : 'ec'
    if (key.type !== 'private' || key.asymmetricKeyType !== wanted)
      throw new TypeError(`a decryption key for ${algorithm} must be a private key of type ${wanted}`)
  }
  if (keys.length > 1 && new Set(keys.map(({ kid }) => kid ?? '')).size !== keys.length)
    throw new TypeError('several decryptionKeys need a kid each')
}

/** Opens a compact JWE to one of the keys (RFC 7516 section 5.2); jose is loaded by those who have keys alone. */
async function decrypted(jwe: string, keys: readonly DecryptionKey[]): Promise<string> {
  const { compactDecrypt, decodeProtectedHeader } = await import('jose')
  const { kid, cty } = decodeProtectedHeader(jwe)
  if (String(cty).toLowerCase() !== 'jwt') throw new Error('the encrypted answer holds no JWT')
  const [only] = keys
  const key = keys.length === 1 ? only : keys.find((one) => one.kid === kid)
  if (key === undefined || (key.kid !== undefined && kid !== undefined && key.kid !== kid))
    throw new Error('the answer is encrypted to a key that is not here')
  const { plaintext } = await compactDecrypt(jwe, key.key, {
    keyManagementAlgorithms: [key.algorithm],
    contentEncryptionAlgorithms: [...contentEncryptionAlgorithms],
  })
  return new TextDecoder('utf-8', { fatal: true }).decode(plaintext)
}

/** The claims around an answer (RFC 9701 section 5): from this issuer, for this API, made just now. */
function answerIn(claims: Members, { issuer, clientId }: Parties, asked: number): Members {
  const { iss, aud, iat, token_introspection: answer } = claims
  if (iss !== issuer) throw new Error('the signed answer is of another issuer')
  const readers: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!readers.includes(clientId)) throw new Error('the signed answer is for another API')
  if (typeof iat !== 'number' || Math.abs(iat - asked) > tolerance)
    throw new Error('the signed answer was not made just now')
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new Error('the signed answer holds no token_introspection')
  return answer as Members
}

/**
 * Makes a reader of signed answers (RFC 9701): signature by a key of the issuer, exact type, issuer, audience and time, and
 * inside of a JWE where there are keys for it. It rejects with what is wrong; such an answer says nothing about any token.
 * Throws TypeError for an impossible option.
 */
export function createAnswerReader(
  { algorithms = defaultAlgorithms, jwksUri, decryptionKeys = [] }: SignedAnswers,
  parties: Parties,
): (body: string, asked: number) => Promise<Members> {
  if (algorithms.length === 0) throw new TypeError('algorithms must not be empty')
  for (const name of algorithms)
    if (!isJwsAlgorithm(name)) throw new TypeError(`${String(name)} is not an accepted signature algorithm`)
  if (jwksUri !== undefined) requireSecureUrl('jwksUri', jwksUri)
  checkKeys(decryptionKeys)
  const source = createKeySource({ ...parties, jwksUri, algorithms })
  return async (body, asked) => {
    const jws = decryptionKeys.length === 0 ? body : await decrypted(body, decryptionKeys)
    let verified = verifyJwt(jws, [typ], await source.current())
    if (verified === 'kid') verified = verifyJwt(jws, [typ], await source.refreshed())
    if (typeof verified === 'string') throw new Error(`the signed answer is refused: ${verified}`)
    return answerIn(verified.claims, parties, asked)
  }
}
