import type { Command } from 'commander'
import { createServer, MasterKeyMismatch, type SigningKey } from '@sallyport/server'
import { addCommand, addGroup, withSettings, type Call } from '../command.ts'
import { parseDuration } from '../config/units.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { readMasterKey } from '../master-key.ts'
import { openAccounts } from '../people.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

/** Adds `sallyport key …`. */
export function addKey(program: Command): void {
  const group = addGroup(program, 'key', 'signing keys')
  withSettings(addCommand(group, 'list', 'show the signing keys', listKeys), 'store', 'data')
  withSettings(
    addCommand(group, 'rotate', 'publish the next signing key of every algorithm', rotateKeys),
    'store',
    'data',
  ).option(
    '--lead <duration>',
    'how long it is published before it signs; at least 10m, since others cache the old set',
  )
}

const stateOf = ({ activeFrom, removeAt }: SigningKey, now: number): string => {
  if (activeFrom > now) return 'next'
  if (removeAt !== undefined && removeAt <= now) return 'removed'
  return removeAt === undefined ? 'signing' : 'retiring'
}

const keyRecord = (key: SigningKey, now: number): Record<string, unknown> => ({
  kid: key.kid,
  alg: key.alg,
  state: stateOf(key, now),
  created_at: instant(key.createdAt),
  active_from: instant(key.activeFrom),
  remove_at: key.removeAt === undefined ? undefined : instant(key.removeAt),
})

function show(call: Call, keys: readonly SigningKey[], now: number): void {
  const sorted = [...keys].sort((a, b) => a.alg.localeCompare(b.alg) || a.activeFrom - b.activeFrom)
  const rows = sorted.map((key) => [
    key.kid,
    key.alg,
    stateOf(key, now),
    instant(key.activeFrom),
    instant(key.removeAt),
  ])
  call.terminal.data(
    { keys: sorted.map((key) => keyRecord(key, now)) },
    table(['KID', 'ALG', 'STATE', 'SIGNS FROM', 'REMOVED AT'], rows),
  )
}

async function listKeys(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    show(call, await store.listSigningKeys(), now())
    return exitCode.ok
  })
}

async function rotateKeys(call: Call, options: { readonly lead?: string }): Promise<ExitCode> {
  const config = await call.config()
  const lead = options.lead === undefined ? undefined : parseDuration(options.lead)
  if (options.lead !== undefined && (lead === undefined || lead < 600))
    throw usage('--lead is a duration of at least 10m: whoever cached the published keys must see the new ones first')
  return inWorkplace(config, async ({ store, issuer, now }) => {
    if (!call.dryRun) {
      const masterKey = readMasterKey(config.data, config.masterKey)
      const { accounts, pages } = await openAccounts(store, config, issuer)
      const options_ = { issuer, store, accounts, pages, masterKey, policy: config.policy, upkeepInterval: 0, now }
      const server = await createServer(options_).catch((error: unknown) => {
        throw error instanceof MasterKeyMismatch ? new CommandFailure(exitCode.unusable, error.message) : error
      })
      await call.terminal.during('making keys', server.rotateKeys(lead))
      await server.close()
    }
    show(call, await store.listSigningKeys(), now())
    return exitCode.ok
  })
}
