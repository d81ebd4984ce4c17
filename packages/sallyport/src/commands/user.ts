import type { Command } from 'commander'
import type { People, PersonResult } from '@sallyport/accounts'
import type { User } from '@sallyport/server'
import { addCommand, addGroup, refuseDryRun, withSettings, type Action, type Call } from '../command.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { openAccounts } from '../people.ts'
import { readSecret } from '../secret-input.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

type Options = {
  readonly username?: string
  readonly passwordStdin?: boolean
  readonly name?: string
  readonly email?: string
}

/** Adds `sallyport user …`. */
export function addUser(program: Command): void {
  const group = addGroup(program, 'user', 'people who may sign in')
  verb(group, 'create', 'add a person', createUser)
    .requiredOption('--username <name>', 'name to sign in with')
    .option('--password-stdin', 'read the password from standard input')
    .option('--name <name>', 'full name')
    .option('--email <address>', 'e-mail address, as not verified')
  verb(group, 'list', 'show all people', listUsers)
  verb(group, 'get <user>', 'show a person, and whether there is a second factor', getUser)
  verb(group, 'disable <user>', 'lock a person out; sessions and tokens end at once', (call, _options, [who]) =>
    change(call, (people) => people.disable(who ?? '')),
  )
  verb(group, 'enable <user>', 'let a person sign in again', (call, _options, [who]) =>
    change(call, (people) => people.enable(who ?? '')),
  )
  verb(group, 'reset-password <user>', 'set a new password; sessions and tokens end at once', resetPassword).option(
    '--password-stdin',
    'read the password from standard input',
  )
  const reset = 'take a second factor away that was lost; sessions and tokens end at once'
  verb(group, 'reset-second-factor <user>', reset, (call, _options, [who]) =>
    change(call, (people) => people.resetSecondFactor(who ?? '')),
  )
}

function verb<O extends object>(group: Command, words: string, summary: string, action: Action<O>): Command {
  return withSettings(addCommand(group, words, summary, action), 'store', 'data')
}

const userRecord = (user: User): Record<string, unknown> => ({
  user_id: user.id,
  username: user.username,
  created_at: instant(user.createdAt),
  disabled_at: user.disabledAt === undefined ? undefined : instant(user.disabledAt),
})

const state = (user: User): string => (user.disabledAt === undefined ? 'active' : 'disabled')

function personOf(result: PersonResult): User {
  if (result.user !== undefined) return result.user
  const absent = ['person_unknown', 'username_taken', 'factor_unknown'].includes(result.fault)
  throw new CommandFailure(absent ? exitCode.missing : exitCode.usage, result.message)
}

async function change(call: Call, work: (people: People) => Promise<PersonResult>): Promise<ExitCode> {
  refuseDryRun(call)
  const config = await call.config()
  return inWorkplace(config, async ({ store, issuer }) => {
    const { people } = await openAccounts(store, config, issuer)
    const user = personOf(await work(people))
    call.terminal.data(userRecord(user), `${user.username} (${user.id}) is ${state(user)}`)
    return exitCode.ok
  })
}

async function getUser(call: Call, _options: object, [who]: readonly string[]): Promise<ExitCode> {
  const config = await call.config()
  return inWorkplace(config, async ({ store, issuer }) => {
    const { people } = await openAccounts(store, config, issuer)
    const user = await people.find(who ?? '')
    if (user === undefined) throw new CommandFailure(exitCode.missing, 'There is nobody with this name or id')
    const view = await people.secondFactor(user.id)
    const factor = view && {
      method: 'otp',
      since: instant(view.factor.createdAt),
      recovery_codes_left: view.recoveryLeft,
    }
    const told =
      factor === undefined
        ? 'no second factor'
        : `an authenticator app since ${factor.since}, ${factor.recovery_codes_left} recovery codes left`
    const text = `${user.username} (${user.id}) is ${state(user)}, with ${told}`
    call.terminal.data({ ...userRecord(user), second_factor: factor ?? null }, text)
    return exitCode.ok
  })
}

async function createUser(call: Call, options: Options): Promise<ExitCode> {
  const { username } = options
  if (username === undefined) throw usage('--username is needed')
  const password = await readSecret(call.terminal, options.passwordStdin ?? false, 'password')
  const claims = {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.email === undefined ? {} : { email: options.email, email_verified: false }),
  }
  return change(call, (people) => people.create({ username, password, claims }))
}

async function resetPassword(call: Call, options: Options, [who]: readonly string[]): Promise<ExitCode> {
  const password = await readSecret(call.terminal, options.passwordStdin ?? false, 'password')
  return change(call, (people) => people.resetPassword(who ?? '', password))
}

async function listUsers(call: Call): Promise<ExitCode> {
  const config = await call.config()
  return inWorkplace(config, async ({ store }) => {
    const users: User[] = []
    for (let page = await store.accounts.listUsers(undefined, 200); page.length > 0;) {
      users.push(...page)
      page = await store.accounts.listUsers(page.at(-1)?.id, 200)
    }
    const rows = users.map((user) => [user.id, user.username, state(user)])
    call.terminal.data(
      { users: users.map(userRecord) },
      rows.length === 0 ? 'nobody yet; add somebody with: sallyport user create' : table(['ID', 'NAME', 'STATE'], rows),
    )
    return exitCode.ok
  })
}
