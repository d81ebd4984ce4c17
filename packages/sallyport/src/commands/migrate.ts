import type { Command } from 'commander'
import { createServer } from '@sallyport/server'
import type { SqliteStore } from '@sallyport/store-sqlite'
import { checkedIssuer } from '../administration.ts'
import { addCommand, withSettings, type Call } from '../command.ts'
import type { Config } from '../config/load.ts'
import { withExternalKeys } from '../external-keys.ts'
import { CommandFailure, exitCode, type ExitCode } from '../failure.ts'
import { makeMasterKey, masterKeyFile, readMasterKey } from '../master-key.ts'
import { openAccounts } from '../people.ts'
import { claimIssuer, issuerSetting, now, openStore } from '../workplace.ts'

/** Adds `sallyport migrate`. */
export function addMigrate(program: Command): void {
  const command = addCommand(program, 'migrate', 'make a store, or bring one up to date', migrate)
  withSettings(command, 'issuer', 'store', 'data')
}

async function migrate({ terminal, config: load, dryRun }: Call): Promise<ExitCode> {
  const config = await load()
  if (config.issuer !== undefined) checkedIssuer(config.issuer)
  if (dryRun) {
    terminal.data(
      { store: config.storePath, data: config.data, changed: false },
      `would prepare ${config.storePath} and ${config.data}`,
    )
    return exitCode.ok
  }
  const { store, issuer, madeKey } = await terminal.during('preparing the store and its keys', prepareStore(config))
  await store.close()
  if (madeKey) terminal.say(`made ${masterKeyFile(config.data)}; keep a copy where backups of the store are not`)
  terminal.data(
    { issuer, store: config.storePath, data: config.data, migrated: store.migrated, master_key_created: madeKey },
    `${config.storePath} is ready for ${issuer}`,
  )
  return exitCode.ok
}

export type Prepared = { readonly store: SqliteStore; readonly issuer: string; readonly madeKey: boolean }

/** Brings the schema up to date, notes the issuer, and makes the master key and the first signing keys. */
async function prepareStore(config: Config): Promise<Prepared> {
  const store = await openStore(config.storePath, { migrate: true })
  try {
    const issuer = config.issuer ?? (await store.admin.readSetting(issuerSetting))
    if (issuer === undefined)
      throw new CommandFailure(exitCode.usage, 'a new store needs its issuer; add --issuer https://id.example.com')
    await claimIssuer(store, checkedIssuer(issuer).issuer)
    const { masterKey, madeKey } = await masterKeyFor(config, store)
    await makeKeys({ config, store, issuer, masterKey })
    return { store, issuer, madeKey }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** The master key; a new one only where nothing was sealed with another yet. */
export async function masterKeyFor(
  config: Config,
  store: SqliteStore,
): Promise<{ masterKey: Buffer; madeKey: boolean }> {
  const fresh = config.masterKey === undefined && (await store.listSigningKeys()).length === 0
  const madeKey = fresh && makeMasterKey(config.data)
  return { masterKey: readMasterKey(config.data, config.masterKey), madeKey }
}

type KeyMaking = {
  readonly config: Config
  readonly store: SqliteStore
  readonly issuer: string
  readonly masterKey: Uint8Array
}

/** Makes the signing keys now, so that the first start need not. */
async function makeKeys({ config, store, issuer, masterKey }: KeyMaking): Promise<void> {
  const { accounts, pages } = await openAccounts(store, config, issuer)
  await withExternalKeys(config, async (externalKeys) => {
    const place = { issuer, store, accounts, pages, masterKey, externalKeys }
    const server = await createServer({ ...place, upkeepInterval: 0, now })
    await server.close()
  })
}
