import { formDecode, matchRedirectUri, OAuthError, refuse } from '@sallyport/protocol'
import { askAgainByGet } from '../authorization/browser.ts'
import { resumePage } from '../authorization/page-sign-in.ts'
import { proceed, refused } from '../authorization/proceed.ts'
import { findInteraction } from '../authorization/interactions.ts'
import {
  answeredOnce,
  mustPush,
  noLongerAllowed,
  onlyRedirectUri,
  UnreadableRequest,
} from '../authorization/pushed-request.ts'
import { mustSign, useOnce } from '../authorization/request-object.ts'
import { respondEarlyError, type ResponseTarget } from '../authorization/respond.ts'
import { RedirectUriMismatch, type SettledClient } from '../authorization/settle-client.ts'
import { settleRequest, type Asked } from '../authorization/settle-request.ts'
import { responseTarget, validateRequest } from '../authorization/validate-request.ts'
import type { Call, Context } from '../context.ts'
import { errorPage } from '../http.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { isPageRequest } from '../model/interaction.ts'
import type { UsageName } from '../model/usage.ts'
import { reportRefusal } from '../refusals.ts'

/**
 * The authorization endpoint (OAuth 2.1 section 3.1). Client and redirect URI are settled first; until then errors are
 * pages, afterwards they go back to the client.
 */
export async function authorize(ctx: Context, call: Call): Promise<HttpResponse> {
  let asked: Asked
  try {
    asked = await settleRequest(ctx, call)
  } catch (error) {
    return unsettled(ctx, call, error)
  }
  let request: AuthorizationRequest
  try {
    // Said before all else about it: what was wrong with a request that may not come this way helps nobody (JR-11).
    if (asked.use === undefined && mustPush(ctx, asked.settled.client)) throw refuse('par_required')
    if (asked.use === undefined && ctx.policy.requirePushedDetails && asked.form.has('authorization_details'))
      throw refuse('details_not_pushed')
    if (!asked.signed && mustSign(ctx, asked.settled.client)) throw refuse('jar_required')
    if (asked.object?.fault !== undefined) throw asked.object.fault
    request = await validateRequest(ctx, asked.settled, asked.form)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    return unfit(ctx, call, asked, error)
  }
  const again = askAgainByGet(call, ctx.endpoints.authorize)
  if (again !== undefined) return again
  const { object } = asked
  if (object !== undefined && !(await useOnce(ctx, object.mark))) return unfit(ctx, call, asked, refuse('jar_replayed'))
  if (asked.use !== undefined) request = { ...request, pushed: asked.use.digest }
  noteRequest(ctx, request, asked.signed)
  return guarded(ctx, call, request, asked.settled)
}

/** The error of a request that the validator refuses, for its client. */
async function unfit(
  ctx: Context,
  call: Call,
  { form, settled, use }: Asked,
  found: OAuthError,
): Promise<HttpResponse> {
  const { client } = settled
  const error = use === undefined ? found : await answeredOnce(ctx, use, noLongerAllowed(found))
  ctx.usage.refused(client.id, error.reason)
  await reportRefusal(ctx, call, 'authorize', error, { clientId: client.id })
  ctx.measure('authorization_requests', { outcome: 'error', reason: error.reason })
  const target = responseTarget(ctx, call, settled, form)
  const silent = !form.duplicated.has('prompt') && form.get('prompt') === 'none'
  return respondEarlyError(ctx, call, { target, silent }, error)
}

/** Counts a request that was understood, once: not again at the steps after its pages. */
function noteRequest(ctx: Context, request: AuthorizationRequest, signed: boolean): void {
  const { clientId, state, nonce, scope, codeChallenge } = request
  const names: UsageName[] = ['authorization_requests']
  if (request.pushed !== undefined) names.push('pushed_requests')
  if (signed) names.push('signed_requests')
  if (codeChallenge !== undefined) names.push('with_s256')
  if (state !== undefined) names.push('with_state')
  else ctx.measure('authorization_requests_without_state', {})
  if (nonce !== undefined) names.push('with_nonce')
  else if (scope.includes('openid')) names.push('openid_without_nonce')
  ctx.usage.note(clientId, names)
}

/** Faults after validation become `server_error` or `temporarily_unavailable` at the client (A-AUTHZ-11). */
async function guarded(
  ctx: Context,
  call: Call,
  request: AuthorizationRequest,
  { client }: SettledClient,
): Promise<HttpResponse> {
  const progress = { client, request, interaction: undefined, handle: undefined }
  try {
    return await proceed(ctx, call, progress)
  } catch (error) {
    // Lost to another browser that came with the same reference; where its client waits is known.
    if (error instanceof OAuthError && error.reason === 'par_used') return refused(ctx, call, progress, error)
    if (error instanceof OAuthError) return unsettled(ctx, call, error)
    return refused(ctx, call, progress, ctx.faultOf(call, error))
  }
}

async function unsettled(ctx: Context, call: Call, error: unknown): Promise<HttpResponse> {
  if (!(error instanceof OAuthError)) throw error
  const { cause } = error
  if (cause instanceof UnreadableRequest) return unusable(ctx, call, cause.client, error)
  ctx.measure('authorization_requests', { outcome: 'page', reason: error.reason })
  await reportRefusal(ctx, call, 'authorize', error)
  const uiLocales = localesIn(call.request.query)
  return cause instanceof RedirectUriMismatch
    ? errorPage(ctx, call, error, {
        uiLocales,
        clientName: cause.client.name,
        comparison: { sent: cause.sent, registered: cause.client.redirectUris },
      })
    : errorPage(ctx, call, error, { uiLocales })
}

/** The language that was asked for counts, although nothing else of the request was believed (B-OIDC-28). */
const localesIn = (query: string): readonly string[] =>
  formDecode(/(?:^|&)ui_locales=([^&]{0,1000})/.exec(query)?.[1] ?? '')
    ?.split(' ')
    .slice(0, 10) ?? []

/**
 * Nothing is known of a request that cannot be opened, but its client is: where that has one address only, it learns of it
 * (B-PAR-06, B-JAR-02).
 */
async function unusable(ctx: Context, call: Call, client: Client, error: OAuthError): Promise<HttpResponse> {
  const redirectUri = onlyRedirectUri(client)
  ctx.measure('authorization_requests', {
    outcome: redirectUri === undefined ? 'page' : 'error',
    reason: error.reason,
  })
  ctx.usage.refused(client.id, error.reason)
  await reportRefusal(ctx, call, 'authorize', error, { clientId: client.id })
  if (redirectUri === undefined) return errorPage(ctx, call, error, { clientName: client.name })
  const target: ResponseTarget = { client, redirectUri, responseMode: 'query', state: undefined, uiLocales: [] }
  return respondEarlyError(ctx, call, { target, silent: false }, error)
}

/** Goes on with an interaction after one of its pages; a GET inside the server, so that no password is ever re-sent (A-UI-11). */
export async function resume(ctx: Context, call: Call): Promise<HttpResponse> {
  const { interaction, handle } = await findInteraction(ctx, call)
  const { request } = interaction
  if (isPageRequest(request)) return resumePage(ctx, call, { interaction, handle, request })
  const found = ctx.clients.find(request.clientId)
  const client = found instanceof Promise ? await found : found
  if (client === undefined || client.disabledAt !== undefined) throw refuse('client_disabled')
  // The redirect URI may have been taken from the client while the person was reading.
  if (matchRedirectUri(request.redirectUri, client.redirectUris, client.applicationType) === undefined)
    throw refuse('redirect_uri_mismatch')
  return proceed(ctx, call, { client, request, interaction, handle })
}
