import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { reasons, type Reason } from '@sallyport/protocol'
import type { SecurityEvent } from '@sallyport/server'
import { addCommand, withSettings, type Call } from '../command.ts'
import { documentationFolder } from '../documentation.ts'
import { eventLine, eventRecord } from '../event-record.ts'
import { CommandFailure, exitCode, type ExitCode } from '../failure.ts'
import { reasonIdOf } from '../log.ts'
import { eachPage } from '../pages.ts'
import { inWorkplace } from '../workplace.ts'

/** Adds `sallyport explain`. */
export function addExplain(program: Command): void {
  const command = addCommand(program, 'explain <request-id>', 'why a request was refused, by its id', explain)
  withSettings(command, 'store', 'data')
}

type Explanation = {
  readonly reason: Reason
  readonly error: string
  readonly description: string
  readonly help: string
  readonly fix: string | undefined
  readonly rule: string | undefined
}

async function explain(call: Call, _options: object, [requestId]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, issuer }) => {
    const events = await eachPage((after) => store.admin.listEvents({ requestId }, after, 200))
    if (events.length === 0)
      throw new CommandFailure(
        exitCode.missing,
        `no event has the request id ${requestId ?? ''}; of alike refusals in a busy minute only the first are written one by one, the others are counted together in one event, which sallyport events tail shows; requests that went well leave none, and old ones are swept`,
      )
    const found = [...new Set(events.flatMap((event) => reasonIdOf(event) ?? []))].map((id) => explanation(id, issuer))
    call.terminal.data(
      { request_id: requestId, events: events.map(eventRecord), explanations: found },
      [...events.flatMap(eventText), ...found.flatMap(explanationText)].join('\n'),
    )
    return exitCode.ok
  })
}

function explanation(reason: Reason, issuer: string): Explanation {
  const { error, description, page } = reasons[reason]
  const text = helpText(page)
  return {
    reason,
    error,
    description,
    help: `${issuer.replace(/\/$/, '')}/docs/errors/${page}`,
    fix: brief(section(text, 'How to fix it')),
    rule: section(text, 'Rule'),
  }
}

function helpText(page: string): string {
  const folder = documentationFolder()
  const file = folder === undefined ? '' : join(folder, 'errors', `${page}.md`)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** The text before its first example; those are better read on the page. */
function brief(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const examples = [...text.matchAll(/^### (.+)$/gm)].map((match) => match[1])
  if (examples.length === 0) return text
  const begin = text.slice(0, text.search(/^### /m)).trim()
  return [begin, `The help page has: ${examples.join(', ')}.`].filter((part) => part !== '').join('\n\n')
}

/** The text below a heading, up to the next one. */
function section(text: string, heading: string): string | undefined {
  const begin = text.indexOf(`\n## ${heading}\n`)
  if (begin === -1) return undefined
  const rest = text.slice(begin + heading.length + 5)
  const end = rest.indexOf('\n## ')
  return (end === -1 ? rest : rest.slice(0, end)).trim()
}

function eventText(event: SecurityEvent): readonly string[] {
  const facts = Object.entries(event.detail).map(([name, value]) => `    ${name}: ${String(value)}`)
  return [eventLine(event), ...facts]
}

const explanationText = ({ reason, error, description, help, fix, rule }: Explanation): readonly string[] => [
  '',
  `${reason}: ${description} (${error})`,
  ...(fix === undefined ? [] : ['', 'What to do', '', fix]),
  ...(rule === undefined ? [] : ['', `Rule: ${rule}`]),
  '',
  help,
]
