import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import {
  createSigner,
  sha256,
  type JwsAlgorithm,
  type Random,
  type Seconds,
  type Signer,
  type VerificationKey,
} from '@sallyport/protocol'
import type { ExternalKeys } from '../model/external-keys.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Store } from '../model/store.ts'
import type { Policy } from '../policy.ts'
import { MasterKeyMismatch, unseal, type Secrets } from '../secrets.ts'
import { externalSigner } from './external-signer.ts'

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

export type KeyRingOptions = {
  readonly store: Store
  readonly secrets: Secrets
  readonly policy: Policy
  readonly random: Random
  readonly algorithms: readonly JwsAlgorithm[]
  readonly generateKeyPair: (alg: JwsAlgorithm) => Promise<KeyObject>
  /** Keys that are kept elsewhere, for the algorithms they are named for. */
  readonly external: ExternalKeys | undefined
  /** Lets keys of this store follow those of a place that is not configured any more. */
  readonly leaveExternal: boolean
}

type LoadedKey = { readonly record: SigningKey; readonly signer: Signer; readonly verification: VerificationKey }

function load(record: SigningKey, { secrets, external }: KeyRingOptions, known: KeyRing | undefined): LoadedKey {
  const before = known === undefined ? undefined : loaded.get(known)?.find((key) => key.record.kid === record.kid)
  if (before !== undefined) return { ...before, record }
  if (record.externalName !== undefined) {
    const key = createPublicKey({ key: record.publicJwk, format: 'jwk' })
    const verification = { kid: record.kid, alg: record.alg, key }
    return { record, signer: externalSigner(record, external), verification }
  }
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
  const keys = records.map((record) => load(record, options, previous))
  const byAlgorithm = new Map<JwsAlgorithm, LoadedKey[]>()
  for (const key of keys)
    if (!isWithdrawn(key.record)) byAlgorithm.set(key.record.alg, [...(byAlgorithm.get(key.record.alg) ?? []), key])
  for (const list of byAlgorithm.values()) list.sort((a, b) => laterFirst(a.record, b.record))
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

/** True for a key that was taken back before it signed anything. */
export const isWithdrawn = ({ activeFrom, removeAt }: SigningKey): boolean =>
  removeAt !== undefined && removeAt <= activeFrom

/** The one that signs from later on first; of two from the same instant the one that stays. */
export const laterFirst = (a: SigningKey, b: SigningKey): number =>
  b.activeFrom - a.activeFrom || (b.removeAt ?? Infinity) - (a.removeAt ?? Infinity) || 0

function nextRemoval(records: readonly SigningKey[], now: Seconds): Seconds {
  let next = Number.POSITIVE_INFINITY
  for (const { removeAt } of records) if (removeAt !== undefined && removeAt > now && removeAt < next) next = removeAt
  return next as Seconds
}
