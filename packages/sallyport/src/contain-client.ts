import type { Client, Held } from '@sallyport/server'
import { adminEvent } from './administration.ts'
import { doorRecord } from './door.ts'
import { findClient } from './client-record.ts'
import type { Call } from './command.ts'
import { CommandFailure, exitCode, type ExitCode } from './failure.ts'
import { inWorkplace } from './workplace.ts'

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** What a client holds, in words. */
export const heldText = ({ authorizations, codes, consents, devices, pushed, pages, exceptions }: Held): string =>
  [
    `${counted(authorizations, 'grant')} with their tokens`,
    `${counted(codes, 'code')} that nobody redeemed yet`,
    `${counted(consents, 'remembered consent')}`,
    `${counted(devices, 'device')} that wait`,
    `${counted(pushed, 'pushed request')}`,
    `${counted(pages, 'page')} open before a person`,
    `${counted(exceptions, 'exception')} from PKCE`,
  ].join(', ')

export const heldRecord = ({
  authorizations,
  codes,
  consents,
  devices,
  pushed,
  pages,
  exceptions,
}: Held): Record<string, number> => ({
  grants: authorizations,
  codes,
  consents,
  devices,
  pushed_requests: pushed,
  pages,
  exceptions,
})

const gone = ({ id }: Client): CommandFailure => new CommandFailure(exitCode.missing, `${id} was removed meanwhile`)

/** The kill switch for a client that is being misused (A-GOV-05). A dry run shows what would end, and asks nothing. */
export async function containClient(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const client = await findClient(place, id)
    const { containment } = place.store
    const held = await containment.held(client.id, place.now())
    if (held === undefined) throw gone(client)
    const record = { client_id: client.id, ...doorRecord(client) }
    if (call.dryRun) {
      call.terminal.data(
        { ...record, contained: false, would_end: heldRecord(held) },
        `would stop ${client.id} and end ${heldText(held)}`,
      )
      return exitCode.ok
    }
    const question = `Stop ${client.name} (${client.id}) and end ${heldText(held)}?`
    if (!(await call.terminal.confirm(question)))
      throw new CommandFailure(exitCode.usage, `nothing was stopped; add --yes to stop ${client.id}`)
    const event = adminEvent(place, { event: 'client.updated', reason: 'client_contained', clientId: client.id })
    const ended = await containment.contain(client.id, place.now(), [event])
    if (ended === undefined) throw gone(client)
    call.terminal.data(
      { ...record, contained: true, ended: heldRecord(ended) },
      `${client.id} is stopped: no code, no token and no refresh works any more; ended ${heldText(ended)}; its record and events are kept`,
    )
    return exitCode.ok
  })
}
