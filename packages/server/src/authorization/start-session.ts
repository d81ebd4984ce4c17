import { after, lookupKey } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'
import { typedId } from '../ids.ts'
import type { Session } from '../model/interaction.ts'
import type { Login } from '../model/interactions.ts'
import { sessionSetCookies } from './browser.ts'
import { putAside } from './other-accounts.ts'

/**
 * Signs a person in: always a new handle, so that a planted cookie is never raised to a session (CS-09). The same person
 * keeps the session's id, and with it what was issued under it. Another person's session at this browser ends first, unless
 * somebody chose to sign in beside it: then it stands aside (B-OIDC-14).
 */
export async function startSession(
  ctx: Context,
  call: Call,
  who: Login,
  { before, beside }: { readonly before: Session | undefined; readonly beside: boolean },
): Promise<{ readonly session: Session; readonly cookies: readonly string[] }> {
  const now = ctx.now()
  const source = { requestId: call.id, network: call.network }
  const same = before?.subject === who.subject
  const aside = beside ? await putAside(ctx, call, who.subject) : { cookies: [], dropped: [] }
  const ending = !beside && before !== undefined && !same ? [before] : aside.dropped
  for (const { id, subject } of ending) {
    const ended = ctx.events.record({ event: 'session.ended', subject, reason: 'other_account' }, source)
    if (await ctx.store.endSession(id, now, [ended])) ctx.events.stored([ended])
  }
  if (ending.length > 0) ctx.logouts.wake()
  const handle = ctx.random.handle()
  const session: Session = {
    id: same ? before.id : typedId(ctx.random, 16),
    digest: lookupKey(handle),
    subject: who.subject,
    authentication: { time: now, acr: who.acr, amr: who.amr },
    createdAt: same ? before.createdAt : now,
    seenAt: now,
    expiresAt: after(now, ctx.policy.sessionAbsolute),
    network: call.network,
    userAgent: (header(call.request, 'user-agent') ?? '').slice(0, 200),
  }
  const event = ctx.events.record(
    { event: 'session.rotated', subject: who.subject, detail: { reauthentication: same } },
    source,
  )
  await ctx.store.startSession(session, same ? before.id : undefined, [event])
  ctx.events.stored([event])
  return { session, cookies: [...sessionSetCookies(ctx, handle), ...aside.cookies] }
}

/**
 * Adds a factor to a session, which gets a new handle like at a sign-in (A-UI-07). When the person signed in stays as it was:
 * one factor more does not make the others younger, so `auth_time` never claims what did not happen. `undefined` when the
 * session ended meanwhile.
 */
export async function raiseSession(
  ctx: Context,
  call: Call,
  before: Session,
  { acr, amr }: Omit<Login, 'subject'>,
): Promise<readonly string[] | undefined> {
  const handle = ctx.random.handle()
  const now = ctx.now()
  const authentication = { time: before.authentication.time, acr, amr }
  const session: Session = { ...before, digest: lookupKey(handle), authentication, seenAt: now }
  const event = ctx.events.record(
    { event: 'session.rotated', subject: before.subject, detail: { reauthentication: true, acr: acr ?? '' } },
    { requestId: call.id, network: call.network },
  )
  if (!(await ctx.store.raiseSession(session, before.digest, [event]))) return undefined
  ctx.events.stored([event])
  return sessionSetCookies(ctx, handle)
}
