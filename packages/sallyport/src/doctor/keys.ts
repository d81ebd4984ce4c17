import { jwsAlgorithms } from '@sallyport/protocol'
import { createServer, MasterKeyMismatch, type SigningKey } from '@sallyport/server'
import type { SqliteStore } from '@sallyport/store-sqlite'
import type { Config } from '../config/load.ts'
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
  if (late.length > 0)
    return [
      bad('keys', `the keys for ${late.join(', ')} are older than the rotation period`, 'run: sallyport key rotate'),
    ]
  return opens(config, store, issuer)
}

async function opens(config: Config, store: SqliteStore, issuer: string): Promise<readonly Finding[]> {
  try {
    const masterKey = readMasterKey(config.data, config.masterKey)
    const { accounts, pages } = await openAccounts(store, config, issuer)
    const server = await createServer({ issuer, store, accounts, pages, masterKey, upkeepInterval: 0, now })
    await server.close()
    return [ok('keys', 'every algorithm has a signing key, and the master key opens them')]
  } catch (error) {
    if (!(error instanceof MasterKeyMismatch || error instanceof CommandFailure)) throw error
    const remedy =
      error instanceof MasterKeyMismatch
        ? 'restore the master key that this store was made with'
        : 'mend the file of the master key as it says'
    return [bad('keys', error.message, remedy)]
  }
}
