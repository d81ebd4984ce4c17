import { refuse, type OAuthError } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { locales, redirect } from '../http.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import type { Interaction, Session } from '../model/interaction.ts'
import type { InteractionStep } from '../model/interactions.ts'
import type { UsageName } from '../model/usage.ts'
import { reportRefusal } from '../refusals.ts'
import { approve } from './approve.ts'
import { beginInteraction, stepUrl } from './begin-interaction.ts'
import { decide, sessionMeant, type Decision } from './decide.ts'
import { reachableLevels } from './levels.ts'
import { sessionsHere } from './other-accounts.ts'
import { answeredOnce, pushedUse } from './pushed-request.ts'
import { isPosted, respond, respondEarlyError, respondError, type ResponseTarget } from './respond.ts'
import { isSigned, responseEncryption } from './response-jwt.ts'
import { sessionState, withBrowserState } from './session-state.ts'

export type Progress = {
  readonly client: Client
  readonly request: AuthorizationRequest
  /** `undefined` at the first request, before anybody was asked anything. */
  readonly interaction: Interaction | undefined
  /** The interaction's handle as the browser knows it. */
  readonly handle: string | undefined
}

/** The decision for a request as things stand now. */
export async function decideNow(
  ctx: Context,
  call: Call,
  progress: Progress,
): Promise<{ decision: Decision; session: Session | undefined; aside: readonly Session[] }> {
  const { client, request, interaction } = progress
  const { current, aside } = await sessionsHere(ctx, call)
  const session = sessionMeant(ctx, progress, current, aside)
  const consent =
    session === undefined || client.firstParty
      ? undefined
      : await ctx.store.findConsent(session.subject, client.id, ctx.now())
  const reachable = await reachableLevels(ctx, request, session)
  const facts = { client, request, session, reachable, accounts: (current === undefined ? 0 : 1) + aside.length }
  const others = session === current || current === undefined ? aside : [current, ...aside]
  return {
    decision: decide(ctx, { ...facts, consent, interaction, now: ctx.now() }),
    session,
    aside: others.filter((one) => one !== session),
  }
}

const targetOf = (call: Call, { client, request }: Pick<Progress, 'client' | 'request'>): ResponseTarget => ({
  client,
  redirectUri: request.redirectUri,
  responseMode: request.responseMode,
  state: request.state,
  uiLocales: isPosted(request.responseMode) ? locales(call, request.uiLocales) : [],
})

/**
 * Takes a validated request one step further: an answer to the client, or a page. Called by the authorization endpoint and
 * after every page, so that a request is always judged by what is true now.
 */
export async function proceed(ctx: Context, call: Call, progress: Progress): Promise<HttpResponse> {
  const { decision } = await decideNow(ctx, call, progress)
  switch (decision.kind) {
    case 'refuse':
      return refused(ctx, call, progress, refuse(decision.reason))
    case 'step':
      return progress.interaction === undefined
        ? openInteraction(ctx, call, progress, decision.step)
        : redirect(stepUrl(ctx, decision.step, progress.handle ?? ''))
    case 'approve':
      return approved(ctx, call, progress, decision)
  }
}

async function approved(
  ctx: Context,
  call: Call,
  progress: Progress,
  decision: Extract<Decision, { kind: 'approve' }>,
): Promise<HttpResponse> {
  const { client, request, interaction } = progress
  const { session, scope, details, remember } = decision
  // A code that nobody could be told would be lost.
  if (isSigned(request.responseMode)) await responseEncryption(ctx, call, client)
  const { outcome, code } = await approve(ctx, call, {
    client,
    request,
    session,
    scope,
    details,
    remember,
    interaction,
  })
  switch (outcome) {
    case 'issued':
      ctx.measure('authorization_requests', { outcome: 'success', reason: '' })
      ctx.usage.note(client.id, request.exceptionId === undefined ? issued : issuedUnderException)
      return answered(ctx, call, progress, session, code)
    case 'exception_ended':
      return refused(ctx, call, progress, refuse('pkce_required'))
    case 'challenge_reused':
      return refused(ctx, call, progress, refuse('challenge_reused'))
    case 'pushed_used':
      return refused(ctx, call, progress, refuse('par_used'))
    case 'interaction_consumed':
      throw refuse('interaction_consumed')
    case 'client_disabled':
      throw refuse('client_disabled')
    case 'session_ended':
      return refused(ctx, call, progress, refuse('login_required'))
  }
}

/** The code, and where applications may watch the session what they watch it by. */
function answered(
  ctx: Context,
  call: Call,
  progress: Progress,
  session: Session,
  code: string,
): HttpResponse | Promise<HttpResponse> {
  const { client, request } = progress
  const target = targetOf(call, progress)
  if (!ctx.policy.sessionManagement) return respond(ctx, call, target, { code })
  const { redirectUri, scope } = request
  const state = sessionState(ctx, session, { clientId: client.id, redirectUri, scope })
  return Promise.resolve(respond(ctx, call, target, { code, ...state })).then((response) =>
    withBrowserState(ctx, call, session, response),
  )
}

const issued: readonly UsageName[] = ['codes_issued']
const issuedUnderException: readonly UsageName[] = ['codes_issued', 'codes_issued_under_exception']

/** An error for the client; the interaction ends with it, and ends once. */
export async function refused(ctx: Context, call: Call, progress: Progress, found: OAuthError): Promise<HttpResponse> {
  const { client, request, interaction } = progress
  if (interaction !== undefined && !(await ctx.store.endInteraction(interaction.digest, interaction.version))) {
    throw refuse('interaction_consumed')
  }
  const error = await answeredOnce(ctx, pushedUse(ctx, call, request, interaction), found)
  ctx.measure('authorization_requests', { outcome: 'error', reason: error.reason })
  if (error.reason === 'challenge_reused') ctx.usage.refused(client.id, error.reason)
  await reportRefusal(ctx, call, 'authorize', error, { clientId: client.id })
  const target = targetOf(call, progress)
  // Nobody was asked anything yet, so nobody knows where this leads.
  if (interaction === undefined)
    return respondEarlyError(ctx, call, { target, silent: request.prompt.includes('none') }, error)
  return respondError(ctx, call, target, error)
}

async function openInteraction(
  ctx: Context,
  call: Call,
  progress: Progress,
  step: InteractionStep,
): Promise<HttpResponse> {
  const { client, request } = progress
  // Told now rather than after a person has signed in and agreed (PK-11).
  const { codeChallenge } = request
  if (codeChallenge !== undefined && (await ctx.store.challengeUsed(client.id, codeChallenge)))
    return refused(ctx, call, progress, refuse('challenge_reused'))
  return beginInteraction(ctx, call, request, step)
}
