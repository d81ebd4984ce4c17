import type { Command } from 'commander'
import { addCommand, withSettings, type Call } from '../command.ts'
import { parseDuration } from '../config/units.ts'
import { doorRecord, doorText } from '../door.ts'
import { eventRecord } from '../event-record.ts'
import { exitCode, usage, type ExitCode } from '../failure.ts'
import { incidentsOf, type Incident } from '../incidents.ts'
import { instant } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

type Options = { readonly client?: string; readonly since?: string; readonly all?: boolean }

/** Adds `sallyport incidents`. */
export function addIncidents(program: Command): void {
  const command = addCommand(program, 'incidents', 'failed code exchanges, and what they probably were', incidents)
  withSettings(command, 'store', 'data')
    .option('--client <client-id>', 'only those of one client')
    .option('--since <duration>', 'how far back, such as 12h; 7d when left out')
    .option('--all', 'also what is a mistake of the client or merely late')
}

async function incidents(call: Call, { client, since = '7d', all = false }: Options): Promise<ExitCode> {
  const span = parseDuration(since)
  if (span === undefined) throw usage('--since is a duration such as 12h')
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const everything = await incidentsOf(store, { clientId: client, since: now() - span })
    const suspected = everything.filter(({ judgement }) => judgement.verdict.startsWith('suspected'))
    const shown = all ? everything : suspected
    const rest = everything.length - shown.length
    call.terminal.data(
      { incidents: shown.map(record), suspected: suspected.length, others: everything.length - suspected.length },
      [
        ...(shown.length === 0 ? [`no suspected attack within ${since}`] : shown.map(text)),
        ...(rest === 0 ? [] : [`${rest} more are mistakes of clients or late codes; --all shows them`]),
      ].join('\n'),
    )
    return suspected.length === 0 ? exitCode.ok : exitCode.found
  })
}

const record = ({ event, judgement, client }: Incident): Record<string, unknown> => ({
  ...eventRecord(event),
  ...doorRecord(client),
  verdict: judgement.verdict,
  because: judgement.because,
})

function text({ event, judgement, client }: Incident): string {
  const times = event.count > 1 ? ` (${event.count} times)` : ''
  return [
    `${instant(event.ts)}  ${judgement.verdict.replace('_', ' ')}  ${event.clientId ?? 'no client'}${times}${event.clientId === undefined ? '' : `, ${doorText(client)}`}`,
    ...judgement.because.map((line) => `    ${line}`),
    ...(event.requestId === undefined ? [] : [`    more: sallyport explain ${event.requestId}`]),
  ].join('\n')
}
