import { jwsAlgorithms } from '@sallyport/protocol'
import {
  createServer,
  ExternalKeyFault,
  MasterKeyMismatch,
  type ExternalKeys,
  type SigningKey,
} from '@sallyport/server'
import type { SqliteStore } from '@sallyport/store-sqlite'
import type { Config } from '../config/load.ts'
import { openExternalKeys } from '../external-keys.ts'
import { CommandFailure } from '../failure.ts'
import { readMasterKey } from '../master-key.ts'
import { openAccounts } from '../people.ts'
import { now } from '../workplace.ts'
import { bad, ok, type Finding } from './finding.ts'

const day = 86_400

const signing = (keys: readonly SigningKey[], alg: string, at: number): SigningKey | undefined =>
  keys.filter((key) => key.alg === alg && key.activeFrom <= at).sort((a, b) => b.activeFrom - a.activeFrom)[0]

/** Whether every algorithm has a key in time, and whether the master key opens them. */
export async function keyFindings(
  config: Config,
  store: SqliteStore,
  issuer: string | undefined,
): Promise<readonly Finding[]> {
  const keys = await store.listSigningKeys()
  const algorithms = Object.keys(jwsAlgorithms)
  const missing = algorithms.filter((alg) => signing(keys, alg, now()) === undefined)
  if (issuer === undefined || missing.length > 0)
    return [bad('keys', `there is no signing key for ${missing.join(', ')}`, 'run: sallyport migrate')]
  const period = config.policy.keyRotationPeriod ?? 90 * day
  const late = algorithms.filter((alg) => (signing(keys, alg, now())?.activeFrom ?? 0) + period + day < now())
  const ending = endingLists(config, keys, now() + warning - period)
  if (ending.length > 0) return ending
  if (late.length > 0)
    return [
      bad('keys', `the keys for ${late.join(', ')} are older than the rotation period`, 'run: sallyport key rotate'),
    ]
  return opens(config, store, issuer)
}

/** Seconds before a key's turn ends in which its successor has to have a name. */
const warning = 30 * day

/** Lists of keys kept elsewhere of which the last one signs, and is older than this. */
function endingLists({ externalKeys: { names } }: Config, keys: readonly SigningKey[], since: number): Finding[] {
  return Object.entries(names).flatMap(([alg, list]) => {
    const newest = keys.filter((key) => key.alg === alg).sort((a, b) => b.activeFrom - a.activeFrom)[0]
    const used = newest?.externalName === undefined ? -1 : list.indexOf(newest.externalName)
    if (newest === undefined || used < list.length - 1 || newest.activeFrom > since) return []
    const remedy = `make one and add its name: sallyport key create --alg ${alg} --name NAME, then externalKeys.${alg.toLowerCase()}`
    return [bad('keys', `the last key that is named for ${alg} signs, and has no successor`, remedy)]
  })
}

async function withOpened<T>(config: Config, work: (keys: ExternalKeys | undefined) => Promise<T>): Promise<T> {
  const opened = await openExternalKeys(config)
  try {
    return await work(opened.keys)
  } finally {
    await opened.close()
  }
}

function faultAndRemedy(error: unknown): [message: string, remedy: string] {
  if (error instanceof MasterKeyMismatch) return [error.message, 'restore the master key that this store was made with']
  if (error instanceof ExternalKeyFault) return [error.message, error.remedy]
  if (error instanceof CommandFailure)
    return [error.message, error.lines[0] ?? 'mend the file of the master key as it says']
  throw error
}

async function opens(config: Config, store: SqliteStore, issuer: string): Promise<readonly Finding[]> {
  try {
    const masterKey = readMasterKey(config.data, config.masterKey)
    const { accounts, pages } = await openAccounts(store, config, issuer)
    return await withOpened(config, async (externalKeys) => {
      const place = { issuer, store, accounts, pages, masterKey, externalKeys }
      const server = await createServer({ ...place, upkeepInterval: 0, now })
      await server.close()
      const elsewhere = externalKeys === undefined ? '' : `, and those in ${externalKeys.place} sign`
      return [ok('keys', `every algorithm has a signing key, and the master key opens them${elsewhere}`)]
    })
  } catch (error) {
    return [bad('keys', ...faultAndRemedy(error))]
  }
}
