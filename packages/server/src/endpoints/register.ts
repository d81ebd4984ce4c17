import { OAuthError, refuse } from '@sallyport/protocol'
import { readableOrigin, withCors } from '../clients/cors.ts'
import { registerDynamicClient } from '../clients/dynamic-registration.ts'
import { requireInitialToken } from '../clients/registration-access.ts'
import { registrationAnswer } from '../clients/registration-answer.ts'
import type { Call, Context } from '../context.ts'
import { errorJson, json } from '../http.ts'
import { readJsonBody } from '../json-body.ts'
import type { HttpResponse } from '../model/http.ts'
import { reportRefusal } from '../refusals.ts'

const hour = 3600

/** Tries count, not successes: a guess at a token costs as much as a registration (B-REG-11, DC-11). */
async function countAttempt(ctx: Context, call: Call): Promise<void> {
  const now = ctx.now()
  const window = Math.floor(now / hour)
  const tries = await ctx.store.count(`register:${call.network}:${window}`, hour, now)
  if (tries <= ctx.registration.perNetwork) return
  const left = Math.ceil((window + 1) * hour - now)
  throw refuse('registration_quota', { detail: 'network', headers: { 'retry-after': String(left) } })
}

/** Dynamic client registration (RFC 7591 section 3). Where it is off there is no such address. */
export async function register(ctx: Context, call: Call): Promise<HttpResponse> {
  try {
    if (call.request.fault !== undefined) throw refuse(call.request.fault)
    await countAttempt(ctx, call)
    const initial = ctx.registration.mode === 'open' ? undefined : await requireInitialToken(ctx, call)
    if (call.request.query !== '') throw refuse('query_on_post')
    const made = await registerDynamicClient(ctx, call, readJsonBody(call.request), initial)
    const origin = await readableOrigin(ctx, call.request, refuse('registration_token'))
    return withCors(json(201, registrationAnswer(ctx, made, made)), origin)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    await reportRefusal(ctx, call, 'register', error)
    return withCors(errorJson(ctx, error), await readableOrigin(ctx, call.request, error))
  }
}
