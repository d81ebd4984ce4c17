import type { Command } from 'commander'
import { addCommand, addGroup, withSettings, type Call } from '../command.ts'
import { dumpRecord, dumpText } from '../config/dump.ts'
import { loadUnderstood } from '../config/understood.ts'
import { exitCode, type ExitCode } from '../failure.ts'
import type { CheckOptions } from './config-check.ts'

/** Adds `sallyport config …`. */
export function addConfig(program: Command): void {
  const group = addGroup(program, 'config', 'check, describe and show the configuration')
  const flags = ['issuer', 'store', 'data', 'host', 'port', 'managementPort', 'logLevel'] as const
  const checking =
    'look for what must not go into production; --profile fapi2, fapi2-message-signing or mcp adds the rules of that profile'
  withSettings(addCommand(group, 'check', checking, check), ...flags)
    .option('--format <format>', 'text, json, sarif or junit')
    .option('--baseline <file>', 'committed effective policy; whatever got weaker since is a finding')
    .option('--write-baseline', 'write that file instead of comparing with it')
  addCommand(group, 'schema', 'print the JSON Schema of the file', schema)
  withSettings(
    addCommand(group, 'diff', 'tell in what the store differs from the declared clients and resources', diff),
    'store',
    'data',
  )
  withSettings(
    addCommand(group, 'apply', 'make the clients and resources of the store what the files declare', apply),
    'store',
    'data',
  ).option('--prune', 'also remove what the files declared once and do not any more')
  withSettings(addCommand(group, 'dump', 'print every setting as it came out', dump), ...flags)
    .option('--origin', 'also say where each value came from')
    .option('--declarations', 'print the clients and resources of the store as a file would declare them')
}

/** The rules are loaded only for the command that needs them. */
const check = async (call: Call, options: CheckOptions): Promise<ExitCode> =>
  (await import('./config-check.ts')).check(call, options)

const diff = async (call: Call): Promise<ExitCode> => (await import('./config-apply.ts')).diff(call)

const apply = async (call: Call, options: { readonly prune?: boolean }): Promise<ExitCode> =>
  (await import('./config-apply.ts')).apply(call, options)

async function schema(): Promise<ExitCode> {
  const { configSchema } = await import('../config/json-schema.ts')
  process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`)
  return exitCode.ok
}

type DumpOptions = { readonly origin?: boolean; readonly declarations?: boolean }

async function dump(call: Call, { origin, declarations }: DumpOptions): Promise<ExitCode> {
  if (declarations === true) return (await import('./config-dump.ts')).dumpStore(call)
  const { resolved } = await loadUnderstood(call.sources)
  const settings = [...resolved.values()]
  call.terminal.data(dumpRecord(settings, origin ?? false), dumpText(settings, origin ?? false))
  return exitCode.ok
}
