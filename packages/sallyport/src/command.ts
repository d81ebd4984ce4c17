import type { Command, CommanderError } from 'commander'
import { flagLayer, type Layer } from './config/layers.ts'
import { loadConfig, type Config, type Sources } from './config/load.ts'
import { unknownName, usage, type ExitCode } from './failure.ts'
import { createTerminal, type Terminal } from './terminal.ts'

/** What the action of a command gets. */
export type Call = {
  readonly terminal: Terminal
  readonly sources: Sources
  /** True when nothing may be written. */
  readonly dryRun: boolean
  /** Loads the configuration with the flags of this command on top. */
  config(): Promise<Config>
}

export type Action<O> = (call: Call, options: O, operands: readonly string[]) => Promise<ExitCode | undefined>

type GlobalOptions = {
  readonly config?: readonly string[]
  readonly profile?: string
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly input: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** For commands that cannot be tried without doing what they do. */
export function refuseDryRun({ dryRun }: Call): void {
  if (dryRun) throw usage('this command cannot be tried without doing it; leave out --dry-run')
}

/** Adds one more value to an option that may be given several times. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
]

/** Makes mistakes in a command's words into failures that name what was meant. */
export function tellsNearest(command: Command): Command {
  return command.exitOverride((error) => {
    throw asFailure(error, command)
  })
}

function asFailure(error: CommanderError, command: Command): Error {
  if (error.exitCode === 0) return error
  const path = commandPath(command)
  const see = `see ${path} --help`
  const mistyped =
    error.code.startsWith('commander.unknownOption') || error.code.startsWith('commander.missingMandatory')
  const unknown = mistyped ? unknownOption(command) : undefined
  if (unknown !== undefined) return usage(`${unknownName('option', unknown, optionNames(command))}; ${see}`)
  if (error.code === 'commander.help') return usage(`${path} needs to be told what to do; ${see}`)
  return usage(`${error.message.replace(/^error: /, '')}; ${see}`)
}

/** The first option in the words of the call that no command has. A missing option is often one that was mistyped. */
function unknownOption(command: Command): string | undefined {
  const known = new Set(['-h', '--help', '-V', ...optionNames(command)])
  const words = rootOf(command).rawArgs.flatMap((word) => /^--?[a-z][\w-]*/i.exec(word)?.[0] ?? [])
  return words.find((word) => !known.has(word))
}

const rootOf = (command: Command): Command & { readonly rawArgs: readonly string[] } =>
  command.parent === null ? (command as Command & { readonly rawArgs: readonly string[] }) : rootOf(command.parent)

const optionNames = (command: Command): readonly string[] => {
  const own = command.options.map((option) => option.long ?? option.short ?? '')
  return command.parent === null ? own : [...own, ...optionNames(command.parent)]
}

const commandPath = (command: Command): string =>
  command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`

/** Adds a command that does something. */
export function addCommand<O extends object>(
  parent: Command,
  words: string,
  summary: string,
  action: Action<O>,
): Command {
  const command = tellsNearest(parent.command(words).description(summary).allowExcessArguments(false))
  command.action(async () => {
    const call = createCall(command)
    const code = await action(call, command.opts<O>(), command.args)
    if (code !== undefined) process.exitCode = code
  })
  return command
}

/** Adds a noun; its verbs are added by the caller. */
export function addGroup(parent: Command, name: string, summary: string): Command {
  const group = tellsNearest(parent.command(name).description(summary).helpCommand(false))
  return group
    .argument('[verb]')
    .action((verb: string | undefined) => {
      if (verb === undefined || verb.startsWith('-'))
        throw usage(`${commandPath(group)} needs a verb: ${verbsOf(group).join(', ')}`)
      throw usage(`${unknownName(`${name} command`, verb, verbsOf(group))}; there are ${verbsOf(group).join(', ')}`)
    })
    .allowExcessArguments(true)
    .allowUnknownOption(true)
}

const verbsOf = (group: Command): readonly string[] => group.commands.map((command) => command.name())

/** Options of the settings that a command uses, by the name commander gives them. */
const flagOptions = {
  issuer: ['issuer', '--issuer <url>', 'the issuer identifier'],
  store: ['store', '--store <sqlite:path>', 'where everything is kept'],
  data: ['data', '--data <folder>', 'folder of the master key and of the store'],
  host: ['http.host', '--host <address>', 'address of the public listener'],
  port: ['http.port', '--port <port>', 'port of the public listener'],
  managementPort: ['management.port', '--management-port <port>', 'port of health and metrics'],
  logLevel: ['log.level', '--log-level <level>', 'least important lines that are written'],
} as const

export type FlagName = keyof typeof flagOptions

/** Gives a command the options of some settings. */
export function withSettings(command: Command, ...names: readonly FlagName[]): Command {
  for (const name of names) command.option(flagOptions[name][1], flagOptions[name][2])
  return command
}

function flagsOf(options: Readonly<Record<string, unknown>>): Layer {
  const flags: Record<string, { flag: string; value: unknown }> = {}
  for (const [name, [key, flag]] of Object.entries(flagOptions)) {
    const value = options[name]
    if (typeof value === 'string') flags[key] = { flag: flag.split(' ')[0] ?? flag, value }
  }
  return flagLayer(flags)
}

function createCall(command: Command): Call {
  const global = command.optsWithGlobals<GlobalOptions & Record<string, unknown>>()
  const terminal = createTerminal({
    json: global.json ?? false,
    quiet: global.quiet ?? false,
    verbose: global.verbose ?? false,
    interactive: global.input && process.stdin.isTTY && process.stderr.isTTY,
    yes: global.yes ?? false,
  })
  const sources: Sources = {
    flags: flagsOf(command.opts()),
    files: global.config ?? [],
    profile: global.profile,
    environment: process.env,
  }
  return { terminal, sources, dryRun: global.dryRun ?? false, config: () => loadConfig(sources) }
}
