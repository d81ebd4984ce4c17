import {
  challengeMatches,
  isCodeVerifier,
  lookupKey,
  refuse,
  type ExchangeClass,
  type Form,
  type OAuthError,
  type Reason,
  type Seconds,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Authorization } from '../model/authorization.ts'
import { deviceGrant, type AuthenticatedClient } from '../model/client.ts'
import type { DeviceView } from '../model/device.ts'
import type { EventDraft } from '../model/route.ts'
import { effectivePolicy } from '../policy.ts'
import { accessTokenTarget, requestedResources, resourcesLeft, stillAllowed } from '../tokens/resource-scope.ts'
import { tokenGrant, type TokenGrant } from '../tokens/token-grant.ts'

/**
 * The device code grant (RFC 8628 section 3.4). The binding to the client comes first and leaves the code as it was, then
 * the challenge where the device sent one: the first failed verifier destroys the code. Only then is told how things stand.
 */
export async function deviceCode(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant> {
  const presented = form.get('device_code')
  if (presented === undefined) throw refuse('device_code_missing')
  const resources = requestedResources(form)
  const view = await ctx.store.devices.find(lookupKey(presented))
  if (view === undefined || view.state === 'destroyed') throw refuse('device_code_unknown')
  const { request } = view
  const fail = (reason: Reason, draft: Partial<EventDraft>): Promise<OAuthError> =>
    failure(ctx, call, { view, client, reason, draft })

  if (request.clientId !== client.id)
    throw await fail('device_code_of_another_client', { event: 'token.code.client_mismatch', class: intercepted })
  const pkce = pkceFault(form.get('code_verifier'), request.codeChallenge)
  if (pkce !== undefined) {
    await ctx.store.devices.end(request.digest, { as: 'destroyed', sessionId: undefined }, ctx.now(), [])
    throw await fail(pkce, view.state === 'redeemed' ? replayed : { event: 'token.pkce.failed', ...pkceEvents[pkce] })
  }
  // Nothing proves that whoever comes second is not the first once more, so the tokens of the first live on (DV-03).
  if (view.state === 'redeemed') throw await fail('device_code_redeemed', replayed)
  if (view.state === 'denied' || view.state === 'disowned') throw await fail('device_denied', {})
  if (request.expiresAt <= ctx.now()) throw await fail('device_code_expired', { class: 'expired' })
  const { authorization } = view
  if (authorization === undefined) {
    const early = await ctx.store.devices.poll(request.digest, ctx.now())
    throw refuse(early ? 'slow_down' : 'authorization_pending', { reported: true })
  }
  if (view.ended !== undefined) throw await fail(view.ended, { class: 'expired' })
  return entitlement(ctx, client, { digest: request.digest, authorization, senderKey }, resources)
}

const intercepted: ExchangeClass = 'suspected_interception'

const replayed: Partial<EventDraft> = { event: 'token.code.replayed', reason: 'no_proof', class: intercepted }

type PkceFault = 'verifier_missing' | 'verifier_syntax' | 'pkce_mismatch'

const pkceEvents: Readonly<Record<PkceFault, { readonly reason: string; readonly class: ExchangeClass }>> = {
  verifier_missing: { reason: 'pkce_required', class: intercepted },
  verifier_syntax: { reason: 'verifier_syntax', class: 'malformed' },
  pkce_mismatch: { reason: 'mismatch', class: intercepted },
}

/** A verifier means nothing for a code without a challenge, and is ignored there (A-PKCE-18). */
function pkceFault(verifier: string | undefined, challenge: string | undefined): PkceFault | undefined {
  if (challenge === undefined) return undefined
  if (verifier === undefined) return 'verifier_missing'
  if (!isCodeVerifier(verifier)) return 'verifier_syntax'
  return challengeMatches(verifier, challenge) ? undefined : 'pkce_mismatch'
}

type Failure = {
  readonly view: DeviceView
  readonly client: AuthenticatedClient
  readonly reason: Reason
  readonly draft: Partial<EventDraft>
}

/** Writes the event of a failed poll, once, and gives the error to throw. */
async function failure(ctx: Context, call: Call, { view, client, reason, draft }: Failure): Promise<OAuthError> {
  const { request, authorization } = view
  await ctx.events.write(
    {
      event: 'token.request.rejected',
      reason,
      clientId: client.id,
      subject: authorization?.subject,
      authorizationId: authorization?.id,
      detail: {
        grant_type: deviceGrant,
        reason_id: reason,
        code_state: view.state,
        code_age: Math.round((ctx.now() - request.createdAt) * 1000) / 1000,
        authorization_network: request.network,
      },
      ...draft,
    },
    { requestId: call.id, network: call.network },
  )
  return refuse(reason, { reported: true })
}

type Approved = {
  readonly digest: string
  readonly authorization: Authorization
  readonly senderKey: string | undefined
}

/** What the person approved and nothing else: scope and resources of the token request can only narrow it (DV-07). */
async function entitlement(
  ctx: Context,
  client: AuthenticatedClient,
  { digest, authorization, senderKey }: Approved,
  resources: readonly string[],
): Promise<TokenGrant> {
  const now = ctx.now()
  const policy = effectivePolicy(ctx.policy, client)
  const scope = stillAllowed(authorization.scope, client.scope)
  const target = await accessTokenTarget(ctx, {
    granted: resourcesLeft(authorization.resources, client),
    named: resources,
    scope,
    lifetime: policy.accessTokenLifetime,
    senderKey,
  })
  const lasting =
    client.grantTypes.includes('refresh_token') && (scope.includes('offline_access') || client.sessionRefreshTokens)
  return tokenGrant({
    client,
    redemption: { kind: 'device_code', digest },
    authorization,
    ...target,
    idToken: scope.includes('openid') ? { nonce: undefined } : undefined,
    refreshToken: lasting
      ? { sequence: 0, idleExpiresAt: (now + policy.refreshTokenIdle) as Seconds, predecessor: undefined }
      : undefined,
  })
}
