import type { Command } from 'commander'
import { after, identityScopes, lookupKey, parseScope } from '@sallyport/protocol'
import { typedId, type InitialAccessToken } from '@sallyport/server'
import { adminEvent } from '../administration.ts'
import { addCommand, addGroup, withSettings, type Action, type Call } from '../command.ts'
import { parseDuration } from '../config/units.ts'
import { CommandFailure, exitCode, unknownName, usage, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace, type Workplace } from '../workplace.ts'

type Options = {
  readonly label: string
  readonly uses: string
  readonly lifetime: string
  readonly scope?: string
}

const mostUses = 10_000
const longestLifetime = 90 * 86_400

/** Adds `sallyport registration-token …`. */
export function addRegistrationToken(program: Command): void {
  const group = addGroup(program, 'registration-token', 'tokens that let others register clients')
  verb(group, 'create', 'make a token; it is shown this once', createToken)
    .requiredOption('--label <text>', 'whom it is for')
    .option('--uses <count>', 'clients that can be registered with it', '1')
    .option('--lifetime <duration>', 'how long it is good, at most 90d', '7d')
    .option('--scope <scope>', 'most its clients may ask for, instead of registration.scope')
  verb(group, 'list', 'show all tokens and what they were used for', listTokens)
  verb(group, 'revoke <token-id>', 'end a token; clients registered with it stay', revokeToken)
}

const verb = <O extends object>(group: Command, words: string, summary: string, action: Action<O>): Command =>
  withSettings(addCommand(group, words, summary, action), 'store', 'data')

function numbers({ label, uses, lifetime }: Options): { uses: number; lifetime: number } {
  if (label.length > 200 || label.trim() === '') throw usage('--label is a text of at most 200 characters')
  if (!/^[1-9]\d{0,4}$/.test(uses) || Number(uses) > mostUses) throw usage(`--uses is a number from 1 to ${mostUses}`)
  const seconds = parseDuration(lifetime)
  if (seconds === undefined || seconds < 60 || seconds > longestLifetime)
    throw usage('--lifetime is a duration from 1m to 90d, such as 7d')
  return { uses: Number(uses), lifetime: seconds }
}

function scopeOf(text: string | undefined): readonly string[] | undefined {
  const scope = text === undefined ? undefined : parseScope(text)
  if (text !== undefined && scope === undefined) throw usage('--scope is a list of scope values with single spaces')
  return scope
}

/** A scope that no API has would be given to nobody, and whoever wrote it meant another one. */
async function requireKnownScope({ store }: Workplace, scope: readonly string[] = []): Promise<void> {
  const resources = await store.listResources()
  const known = [...identityScopes, ...resources.flatMap(({ scopes }) => scopes.map(({ name }) => name))]
  const unknown = scope.find((value) => !known.includes(value))
  if (unknown === undefined) return
  throw usage(`${unknownName('--scope', unknown, known)}: no API has it; see: sallyport resource list`)
}

const recordOf = ({ id, label, uses, used, scope, createdAt, expiresAt }: InitialAccessToken) => ({
  id,
  label,
  uses,
  used,
  scope: scope?.join(' '),
  created_at: instant(createdAt),
  expires_at: instant(expiresAt),
})

async function createToken(call: Call, options: Options): Promise<ExitCode> {
  const { uses, lifetime } = numbers(options)
  const scope = scopeOf(options.scope)
  return inWorkplace(await call.config(), async (place) => {
    await requireKnownScope(place, scope)
    const token = place.random.handle()
    const now = place.now()
    const record: InitialAccessToken = {
      id: typedId(place.random, 9),
      digest: lookupKey(token),
      label: options.label.trim(),
      uses,
      used: 0,
      scope,
      createdAt: now,
      expiresAt: after(now, lifetime),
    }
    const event = adminEvent(place, {
      event: 'admin.action',
      reason: 'registration_token_created',
      detail: { id: record.id },
    })
    if (call.dryRun) {
      call.terminal.data(recordOf(record), 'would make a token')
      return exitCode.ok
    }
    await place.store.registrations.addToken(record, [event])
    const lines = [
      `token           ${token}`,
      `id              ${record.id}`,
      `good until      ${instant(record.expiresAt)}`,
    ]
    call.terminal.data({ ...recordOf(record), token }, lines.join('\n'))
    call.terminal.say('The token is shown this once and never again.')
    if (place.config.registration.mode === 'off') call.terminal.say('Nobody can use it while registration.mode is off.')
    return exitCode.ok
  })
}

async function listTokens(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const tokens = await eachPage((next) => store.registrations.listTokens(next, 200))
    const state = ({ used, uses, expiresAt }: InitialAccessToken): string =>
      expiresAt <= now() ? 'over' : used >= uses ? 'used up' : 'good'
    const rows = tokens.map((token) => [
      token.id,
      state(token),
      `${token.used}/${token.uses}`,
      instant(token.expiresAt),
      token.label,
    ])
    call.terminal.data(
      { registration_tokens: tokens.map((token) => ({ ...recordOf(token), state: state(token) })) },
      rows.length === 0
        ? 'no tokens; make one with: sallyport registration-token create'
        : table(['ID', 'STATE', 'USED', 'UNTIL', 'LABEL'], rows),
    )
    return exitCode.ok
  })
}

async function revokeToken(call: Call, _options: object, [id = '']: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const known = await eachPage((next) => place.store.registrations.listTokens(next, 200))
    if (!known.some((token) => token.id === id))
      throw new CommandFailure(exitCode.missing, `there is no token ${id}; see sallyport registration-token list`)
    const event = adminEvent(place, { event: 'admin.action', reason: 'registration_token_revoked', detail: { id } })
    if (!call.dryRun) await place.store.registrations.removeToken(id, [event])
    call.terminal.data({ id, revoked: !call.dryRun }, call.dryRun ? `would end ${id}` : `${id} is worth nothing now`)
    return exitCode.ok
  })
}
