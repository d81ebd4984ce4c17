import {
  after,
  formDecode,
  isLoopbackRedirect,
  lookupKey,
  parseForm,
  refuse,
  type Form,
  type OAuthError,
} from '@sallyport/protocol'
import { spokenFor } from '../limits.ts'
import type { Call, Context } from '../context.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { Client } from '../model/client.ts'
import type { Interaction } from '../model/interaction.ts'
import type { PushedRequestUse } from '../model/pushed-request.ts'
import { effectivePolicy } from '../policy.ts'
import { holdsFor } from '../profiles.ts'
import { openUnder, sealUnder } from '../secrets.ts'
import { browserDigest } from './browser.ts'

/** What every reference of this server begins with (RFC 9126 section 2.2). */
const referencePrefix = 'urn:ietf:params:oauth:request_uri:'
const handleSyntax = /^[A-Za-z0-9_-]{43}$/

/** Thrown material for answering the client of a request that cannot be opened. */
export class UnreadableRequest extends Error {
  readonly client: Client

  constructor(client: Client) {
    super('unreadable_request')
    this.client = client
  }
}

/** A pushed request on its way to an answer: what was pushed, and what has to be noted with the answer. */
export type OpenedRequest = { readonly form: Form; readonly use: PushedRequestUse; readonly signed: boolean }

/** Whether a request of a browser only names a request that was pushed before. */
export const namesPushedRequest = (form: Form): boolean => form.get('request_uri')?.startsWith(referencePrefix) === true

const credentials: readonly string[] = ['client_secret', 'client_assertion', 'client_assertion_type']

/** Whether every request of a client has to be pushed: because it says so, or because the server wants it of all (B-PAR-09). */
export const mustPush = ({ policy }: Context, client: Client): boolean =>
  client.requirePushedRequests || holdsFor(policy, client, 'requirePushedRequests')

const without = (text: string, names: readonly string[]): string =>
  text
    .split('&')
    .filter((pair) => !names.includes(formDecode(pair.split('=', 1)[0] ?? '') ?? ''))
    .join('&')

/** What was pushed without what proved who pushed it: the proof ends at the endpoint and is not kept. */
export const withoutCredentials = (text: string): string => without(text, credentials)

/** What was pushed, bound to the key that the push was proven with as if `dpop_jkt` had named it (RFC 9449 section 10.1). */
export function boundToKey(text: string, pushed: Form, senderKey: string | undefined): string {
  if (senderKey === undefined) return text
  const named = pushed.get('dpop_jkt')
  if (named !== undefined && named !== senderKey) throw refuse('dpop_jkt_mismatch')
  return `${without(text, ['dpop_jkt'])}&dpop_jkt=${senderKey}`
}

/** Counts a push. Anybody can speak for a public client, and must not use up what others may push (JR-12). */
export const countPush = (ctx: Context, call: Call, client: Client): void | Promise<void> =>
  ctx.limits.pushed(spokenFor(client, call))

/** What is kept begins with a word on how it came; what a client pushes stands behind it and cannot say so itself. */
const came = { signed: 'signed&', plain: 'plain&' }

/** Stores what was pushed, sealed under a reference that the store never has, and gives the reference (B-PAR-04). */
export async function storePushed(
  ctx: Context,
  client: Client,
  { text, signed }: { readonly text: string; readonly signed: boolean },
): Promise<string> {
  const handle = ctx.random.handle()
  const digest = lookupKey(handle)
  await ctx.store.pushed.create({
    digest,
    clientId: client.id,
    form: sealUnder(handle, `${signed ? came.signed : came.plain}${text}`, digest),
    expiresAt: after(ctx.now(), effectivePolicy(ctx.policy, client).pushedRequestLifetime),
  })
  return `${referencePrefix}${handle}`
}

/**
 * Opens what a reference stands for. Only the client that pushed it may come with it, and until it was answered only the
 * browser that came first (JR-08, JR-09). Everything beside `client_id` and `request_uri` is ignored (B-PAR-07).
 */
export async function openPushed(ctx: Context, call: Call, client: Client, sent: Form): Promise<OpenedRequest> {
  if (sent.duplicated.has('request_uri')) throw refuse('param_duplicated')
  if (sent.has('request')) throw refuse('jar_nested')
  const handle = sent.get('request_uri')?.slice(referencePrefix.length) ?? ''
  const cause = new UnreadableRequest(client)
  const digest = lookupKey(handle)
  const view = handleSyntax.test(handle) ? await ctx.store.pushed.find(digest, ctx.now()) : undefined
  if (view === undefined) throw refuse('par_unknown', { cause })
  if (view.request.clientId !== client.id) throw refuse('par_client')
  const browser = browserDigest(ctx, call)
  if (view.browserDigest !== undefined && view.browserDigest !== browser) throw refuse('par_browser', { cause })
  const kept = openUnder(handle, view.request.form, digest)
  if (kept === undefined) throw refuse('par_unknown', { cause })
  const signed = kept.startsWith(came.signed)
  const text = kept.slice((signed ? came.signed : came.plain).length)
  return { form: parseForm(text), use: { digest, clientId: client.id, browserDigest: browser }, signed }
}

/** What has to be noted when a request is answered; `undefined` for one that came directly. */
export function pushedUse(
  ctx: Context,
  call: Call,
  { clientId, pushed }: AuthorizationRequest,
  interaction: Interaction | undefined,
): PushedRequestUse | undefined {
  if (pushed === undefined) return undefined
  return { digest: pushed, clientId, browserDigest: interaction?.browserDigest ?? browserDigest(ctx, call) }
}

/** The one address a client waits at; `undefined` when it has several, or one whose port only the request would tell. */
export function onlyRedirectUri({ redirectUris, applicationType }: Client): string | undefined {
  const [uri] = redirectUris
  if (redirectUris.length !== 1 || uri === undefined) return undefined
  return applicationType === 'native' && isLoopbackRedirect(uri) ? undefined : uri
}

/** Faults of the server decide nothing, so the same reference may be tried again. */
const decidesNothing: readonly string[] = ['server_error', 'temporarily_unavailable']

/** What the validator took at the push and refuses now is a right that the client has lost since (B-PAR-08). */
export const noLongerAllowed = (found: OAuthError): OAuthError =>
  decidesNothing.includes(found.code) ? found : refuse('par_no_longer_allowed', { detail: found.reason })

/**
 * The error that answers a request. A pushed one is answered once: whoever comes after that learns no more than that it
 * cannot be used (B-CX-13).
 */
export async function answeredOnce(
  ctx: Context,
  use: PushedRequestUse | undefined,
  error: OAuthError,
): Promise<OAuthError> {
  if (use === undefined || decidesNothing.includes(error.code) || error.reason === 'par_used') return error
  return (await ctx.store.pushed.use(use)) ? error : refuse('par_used')
}
