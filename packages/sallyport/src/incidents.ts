import {
  isBrowserBased,
  isFailedExchange,
  isPublic,
  isoWeek,
  judge,
  type Client,
  type ClientHistory,
  type Judgement,
  type SecurityEvent,
  type Store,
} from '@sallyport/server'
import { clientsNamed } from './door.ts'

/** One failed exchange, with what it most probably was. */
export type Incident = {
  readonly event: SecurityEvent
  readonly judgement: Judgement
  /** `undefined` when none was known, or it was removed. */
  readonly client: Client | undefined
}

type Sources = Pick<Store, 'admin' | 'usage' | 'findClient'>

/** Most incidents that one look gives; the newest stay. */
const most = 1000
const historyWeeks = 4 * 7 * 86_400

/** Reasons of events and the refusals they are counted as. */
const countedAs = { mismatch: 'pkce_mismatch', pkce_required: 'verifier_missing' } as const

async function failedExchanges(
  { admin }: Sources,
  clientId: string | undefined,
  since: number,
): Promise<readonly SecurityEvent[]> {
  let found: SecurityEvent[] = []
  let after: string | undefined
  do {
    const page = await admin.listEvents({ clientId }, after, 200)
    found = [...found, ...page.items.filter((event) => event.ts >= since && isFailedExchange(event))].slice(-most)
    after = page.next
  } while (after !== undefined)
  return found
}

async function historyOf(
  { usage }: Sources,
  event: SecurityEvent,
  client: Client,
  failures: readonly SecurityEvent[],
): Promise<ClientHistory> {
  const { reason, ts } = event
  const { items } = await usage.list({ clientId: client.id, since: isoWeek(ts - historyWeeks) }, undefined, 10)
  const refusal = reason !== undefined && reason in countedAs ? countedAs[reason as keyof typeof countedAs] : undefined
  const sum = (count: (row: (typeof items)[number]) => number | undefined): number =>
    items.reduce((total, row) => total + (count(row) ?? 0), 0)
  return {
    redeemed: sum(({ counts }) => counts.codes_redeemed),
    failedAlike: refusal === undefined ? alike(event, failures) : sum(({ refused }) => refused[refusal]),
    redeemsWhereItAuthorizes: isBrowserBased(client) || client.type === 'native',
    authenticates: !isPublic(client),
  }
}

/** Failures that are counted nowhere else, since the client was not known to be itself: those before this one. */
const alike = ({ clientId, reason, ts, id }: SecurityEvent, failures: readonly SecurityEvent[]): number =>
  failures
    .filter((one) => one.clientId === clientId && one.reason === reason && one.ts <= ts && one.id !== id)
    .reduce((total, { count }) => total + count, 0)

/** Failed exchanges since an instant, oldest first, each with its verdict. */
export async function incidentsOf(
  sources: Sources,
  { clientId, since }: { readonly clientId: string | undefined; readonly since: number },
): Promise<readonly Incident[]> {
  const incidents: Incident[] = []
  const failures = await failedExchanges(sources, clientId, since)
  const clients = await clientsNamed(
    sources,
    failures.map((one) => one.clientId),
  )
  for (const event of failures) {
    const client = clients.get(event.clientId ?? '')
    const history = client === undefined ? undefined : await historyOf(sources, event, client, failures)
    incidents.push({ event, judgement: judge(event, history), client })
  }
  return incidents
}
