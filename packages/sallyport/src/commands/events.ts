import type { Command } from 'commander'
import type { SecurityEvent, Store } from '@sallyport/server'
import { addCommand, addGroup, collect, withSettings, type Call } from '../command.ts'
import { eventLine, eventRecord } from '../event-record.ts'
import { exitCode, unknownName, usage, type ExitCode } from '../failure.ts'
import { schemaVersion } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

type Options = { readonly follow?: boolean; readonly filter?: readonly string[]; readonly lines?: string }

/** Adds `sallyport events …`. */
export function addEvents(program: Command): void {
  const group = addGroup(program, 'events', 'security events')
  withSettings(addCommand(group, 'tail', 'show the newest events', tail), 'store', 'data')
    .option('--follow', 'go on with every new event until Ctrl-C')
    .option('--filter <name=value>', 'only events that fit; may be given several times', collect)
    .option('--lines <number>', 'how many of the newest events to begin with', '20')
}

const members = {
  event: (event: SecurityEvent) => event.event,
  severity: (event: SecurityEvent) => event.severity,
  reason: (event: SecurityEvent) => event.reason,
  class: (event: SecurityEvent) => event.class,
  client: (event: SecurityEvent) => event.clientId,
  user: (event: SecurityEvent) => event.subject,
  request: (event: SecurityEvent) => event.requestId,
  grant: (event: SecurityEvent) => event.authorizationId,
  network: (event: SecurityEvent) => event.network,
} as const

type Fits = (event: SecurityEvent) => boolean

/** `event=token.*` fits every event of tokens; everything else is compared as a whole. */
function parseFilter(text: string): Fits {
  const mark = text.indexOf('=')
  const name = text.slice(0, Math.max(mark, 0))
  const value = text.slice(mark + 1)
  if (mark < 1)
    throw usage(
      `--filter is written as name=value, such as severity=high, not as ${JSON.stringify(text.slice(0, 100))}`,
    )
  if (!Object.hasOwn(members, name)) throw usage(unknownName('filter', name, Object.keys(members)))
  const read = members[name as keyof typeof members]
  if (!value.endsWith('*')) return (event) => read(event) === value
  return (event) => read(event)?.startsWith(value.slice(0, -1)) ?? false
}

async function tail(call: Call, options: Options): Promise<ExitCode> {
  const filters = (options.filter ?? []).map(parseFilter)
  const lines = Number(options.lines)
  if (!Number.isInteger(lines) || lines < 0 || lines > 200) throw usage('--lines is a number from 0 to 200')
  const fits: Fits = (event) => filters.every((filter) => filter(event))
  const print = (events: readonly SecurityEvent[]): void => {
    for (const event of events) {
      const record = { schema_version: schemaVersion, ...eventRecord(event) }
      process.stdout.write(`${call.terminal.json ? JSON.stringify(record) : eventLine(event)}\n`)
    }
  }
  return inWorkplace(await call.config(), async ({ store }) => {
    const newest = (await store.admin.lastEvents(200)).items
    print(lines === 0 ? [] : newest.filter(fits).slice(-lines))
    if (options.follow !== true) return exitCode.ok
    return follow(store, newest, (events) => print(events.filter(fits)))
  })
}

const pollInterval = 400
/** Events of other processes may get their row a moment after a later one; so many are looked at again. */
const overlap = 200

async function follow(
  store: Store,
  begin: readonly SecurityEvent[],
  show: (events: readonly SecurityEvent[]) => void,
): Promise<ExitCode> {
  let seen = begin.map(({ id }) => id)
  let interrupted = false
  let wake = (): void => undefined
  process.once('SIGINT', () => {
    interrupted = true
    wake()
  })
  for (;;) {
    await new Promise<void>((resolve) => {
      wake = resolve
      setTimeout(resolve, pollInterval)
    })
    if (interrupted) return exitCode.interrupted
    const known = new Set(seen)
    const fresh = await since(store, seen.at(-overlap))
    const events = fresh.filter(({ id }) => !known.has(id))
    show(events)
    seen = [...seen, ...events.map(({ id }) => id)].sort().slice(-2 * overlap)
  }
}

async function since(store: Store, after: string | undefined): Promise<readonly SecurityEvent[]> {
  const events: SecurityEvent[] = []
  let from = after
  do {
    const page = await store.admin.listEvents({}, from, 200)
    events.push(...page.items)
    from = page.next
  } while (from !== undefined)
  return events
}
