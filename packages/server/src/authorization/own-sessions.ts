import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import type { Session } from '../model/interaction.ts'
import type { OwnSessionsView } from '../model/own-sessions.ts'
import { maxPage } from '../model/retention.ts'
import { formToken, formTokenFits } from '../secrets.ts'
import { currentSession } from './browser.ts'
import { endSessions } from './end-sessions.ts'
import { requireOwnForm } from './own-form.ts'

/** The token of a form names what it ends: one session, or all others. It is this browser's alone. */
const facts = (current: Session, ending: string): string => `sessions ${current.digest} ${ending}`

const everyOther = 'others'

/** Sessions of the same person that can still be used, the one that was used last first. */
async function othersOf(ctx: Context, current: Session): Promise<readonly Session[]> {
  const now = ctx.now()
  const { items } = await ctx.store.admin.listSessions({ subject: current.subject }, undefined, maxPage, now)
  return items
    .filter(({ id, seenAt }) => id !== current.id && now - seenAt < ctx.policy.sessionIdle)
    .sort((a, b) => b.seenAt - a.seenAt)
}

/** Where the person of this browser is signed in. */
export async function listOwnSessions(ctx: Context, call: Call): Promise<OwnSessionsView | undefined> {
  const current = await currentSession(ctx, call)
  if (current === undefined) return undefined
  const others = await othersOf(ctx, current)
  return {
    current,
    others: others.map((session) => ({ session, csrf: formToken(ctx.secrets, facts(current, session.id)) })),
    csrf: formToken(ctx.secrets, facts(current, everyOther)),
  }
}

/** Ends what the posted form names: one other session of the person, or all of them. */
export async function endOwnSessions(ctx: Context, call: Call): Promise<void> {
  const form = readBody(call.request)
  if (form.fault !== undefined) throw refuse(form.fault)
  if (form.duplicated.size > 0) throw refuse('param_duplicated')
  const current = await currentSession(ctx, call)
  const named = form.get('session')
  const others = current === undefined ? [] : await othersOf(ctx, current)
  const ending = named === undefined ? others : others.filter(({ id }) => id === named)
  const fits =
    current !== undefined &&
    formTokenFits(ctx.secrets, facts(current, named ?? everyOther), form.get('csrf')) &&
    (named === undefined || ending.length === 1)
  requireOwnForm(ctx, call, fits)
  await endSessions(ctx, call, ending, { clientId: undefined, reason: 'other_browser' })
}
