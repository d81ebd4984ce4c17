import {
  codeChallengeMethod,
  isCodeChallenge,
  isThumbprint,
  maxNonceLength,
  parseScope,
  publishedChallenges,
  refuse,
  scopeWithin,
  type Form,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { knownNames } from '../form.ts'
import { locales } from '../http.ts'
import {
  responseModeNamed,
  type AuthorizationRequest,
  type Prompt,
  type ResponseMode,
} from '../model/authorization-request.ts'
import type { Client } from '../model/client.ts'
import { isFapi, isFapiAlgorithm, profileOf } from '../profiles.ts'
import { exceptionFor } from '../relaxations.ts'
import type { AuthorizationDetail } from '../model/detail.ts'
import { requestedDetails } from '../tokens/details.ts'
import { resourcesOfGrant } from '../tokens/resource-scope.ts'
import { claimsWished } from './claims-parameter.ts'
import { hintedSubject } from './id-token-hint.ts'
import { isPosted, type ResponseTarget } from './respond.ts'
import { isSigned } from './response-jwt.ts'
import type { SettledClient } from './settle-client.ts'

const printableAscii = /^[\x20-\x7e]+$/

const stateOf = (ctx: Context, form: Form): string | undefined => {
  const state = form.duplicated.has('state') ? undefined : form.get('state')
  return state !== undefined && state.length <= ctx.policy.stateLength && printableAscii.test(state) ? state : undefined
}

/**
 * Where errors of this request go. A state or response mode that is itself at fault is left out, never cut or guessed
 * (A-AUTHZ-09).
 */
export function responseTarget(ctx: Context, call: Call, settled: SettledClient, form: Form): ResponseTarget {
  const state = stateOf(ctx, form)
  const asked = form.duplicated.has('response_mode') ? undefined : responseModeOf(ctx, settled.client, form)
  const responseMode = asked ?? 'query'
  const target = { ...settled, responseMode, state }
  if (!isPosted(responseMode)) return { ...target, uiLocales: none }
  const wished = form.duplicated.has('ui_locales') ? none : words(form.get('ui_locales'), 10)
  return { ...target, uiLocales: locales(call, wished) }
}

/** The mode a request asks for; `undefined` where it is not offered, not to this client, or cannot be signed for it. */
function responseModeOf(ctx: Context, client: Client, form: Form): ResponseMode | undefined {
  const mode = responseModeNamed(form.get('response_mode') ?? 'query')
  if (mode === undefined) return undefined
  if (client.responseModes?.some((name) => responseModeNamed(name) === mode) === false) return undefined
  if (!isSigned(mode)) return profileOf(ctx.policy, client) === 'fapi2-message-signing' ? undefined : mode
  const { authorizationAlgorithm: algorithm } = client
  if (isFapi(ctx.policy, client) && !isFapiAlgorithm(algorithm)) return undefined
  return ctx.algorithms.includes(algorithm) ? mode : undefined
}

/**
 * The one validator of authorization requests, whatever door they come through (design, section 2). Client and redirect URI
 * are settled before. Nothing is stored and nobody has been asked anything yet, so a refusal costs nothing (PK-01).
 */
export async function validateRequest(
  ctx: Context,
  { client, redirectUri }: SettledClient,
  form: Form,
): Promise<AuthorizationRequest> {
  if (form.duplicated.size > 0) throw refuse('param_duplicated', { detail: knownNames(form.duplicated) })
  if (form.fault !== undefined) throw refuse(form.fault)
  if (form.has('code_verifier') || form.has('client_secret')) throw refuse('front_channel_secret')
  if (form.has('request') && form.has('request_uri')) throw refuse('jar_nested')
  // Where they are taken, they were opened before, and what they say stands here in their place.
  if (form.has('request')) throw refuse('request_object')
  if (form.has('request_uri')) throw refuse('request_uri')
  if (form.has('registration')) throw refuse('registration_parameter')
  const state = requireState(ctx, client, form)
  const responseMode = requireResponse(ctx, client, form)
  const codeChallenge = form.get('code_challenge') === undefined ? undefined : requireChallenge(ctx, form)
  const exceptionId = codeChallenge === undefined ? await requireException(ctx, client, form) : undefined
  const authorizationDetails = requestedDetails(ctx, client, form)
  const scope = scopeBeside(client, form, authorizationDetails)
  const nonce = requireNonce(form)
  if (exceptionId !== undefined && (nonce === undefined || !scope.includes('openid'))) throw refuse('exception_nonce')
  if (nonce === undefined && ctx.policy.stages.requireNonce === 'enforce' && scope.includes('openid'))
    throw refuse('nonce_required')
  const resources = await resourcesOfGrant(ctx, client, form, scope)
  const hint = form.get('id_token_hint')
  return {
    clientId: client.id,
    redirectUri,
    responseMode,
    state,
    scope,
    resources,
    codeChallenge,
    exceptionId,
    senderKey: requireThumbprint(ctx, form),
    nonce,
    prompt: requirePrompt(form),
    maxAge: requireMaxAge(form) ?? client.defaultMaxAge,
    acrValues: words(form.get('acr_values'), 20) ?? client.defaultAcrValues,
    claims: claimsWished(form.get('claims'), words(form.get('claims_locales')?.toLowerCase(), 10) ?? none),
    authorizationDetails,
    loginHint: form.get('login_hint')?.slice(0, 256),
    hintedSubject: hint === undefined ? undefined : hintedSubject(ctx, hint, client.id),
    uiLocales: words(form.get('ui_locales'), 10) ?? none,
    pushed: undefined,
  }
}

const none: readonly string[] = []

const words = (text: string | undefined, most: number): readonly string[] | undefined =>
  text
    ?.slice(0, 1000)
    .split(' ')
    .filter((word) => word !== '')
    .slice(0, most)

function requireState(ctx: Context, client: Client, form: Form): string | undefined {
  const state = form.get('state')
  if (state === undefined) {
    if (client.requireState || ctx.policy.stages.requireState === 'enforce') throw refuse('state_required')
    return undefined
  }
  if (state.length > ctx.policy.stateLength || !printableAscii.test(state)) throw refuse('state_syntax')
  return state
}

function requireResponse(ctx: Context, client: Client, form: Form): ResponseMode {
  const type = form.get('response_type')
  if (type === undefined) throw refuse('response_type_missing')
  if (type !== 'code') throw refuse('response_type')
  if (!client.grantTypes.includes('authorization_code')) throw refuse('client_without_code_grant')
  const mode = responseModeOf(ctx, client, form)
  if (mode === undefined) throw refuse('response_mode')
  return mode
}

/** Every request of every client carries an S256 challenge (A-PKCE-01 to -04); see `requireException` for the one way around. */
export function requireChallenge(ctx: Context, form: Form): string {
  const challenge = form.get('code_challenge')
  if (challenge === undefined) throw refuse('pkce_required')
  if (form.get('code_challenge_method') !== codeChallengeMethod) throw refuse('pkce_method')
  if (!isCodeChallenge(challenge)) throw refuse('pkce_challenge_syntax')
  if (publishedChallenges.has(challenge) && !ctx.acceptPublishedChallenges) throw refuse('challenge_published')
  return challenge
}

/** A request without a challenge is refused, unless a dated exception of this client stands in for it (A-GOV-01). */
async function requireException(ctx: Context, client: Client, form: Form): Promise<string> {
  // A method without a challenge is a challenge that got lost, and no exception is meant for that.
  const exception = form.has('code_challenge_method') ? undefined : await exceptionFor(ctx, client, ctx.now())
  if (exception === undefined) throw refuse('pkce_required')
  return exception.id
}

/** Details say by themselves what is asked for, so a request with some may name no scope (RFC 9396 section 3.1). */
const scopeBeside = (
  client: Client,
  form: Form,
  details: readonly AuthorizationDetail[] | undefined,
): readonly string[] =>
  details !== undefined && !form.has('scope') && client.defaultScope.length === 0 ? none : requireScope(client, form)

/** The scope of a new grant: what is asked, within what the client may have, or its default (A-AUTHZ-06). */
export function requireScope(client: Client, form: Form): readonly string[] {
  const text = form.get('scope')
  if (text === undefined) {
    if (client.defaultScope.length === 0) throw refuse('scope_missing')
    return client.defaultScope
  }
  const scope = parseScope(text)
  if (scope === undefined) throw refuse('scope_syntax')
  if (!scopeWithin(scope, client.scope)) throw refuse('scope')
  return scope
}

function requireNonce(form: Form): string | undefined {
  const nonce = form.get('nonce')
  if (nonce !== undefined && (nonce.length > maxNonceLength || !printableAscii.test(nonce)))
    throw refuse('nonce_syntax')
  return nonce
}

/** The key that the code is bound to (RFC 9449 section 10); where proofs are not taken the parameter means nothing (B-DPOP-33). */
function requireThumbprint(ctx: Context, form: Form): string | undefined {
  const thumbprint = ctx.policy.dpop ? form.get('dpop_jkt') : undefined
  if (thumbprint !== undefined && !isThumbprint(thumbprint)) throw refuse('dpop_jkt')
  return thumbprint
}

const prompts: readonly string[] = ['none', 'login', 'consent', 'select_account']

/** Values of `prompt` that mean something here; others are refused (B-OIDC-09). */
export const promptValues = prompts

function requirePrompt(form: Form): readonly Prompt[] {
  const text = form.get('prompt')
  if (text === undefined) return noPrompts
  const values = text.split(' ')
  if (values.length > prompts.length || !values.every((value) => prompts.includes(value))) throw refuse('prompt')
  if (values.includes('none') && values.length > 1) throw refuse('prompt')
  return values as readonly Prompt[]
}

const noPrompts: readonly Prompt[] = []

const maxAgeSyntax = /^(?:0|[1-9][0-9]{0,8})$/

function requireMaxAge(form: Form): number | undefined {
  const text = form.get('max_age')
  if (text === undefined) return undefined
  if (!maxAgeSyntax.test(text)) throw refuse('max_age')
  return Number(text)
}
