import type { Command } from 'commander'
import { isJwsAlgorithm, jwsAlgorithms, type JwsAlgorithm } from '@sallyport/protocol'
import { createServer, type SigningKey } from '@sallyport/server'
import { addCommand, addGroup, withSettings, type Call } from '../command.ts'
import { parseDuration } from '../config/units.ts'
import { driver, keyFailure, wholePlace, withExternalKeys } from '../external-keys.ts'
import { CommandFailure, exitCode, unknownName, usage, type ExitCode } from '../failure.ts'
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
  )
    .option(
      '--lead <duration>',
      'how long it is published before it signs; at least 10m, since others cache the old set',
    )
    .option('--leave-external', 'go back to keys of the store, from a place that is not configured any more')
  const create = addCommand(group, 'create', 'make a signing key on the token of externalKeys', createKey)
  create.requiredOption('--alg <name>', 'the algorithm it is for')
  create.requiredOption('--name <label>', 'its label, which is then named in externalKeys')
}

const stateOf = ({ activeFrom, removeAt }: SigningKey, now: number): string => {
  if (activeFrom > now) return 'next'
  if (removeAt !== undefined && removeAt <= now) return 'removed'
  return removeAt === undefined ? 'signing' : 'retiring'
}

/** Where the private half is: sealed in the store, or elsewhere under a name. */
const locationOf = ({ externalName }: SigningKey): string => (externalName === undefined ? 'store' : 'external')

const keyRecord = (key: SigningKey, now: number): Record<string, unknown> => ({
  kid: key.kid,
  alg: key.alg,
  state: stateOf(key, now),
  location: locationOf(key),
  name: key.externalName,
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
    key.externalName === undefined ? 'store' : `external: ${key.externalName}`,
  ])
  call.terminal.data(
    { keys: sorted.map((key) => keyRecord(key, now)) },
    table(['KID', 'ALG', 'STATE', 'SIGNS FROM', 'REMOVED AT', 'KEPT IN'], rows),
  )
}

async function listKeys(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    show(call, await store.listSigningKeys(), now())
    return exitCode.ok
  })
}

type RotateOptions = { readonly lead?: string; readonly leaveExternal?: true }

async function rotateKeys(call: Call, options: RotateOptions): Promise<ExitCode> {
  const config = await call.config()
  const lead = options.lead === undefined ? undefined : parseDuration(options.lead)
  if (options.lead !== undefined && (lead === undefined || lead < 600))
    throw usage('--lead is a duration of at least 10m: whoever cached the published keys must see the new ones first')
  const leaves = options.leaveExternal === true
  if (leaves && wholePlace(config) !== undefined)
    throw usage('--leave-external goes with a configuration without externalKeys; remove them first')
  return inWorkplace(config, async ({ store, issuer, now }) => {
    if (!call.dryRun) {
      const masterKey = readMasterKey(config.data, config.masterKey)
      const { accounts, pages } = await openAccounts(store, config, issuer)
      await withExternalKeys(config, async (externalKeys) => {
        const place = { issuer, store, accounts, pages, masterKey, externalKeys, policy: config.policy }
        // Whoever leaves a place has keys of the store from the start on; there is nothing more to rotate.
        const server = await createServer({ ...place, leaveExternalKeys: leaves, upkeepInterval: 0, now })
        if (!leaves) await call.terminal.during('making keys', server.rotateKeys(lead))
        await server.close()
      })
    }
    show(call, await store.listSigningKeys(), now())
    return exitCode.ok
  })
}

async function createKey(
  call: Call,
  { alg, name }: { readonly alg: string; readonly name: string },
): Promise<ExitCode> {
  const algorithm = algorithmNamed(alg)
  if (name === '' || name.length > 200) throw usage('--name is a label of at most 200 characters')
  const config = await call.config()
  const place = wholePlace(config)
  if (place === undefined)
    throw new CommandFailure(exitCode.unusable, 'no token is configured', ['set externalKeys.module, .token and .pin'])
  const { createPkcs11Key } = await driver()
  if (!call.dryRun)
    await call.terminal.during('making the key', createPkcs11Key(place, algorithm, name)).catch((error: unknown) => {
      throw keyFailure(error)
    })
  const named = config.externalKeys.names[algorithm]?.includes(name) === true
  const setting = `externalKeys.${alg.toLowerCase()}`
  call.terminal.data(
    { alg, name, created: !call.dryRun, named },
    `${call.dryRun ? 'would make' : 'made'} ${name} for ${alg}${named ? '' : `; add the name to ${setting}`}`,
  )
  return exitCode.ok
}

function algorithmNamed(alg: string): JwsAlgorithm {
  if (!isJwsAlgorithm(alg)) throw usage(unknownName('algorithm', alg, Object.keys(jwsAlgorithms)))
  return alg
}
