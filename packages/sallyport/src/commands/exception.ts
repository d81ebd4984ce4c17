import type { Command } from 'commander'
import type { Seconds } from '@sallyport/protocol'
import type { ExceptionCreation, PkceException } from '@sallyport/server'
import { adminEvent } from '../administration.ts'
import { findClient } from '../client-record.ts'
import { instantOf } from '../config/shapes.ts'
import { addCommand, addGroup, withSettings, type Action, type Call } from '../command.ts'
import { clientsNamed, doorRecord, doorText } from '../door.ts'
import { refuseOwned } from '../declarations/refuse-owned.ts'
import { exceptionRecord, stateOf } from '../exceptions.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace, type Workplace } from '../workplace.ts'

type Said = {
  readonly client: string
  readonly owner: string
  readonly reason: string
  readonly ticket: string
  readonly control: string
  readonly acceptedBy: string
  readonly deadline: string
}

/** Adds `sallyport exception …`. */
export function addException(program: Command): void {
  const group = addGroup(program, 'exception', 'dated exceptions from PKCE')
  verb(group, 'create', 'let one confidential client ask without a challenge until a day', createException)
    .requiredOption('--client <client-id>', 'the client')
    .requiredOption('--owner <name>', 'who answers for the client')
    .requiredOption('--reason <text>', 'why it cannot send a challenge yet')
    .requiredOption('--ticket <reference>', 'where the work on it is followed')
    .requiredOption('--control <text>', 'what stands in for PKCE meanwhile')
    .requiredOption('--accepted-by <name>', 'who accepts the risk; not the owner')
    .requiredOption('--deadline <date>', 'day or instant at which it ends by itself, at most 90 days away')
  verb(group, 'list', 'show the register', listExceptions)
  verb(group, 'renew <exception-id>', 'go on until another day; once, with a new acceptance', renewException)
    .requiredOption('--accepted-by <name>', 'who accepts the risk now; neither the owner nor who did so before')
    .requiredOption('--deadline <date>', 'day or instant at which it ends by itself, at most 90 days away')
  verb(group, 'revoke <exception-id>', 'end it at once', revokeException)
}

const verb = <O extends object>(group: Command, words: string, summary: string, action: Action<O>): Command =>
  withSettings(addCommand(group, words, summary, action), 'store', 'data')

/** A day means its first second in UTC. */
function deadlineOf(text: string): Seconds {
  const time = instantOf(text)
  if (time === undefined)
    throw usage('--deadline is a day such as 2026-12-31, or an instant such as 2026-12-31T12:00:00Z')
  return time as Seconds
}

/** Makes every fault of a record into one line in the words of the options. */
async function explained<T>(work: () => T): Promise<T> {
  const { ExceptionRefused } = await import('@sallyport/server')
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ExceptionRefused)) throw error
    const lines = error.faults.map(({ member, problem }) => `${optionOf(member)} ${problem}`)
    throw new CommandFailure(exitCode.usage, 'the exception cannot be made like this', lines)
  }
}

const options: Readonly<Record<string, string>> = {
  clientId: '--client',
  compensatingControl: '--control',
  acceptedBy: '--accepted-by',
  id: 'the exception',
}
const optionOf = (member: string): string => options[member] ?? `--${member}`

const outcomes: Readonly<Record<Exclude<ExceptionCreation, 'created'>, string>> = {
  client_unknown: 'the client was removed meanwhile',
  in_force: 'the client has an exception that is in force; renew it, or revoke it first',
  cooling_off: 'the client used an exception that ended less than 90 days ago; it gets no other so soon',
}

function requireAllowed({ config }: Workplace): void {
  if (config.policy.pkceExceptions === 'dated') return
  throw new CommandFailure(
    exitCode.unusable,
    'exceptions from PKCE are forbidden; policy.pkceExceptions: dated would let some be made',
  )
}

async function createException(call: Call, said: Said): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    requireAllowed(place)
    const client = await findClient(place, said.client)
    const { newException } = await import('@sallyport/server')
    const { owner, reason, ticket, control, acceptedBy } = said
    const request = { owner, reason, ticket, acceptedBy, compensatingControl: control, clientId: client.id }
    const deadline = deadlineOf(said.deadline)
    const made = await explained(() =>
      newException({ ...request, deadline }, client, { now: place.now(), random: place.random }),
    )
    if (!call.dryRun) {
      const outcome = await place.store.exceptions.create(made, [noted(place, 'exception_created', made)])
      if (outcome !== 'created') throw new CommandFailure(exitCode.missing, outcomes[outcome])
    }
    return told(call, place, made)
  })
}

const noted = (place: Workplace, reason: string, { id, clientId, acceptedBy, deadline, ticket }: PkceException) =>
  adminEvent(place, {
    event: 'admin.action',
    reason,
    clientId,
    detail: { exception: id, accepted_by: acceptedBy, deadline: instant(deadline), ticket },
  })

function told(call: Call, { now }: Workplace, exception: PkceException): ExitCode {
  const record = exceptionRecord(exception, now())
  const lines = Object.entries(record).filter(([, value]) => value !== undefined)
  call.terminal.data(record, lines.map(([name, value]) => `${name.padEnd(21)}${String(value)}`).join('\n'))
  return exitCode.ok
}

async function listExceptions(call: Call): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const all = await eachPage((after) => store.exceptions.list(after, 200))
    const clients = await clientsNamed(
      store,
      all.map(({ clientId }) => clientId),
    )
    const rows = all.map((one) => [
      one.id,
      one.clientId,
      doorText(clients.get(one.clientId)),
      stateOf(one, now()),
      instant(one.deadline),
      String(one.uses),
      one.owner,
      one.acceptedBy,
      one.ticket,
    ])
    call.terminal.data(
      { exceptions: all.map((one) => ({ ...exceptionRecord(one, now()), ...doorRecord(clients.get(one.clientId)) })) },
      rows.length === 0
        ? 'there was never an exception'
        : table(['ID', 'CLIENT', 'DOOR', 'STATE', 'DEADLINE', 'USES', 'OWNER', 'ACCEPTED BY', 'TICKET'], rows),
    )
    return exitCode.ok
  })
}

async function findException({ store }: Workplace, id: string | undefined): Promise<PkceException> {
  const exception = await store.exceptions.find(id ?? '')
  if (exception === undefined)
    throw new CommandFailure(exitCode.missing, `there is no exception ${id ?? ''}; see sallyport exception list`)
  return exception
}

const over = (id: string): CommandFailure => new CommandFailure(exitCode.missing, `the exception ${id} is not in force`)

async function renewException(
  call: Call,
  said: Pick<Said, 'acceptedBy' | 'deadline'>,
  [id]: readonly string[],
): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    requireAllowed(place)
    const before = await findException(place, id)
    const renewal = { acceptedBy: said.acceptedBy, deadline: deadlineOf(said.deadline) }
    const { requireRenewable } = await import('@sallyport/server')
    await explained(() => {
      requireRenewable(before, renewal, place.now())
    })
    const patch = { acceptedBy: renewal.acceptedBy, deadline: said.deadline }
    await refuseOwned(place, 'exception', before.id, patch)
    const next = { ...before, ...renewal, renewedAt: place.now() }
    const events = [noted(place, 'exception_renewed', next)]
    if (!call.dryRun && !(await place.store.exceptions.renew(before.id, renewal, place.now(), events)))
      throw over(before.id)
    return told(call, place, next)
  })
}

async function revokeException(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const before = await findException(place, id)
    const next = { ...before, revokedAt: place.now() }
    const events = [noted(place, 'exception_revoked', next)]
    if (!call.dryRun && !(await place.store.exceptions.revoke(before.id, place.now(), events))) throw over(before.id)
    return told(call, place, next)
  })
}
