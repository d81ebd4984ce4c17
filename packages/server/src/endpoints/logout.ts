import {
  appendToRedirectUri,
  formActionSource,
  formEncode,
  fromBase64url,
  OAuthError,
  parseForm,
  refuse,
  toBase64url,
  type Form,
} from '@sallyport/protocol'
import { askAgainByGet, currentSession, sessionClearCookies } from '../authorization/browser.ts'
import { endSessions, everySession } from '../authorization/end-sessions.ts'
import { frameSources, logoutFrames } from '../authorization/front-channel.ts'
import { readIdTokenHint, type IdTokenHint } from '../authorization/id-token-hint.ts'
import { asideClearCookies } from '../authorization/other-accounts.ts'
import { requireOwnForm } from '../authorization/own-form.ts'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { errorPage, locales, page, redirect } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import type { Session } from '../model/interaction.ts'
import { reportRefusal } from '../refusals.ts'
import { formToken, formTokenFits } from '../secrets.ts'
import { sessionFor, subjectFor } from '../subjects.ts'

/** What a sign-out request comes to, once checked. */
type LogoutRequest = {
  readonly client: Client | undefined
  readonly hint: IdTokenHint | undefined
  /** Who the person of a session is to the client of the hint, and what it knows the session by. */
  readonly names: { subject(session: Session): string; session(session: Session): string | undefined }
  /** Only a registered address of the client; `undefined` means the browser stays here. */
  readonly returnTo: string | undefined
  readonly refusedReturn: boolean
  readonly state: string | undefined
  readonly uiLocales: readonly string[]
}

function readParameters(call: Call): Form {
  const { request } = call
  if (request.fault !== undefined) throw refuse(request.fault)
  const form = request.method === 'POST' ? readBody(request) : parseForm(request.query)
  if (form.fault !== undefined) throw refuse(form.fault)
  if (form.duplicated.size > 0) throw refuse('param_duplicated')
  return form
}

/**
 * RP-Initiated Logout 1.0. Ends the session at once only when a valid hint names the person who is signed in; anybody else
 * is asked first, so that no foreign page can sign people out (B-LOG-02, CS-12).
 */
export async function logout(ctx: Context, call: Call): Promise<HttpResponse> {
  try {
    const form = readParameters(call)
    if (call.request.method === 'POST' && form.has('sign_out')) return await confirmed(ctx, call, form)
    const request = await checkRequest(ctx, form)
    const again = askAgainByGet(call, ctx.endpoints.logout)
    if (again !== undefined) return again
    const sessions = await everySession(ctx, call)
    const { hint } = request
    if (hint === undefined) return await askFirst(ctx, call, sessions[0], request)
    const named = sessions.find((session) => namesSession(hint, session, request.names))
    if (named === undefined && sessions.length > 0) return await askFirst(ctx, call, sessions[0], request)
    return await signOut(ctx, call, named === undefined ? [] : [named], request)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    await reportRefusal(ctx, call, 'logout', error)
    return errorPage(ctx, call, error)
  }
}

/**
 * A hint names the present session only when it is of the same person and was issued since that session began, and under
 * no other session where it says under which (B-LOG-02).
 */
const namesSession = (hint: IdTokenHint, session: Session, names: LogoutRequest['names']): boolean =>
  hint.subject === names.subject(session) &&
  hint.issuedAt >= Math.floor(session.createdAt) &&
  (hint.sessionName === undefined || hint.sessionName === names.session(session))

async function checkRequest(ctx: Context, form: Form): Promise<LogoutRequest> {
  const token = form.get('id_token_hint')
  const hint = token === undefined ? undefined : readIdTokenHint(ctx, token)
  if (token !== undefined && hint === undefined) throw refuse('logout_hint')
  const named = form.get('client_id')
  if (hint !== undefined && named !== undefined && named !== hint.clientId)
    throw refuse('logout_hint', { detail: 'client_id differs' })
  const clientId = hint?.clientId ?? named
  const found = clientId === undefined || clientId.length > 200 ? undefined : await ctx.clients.find(clientId)
  const client = found?.disabledAt === undefined ? found : undefined
  const wanted = form.get('post_logout_redirect_uri')
  const state = form.get('state')
  const registered = wanted !== undefined && client?.postLogoutRedirectUris.includes(wanted) === true
  return {
    client,
    hint,
    names: {
      subject: ({ subject }) => (found === undefined ? subject : subjectFor(ctx, found, subject)),
      session: ({ id }) => (found === undefined ? undefined : sessionFor(ctx, found, id)),
    },
    returnTo: registered ? wanted : undefined,
    refusedReturn: wanted !== undefined && !registered,
    // Never cut: a state that is too long is left out (B-LOG-05).
    state: state !== undefined && state.length <= ctx.policy.stateLength ? state : undefined,
    uiLocales: (form.get('ui_locales') ?? '').split(' ').slice(0, 10),
  }
}

async function signOut(
  ctx: Context,
  call: Call,
  ending: readonly Session[],
  request: LogoutRequest,
): Promise<HttpResponse> {
  // Without a session nothing is cleared: a foreign form brings no cookie, and must not take one away (CS-12).
  const current = ending.length === 0 ? undefined : await currentSession(ctx, call)
  const frames = await logoutFrames(ctx, ending)
  await endSessions(ctx, call, ending, { clientId: request.client?.id, reason: 'logout' })
  const ended = (session: Session): boolean => ending.some(({ id }) => id === session.id)
  const cookies = [
    ...(current !== undefined && ended(current) ? sessionClearCookies(ctx) : []),
    ...(ending.length > 0 && (await everySession(ctx, call)).length === 0 ? asideClearCookies(ctx, call) : []),
  ]
  const cookie = cookies.length === 0 ? {} : { 'set-cookie': cookies }
  if (request.refusedReturn)
    await reportRefusal(ctx, call, 'logout', refuse('logout_redirect'), { clientId: request.client?.id })
  const next = addressAfter(request)
  if (next !== undefined && frames.length === 0) return redirect(next, cookie)
  const html = ctx.pages.signedOut({
    notice: request.refusedReturn ? 'logout_redirect' : undefined,
    frames,
    continueTo: next,
    uiLocales: locales(call, request.uiLocales),
  })
  // A header, because it needs neither a script nor the page's help.
  const headers = next === undefined ? cookie : { ...cookie, refresh: `${framesTime}; url=${next}` }
  return page(ctx.secure, html, { status: 200, headers, frames: frameSources(frames) })
}

/** Seconds that the frames of applications get before the browser goes on. */
const framesTime = 3

/** Where the browser goes, with the `state` of the request (B-LOG-05). */
const addressAfter = ({ returnTo, state }: LogoutRequest): string | undefined =>
  returnTo === undefined || state === undefined ? returnTo : appendToRedirectUri(returnTo, `state=${formEncode(state)}`)

// The checked request travels through the confirmation page, authenticated, so that nothing is decided twice.
const context = (session: Session | undefined): string => `logout ${session?.digest ?? 'nobody'} `

async function askFirst(
  ctx: Context,
  call: Call,
  session: Session | undefined,
  request: LogoutRequest,
): Promise<HttpResponse> {
  const { client, returnTo, state, refusedReturn } = request
  const packed = toBase64url(Buffer.from(JSON.stringify({ clientId: client?.id, returnTo, state, refusedReturn })))
  const person = session === undefined ? undefined : await ctx.accounts.findClaims(session.subject)
  const name = person?.['preferred_username'] ?? person?.['name']
  const html = ctx.pages.signOut({
    action: ctx.endpoints.logout,
    fields: { sign_out: packed, csrf: formToken(ctx.secrets, context(session) + packed) },
    clientName: client?.name,
    accountName: typeof name === 'string' ? name : undefined,
    uiLocales: locales(call, request.uiLocales),
  })
  return page(ctx.secure, html, {
    status: 200,
    formAction: returnTo === undefined ? undefined : formActionSource(returnTo),
  })
}

async function confirmed(ctx: Context, call: Call, form: Form): Promise<HttpResponse> {
  const packed = form.get('sign_out') ?? ''
  const session = await currentSession(ctx, call)
  requireOwnForm(ctx, call, formTokenFits(ctx.secrets, context(session) + packed, form.get('csrf')))
  const facts = JSON.parse(fromBase64url(packed)?.toString('utf8') ?? '{}') as {
    clientId?: string
    returnTo?: string
    state?: string
    refusedReturn?: boolean
  }
  const client = facts.clientId === undefined ? undefined : await ctx.clients.find(facts.clientId)
  // Whoever signs out on our own page leaves nobody behind at this browser.
  return signOut(ctx, call, await everySession(ctx, call), {
    client,
    hint: undefined,
    names: { subject: ({ subject }) => subject, session: () => undefined },
    returnTo: facts.returnTo,
    refusedReturn: facts.refusedReturn === true,
    state: facts.state,
    uiLocales: [],
  })
}
