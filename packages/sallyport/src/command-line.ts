import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import type { Layer } from './config/layers.ts'
import { flagLayer } from './config/layers.ts'
import { loadConfig, type Config, type Sources } from './config/load.ts'
import { CommandFailure, exitCode, unknownName, usage, type ExitCode } from './failure.ts'
import { createTerminal, tellFailure, type Terminal } from './terminal.ts'

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

type Group = { readonly summary: string; readonly load: () => Promise<(parent: Command) => void> }

/** One line a command; what they do is loaded when they are called. */
const groups: Readonly<Record<string, Group>> = {
  dev: {
    summary: 'serve with demo data on this machine, to look around',
    load: async () => (await import('./commands/dev.ts')).addDev,
  },
  start: { summary: 'serve', load: async () => (await import('./commands/start.ts')).addStart },
  migrate: {
    summary: 'make a store, or bring one up to date',
    load: async () => (await import('./commands/migrate.ts')).addMigrate,
  },
  client: {
    summary: 'applications that may ask for tokens',
    load: async () => (await import('./commands/client.ts')).addClient,
  },
  user: { summary: 'people who may sign in', load: async () => (await import('./commands/user.ts')).addUser },
  session: {
    summary: 'browsers that are signed in',
    load: async () => (await import('./commands/session.ts')).addSession,
  },
  grant: {
    summary: 'what people allowed applications',
    load: async () => (await import('./commands/grant.ts')).addGrant,
  },
  resource: {
    summary: 'APIs that tokens can be issued for',
    load: async () => (await import('./commands/resource.ts')).addResource,
  },
  key: { summary: 'signing keys', load: async () => (await import('./commands/key.ts')).addKey },
  reset: { summary: 'delete the data folder', load: async () => (await import('./commands/reset.ts')).addReset },
}

export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

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

/** Adds one more value to an option that may be given several times. */
export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
]

function createProgram(): Command {
  const program = new Command('sallyport')
    .description('An OAuth 2.1 and OpenID Connect authorization server')
    .version(version(), '-V, --version', 'print the version')
    .option('--config <file>', 'configuration file; may be given several times, later ones win', collect)
    .option('--profile <name>', 'also read sallyport.<name>.yaml')
    .option('--json', 'print the outcome as JSON')
    .option('--quiet', 'say nothing but the outcome')
    .option('--verbose', 'say more')
    .option('--no-input', 'never ask anything')
    .option('--yes', 'answer every question with yes')
    .option('--dry-run', 'change nothing, only say what would be done')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr: () => undefined })
    .showSuggestionAfterError(false)
  return tellsNearest(program)
}

/** Makes mistakes in a command's words into failures that name what was meant. */
function tellsNearest(command: Command): Command {
  return command.exitOverride((error) => {
    throw asFailure(error, command)
  })
}

function asFailure(error: CommanderError, command: Command): Error {
  if (error.exitCode === 0) return error
  const path = commandPath(command)
  const see = `see ${path} --help`
  if (error.code === 'commander.unknownOption') {
    const given = /'(-[^']*)'/.exec(error.message)?.[1] ?? ''
    return usage(`${unknownName('option', given, optionNames(command))}; ${see}`)
  }
  if (error.code === 'commander.help') return usage(`${path} needs to be told what to do; ${see}`)
  return usage(`${error.message.replace(/^error: /, '')}; ${see}`)
}

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
      if (verb === undefined) throw usage(`${commandPath(group)} needs a verb: ${verbsOf(group).join(', ')}`)
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

/** The first word that is no option: the only one that decides what has to be loaded. */
function calledGroup(words: readonly string[]): string | undefined {
  const valued = new Set(['--config', '--profile'])
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (valued.has(word)) index++
    else if (!word.startsWith('-')) return word
  }
  return undefined
}

/** Runs one command; the exit code is the outcome. */
export async function runCommandLine(words: readonly string[]): Promise<ExitCode | number> {
  const json = words.includes('--json')
  try {
    const program = createProgram()
    const called = calledGroup(words)
    const names = Object.keys(groups)
    if (called !== undefined && !Object.hasOwn(groups, called))
      throw usage(`${unknownName('command', called, names)}; there are ${names.join(', ')}`)
    for (const [name, group] of Object.entries(groups)) {
      if (name === called) (await group.load())(program)
      else program.command(name).description(group.summary)
    }
    if (called === undefined && words.length === 0) {
      process.stderr.write(program.helpInformation())
      return exitCode.usage
    }
    await program.parseAsync([...words], { from: 'user' })
    return Number(process.exitCode ?? exitCode.ok)
  } catch (error) {
    return endOf(error, json)
  }
}

function endOf(error: unknown, json: boolean): ExitCode {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCode.ok
  if (error instanceof CommandFailure) {
    tellFailure(error, json)
    return error.code
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`sallyport: this should not have happened\n${text}\n`)
  return exitCode.failed
}
