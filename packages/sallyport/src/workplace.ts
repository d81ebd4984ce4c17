import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { seconds, systemRandom, type Random, type Seconds } from '@sallyport/protocol'
import type { Store } from '@sallyport/server'
import type { SqliteStore } from '@sallyport/store-sqlite'
import type { Config } from './config/load.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { makeFolder } from './master-key.ts'

/** An open store together with what is known about it. */
export type Workplace = {
  readonly config: Config
  readonly store: SqliteStore
  /** The issuer the store was made for. */
  readonly issuer: string
  readonly random: Random
  now(): Seconds
}

export const issuerSetting = 'issuer'

export const now = (): Seconds => seconds(Date.now() / 1000)

/** `migrate` makes the file where there is none and brings its schema up to date. */
export type Opening = { readonly migrate: boolean }

/** Opens the SQLite file. What is wrong with it is told in one sentence. */
export async function openStore(path: string, { migrate }: Opening = { migrate: false }): Promise<SqliteStore> {
  if (!migrate && !existsSync(path)) throw noStore(path)
  if (migrate) makeFolder(dirname(path))
  const { openSqliteStore, StoreRefused } = await import('@sallyport/store-sqlite')
  try {
    return await openSqliteStore({ path, mustExist: !migrate, migrations: migrate ? 'apply' : 'require' })
  } catch (error) {
    if (error instanceof StoreRefused) throw new CommandFailure(exitCode.unusable, error.message)
    throw new CommandFailure(exitCode.unreachable, `the store ${path} cannot be opened: ${messageOf(error)}`)
  }
}

const noStore = (path: string): CommandFailure =>
  new CommandFailure(
    exitCode.unreachable,
    `there is no store at ${path}; make one with: sallyport migrate --issuer URL --store sqlite:${path}`,
  )

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Notes the issuer in the store, or finds that another one stands there: tokens name their issuer, so a store belongs to
 * one for good. `replace` is for development, where the port may move.
 */
export async function claimIssuer(store: Store, issuer: string, replace = false): Promise<void> {
  const before = await store.admin.readSetting(issuerSetting)
  if (before === issuer) return
  if (before !== undefined && !replace) throw otherIssuer(before, issuer)
  if (await store.admin.writeSetting(issuerSetting, issuer, before)) return
  const winner = await store.admin.readSetting(issuerSetting)
  if (winner !== issuer) throw otherIssuer(winner ?? 'another issuer', issuer)
}

export const otherIssuer = (stored: string, given: string): CommandFailure =>
  new CommandFailure(
    exitCode.unusable,
    `this store belongs to ${stored}, not to ${given}; use that issuer, or another store for this one`,
  )

/** Opens the store for a command and closes it whatever happens. */
export async function inWorkplace<T>(config: Config, work: (place: Workplace) => Promise<T>): Promise<T> {
  const store = await openStore(config.storePath)
  try {
    const issuer = await store.admin.readSetting(issuerSetting)
    if (issuer === undefined)
      throw new CommandFailure(
        exitCode.unusable,
        `the store ${config.storePath} was never finished; run: sallyport migrate --issuer URL --store sqlite:${config.storePath}`,
      )
    if (config.issuer !== undefined && config.issuer !== issuer) throw otherIssuer(issuer, config.issuer)
    return await work({ config, store, issuer, random: systemRandom(), now })
  } finally {
    await store.close()
  }
}
