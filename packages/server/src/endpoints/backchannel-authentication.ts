import { after, lookupKey, OAuthError, refuse, type Form } from '@sallyport/protocol'
import { readIdTokenHint } from '../authorization/id-token-hint.ts'
import { tellPerson } from '../authorization/tell-person.ts'
import { requireScope } from '../authorization/validate-request.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import type { Call, Context } from '../context.ts'
import { readStrictForm } from '../form.ts'
import { errorJson, header, json } from '../http.ts'
import { backchannelGrant, type AuthenticatedClient, type Client } from '../model/client.ts'
import { maxWaitingRequests, type DeviceRequest } from '../model/device.ts'
import type { HttpResponse } from '../model/http.ts'
import type { Notice } from '../model/notice.ts'
import { reportRefusal } from '../refusals.ts'
import { sealPing } from '../secrets.ts'
import { requireNoDetails } from '../tokens/details.ts'
import { resourcesOfGrant } from '../tokens/resource-scope.ts'
import { provenBy } from '../usage.ts'

/**
 * The backchannel authentication endpoint (CIBA section 7): parse, authenticate the client as at the token endpoint, judge
 * what it asks for and of whom, store once, tell the person, answer.
 */
export async function backchannelAuthentication(ctx: Context, call: Call): Promise<HttpResponse> {
  let client: AuthenticatedClient | undefined
  try {
    const form = readStrictForm(call.request)
    client = await authenticateClient(ctx, call, form)
    if (!client.grantTypes.includes(backchannelGrant)) throw refuse('grant_not_allowed')
    await ctx.limits.device(client.id)
    if (form.has('request')) throw refuse('request_object')
    const id = ctx.random.handle()
    const request = await requestOf(ctx, call, { client, form, id })
    await ctx.store.devices.create(request)
    ctx.measure('backchannel_requests', {})
    ctx.usage.note(client.id, provenBy(client))
    const notice = noticeOf(ctx, client, request)
    if (notice !== undefined) tellPerson(ctx, call, notice)
    const lifetime = request.expiresAt - request.createdAt
    return json(200, { auth_req_id: id, expires_in: lifetime, interval: request.interval })
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    if (client !== undefined) ctx.usage.refused(client.id, error.reason)
    await reportRefusal(ctx, call, 'device', error, { clientId: client?.id })
    return errorJson(ctx, error)
  }
}

type Asked = { readonly client: AuthenticatedClient; readonly form: Form; readonly id: string }

async function requestOf(ctx: Context, call: Call, { client, form, id }: Asked): Promise<DeviceRequest> {
  requireNoDetails(form)
  const scope = requireScope(client, form)
  if (!scope.includes('openid')) throw refuse('backchannel_openid')
  const bindingMessage = requireBindingMessage(form)
  const lifetime = requireExpiry(form, ctx.policy.backchannelRequestLifetime)
  const token = client.backchannelNotificationEndpoint === undefined ? undefined : requireNotificationToken(form)
  const resources = await resourcesOfGrant(ctx, client, form, scope)
  const subject = await requirePerson(ctx, client, form)
  await requireQuiet(ctx, subject)
  const now = ctx.now()
  const digest = lookupKey(id)
  return {
    digest,
    userCodeKey: undefined,
    backchannel: {
      subject,
      bindingMessage,
      tellAcr: form.has('acr_values'),
      ping: token && sealPing(ctx.secrets, { id, token }, digest, ctx.random),
    },
    clientId: client.id,
    scope,
    resources,
    codeChallenge: undefined,
    interval: ctx.policy.devicePollInterval,
    createdAt: now,
    expiresAt: after(now, lifetime),
    network: call.network,
    userAgent: (header(call.request, 'user-agent') ?? '').slice(0, 200),
  }
}

const hints = ['login_hint', 'login_hint_token', 'id_token_hint'] as const

/** The one person who is meant (CIBA section 7.1): exactly one hint says who. */
async function requirePerson(ctx: Context, client: Client, form: Form): Promise<string> {
  const given = hints.filter((name) => form.has(name))
  const [hint] = given
  if (hint === undefined || given.length > 1) throw refuse('backchannel_hint')
  if (hint === 'login_hint_token') throw refuse('backchannel_hint', { detail: 'login_hint_token is not taken' })
  const value = form.get(hint) ?? ''
  const subject = hint === 'login_hint' ? await ctx.accounts.findByHint?.(value) : subjectOfToken(ctx, client, value)
  if (subject === undefined) throw refuse('backchannel_person')
  // Somebody who may not sign in any more is as unknown as somebody who never was.
  const known = (await ctx.store.subjectActive(subject)) && (await ctx.accounts.findClaims(subject)) !== undefined
  if (!known) throw refuse('backchannel_person')
  return subject
}

/** An ID token names a person to us only where it carries the identifier we know the person by. */
function subjectOfToken(ctx: Context, client: Client, token: string): string | undefined {
  const hint = readIdTokenHint(ctx, token)
  if (hint === undefined || hint.clientId !== client.id) throw refuse('id_token_hint')
  return client.subjectType === 'public' ? hint.subject : undefined
}

const bindingMessageSyntax = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,64}$/u

function requireBindingMessage(form: Form): string | undefined {
  const message = form.get('binding_message')
  if (message !== undefined && !bindingMessageSyntax.test(message)) throw refuse('binding_message')
  return message
}

/** A client may ask for less time than there is, and gets at most what there is. */
function requireExpiry(form: Form, most: number): number {
  const wished = form.get('requested_expiry')
  if (wished === undefined) return most
  if (!/^[1-9][0-9]{0,8}$/.test(wished)) throw refuse('requested_expiry')
  return Math.min(Number(wished), most)
}

/** At least 128 bits as base64url, at most 1024 characters, and nothing that a header cannot carry (CIBA section 7.1). */
const notificationTokenSyntax = /^[A-Za-z0-9._~+/-]{22,1024}={0,2}$/

function requireNotificationToken(form: Form): string {
  const token = form.get('client_notification_token')
  if (token === undefined || token.length > 1024 || !notificationTokenSyntax.test(token))
    throw refuse('notification_token')
  return token
}

/** Seconds in which the requests for one person are counted. */
const personWindow = 600

/** Nobody is to say yes only to have peace: few requests in ten minutes, and few at once (B-CIBA-07). */
async function requireQuiet(ctx: Context, subject: string): Promise<void> {
  const now = ctx.now()
  const asked = await ctx.store.count(`backchannel:${subject}`, personWindow, now)
  const waiting =
    asked > ctx.policy.backchannelRequestsPerPerson ? [] : await ctx.store.devices.listWaiting(subject, now)
  if (asked > ctx.policy.backchannelRequestsPerPerson || waiting.length >= maxWaitingRequests)
    throw refuse('rate_limited', { headers: { 'retry-after': String(personWindow) } })
}

const noticeOf = (ctx: Context, client: Client, request: DeviceRequest): Notice | undefined =>
  request.backchannel && {
    kind: 'request_waits',
    issuer: ctx.issuer,
    subject: request.backchannel.subject,
    clientId: client.id,
    clientName: client.name,
    at: request.createdAt,
    bindingMessage: request.backchannel.bindingMessage,
    expiresAt: request.expiresAt,
  }
