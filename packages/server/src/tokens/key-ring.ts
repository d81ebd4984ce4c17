import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import {
  after,
  createSigner,
  jwksMaxAge,
  sha256,
  type JwsAlgorithm,
  type Random,
  type Seconds,
  type Signer,
  type VerificationKey,
} from '@sallyport/protocol'
import type { SigningKey } from '../model/signing-key.ts'
import type { Store } from '../model/store.ts'
import type { Policy } from '../policy.ts'
import { seal, unseal, type Secrets } from '../secrets.ts'
import { publicJwk, requireFittingKey } from './key-pair.ts'

/** The keys as this process knows them. Times decide, so that nodes agree without talking to each other. */
export type KeyRing = {
  /** The key that signs now with this algorithm. */
  signer(alg: JwsAlgorithm, now: Seconds): Signer
  /** Published keys: those that sign, will sign, or signed something that may still be alive. */
  verificationKeys(now: Seconds): readonly VerificationKey[]
  /** Every key ever used, for hints that may be old (B-OIDC-31). */
  readonly everyKey: readonly VerificationKey[]
  /** The JWKS document and its ETag. */
  jwks(now: Seconds): { readonly body: string; readonly etag: string }
  /** Public records, for lists and for the schedule. */
  readonly records: readonly SigningKey[]
}

/** The master key does not open what is stored: the server must not start (AR-06). */
export class MasterKeyMismatch extends Error {
  constructor(what: string) {
    super(`the master key does not open ${what}; start with the master key this store was made with`)
    this.name = 'MasterKeyMismatch'
  }
}

export type KeyRingOptions = {
  readonly store: Store
  readonly secrets: Secrets
  readonly policy: Policy
  readonly random: Random
  readonly algorithms: readonly JwsAlgorithm[]
  readonly generateKeyPair: (alg: JwsAlgorithm) => Promise<KeyObject>
}

type LoadedKey = { readonly record: SigningKey; readonly signer: Signer; readonly verification: VerificationKey }

function load(record: SigningKey, secrets: Secrets, known: KeyRing | undefined): LoadedKey {
  const before = known === undefined ? undefined : loaded.get(known)?.find((key) => key.record.kid === record.kid)
  if (before !== undefined) return { ...before, record }
  const der = unseal(secrets.keySeal, record.sealedPrivateKey, record.kid)
  if (der === undefined) throw new MasterKeyMismatch(`signing key ${record.kid}`)
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return {
    record,
    signer: createSigner(record.kid, record.alg, key),
    verification: { kid: record.kid, alg: record.alg, key: createPublicKey(key) },
  }
}

const loaded = new WeakMap<KeyRing, readonly LoadedKey[]>()

/** Reads the keys of the store; `previous` saves opening the ones already known. Throws MasterKeyMismatch. */
export async function loadKeyRing(options: KeyRingOptions, previous?: KeyRing): Promise<KeyRing> {
  const records = await options.store.listSigningKeys()
  const keys = records.map((record) => load(record, options.secrets, previous))
  const byAlgorithm = new Map<JwsAlgorithm, LoadedKey[]>()
  for (const key of keys) byAlgorithm.set(key.record.alg, [...(byAlgorithm.get(key.record.alg) ?? []), key])
  for (const list of byAlgorithm.values()) list.sort((a, b) => b.record.activeFrom - a.record.activeFrom)
  const everyKey = keys.map((key) => key.verification)
  const published = (now: Seconds): readonly LoadedKey[] =>
    keys.filter(({ record }) => record.removeAt === undefined || record.removeAt > now)

  let document: { body: string; etag: string; keys: readonly LoadedKey[] } | undefined
  let current: { keys: readonly VerificationKey[]; until: Seconds } | undefined
  const ring: KeyRing = {
    signer(alg, now) {
      for (const key of byAlgorithm.get(alg) ?? []) if (key.record.activeFrom <= now) return key.signer
      throw new Error(`no active signing key for ${alg}`)
    },
    verificationKeys(now) {
      if (current === undefined || now >= current.until) {
        current = { keys: published(now).map((key) => key.verification), until: nextRemoval(records, now) }
      }
      return current.keys
    },
    everyKey,
    jwks(now) {
      const list = published(now)
      if (
        document === undefined ||
        document.keys.length !== list.length ||
        !list.every((key) => document?.keys.includes(key))
      ) {
        const body = JSON.stringify({ keys: list.map((key) => key.record.publicJwk) })
        document = { body, etag: `"${sha256(body).slice(0, 22)}"`, keys: list }
      }
      return document
    },
    records,
  }
  loaded.set(ring, keys)
  return ring
}

function nextRemoval(records: readonly SigningKey[], now: Seconds): Seconds {
  let next = Number.POSITIVE_INFINITY
  for (const { removeAt } of records) if (removeAt !== undefined && removeAt > now && removeAt < next) next = removeAt
  return next as Seconds
}

/** How long a key stays published after its last signature: the longest life it signed for, plus one cache lifetime. */
const retention = (policy: Policy): number => Math.max(policy.accessTokenLifetime, policy.idTokenLifetime) + jwksMaxAge

/** The newest key of an algorithm, whether it signs already or not. */
const newest = (records: readonly SigningKey[], alg: JwsAlgorithm): SigningKey | undefined =>
  records.filter((record) => record.alg === alg).sort((a, b) => b.activeFrom - a.activeFrom)[0]

/**
 * Adds the next key of an algorithm. The first key of all signs at once, since nobody can have cached a set without it;
 * every later one is published `lead` seconds before its first signature, and its predecessor leaves when the last token
 * it may have signed is dead (B-JWK-02). False when another node was faster.
 */
export async function addNextKey(
  options: KeyRingOptions,
  alg: JwsAlgorithm,
  now: Seconds,
  lead: number,
): Promise<boolean> {
  const records = await options.store.listSigningKeys()
  const before = newest(records, alg)
  const activeFrom = before === undefined ? now : after(now, Math.max(lead, jwksMaxAge * 2))
  const privateKey = await options.generateKeyPair(alg)
  requireFittingKey(alg, privateKey)
  const kid = options.random.id(12)
  const key: SigningKey = {
    kid,
    alg,
    publicJwk: publicJwk(privateKey, kid, alg),
    sealedPrivateKey: seal(
      options.secrets.keySeal,
      privateKey.export({ format: 'der', type: 'pkcs8' }),
      kid,
      options.random,
    ),
    createdAt: now,
    activeFrom,
    removeAt: undefined,
  }
  const retire =
    before === undefined ? undefined : { kid: before.kid, removeAt: after(activeFrom, retention(options.policy)) }
  // A key has one successor. Counting keys would not do, since those that are swept no longer count.
  return options.store.addSigningKey(key, `${alg}:${before?.kid ?? 'first'}`, retire)
}

/** The algorithms whose newest key is missing or will be older than the rotation period when the next one could take over. */
export function algorithmsDue(
  options: KeyRingOptions,
  records: readonly SigningKey[],
  now: Seconds,
): readonly JwsAlgorithm[] {
  const { keyRotationPeriod, keyPublicationLead } = options.policy
  return options.algorithms.filter((alg) => {
    const key = newest(records, alg)
    return (
      key === undefined || (key.activeFrom <= now && key.activeFrom + keyRotationPeriod - keyPublicationLead <= now)
    )
  })
}
