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
  client_id: (event: SecurityEvent) => event.clientId,
  user: (event: SecurityEvent) => event.subject,
  request: (event: SecurityEvent) => event.requestId,
  grant: (event: SecurityEvent) => event.authorizationId,
  network: (event: SecurityEvent) => event.network,
} as const

type Fits = (event: SecurityEvent) => boolean
/** What the store can look for by itself. */
type Query = Parameters<Store['admin']['listEvents']>[0]
type Filter = { readonly fits: Fits; readonly query: Query }

const queries: Partial<Record<keyof typeof members, (value: string) => Query>> = {
  event: (event) => ({ event }),
  client: (clientId) => ({ clientId }),
  client_id: (clientId) => ({ clientId }),
  request: (requestId) => ({ requestId }),
}

/** `event=token.*` fits every event of tokens; everything else is compared as a whole. */
function parseFilter(text: string): Filter {
  const mark = text.indexOf('=')
  const name = text.slice(0, Math.max(mark, 0))
  const value = text.slice(mark + 1)
  if (mark < 1)
    throw usage(
      `--filter is written as name=value, such as severity=high, not as ${JSON.stringify(text.slice(0, 100))}`,
    )
  if (!Object.hasOwn(members, name)) throw usage(unknownName('filter', name, Object.keys(members)))
  const known = name as keyof typeof members
  const read = members[known]
  if (!value.endsWith('*')) return { fits: (event) => read(event) === value, query: queries[known]?.(value) ?? {} }
  return { fits: (event) => read(event)?.startsWith(value.slice(0, -1)) ?? false, query: {} }
}

/** The last events that fit: the store is read from its oldest event on, a page at a time, and no more than `lines` are kept. */
async function lastFitting(
  store: Store,
  filters: readonly Filter[],
  fits: Fits,
  lines: number,
): Promise<readonly SecurityEvent[]> {
  const query = filters.reduce<Query>((all, filter) => ({ ...all, ...filter.query }), {})
  let kept: readonly SecurityEvent[] = []
  let after: string | undefined
  do {
    const page = await store.admin.listEvents(query, after, 200)
    kept = [...kept, ...page.items.filter(fits)].slice(-lines)
    after = page.next
  } while (after !== undefined)
  return kept
}

async function tail(call: Call, options: Options): Promise<ExitCode> {
  const filters = (options.filter ?? []).map(parseFilter)
  const lines = Number(options.lines)
  if (!Number.isInteger(lines) || lines < 0 || lines > 200) throw usage('--lines is a number from 0 to 200')
  const fits: Fits = (event) => filters.every((filter) => filter.fits(event))
  const print = (events: readonly SecurityEvent[]): void => {
    for (const event of events) {
      const record = { schema_version: schemaVersion, ...eventRecord(event) }
      process.stdout.write(`${call.terminal.json ? JSON.stringify(record) : eventLine(event)}\n`)
    }
  }
  return inWorkplace(await call.config(), async ({ store }) => {
    const newest = (await store.admin.lastEvents(200)).items
    const shown =
      lines === 0 ? [] : filters.length === 0 ? newest.slice(-lines) : await lastFitting(store, filters, fits, lines)
    print(shown)
    if (options.follow !== true) return exitCode.ok
    return follow(store, [...newest, ...shown], (events) => print(events.filter(fits)))
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
  let seen = [...new Set(begin.map(({ id }) => id))].sort()
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
