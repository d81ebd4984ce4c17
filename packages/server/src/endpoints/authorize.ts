import { matchRedirectUri, OAuthError, parseForm, refuse, type Form } from '@sallyport/protocol'
import { askAgainByGet } from '../authorization/browser.ts'
import { resumePage } from '../authorization/page-sign-in.ts'
import { proceed, refused } from '../authorization/proceed.ts'
import { findInteraction } from '../authorization/interactions.ts'
import { respondEarlyError } from '../authorization/respond.ts'
import { RedirectUriMismatch, settleClient, type SettledClient } from '../authorization/settle-client.ts'
import { responseTarget, validateRequest } from '../authorization/validate-request.ts'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { errorPage, header } from '../http.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { HttpResponse } from '../model/http.ts'
import { isPageRequest } from '../model/interaction.ts'
import type { UsageName } from '../model/usage.ts'
import { reportRefusal } from '../refusals.ts'

const webView = /; wv\)|\bFBA[NV]\/|\bInstagram\b|\bLine\//

/** Parameters of a GET are in the query, those of a POST in the body alone (PP-03). */
function readParameters(ctx: Context, call: Call): Form {
  const { request } = call
  if (request.fault !== undefined) throw refuse(request.fault)
  if (ctx.policy.refuseWebViews && webView.test(header(request, 'user-agent') ?? '')) throw refuse('web_view')
  if (request.method !== 'POST') return parseForm(request.query)
  if (request.query !== '') throw refuse('query_on_post')
  return readBody(request)
}

/**
 * The authorization endpoint (OAuth 2.1 section 3.1). Client and redirect URI are settled first; until then errors are
 * pages, afterwards they go back to the client.
 */
export async function authorize(ctx: Context, call: Call): Promise<HttpResponse> {
  let form: Form
  let settled: SettledClient
  try {
    form = readParameters(ctx, call)
    settled = await settleClient(ctx, call, form)
    const counted = ctx.limits.authorize(`${settled.client.id} ${call.network}`)
    if (counted !== undefined) await counted
  } catch (error) {
    return unsettled(ctx, call, error)
  }
  let request: AuthorizationRequest
  try {
    request = await validateRequest(ctx, settled, form)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    ctx.usage.refused(settled.client.id, error.reason)
    await reportRefusal(ctx, call, 'authorize', error, { clientId: settled.client.id })
    ctx.measure('authorization_requests', { outcome: 'error', reason: error.reason })
    const target = responseTarget(ctx, form, settled.redirectUri)
    const silent = !form.duplicated.has('prompt') && form.get('prompt') === 'none'
    return respondEarlyError(ctx, call, { client: settled.client, target, silent }, error)
  }
  const again = askAgainByGet(call, ctx.endpoints.authorize)
  if (again !== undefined) return again
  noteRequest(ctx, request)
  return guarded(ctx, call, request, settled)
}

/** Counts a request that was understood, once: not again at the steps after its pages. */
function noteRequest(ctx: Context, { clientId, state, nonce, scope, codeChallenge }: AuthorizationRequest): void {
  const names: UsageName[] = ['authorization_requests']
  if (codeChallenge !== undefined) names.push('with_s256')
  if (state !== undefined) names.push('with_state')
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
    if (error instanceof OAuthError) return unsettled(ctx, call, error)
    return refused(ctx, call, progress, ctx.faultOf(call, error))
  }
}

async function unsettled(ctx: Context, call: Call, error: unknown): Promise<HttpResponse> {
  if (!(error instanceof OAuthError)) throw error
  ctx.measure('authorization_requests', { outcome: 'page', reason: error.reason })
  await reportRefusal(ctx, call, 'authorize', error)
  const { cause } = error
  return cause instanceof RedirectUriMismatch
    ? errorPage(ctx, call, error, {
        clientName: cause.client.name,
        comparison: { sent: cause.sent, registered: cause.client.redirectUris },
      })
    : errorPage(ctx, call, error)
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
