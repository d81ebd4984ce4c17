import type { KeyObject } from 'node:crypto'
import { isJwsAlgorithm, jwkThumbprint, signatureFits, type JwsAlgorithm, type Signer } from '@sallyport/protocol'
import { ExternalKeyFault, type ExternalKey, type ExternalKeys } from '../model/external-keys.ts'
import type { SigningKey } from '../model/signing-key.ts'
import { keyFits, publicJwk } from './key-pair.ts'

/** The id of a key that is kept elsewhere follows from the key, so that the same key is never two. */
export const externalKid = (key: KeyObject): string => jwkThumbprint(publicJwk(key, '', 'ES256')) ?? ''

/** Opens a key and sees that it is fit for its algorithm (B-JWK-01). */
export async function openExternalKey(keys: ExternalKeys, alg: JwsAlgorithm, name: string): Promise<ExternalKey> {
  const key = await keys.open(alg, name)
  if (keyFits(alg, key.publicKey, 'public')) return key
  throw new ExternalKeyFault(
    `the key ${name} in ${keys.place} is of no use for ${alg}`,
    'name one of P-256, Ed25519 or RSA with at least 2048 bits there',
  )
}

/** What a signature was made with: it counts only when it verifies, since a device that errs may even give its key away. */
async function checkedSignature(key: ExternalKey, alg: JwsAlgorithm, data: Uint8Array): Promise<Uint8Array> {
  const signature = Buffer.from(await key.sign(data))
  if (signatureFits({ input: data, signature }, { alg, key: key.publicKey })) return signature
  throw new ExternalKeyFault(
    `a signature that was made outside for ${alg} does not verify with the published key`,
    'look whether the key was replaced under the same name, and at the health of the device',
  )
}

/** Signs something once, so that a key without the right to sign is never published. */
export async function requireSigning(key: ExternalKey, alg: JwsAlgorithm): Promise<void> {
  await checkedSignature(key, alg, Buffer.from('sallyport tries this key'))
}

/** Signs with a key of the record. The key is looked for with the first signature, and anew after each failure. */
export function externalSigner({ kid, alg, externalName = '' }: SigningKey, keys: ExternalKeys | undefined): Signer {
  let opened: Promise<ExternalKey> | undefined
  const open = async (): Promise<ExternalKey> => {
    if (keys === undefined)
      throw new ExternalKeyFault(
        `the signing key for ${alg} is kept elsewhere under the name ${externalName}, and nothing says where`,
        'configure externalKeys as it was, or leave that place with: sallyport key rotate --leave-external',
      )
    const key = await openExternalKey(keys, alg, externalName)
    if (externalKid(key.publicKey) === kid) return key
    throw new ExternalKeyFault(
      `the key ${externalName} in ${keys.place} is another one than the published key of that name`,
      'restore the key, or give the new one a name of its own',
    )
  }
  return {
    kid,
    alg,
    headers: new Map(),
    sign: async (data) => {
      const key = await (opened ??= open()).catch((error: unknown) => {
        opened = undefined
        throw error
      })
      return checkedSignature(key, alg, data)
    },
  }
}

/**
 * The name of the key that comes after the newest one: the next in the list, or the first when the newest is not in it.
 * `undefined` when every key of the list was used.
 */
export function nextExternalName(
  keys: ExternalKeys,
  alg: JwsAlgorithm,
  records: readonly SigningKey[],
  newest: SigningKey | undefined,
): string | undefined {
  const names = keys.names[alg] ?? []
  const position = newest?.externalName === undefined ? -1 : names.indexOf(newest.externalName)
  const known = new Set(records.filter((record) => record.alg === alg).map((record) => record.externalName))
  return names.slice(position + 1).find((name) => !known.has(name))
}

/** True for an algorithm whose keys are kept elsewhere. */
export const isExternal = (keys: ExternalKeys | undefined, alg: JwsAlgorithm): keys is ExternalKeys =>
  keys?.names[alg] !== undefined

/** Throws for names that cannot be meant: of no algorithm, none at all, or one for two algorithms (B-JWK-09). */
export function requireSoundNames({ names, place }: ExternalKeys): void {
  const seen = new Set<string>()
  for (const [alg, list] of Object.entries(names)) {
    if (!isJwsAlgorithm(alg)) throw new TypeError(`${alg} is no signature algorithm here`)
    if (list.length === 0) throw new TypeError(`no key is named for ${alg} in ${place}`)
    for (const name of list) {
      if (seen.has(name)) throw new TypeError(`the key ${name} in ${place} is named twice; a key has one purpose`)
      seen.add(name)
    }
  }
}
