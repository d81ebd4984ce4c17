import { formActionSource, formDecode, lookupKey, refuse, type Form } from '@sallyport/protocol'
import { logoPath } from '../clients/logos.ts'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { redirect } from '../http.ts'
import { looksLikeClientId } from '../ids.ts'
import { isSelfRegistered } from '../model/client.ts'
import { isPageRequest, type ClientInteraction, type Interaction, type Session } from '../model/interaction.ts'
import type { HttpResponse } from '../model/http.ts'
import type { ConsentDecision, InteractionStep, Login, OpenInteraction, OpenLogin } from '../model/interactions.ts'
import { formToken, formTokenFits } from '../secrets.ts'
import { browserDigest } from './browser.ts'
import { earlierScope, nothingEarlier } from './earlier-scope.ts'
import { mayRemember, requestedClaimNames } from './decide.ts'
import { requireOwnForm, requireOwnOrigin } from './own-form.ts'
import { decideNow } from './proceed.ts'
import { sessionsHere, takeIntoUse } from './other-accounts.ts'
import { openRequest, sealRequest } from './sealed-request.ts'
import { detailsInWords } from './detail-words.ts'
import { resourceNames, scopesInWords } from './scope-words.ts'
import { startSession } from './start-session.ts'

const handleSyntax = /^[A-Za-z0-9_-]{43}$/

const returnParameter = /(?:^|&)(?:return_to|return_url|returnurl|next|redirect|redirect_to|continue|url|goto)=/i

/** The interaction a request names, in its query or, for a posted form, in its body. */
function namedInteraction(call: Call): string | undefined {
  const { request } = call
  // Where to go next is a reference to a stored request, never an address from outside (A-UI-08).
  if (returnParameter.test(request.query)) throw refuse('return_to')
  const text = request.method === 'POST' ? readBody(request).get('interaction') : parameterOf(request.query)
  return text !== undefined && handleSyntax.test(text) ? text : undefined
}

const parameterOf = (query: string): string | undefined => {
  const value = /(?:^|&)interaction=([^&]*)/.exec(query)?.[1]
  return value === undefined ? undefined : formDecode(value)
}

/**
 * Loads the interaction a request names and holds it against the browser: both the id and the cookie must be presented,
 * and must belong together (A-AUTHZ-14).
 */
export async function findInteraction(ctx: Context, call: Call): Promise<Found> {
  // A form of another site learns nothing, not even whether the interaction exists (CS-02).
  if (call.request.method === 'POST') requireOwnOrigin(ctx, call)
  const handle = namedInteraction(call)
  const interaction = handle === undefined ? undefined : await ctx.store.findInteraction(lookupKey(handle), ctx.now())
  if (handle === undefined || interaction === undefined) throw refuse('interaction_unknown')
  if (interaction === 'consumed') throw refuse('interaction_consumed')
  if (browserDigest(ctx, call) !== interaction.browserDigest) throw refuse('browser_binding')
  const request = openRequest(handle, interaction.request)
  // Made by a release that kept requests open: it cannot go on, and asking again costs nothing.
  if (request === undefined) throw refuse('interaction_unknown')
  return { interaction: { ...interaction, request }, handle }
}

/** What a form is bound to: a page that names an account also to that account's session, whose id outlives a new sign-in (CS-16). */
type FormBinding = 'browser' | 'session'

function csrfFacts(interaction: Interaction, session: Session | undefined, binding: FormBinding): string {
  const shown = binding === 'session' ? (session?.id ?? 'nobody') : 'anybody'
  return `${interaction.digest} ${interaction.browserDigest} ${interaction.version} ${shown}`
}

/** The sign-in form may outlive a sign-in in another tab; every other page is about the person it shows. */
const csrfFor = (ctx: Context, interaction: Interaction, session: Session | undefined, step: InteractionStep): string =>
  formToken(ctx.secrets, csrfFacts(interaction, session, step === 'login' ? 'browser' : 'session'))

// Which binding the posted form of an interaction has proven; without an entry no form was checked at all.
const checkedForms = new WeakMap<OpenLogin, FormBinding>()

/** Refuses to go on unless the posted form was checked, and unless it was shown to the person who is signed in now. */
export function requireCheckedForm(open: OpenLogin, binding: FormBinding): void {
  const checked = checkedForms.get(open)
  if (checked === undefined || (binding === 'session' && checked !== 'session'))
    throw refuse('csrf', { detail: 'form not checked' })
}

type Found = { readonly interaction: Interaction; readonly handle: string }

const isOfClient = (interaction: Interaction): interaction is ClientInteraction => !isPageRequest(interaction.request)

/** Everything a page needs to know about the interaction of this request, which has to be that of an application. */
export async function openInteraction(ctx: Context, call: Call): Promise<OpenInteraction> {
  const { interaction, handle } = await findInteraction(ctx, call)
  if (!isOfClient(interaction)) throw refuse('interaction_unknown', { detail: 'of a page, not of an application' })
  return ofClient(ctx, call, { interaction, handle })
}

/** The same for a login page, which serves the server's own pages too. */
export async function openLogin(ctx: Context, call: Call): Promise<OpenLogin> {
  const { interaction, handle } = await findInteraction(ctx, call)
  if (isOfClient(interaction)) return ofClient(ctx, call, { interaction, handle })
  const { current: session, aside } = await sessionsHere(ctx, call)
  const csrf = csrfFor(ctx, interaction, session, 'login')
  const nobody = { client: undefined, redirectSource: undefined }
  return { id: handle, interaction, ...nobody, step: 'login', optional: false, session, aside, csrf }
}

async function ofClient(
  ctx: Context,
  call: Call,
  { interaction, handle }: Found & { readonly interaction: ClientInteraction },
): Promise<OpenInteraction> {
  const { request } = interaction
  const found = ctx.clients.find(request.clientId)
  const client = found instanceof Promise ? await found : found
  if (client === undefined || client.disabledAt !== undefined) throw refuse('client_disabled')
  const { decision, session, aside } = await decideNow(ctx, call, { client, request, interaction, handle })
  const step = decision.kind === 'step' ? decision.step : 'consent'
  const asks = step === 'consent' && session !== undefined
  const earlier = asks ? await earlierScope(ctx, session, request) : nothingEarlier
  return {
    id: handle,
    interaction,
    client,
    redirectSource: formActionSource(request.redirectUri),
    step,
    optional: decision.kind === 'step' && decision.optional === true,
    session,
    aside,
    csrf: csrfFor(ctx, interaction, session, step),
    scopes: await scopesInWords(ctx, request.scope),
    resources: await resourceNames(ctx, request.resources),
    details: detailsInWords(ctx, request.authorizationDetails ?? []),
    claims: requestedClaimNames(request),
    earlierScope: earlier.scope.filter((value) => request.scope.includes(value)),
    earlierBeside: await scopesInWords(
      ctx,
      earlier.scope.filter((value) => !request.scope.includes(value)),
    ),
    firstUse: asks && isSelfRegistered(client) && !earlier.known,
    logo: logoPath(ctx, client),
    mayRemember: mayRemember(client, request),
  }
}

export function interactionForm(ctx: Context, call: Call, open: OpenLogin): Form {
  const form = readBody(call.request)
  if (form.fault !== undefined) throw refuse(form.fault)
  if ([...form.duplicated].some((name) => name !== 'scope')) throw refuse('param_duplicated')
  const { interaction, session } = open
  const token = form.get('csrf')
  const fits = (binding: FormBinding): boolean =>
    formTokenFits(ctx.secrets, csrfFacts(interaction, session, binding), token)
  const binding: FormBinding = fits('session') ? 'session' : 'browser'
  requireOwnForm(ctx, call, binding === 'session' || fits('browser'))
  checkedForms.set(open, binding)
  return form
}

export async function advance(ctx: Context, open: OpenLogin, change: Partial<Interaction>): Promise<Interaction> {
  const { interaction } = open
  const next: Interaction = { ...interaction, ...change, version: interaction.version + 1 }
  const kept = { ...next, request: sealRequest(open.id, next.request) }
  if (!(await ctx.store.advanceInteraction(kept, interaction.version))) throw refuse('interaction_consumed')
  return next
}

/** Back to the request, which is then judged anew. */
export const onward = (
  ctx: Context,
  open: OpenLogin,
  headers?: Readonly<Record<string, string | readonly string[]>>,
): HttpResponse => redirect(`${ctx.endpoints.resume}?interaction=${open.id}`, headers)

export async function login(ctx: Context, call: Call, open: OpenLogin, who: Login): Promise<HttpResponse> {
  if (looksLikeClientId(who.subject) || !/^[\x21-\x7e]{1,255}$/.test(who.subject))
    throw new TypeError('a subject must be 1 to 255 printable ASCII characters outside the name space of clients')
  if (!(await ctx.store.subjectActive(who.subject))) throw refuse('login_required')
  requireCheckedForm(open, 'browser')
  // The form is spent before the session exists: of two posts of one form only one signs in.
  const spent = await advance(ctx, open, {})
  const before = [open.session, ...open.aside].find((one) => one?.subject === who.subject) ?? open.session
  const { session, cookies } = await startSession(ctx, call, who, {
    before,
    beside: open.interaction.account === 'another' || open.aside.length > 0,
  })
  const anew = { loginSessionId: session.id, decision: undefined, firstFactor: undefined, failedCodes: undefined }
  await advance(ctx, { ...open, interaction: spent }, anew)
  return onward(ctx, open, { 'set-cookie': cookies })
}

export async function keepAccount(ctx: Context, open: OpenInteraction): Promise<HttpResponse> {
  requireCheckedForm(open, 'session')
  await advance(ctx, open, { account: 'chosen' })
  return onward(ctx, open)
}

export async function takeAccount(
  ctx: Context,
  call: Call,
  open: OpenInteraction,
  sessionId: string,
): Promise<HttpResponse> {
  requireCheckedForm(open, 'session')
  const cookies = await takeIntoUse(ctx, call, sessionId)
  if (cookies === undefined) throw refuse('login_required', { detail: 'no such account at this browser' })
  await advance(ctx, open, { account: 'chosen', decision: undefined })
  return onward(ctx, open, { 'set-cookie': cookies })
}

export async function addAccount(ctx: Context, open: OpenInteraction): Promise<HttpResponse> {
  requireCheckedForm(open, 'session')
  await advance(ctx, open, { account: 'another', decision: undefined })
  return onward(ctx, open)
}

export async function decideConsent(
  ctx: Context,
  open: OpenInteraction,
  decision: ConsentDecision,
): Promise<HttpResponse> {
  const session: Session | undefined = open.session
  // A decision is worth something only for the account it was shown to, and only when consent is what is asked.
  if (session === undefined || open.step !== 'consent')
    throw refuse('interaction_unknown', { detail: 'not at the consent step' })
  requireCheckedForm(open, 'session')
  const scope = open.interaction.request.scope.filter((value) => decision.scope.includes(value))
  const without = decision.withoutDetails ?? []
  const kept = open.details.filter(({ optional }, place) => !optional || !without.includes(place))
  await advance(ctx, open, {
    decision: {
      // Somebody who leaves everything out has said no.
      allow: decision.allow && (kept.length > 0 || open.details.length === 0),
      subject: session.subject,
      scope,
      details: kept.length === 0 ? undefined : kept.map(({ detail }) => detail),
      remember: decision.remember && open.mayRemember,
    },
  })
  return onward(ctx, open)
}

export const renew = <T extends OpenLogin>(ctx: Context, open: T): Promise<T> => reopen(ctx, open, {}, open.step)

/** The same page once more, after a change and with a new form token. */
export async function reopen<T extends OpenLogin>(
  ctx: Context,
  open: T,
  change: Partial<Interaction>,
  step: InteractionStep,
): Promise<T> {
  const interaction = await advance(ctx, open, change)
  return { ...open, interaction, step, csrf: csrfFor(ctx, interaction, open.session, step) }
}
