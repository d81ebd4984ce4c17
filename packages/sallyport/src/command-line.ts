import { Command, CommanderError } from 'commander'
import { collect, tellsNearest } from './command.ts'
import { CommandFailure, exitCode, unknownName, usage, type ExitCode } from './failure.ts'
import { tellFailure, toJson } from './terminal.ts'
import { version } from './version.ts'

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
  agent: {
    summary: 'software that acts by itself: see it, stop it',
    load: async () => (await import('./commands/agent.ts')).addAgent,
  },
  coverage: {
    summary: 'how much of the traffic is covered by PKCE',
    load: async () => (await import('./commands/coverage.ts')).addCoverage,
  },
  incidents: {
    summary: 'failed code exchanges, and what they probably were',
    load: async () => (await import('./commands/incidents.ts')).addIncidents,
  },
  'registration-token': {
    summary: 'tokens that let others register clients',
    load: async () => (await import('./commands/registration-token.ts')).addRegistrationToken,
  },
  exception: {
    summary: 'dated exceptions from PKCE',
    load: async () => (await import('./commands/exception.ts')).addException,
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
  'master-key': {
    summary: 'the key that seals what lies in the store',
    load: async () => (await import('./commands/master-key.ts')).addMasterKey,
  },
  key: { summary: 'signing keys', load: async () => (await import('./commands/key.ts')).addKey },
  config: {
    summary: 'check, describe and show the configuration',
    load: async () => (await import('./commands/config.ts')).addConfig,
  },
  prove: {
    summary: 'send every request that must be refused, and tell what came of it',
    load: async () => (await import('./commands/prove.ts')).addProve,
  },
  doctor: {
    summary: 'look for what is wrong with an installation',
    load: async () => (await import('./commands/doctor.ts')).addDoctor,
  },
  mcp: {
    summary: 'look at MCP servers as clients see them',
    load: async () => (await import('./commands/mcp.ts')).addMcp,
  },
  events: { summary: 'security events', load: async () => (await import('./commands/events.ts')).addEvents },
  audit: {
    summary: 'the trail of changes and decisions',
    load: async () => (await import('./commands/audit.ts')).addAudit,
  },
  explain: {
    summary: 'why a request was refused, by its id',
    load: async () => (await import('./commands/explain.ts')).addExplain,
  },
  flow: {
    summary: 'ask a server for tokens, as an application would',
    load: async () => (await import('./commands/flow.ts')).addFlow,
  },
  reset: { summary: 'delete the data folder', load: async () => (await import('./commands/reset.ts')).addReset },
}

function createProgram(json = false): Command {
  const program = new Command('sallyport')
    .description('An OAuth 2.1 and OpenID Connect authorization server')
    .version(json ? toJson({ version: version() }) : version(), '-V, --version', 'print the version')
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

/** The program with every command loaded, for the reference that is made from it. */
export async function wholeProgram(): Promise<Command> {
  const program = createProgram()
  for (const { load } of Object.values(groups)) (await load())(program)
  return program
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

/** An id as releases before this one made them: no option is so long, and none has one dash and capitals or digits. */
const dashedId = /^-[\w-]{11,31}$/

/** Words in which ids that begin with a dash stand behind `--`, where nothing is taken for an option. */
function withIdsApart(words: readonly string[]): readonly string[] {
  const isId = (word: string): boolean => !word.startsWith('--') && dashedId.test(word)
  if (words.includes('--') || !words.some(isId)) return words
  return [...words.filter((word) => !isId(word)), '--', ...words.filter(isId)]
}

/** Runs one command; the exit code is the outcome. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  const json = words.includes('--json')
  // The reader of a pipe may have had enough; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? exitCode.ok : exitCode.failed)
  })
  try {
    const program = createProgram(json)
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
    await program.parseAsync([...withIdsApart(words)], { from: 'user' })
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
  if (error instanceof Error && error.name === 'StoreUnavailable') {
    tellFailure(new CommandFailure(exitCode.unreachable, `${error.message}; see sallyport doctor`), json)
    return exitCode.unreachable
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`sallyport: this should not have happened\n${text}\n`)
  return exitCode.failed
}
