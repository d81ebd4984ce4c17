import type { Command } from 'commander'
import { adminEvent } from '../administration.ts'
import { addCommand, addGroup, refuseDryRun, withSettings, type Call } from '../command.ts'
import { CommandFailure, exitCode, type ExitCode } from '../failure.ts'
import { eachPage } from '../pages.ts'
import { instant, table } from '../terminal.ts'
import { inWorkplace } from '../workplace.ts'

/** Adds `sallyport session …`. */
export function addSession(program: Command): void {
  const group = addGroup(program, 'session', 'browsers that are signed in')
  withSettings(addCommand(group, 'list', 'show the sessions that are alive', listSessions), 'store', 'data').option(
    '--user <user-id>',
    'only those of one person',
  )
  withSettings(addCommand(group, 'revoke <session-id>', 'sign a browser out', revokeSession), 'store', 'data')
}

async function listSessions(call: Call, { user }: { readonly user?: string }): Promise<ExitCode> {
  return inWorkplace(await call.config(), async ({ store, now }) => {
    const sessions = await eachPage((after) => store.admin.listSessions({ subject: user }, after, 200, now()))
    const records = sessions.map((session) => ({
      session_id: session.id,
      user_id: session.subject,
      created_at: instant(session.createdAt),
      seen_at: instant(session.seenAt),
      expires_at: instant(session.expiresAt),
      network: session.network,
      user_agent: session.userAgent,
    }))
    const rows = sessions.map(({ id, subject, seenAt, network }) => [id, subject, instant(seenAt), network])
    const text = rows.length === 0 ? 'nobody is signed in' : table(['ID', 'USER', 'LAST SEEN', 'NETWORK'], rows)
    call.terminal.data({ sessions: records }, text)
    return exitCode.ok
  })
}

async function revokeSession(call: Call, _options: object, [id]: readonly string[]): Promise<ExitCode> {
  return inWorkplace(await call.config(), async (place) => {
    const event = adminEvent(place, { event: 'session.ended', reason: 'administrator' })
    refuseDryRun(call)
    if (!(await place.store.endSession(id ?? '', place.now(), [event])))
      throw new CommandFailure(exitCode.missing, `there is no live session ${id ?? ''}; see sallyport session list`)
    call.terminal.data({ session_id: id, revoked: true }, `session ${id ?? ''} has ended`)
    return exitCode.ok
  })
}
