import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { redirect } from '../http.ts'
import type { HttpResponse } from '../model/http.ts'
import { maxFailedCodes, type FirstFactor } from '../model/interaction.ts'
import type { Login, OpenLogin } from '../model/interactions.ts'
import { stepUrl } from './begin-interaction.ts'
import { advance, onward, reopen, requireCheckedForm } from './interactions.ts'
import { raiseSession } from './start-session.ts'

/** Notes that the first factor was passed. There is no session and no cookie of one until the second was (BF-08). */
export async function passedFirst(
  ctx: Context,
  open: OpenLogin,
  passed: Omit<FirstFactor, 'time'>,
): Promise<HttpResponse> {
  requireCheckedForm(open, 'browser')
  const firstFactor = { ...passed, time: ctx.now() }
  await advance(ctx, open, { firstFactor, failedCodes: undefined })
  return redirect(stepUrl(ctx, 'factor', open.id))
}

/** Counts a wrong code. The version of the interaction makes the count exact: of two posts of one form one counts (BF-07). */
export async function failedCode<T extends OpenLogin>(ctx: Context, open: T): Promise<T> {
  requireCheckedForm(open, open.step === 'factor' ? 'session' : 'browser')
  const failedCodes = (open.interaction.failedCodes ?? 0) + 1
  if (failedCodes < maxFailedCodes) return reopen(ctx, open, { failedCodes }, open.step)
  return reopen(ctx, open, { failedCodes, firstFactor: undefined }, 'login')
}

/** Adds a factor to the session that asked for it, and to no other. */
export async function raise(
  ctx: Context,
  call: Call,
  open: OpenLogin,
  reached: Omit<Login, 'subject'>,
): Promise<HttpResponse> {
  requireCheckedForm(open, 'session')
  const { session } = open
  if (session === undefined || open.step !== 'factor')
    throw refuse('interaction_unknown', { detail: 'no factor is missing' })
  // The form is spent before the session is worth more: of two posts of one form only one raises it.
  await advance(ctx, open, { failedCodes: undefined })
  const cookies = await raiseSession(ctx, call, session, reached)
  return onward(ctx, open, cookies === undefined ? {} : { 'set-cookie': cookies })
}

/** Goes on as far as the person got, where the application only wishes for more (B-OIDC-18). */
export async function keepLevel(ctx: Context, open: OpenLogin): Promise<HttpResponse> {
  requireCheckedForm(open, 'session')
  if (!open.optional) throw refuse('interaction_unknown', { detail: 'the factor is not optional' })
  await advance(ctx, open, { levelKept: true })
  return onward(ctx, open)
}
