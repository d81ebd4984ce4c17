import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { IssuerError, parseIssuer, registrationFaults, registrationOf } from '@sallyport/server'
import { bindFaults, isLoopback } from '../bind-rules.ts'
import { addCommand, addGroup, withSettings, type Call } from '../command.ts'
import { dumpRecord, dumpText } from '../config/dump.ts'
import { configSchema } from '../config/json-schema.ts'
import { configOf, faultLine, loadSettings, type Config } from '../config/load.ts'
import type { ConfigFault } from '../config/layers.ts'
import { CommandFailure, exitCode, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { exceptionNotices, standingExceptions } from '../exceptions.ts'
import { issuerSetting, now, openStore } from '../workplace.ts'

/** Adds `sallyport config …`. */
export function addConfig(program: Command): void {
  const group = addGroup(program, 'config', 'check, describe and show the configuration')
  const flags = ['issuer', 'store', 'data', 'host', 'port', 'managementPort', 'logLevel'] as const
  withSettings(addCommand(group, 'check', 'look for what must not go into production', check), ...flags)
  addCommand(group, 'schema', 'print the JSON Schema of the file', schema)
  withSettings(addCommand(group, 'dump', 'print every setting as it came out', dump), ...flags).option(
    '--origin',
    'also say where each value came from',
  )
}

/** A loaded configuration; what cannot even be understood is exit code 78, here as everywhere, with every other fault. */
async function loadUnderstood(call: Call): Promise<Awaited<ReturnType<typeof loadSettings>>> {
  const loaded = await loadSettings(call.sources)
  if (loaded.faults.some(({ kind }) => kind === 'broken'))
    throw new CommandFailure(exitCode.unusable, 'the configuration cannot be loaded', loaded.faults.map(faultLine))
  return loaded
}

async function check(call: Call): Promise<ExitCode> {
  const loaded = await loadUnderstood(call)
  const config = configOf(loaded.resolved)
  const findings = [
    ...loaded.faults,
    ...bindFaults(config),
    ...managementFindings(config),
    ...(await storeFindings(config)),
  ]
  const records = findings.map(({ key, origin, problem, fix }) => ({ key, origin, problem, fix }))
  const text = findings.length === 0 ? 'nothing found' : findings.map(faultLine).join('\n')
  call.terminal.data({ findings: records }, text)
  return findings.length === 0 ? exitCode.ok : exitCode.found
}

const finding = (key: string, origin: string, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'weak',
})

function managementFindings({ management }: Config): readonly ConfigFault[] {
  if (isLoopback(management.host)) return []
  return [
    finding(
      'management.host',
      management.host,
      'health and metrics can be reached from other machines',
      'bind it to 127.0.0.1',
    ),
  ]
}

function issuerFindings(issuer: string | undefined): readonly ConfigFault[] {
  if (issuer === undefined)
    return [finding('issuer', 'nowhere', 'is not set', 'set it to the https URL of this server')]
  try {
    if (parseIssuer(issuer).secure) return []
    return [finding('issuer', issuer, 'is plain http, which is for development on one machine', 'use an https URL')]
  } catch (error) {
    if (!(error instanceof IssuerError)) throw error
    return [finding('issuer', issuer, error.message, 'use an https URL')]
  }
}

/** What is registered must hold for production too; clients of a development store may name loopback addresses. */
async function storeFindings(config: Config): Promise<readonly ConfigFault[]> {
  if (!existsSync(config.storePath)) return issuerFindings(config.issuer)
  const store = await openStore(config.storePath)
  try {
    const issuer = config.issuer ?? (await store.admin.readSetting(issuerSetting))
    const clients = await eachPage((after) => store.admin.listClients(after, 200))
    const faults = clients.flatMap((client) =>
      registrationFaults(registrationOf(client), false).map(({ member, problem, fix }) =>
        finding(`client ${client.id} ${member}`, client.name, problem, fix ?? 'change it with sallyport client update'),
      ),
    )
    const noted = exceptionNotices(config, await standingExceptions(store, now()), now()).map(
      ({ exception, problem, fix }) => finding(`exception ${exception.id}`, exception.clientId, problem, fix),
    )
    return [...issuerFindings(issuer), ...faults, ...noted]
  } finally {
    await store.close()
  }
}

async function schema(): Promise<ExitCode> {
  process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`)
  return exitCode.ok
}

async function dump(call: Call, { origin }: { readonly origin?: boolean }): Promise<ExitCode> {
  const { resolved } = await loadUnderstood(call)
  const settings = [...resolved.values()]
  call.terminal.data(dumpRecord(settings, origin ?? false), dumpText(settings, origin ?? false))
  return exitCode.ok
}
