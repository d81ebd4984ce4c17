import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash, hkdfSync } from 'node:crypto'
import { equalInConstantTime, type Random } from '@sallyport/protocol'

/** Keys for one purpose each, all derived from the master key (B-JWK-09). */
export type Secrets = {
  /** Seals the keys that outlive a master key. */
  readonly keptSeal: Buffer
  /** Seals signing keys at rest. */
  readonly keySeal: Buffer
  /** Authenticates form tokens and logout requests. */
  readonly forms: Buffer
  /** Makes the keyed digests of user codes, which are too short for plain ones. */
  readonly userCodes: Buffer
  /** Seals what second factors make their codes from. */
  readonly factorSeal: Buffer
  /** Makes the keyed digests of recovery codes. */
  readonly recoveryCodes: Buffer
  /** Seals what notifications to clients carry (CIBA section 10.2). */
  readonly pings: Buffer
  /** Make the nonces of proofs: for the token endpoint, and for UserInfo (B-DPOP-24). */
  readonly tokenNonces: Buffer
  readonly resourceNonces: Buffer
  /** Makes the keys that clients encrypt their requests to. */
  readonly requestKeys: Buffer
  /** Makes pairwise identifiers. Never changes: with another one every person would be a stranger (A-PPID-06). */
  readonly pairwise: Buffer
  /** Makes the names of sessions in the tokens of clients. */
  readonly sessions: Buffer
}

/** The master key does not open what is stored: the server must not start (AR-06). */
export class MasterKeyMismatch extends Error {
  constructor(what: string) {
    super(`the master key does not open ${what}; start with the master key this store was made with`)
    this.name = 'MasterKeyMismatch'
  }
}

/** Derives the purpose keys. The master key is 32 random bytes kept outside the database. */
export function deriveSecrets(masterKey: Uint8Array): Secrets {
  if (masterKey.length !== 32) throw new TypeError('the master key must be 32 bytes')
  const purpose = (name: string): Buffer =>
    Buffer.from(hkdfSync('sha256', masterKey, new Uint8Array(0), `sallyport ${name}`, 32))
  return {
    keptSeal: purpose('kept keys'),
    keySeal: purpose('signing keys'),
    forms: purpose('forms'),
    userCodes: purpose('user codes'),
    factorSeal: purpose('second factors'),
    recoveryCodes: purpose('recovery codes'),
    pings: purpose('backchannel notifications'),
    requestKeys: purpose('keys for requests'),
    pairwise: purpose('pairwise subjects'),
    sessions: purpose('sessions'),
    tokenNonces: purpose('dpop nonces of the token endpoint'),
    resourceNonces: purpose('dpop nonces of resources'),
  }
}

/** Tells one key of pairwise identifiers from another without telling anything of it. */
export const pairwiseFingerprint = ({ pairwise }: Secrets): string =>
  createHmac('sha256', pairwise).update('sallyport fingerprint').digest('base64url')

const envelopeVersion = 1
const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM in a versioned envelope: version, nonce, ciphertext, tag. `context` is authenticated along. */
export function seal(key: Uint8Array, plain: string | Uint8Array, context: string, random: Random): Buffer {
  const nonce = Buffer.from(random.id(nonceBytes), 'base64url')
  // Given bare bytes, node asks in a slow way whether they are a key object: four fifths of the whole cost.
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce).setAAD(Buffer.from(context))
  return Buffer.concat([Buffer.of(envelopeVersion), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Opens an envelope; `undefined` when key, context or content do not fit. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: string): Buffer | undefined {
  if (sealed.length < 1 + nonceBytes + tagBytes || sealed[0] !== envelopeVersion) return undefined
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  try {
    const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), bytes.subarray(1, 1 + nonceBytes))
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(bytes.length - tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(1 + nonceBytes, bytes.length - tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

/**
 * The key under which the answer to a refresh is kept for a retry: it follows from the presented token, which the store
 * never has, so the store alone cannot open it (A-RT-04).
 */
export const answerKey = (refreshToken: string): Buffer =>
  hash('sha256', `sallyport refresh answer ${refreshToken}`, 'buffer')

/** What such an answer is sealed for: its refresh token, and the key its access token is bound to, so that no other key gets it. */
export const answerContext = (digest: string, senderKey: string | undefined): string =>
  senderKey === undefined ? digest : `${digest} ${senderKey}`

/** 132 bits: the start of a SHA-256 in base64url. */
const markLength = 22
const padBlock = 64

/**
 * A value that was sent, as it is kept in the row of a code or of an unfinished request: sealed under the handle of that row,
 * which the store never has, so a dump of the store does not show it (A-GEN-07). A mark over handle, context and text comes
 * first; the text follows under a pad that SHA-512 makes of handle, context and mark. The handle is 256 random bits and the
 * pad differs for every text, so the same pad is never used for two. A cipher object for so short a text costs six times
 * as much, twice in every code flow.
 */
export function sealUnder(handle: string, text: string, context: string): string {
  const mark = markOf(handle, context, text)
  return mark + padded(Buffer.from(text), `${handle} ${context} ${mark}`).toString('base64url')
}

/** Opens what `sealUnder` made; `undefined` when it was made under another handle or for another context. */
export function openUnder(handle: string, sealed: string, context: string): string | undefined {
  const mark = sealed.slice(0, markLength)
  const bytes = Buffer.from(sealed.slice(markLength), 'base64url')
  const text = padded(bytes, `${handle} ${context} ${mark}`).toString('utf8')
  return equalInConstantTime(mark, markOf(handle, context, text)) ? text : undefined
}

const markOf = (handle: string, context: string, text: string): string =>
  hash('sha256', `sallyport mark ${handle} ${context} ${text}`, 'base64url').slice(0, markLength)

/** The bytes, changed in place, under the pad of a key. */
function padded(bytes: Buffer, key: string): Buffer {
  for (let from = 0; from < bytes.length; from += padBlock) {
    const pad = hash('sha512', `sallyport pad ${key} ${from}`, 'binary')
    const end = Math.min(padBlock, bytes.length - from)
    for (let i = 0; i < end; i++) bytes[from + i] = (bytes[from + i] ?? 0) ^ pad.charCodeAt(i)
  }
  return bytes
}

/**
 * The form in which a user code is stored and looked up. It has only 34 bits, so whoever had the store alone could try them
 * all against a plain digest; this one needs the master key (AR-01).
 */
export const userCodeKey = (secrets: Secrets, userCode: string): string =>
  createHmac('sha256', secrets.userCodes).update(userCode).digest('base64url')

/** The form in which a recovery code is stored, for the same reason; `context` says whose it is. */
export const recoveryDigest = (secrets: Secrets, code: string, context: string): string =>
  createHmac('sha256', secrets.recoveryCodes).update(`${context} ${code}`).digest('base64url')
/** What a notification carries: which request it is about, and what shows the client that it comes from us (CIBA section 10.2). */
export type Ping = { readonly id: string; readonly token: string }

/** Seals what a notification will carry for the row of its request, so that the store alone can send none and redeem nothing. */
export const sealPing = (secrets: Secrets, ping: Ping, digest: string, random: Random): string =>
  seal(secrets.pings, JSON.stringify(ping), digest, random).toString('base64url')

/** Opens it again; `undefined` when it belongs to another row or another master key. */
export function openPing(secrets: Secrets, sealed: string, digest: string): Ping | undefined {
  const text = unseal(secrets.pings, Buffer.from(sealed, 'base64url'), digest)
  return text === undefined ? undefined : (JSON.parse(text.toString('utf8')) as Ping)
}

/** A form token over the facts it is bound to. */
export const formToken = (secrets: Secrets, facts: string): string =>
  createHmac('sha256', secrets.forms).update(facts).digest('base64url')

/** Checks a form token in constant time. */
export const formTokenFits = (secrets: Secrets, facts: string, token: string | undefined): boolean =>
  token !== undefined && equalInConstantTime(token, formToken(secrets, facts))
