import {
  addCounts,
  isInForce,
  isoWeek,
  type Client,
  type ClientUsage,
  type LastUse,
  type PkceException,
  type Store,
  type UsageName,
} from '@sallyport/server'
import { standingExceptions } from './exceptions.ts'
import { eachPage } from './pages.ts'

/** What one client did, and how much of it was covered by PKCE (A-GOV-03). */
export type ClientCoverage = {
  readonly client: Client
  readonly counts: Readonly<Record<UsageName, number>>
  readonly refused: Readonly<Record<string, number>>
  /** Codes redeemed with a verifier of all that were redeemed; `undefined` when none was. */
  readonly share: number | undefined
  readonly lastUse: LastUse | undefined
  readonly exception: PkceException | undefined
  /** The same week by week, the oldest first; weeks without traffic are not there. */
  readonly weeks: readonly WeekCoverage[]
}

export type WeekCoverage = Pick<ClientCoverage, 'counts' | 'refused' | 'share'> & { readonly week: string }

export type Coverage = {
  readonly clients: readonly ClientCoverage[]
  readonly redeemed: number
  readonly withVerifier: number
  readonly underException: number
  readonly share: number | undefined
  /** What somebody has to look at, in words. */
  readonly alerts: readonly string[]
}

export type CoverageFilter = { readonly clientId?: string | undefined; readonly since: string }

const week = 7 * 86_400

/** The week that a report without `--since` begins with. */
export const defaultSince = (now: number): string => isoWeek(now - 4 * week)

const zero = (): Record<UsageName, number> => ({
  authorization_requests: 0,
  pushed_requests: 0,
  signed_requests: 0,
  with_s256: 0,
  with_state: 0,
  with_nonce: 0,
  codes_issued: 0,
  codes_issued_under_exception: 0,
  codes_redeemed: 0,
  codes_redeemed_with_verifier: 0,
  codes_redeemed_under_exception: 0,
  redirect_uri_at_token: 0,
  authenticated_by_secret: 0,
  authenticated_by_key: 0,
  bearer_tokens: 0,
  bound_tokens: 0,
  refreshes: 0,
  client_credentials: 0,
  device_codes_redeemed: 0,
  assertions_redeemed: 0,
  tokens_exchanged: 0,
  backchannel_requests_redeemed: 0,
  openid_without_nonce: 0,
})

const shareOf = (covered: number, all: number): number | undefined => (all === 0 ? undefined : covered / all)

function summed(rows: readonly ClientUsage[]): Pick<ClientCoverage, 'counts' | 'refused'> {
  let counts = zero()
  let refused: Readonly<Record<string, number>> = {}
  for (const row of rows) {
    counts = addCounts(counts, row.counts as Record<UsageName, number>)
    refused = addCounts(refused, row.refused as Record<string, number>)
  }
  return { counts, refused }
}

const counted = (rows: readonly ClientUsage[]): Pick<ClientCoverage, 'counts' | 'refused' | 'share'> => {
  const { counts, refused } = summed(rows)
  return { counts, refused, share: shareOf(counts.codes_redeemed_with_verifier, counts.codes_redeemed) }
}

/** Works the coverage out of the aggregates, client by client. */
export async function coverageOf(
  store: Pick<Store, 'usage' | 'exceptions' | 'admin'>,
  { clientId, since }: CoverageFilter,
  now: number,
): Promise<Coverage> {
  const rows = await eachPage((after) => store.usage.list({ clientId, since }, after, 200))
  const byClient = new Map<string, ClientUsage[]>()
  for (const row of rows) byClient.set(row.clientId, [...(byClient.get(row.clientId) ?? []), row])
  const exceptions = (await standingExceptions(store, now)).filter((one) => isInForce(one, now))
  const all = await eachPage((after) => store.admin.listClients(after, 200))
  const clients: ClientCoverage[] = []
  for (const client of all) {
    if (clientId !== undefined && client.id !== clientId) continue
    const exception = exceptions.find((one) => one.clientId === client.id)
    const used = byClient.get(client.id)
    if (used === undefined && exception === undefined) continue
    const weeks = (used ?? []).map((row) => ({ week: row.week, ...counted([row]) }))
    const lastUse = await store.usage.lastUse(client.id)
    clients.push({ client, ...counted(used ?? []), lastUse, exception, weeks })
  }
  return whole(clients)
}

function whole(clients: readonly ClientCoverage[]): Coverage {
  const total = (name: UsageName): number => clients.reduce((sum, { counts }) => sum + counts[name], 0)
  const redeemed = total('codes_redeemed')
  const withVerifier = total('codes_redeemed_with_verifier')
  return {
    clients,
    redeemed,
    withVerifier,
    underException: total('codes_redeemed_under_exception'),
    share: shareOf(withVerifier, redeemed),
    alerts: clients.flatMap(alertsOf),
  }
}

/** Anything but all codes is an alert, and so is every client under an exception (A-GOV-03). */
function alertsOf({ client, counts, exception }: ClientCoverage): readonly string[] {
  const alerts: string[] = []
  const { codes_redeemed, codes_redeemed_with_verifier, codes_redeemed_under_exception } = counts
  const unexplained = codes_redeemed - codes_redeemed_with_verifier - codes_redeemed_under_exception
  const who = `${client.name} (${client.id})`
  if (unexplained !== 0)
    alerts.push(`${who}: ${unexplained} codes were redeemed without a verifier and without an exception`)
  if (codes_redeemed_under_exception > 0)
    alerts.push(`${who}: ${codes_redeemed_under_exception} codes were redeemed under an exception`)
  if (exception !== undefined)
    alerts.push(`${who}: needs no challenge until ${new Date(exception.deadline * 1000).toISOString()}`)
  return alerts
}
