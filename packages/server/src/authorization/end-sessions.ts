import type { Call, Context } from '../context.ts'
import type { Session } from '../model/interaction.ts'
import { sessionsHere } from './other-accounts.ts'

/** Everybody who is signed in at this browser. */
export async function everySession(ctx: Context, call: Call): Promise<readonly Session[]> {
  const { current, aside } = await sessionsHere(ctx, call)
  return current === undefined ? aside : [current, ...aside]
}

/** Why sessions end: somebody signs out, maybe sent by a client, or ends them from another browser. */
export type SessionEnd = { readonly clientId: string | undefined; readonly reason: 'logout' | 'other_browser' }

/** Ends sessions, each with its event, and lets the clients of them know. */
export async function endSessions(
  ctx: Context,
  call: Call,
  sessions: readonly Session[],
  { clientId, reason }: SessionEnd,
): Promise<void> {
  for (const { id, subject } of sessions) {
    const event = ctx.events.record(
      { event: 'session.ended', subject, clientId, reason },
      { requestId: call.id, network: call.network },
    )
    if (await ctx.store.endSession(id, ctx.now(), [event])) ctx.events.stored([event])
  }
  if (sessions.length > 0) ctx.logouts.wake()
}
