import { after, jwksMaxAge, type JwsAlgorithm, type Seconds } from '@sallyport/protocol'
import { ExternalKeyFault, type ExternalKeys } from '../model/external-keys.ts'
import type { SigningKey } from '../model/signing-key.ts'
import type { Policy } from '../policy.ts'
import { seal } from '../secrets.ts'
import { externalKid, isExternal, nextExternalName, openExternalKey, requireSigning } from './external-signer.ts'
import { publicJwk, requireFittingKey } from './key-pair.ts'
import { isWithdrawn, laterFirst, type KeyRing, type KeyRingOptions } from './key-ring.ts'

/** How long a key stays published after its last signature: the longest life it signed for, plus one cache lifetime. */
const retention = (policy: Policy): number => Math.max(policy.accessTokenLifetime, policy.idTokenLifetime) + jwksMaxAge

/** The newest key of an algorithm, whether it signs already or not. */
const newest = (records: readonly SigningKey[], alg: JwsAlgorithm): SigningKey | undefined =>
  records.filter((record) => record.alg === alg && !isWithdrawn(record)).sort(laterFirst)[0]

type FreshKey = Pick<SigningKey, 'kid' | 'publicJwk' | 'sealedPrivateKey' | 'externalName'>

async function freshKey({ generateKeyPair, random, secrets }: KeyRingOptions, alg: JwsAlgorithm): Promise<FreshKey> {
  const privateKey = await generateKeyPair(alg)
  requireFittingKey(alg, privateKey)
  const kid = random.id(12)
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const sealedPrivateKey = seal(secrets.keySeal, der, kid, random)
  return { kid, publicJwk: publicJwk(privateKey, kid, alg), sealedPrivateKey, externalName: undefined }
}

/** The next of the keys that are kept elsewhere, once it was seen to sign. */
async function nextExternalKey(
  external: ExternalKeys,
  alg: JwsAlgorithm,
  records: readonly SigningKey[],
): Promise<FreshKey> {
  const name = nextExternalName(external, alg, records, newest(records, alg))
  if (name === undefined)
    throw new ExternalKeyFault(
      `every key that is named for ${alg} in ${external.place} was used`,
      `make another key there and add its name to externalKeys.${alg.toLowerCase()}`,
    )
  const key = await openExternalKey(external, alg, name)
  const kid = externalKid(key.publicKey)
  if (records.some((record) => record.kid === kid))
    throw new ExternalKeyFault(
      `the key ${name} in ${external.place} is used under another name or for another algorithm already`,
      'make a key of its own for each name; a key has one purpose',
    )
  await requireSigning(key, alg)
  return { kid, publicJwk: publicJwk(key.publicKey, kid, alg), sealedPrivateKey: noBytes, externalName: name }
}

const noBytes = new Uint8Array(0)

/**
 * Adds the next key of an algorithm. The first key of all signs at once, since nobody can have cached a set without it, and
 * so does one that follows a place that was left; every other one is published `lead` seconds before its
 * first signature, and its predecessor leaves when the last token it may have signed is dead (B-JWK-02). False when another
 * node was faster.
 */
export async function addNextKey(
  options: KeyRingOptions,
  alg: JwsAlgorithm,
  now: Seconds,
  lead: number,
): Promise<boolean> {
  const { external, policy, store } = options
  const records = await store.listSigningKeys()
  const before = newest(records, alg)
  const activeFrom =
    before === undefined || isLeft(options, alg, before) ? now : after(now, Math.max(lead, jwksMaxAge * 2))
  const fresh = isExternal(external, alg) ? await nextExternalKey(external, alg, records) : await freshKey(options, alg)
  const key: SigningKey = { ...fresh, alg, createdAt: now, activeFrom, removeAt: undefined }
  // A key that has not signed yet and never will goes at once.
  const unused = before !== undefined && before.activeFrom > activeFrom
  const removeAt = unused ? activeFrom : after(activeFrom, retention(policy))
  const retire = before === undefined ? undefined : { kid: before.kid, removeAt }
  // A key has one successor. Counting keys would not do, since those that are swept no longer count.
  return store.addSigningKey(key, `${alg}:${before?.kid ?? 'first'}`, retire)
}

/** True for an algorithm whose newest key is kept in a place that is not configured any more. */
const isLeft = ({ external }: KeyRingOptions, alg: JwsAlgorithm, key: SigningKey | undefined): boolean =>
  key?.externalName !== undefined && !isExternal(external, alg)

/**
 * Throws unless every key that is kept elsewhere and signs now can sign: a server that cannot give tokens does not start, and
 * a forgotten setting does not quietly replace a key of hardware by one of the store.
 */
export async function requireExternalSigners(options: KeyRingOptions, ring: KeyRing, now: Seconds): Promise<void> {
  for (const alg of options.algorithms) {
    if (isLeft(options, alg, newest(ring.records, alg)) && options.leaveExternal) continue
    const current = ring.records.filter((record) => record.alg === alg && record.activeFrom <= now)
    if (newest(current, alg)?.externalName !== undefined) await ring.signer(alg, now).sign(trial)
  }
}

const trial = Buffer.from('sallyport tries its keys')

/** The algorithms that need their first key, or one that follows a place that was left for good. */
export const algorithmsWithoutKey = (
  options: KeyRingOptions,
  records: readonly SigningKey[],
): readonly JwsAlgorithm[] =>
  options.algorithms.filter((alg) => {
    const key = newest(records, alg)
    return key === undefined || (options.leaveExternal && isLeft(options, alg, key))
  })

/**
 * The algorithms that need a next key: there is none, the newest is of the store and another place is configured, or it will
 * be older than the rotation period when the next one could take over. Where every named key was used, the last one goes on.
 */
export function algorithmsDue(
  options: KeyRingOptions,
  records: readonly SigningKey[],
  now: Seconds,
): readonly JwsAlgorithm[] {
  const { external, policy } = options
  const { keyRotationPeriod, keyPublicationLead } = policy
  return options.algorithms.filter((alg) => {
    const key = newest(records, alg)
    if (key === undefined) return true
    if (isLeft(options, alg, key)) return options.leaveExternal
    if (isExternal(external, alg) && nextExternalName(external, alg, records, key) === undefined) return false
    if (key.activeFrom > now) return false
    const moves = isExternal(external, alg) && key.externalName === undefined
    return moves || key.activeFrom + keyRotationPeriod - keyPublicationLead <= now
  })
}
