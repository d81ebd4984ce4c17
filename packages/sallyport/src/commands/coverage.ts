import type { Command } from 'commander'
import { isoWeek } from '@sallyport/server'
import { addCommand, withSettings, type Call } from '../command.ts'
import { doorRecord, doorText } from '../door.ts'
import { coverageOf, defaultSince, type ClientCoverage, type Coverage, type WeekCoverage } from '../coverage.ts'
import { CommandFailure, exitCode, usage, type ExitCode } from '../failure.ts'
import { legacyReport, type LegacyLine } from '../legacy.ts'
import { tighteningReport, tighteningWarnings, type TighteningLine } from '../tightenings.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

type Options = { readonly client?: string; readonly since?: string; readonly weekly?: boolean }

/** Adds `sallyport coverage`. */
export function addCoverage(program: Command): void {
  withSettings(addCommand(program, 'coverage', 'how much of the traffic is covered by PKCE', coverage), 'store', 'data')
    .option('--client <client-id>', 'only one client')
    .option('--since <week>', 'first week, such as 2026-W40, or a day in it; four weeks ago when left out')
    .option('--weekly', 'a line for each client and week')
}

function sinceOf(text: string): string {
  if (/^\d{4}-W\d{2}$/.test(text)) return text
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw usage('--since is a week such as 2026-W40, or a day such as 2026-10-01')
  return isoWeek(time / 1000)
}

async function coverage(call: Call, { client, since, weekly = false }: Options): Promise<ExitCode> {
  const first = since === undefined ? undefined : sinceOf(since)
  const config = await call.config()
  return inWorkplace(config, async ({ store, now }) => {
    const from = first ?? defaultSince(now())
    const found = await coverageOf(store, { clientId: client, since: from }, now())
    // A name that is mistyped must not look like a client that has nothing to hide.
    if (client !== undefined && found.clients.length === 0 && (await store.findClient(client)) === undefined)
      throw new CommandFailure(exitCode.missing, `there is no client ${client}`)
    const legacy = legacyReport(found.clients, config.legacyTargets, now())
    const lines = tighteningReport(found.clients, config)
    const alerts = [...found.alerts, ...tighteningWarnings(lines)]
    const report = { ...found, alerts, legacy, lines }
    call.terminal.data(record(report, from), text(report, from, weekly))
    return alerts.length === 0 ? exitCode.ok : exitCode.found
  })
}

type Report = Coverage & { readonly legacy: readonly LegacyLine[]; readonly lines: readonly TighteningLine[] }

const record = (found: Report, since: string): Record<string, unknown> => ({
  since,
  redeemed: found.redeemed,
  redeemed_with_verifier: found.withVerifier,
  redeemed_under_exception: found.underException,
  coverage: found.share,
  alerts: found.alerts,
  clients: found.clients.map(clientRecord),
  tightenings: found.lines.map(({ tightening, stage, clients }) => ({
    tightening,
    stage,
    would_break: clients.map(({ id, count }) => ({ client_id: id, count })),
  })),
  legacy: found.legacy.map(({ habit, target, late, clients }) => ({
    habit,
    target,
    late,
    clients: clients.map(({ id, count }) => ({ client_id: id, count })),
  })),
})

const clientRecord = ({ client, counts, refused, share, lastUse, exception, weeks }: ClientCoverage) => ({
  client_id: client.id,
  client_name: client.name,
  ...doorRecord(client),
  ...counts,
  refused,
  coverage: share,
  library: lastUse?.library,
  last_used_at: lastUse?.usedAt === undefined ? undefined : instant(lastUse.usedAt),
  last_refusal:
    lastUse?.refusal === undefined ? undefined : { reason: lastUse.refusal.reason, at: instant(lastUse.refusal.at) },
  exception: exception?.id,
  weeks: weeks.map((one) => ({ week: one.week, ...one.counts, refused: one.refused, coverage: one.share })),
})

/** Never rounded up: 100 % means all. */
const percent = (share: number | undefined): string =>
  share === undefined ? '–' : `${share === 1 ? '100' : (Math.floor(share * 1000) / 10).toFixed(1)} %`

/** What was counted, for a client as a whole or for one of its weeks. */
function figures({ counts, refused, share }: Omit<WeekCoverage, 'week'>): readonly string[] {
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0)
  return [
    String(counts.authorization_requests),
    String(counts.pushed_requests),
    String(counts.signed_requests),
    String(counts.with_s256),
    String(refusals),
    String(counts.codes_issued),
    String(counts.codes_redeemed),
    String(counts.codes_redeemed_with_verifier),
    String(counts.codes_redeemed_under_exception),
    percent(share),
    String(counts.authenticated_by_secret),
    String(counts.authenticated_by_key),
  ]
}

const figureNames = [
  ...[
    'REQUESTS',
    'PUSHED',
    'SIGNED',
    'S256',
    'REFUSED',
    'CODES',
    'REDEEMED',
    'VERIFIER',
    'EXCEPTION',
    'COVERAGE',
    'SECRET',
    'KEY',
  ],
]

const who = ({ client }: ClientCoverage): readonly string[] => [client.id, client.name.slice(0, 30), doorText(client)]

const clientRow = (one: ClientCoverage): readonly string[] => [
  ...who(one),
  ...figures(one),
  one.lastUse?.library ?? '',
  one.lastUse?.refusal === undefined ? '' : `${one.lastUse.refusal.reason} ${instant(one.lastUse.refusal.at)}`,
]

const clientTable = (clients: readonly ClientCoverage[]): string =>
  table(['CLIENT', 'NAME', 'DOOR', ...figureNames, 'LIBRARY', 'LAST REFUSAL'], clients.map(clientRow))

const weekTable = (clients: readonly ClientCoverage[]): string =>
  table(
    ['CLIENT', 'NAME', 'DOOR', 'WEEK', ...figureNames],
    clients.flatMap((one) => one.weeks.map((week) => [...who(one), week.week, ...figures(week)])),
  )

function text(found: Report, since: string, weekly: boolean): string {
  if (found.clients.length === 0) return `nothing was counted since ${since}`
  const share = `coverage since ${since}: ${percent(found.share)} (${found.withVerifier} of ${found.redeemed} codes, ${found.underException} under an exception)`
  const habits = found.legacy
    .filter(({ clients }) => clients.length > 0)
    .map(({ about, target, late, clients }) => {
      const named = clients.map(({ name, count }) => `${name} ${count}`).join(', ')
      return `${late ? 'LATE  ' : 'until '}${target}  ${about}: ${named}`
    })
  return [
    weekly ? weekTable(found.clients) : clientTable(found.clients),
    '',
    share,
    ...found.alerts.map((alert) => `ALERT ${alert}`),
    ...found.lines.map(tighteningText),
    ...(habits.length === 0 ? [] : ['', 'still in use:', ...habits]),
  ].join('\n')
}

function tighteningText({ tightening, stage, about, clients }: TighteningLine): string {
  const named = clients.map(({ name, count }) => `${name} ${count}`).join(', ')
  return `${tightening} (${stage}): ${clients.length === 0 ? 'would break nobody' : `would break by ${about}: ${named}`}`
}
