import type { Random } from '@sallyport/protocol'
import type { SecurityEvent } from './model/authorization.ts'
import type { SealedItem } from './model/sealed.ts'
import type { Store } from './model/store.ts'
import { deriveSecrets, MasterKeyMismatch, pairwiseFingerprint, seal, unseal, type Secrets } from './secrets.ts'

/**
 * Purposes whose keys outlive a master key: what was made with them cannot be made anew, since it was given away (names of
 * people and sessions at clients) or is the digest of something nobody has (recovery codes).
 */
const kept = ['pairwise', 'recoveryCodes', 'sessions'] as const
type Kept = Readonly<Record<(typeof kept)[number], Buffer>>

const keptSetting = 'kept_keys'

const written = (keys: Kept): string =>
  JSON.stringify(Object.fromEntries(kept.map((name) => [name, keys[name].toString('base64url')])))

function read(text: string): Kept {
  const members = JSON.parse(text) as Record<string, unknown>
  const key = (name: string): Buffer => Buffer.from(String(members[name]), 'base64url')
  return { pairwise: key('pairwise'), recoveryCodes: key('recoveryCodes'), sessions: key('sessions') }
}

/** The keys of a store for this master key: those made from it, and those kept from earlier ones. Throws MasterKeyMismatch. */
export async function loadSecrets(store: Store, masterKey: Uint8Array): Promise<Secrets> {
  const made = deriveSecrets(masterKey)
  const sealed = await store.admin.readSetting(keptSetting)
  if (sealed === undefined) return made
  const plain = unseal(made.keptSeal, Buffer.from(sealed, 'base64url'), keptSetting)
  if (plain === undefined) throw new MasterKeyMismatch('what was kept from an earlier master key')
  return { ...made, ...read(plain.toString('utf8')) }
}

const pairwiseSetting = 'pairwise_key'

/**
 * With another key every person would be a stranger to every client that knows them by a pairwise identifier, and nothing
 * else would tell: so the store remembers a fingerprint of the first key, and the server does not start with another (A-PPID-06).
 */
export async function requireSamePairwiseKey(store: Store, secrets: Secrets): Promise<void> {
  const own = pairwiseFingerprint(secrets)
  const known = await store.admin.readSetting(pairwiseSetting)
  if (known === undefined && (await store.admin.writeSetting(pairwiseSetting, own, undefined))) return
  // Another node may have been first.
  if ((known ?? (await store.admin.readSetting(pairwiseSetting))) !== own)
    throw new MasterKeyMismatch('what pairwise identifiers were made with')
}

/** True when this is the master key of a store that has been used. */
export async function masterKeyOpens(store: Store, masterKey: Uint8Array): Promise<boolean> {
  try {
    const secrets = await loadSecrets(store, masterKey)
    return (await store.admin.readSetting(pairwiseSetting)) === pairwiseFingerprint(secrets)
  } catch (error) {
    if (error instanceof MasterKeyMismatch) return false
    throw error
  }
}

export type MasterKeyChange = {
  readonly store: Store
  readonly from: Uint8Array
  readonly to: Uint8Array
  /** What the seed of a person's second factor was sealed with beside the key. */
  readonly factorContext: (subject: string) => string
  readonly random: Random
  /** Written together with the change. */
  readonly events: readonly SecurityEvent[]
}

/**
 * Seals everything anew that was sealed with one master key, for another (AR-06). Every server of the store has to be
 * stopped; the old key opens nothing afterwards. False when the store was changed meanwhile; then nothing was written.
 * Throws MasterKeyMismatch when the old key is not that of the store.
 */
export async function changeMasterKey(change: MasterKeyChange): Promise<boolean> {
  const { store, from, to, factorContext, random, events } = change
  if (Buffer.compare(from, to) === 0) throw new TypeError('the new master key is the old one')
  const old = await loadSecrets(store, from)
  await requireSamePairwiseKey(store, old)
  const next = deriveSecrets(to)
  const contextOf = ({ kind, id }: SealedItem): string => (kind === 'signing_key' ? id : factorContext(id))
  const keyOf = ({ keySeal, factorSeal }: Secrets, { kind }: SealedItem): Buffer =>
    kind === 'signing_key' ? keySeal : factorSeal
  const before = await store.sealed.list()
  const after = before.map((item) => {
    const context = contextOf(item)
    const plain = unseal(keyOf(old, item), item.sealed, context)
    if (plain === undefined) throw new MasterKeyMismatch(`${item.kind.replace('_', ' ')} ${item.id}`)
    return { ...item, sealed: seal(keyOf(next, item), plain, context, random) }
  })
  const value = seal(next.keptSeal, written(old), keptSetting, random).toString('base64url')
  const expected = await store.admin.readSetting(keptSetting)
  return store.sealed.replace({ before, after, setting: { name: keptSetting, value, expected } }, events)
}
