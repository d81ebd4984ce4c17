import type { Call, Context } from '../context.ts'
import type { Session } from '../model/interaction.ts'
import { sessionsHere } from './other-accounts.ts'

/** Everybody who is signed in at this browser. */
export async function everySession(ctx: Context, call: Call): Promise<readonly Session[]> {
  const { current, aside } = await sessionsHere(ctx, call)
  return current === undefined ? aside : [current, ...aside]
}

/** Ends sessions because somebody signs out, each with its event. */
export async function endSessions(
  ctx: Context,
  call: Call,
  sessions: readonly Session[],
  clientId: string | undefined,
): Promise<void> {
  for (const { id, subject } of sessions) {
    const event = ctx.events.record(
      { event: 'session.ended', subject, clientId, reason: 'logout' },
      { requestId: call.id, network: call.network },
    )
    if (await ctx.store.endSession(id, ctx.now(), [event])) ctx.events.stored([event])
  }
  if (sessions.length > 0) ctx.logouts.wake()
}
