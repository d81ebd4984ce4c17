import {
  isCertificateSenderKey,
  lookupKey,
  parseScope,
  refuse,
  scopeWithin,
  type Form,
  type OAuthError,
  type Reason,
  type Seconds,
} from '@sallyport/protocol'
import type { AuthenticatedClient } from '../model/client.ts'
import type { Call, Context } from '../context.ts'
import type { Authorization, RefreshTokenView } from '../model/authorization.ts'
import type { EventDraft } from '../model/route.ts'
import { effectivePolicy } from '../policy.ts'
import { isFapi } from '../profiles.ts'
import { answerContext, answerKey, unseal } from '../secrets.ts'
import { detailsOfToken } from '../tokens/details.ts'
import { accessTokenTarget, requestedResources, resourcesLeft, stillAllowed } from '../tokens/resource-scope.ts'
import { senderKeyFault } from '../tokens/sender-key.ts'
import { tokenGrant, type StoredAnswer, type TokenGrant } from '../tokens/token-grant.ts'

/**
 * refresh_token (OAuth 2.1 section 4.3) with rotation, reuse detection and a short grace for lost answers. The binding to
 * the client comes first: a foreign client's attempt neither spends nor revokes anything (RT-09). Under FAPI 2.0 the token is
 * bound to the authentication of the client and stays the same (Security Profile 5.3.2.1 item 9, B-CX-04).
 */
export async function refreshToken(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant | StoredAnswer> {
  const presented = form.get('refresh_token')
  if (presented === undefined) throw refuse('refresh_missing')
  const resources = requestedResources(form)
  const view = await ctx.store.findRefreshToken(lookupKey(presented))
  if (view === undefined) throw refuse('refresh_unknown')
  const fail = (reason: Reason, draft: Partial<EventDraft> = {}): Promise<OAuthError> =>
    failure(ctx, call, { view, client, reason, draft })

  if (view.token.clientId !== client.id)
    throw await fail('refresh_of_another_client', { event: 'token.refresh.client_mismatch' })
  const unproven = senderKeyFault(view.token.senderKey, senderKey)
  if (unproven !== undefined) throw await fail(unproven, keyEvent(unproven))
  if (view.ended !== undefined) throw await fail(view.ended)
  if (view.state === 'rotated') {
    const again = answerOfRetry(ctx, view, { presented, senderKey })
    if (again === 'other_key') throw await fail('sender_key', keyEvent('sender_key'))
    if (again === undefined) {
      await revokeFamily(ctx, call, view)
      throw await fail('refresh_reused', { event: 'token.refresh.reuse_detected' })
    }
    await retried(ctx, call, view, client)
    return { storedAnswer: again.body }
  }
  const now = ctx.now()
  if (view.token.idleExpiresAt <= now || view.authorization.expiresAt <= now)
    throw await fail('refresh_expired', { reason: 'expired' })
  return entitlement(ctx, client, view, {
    presented,
    senderKey,
    resources,
    scope: narrowedScope(form, view),
    form,
  })
}

/** Scope may only narrow, and only for this access token; the next refresh starts from the whole grant again (A-RT-07). */
function narrowedScope(form: Form, view: RefreshTokenView): readonly string[] {
  const text = form.get('scope')
  if (text === undefined) return view.authorization.scope
  const wanted = parseScope(text)
  if (wanted === undefined) throw refuse('scope_syntax')
  if (!scopeWithin(wanted, view.authorization.scope)) throw refuse('scope')
  return wanted
}

/** Another certificate is another client, whatever it calls itself (MT-06). */
const keyEvent = (reason: Reason): Partial<EventDraft> =>
  reason === 'sender_certificate'
    ? { event: 'token.refresh.client_mismatch' }
    : reason === 'sender_key'
      ? { event: 'dpop.proof.rejected', reason: 'jkt_mismatch' }
      : {}

/**
 * The answer of the first use, when this is a retry within the grace and the successor is still unused (A-RT-04). It is sealed
 * for the key of that first use: whoever comes with another one, or with none, gets nothing and ends nothing.
 */
function answerOfRetry(
  ctx: Context,
  view: RefreshTokenView,
  { presented, senderKey }: Pick<RefreshWish, 'presented' | 'senderKey'>,
): { readonly body: string } | 'other_key' | undefined {
  const { rotatedAt, successor } = view
  if (rotatedAt === undefined || successor === undefined || successor.state !== 'current') return undefined
  if (rotatedAt + ctx.policy.refreshRetryGrace <= ctx.now() || successor.sealedAnswer === undefined) return undefined
  const { digest, sealedAnswer } = successor
  const opened = (key: string | undefined): string | undefined =>
    unseal(answerKey(presented), sealedAnswer, answerContext(digest, key))?.toString('utf8')
  // A certificate that came with the connection binds only where somebody wants it to.
  const unbound = senderKey !== undefined && isCertificateSenderKey(senderKey)
  const body = opened(senderKey) ?? (unbound ? opened(undefined) : undefined)
  return body === undefined ? 'other_key' : { body }
}

async function retried(ctx: Context, call: Call, view: RefreshTokenView, client: AuthenticatedClient): Promise<void> {
  await ctx.events.write(
    {
      event: 'token.refresh.retry_in_grace',
      clientId: client.id,
      subject: view.authorization.subject,
      authorizationId: view.authorization.id,
      detail: { sequence: view.token.sequence },
    },
    { requestId: call.id, network: call.network },
  )
}

async function revokeFamily(ctx: Context, call: Call, view: RefreshTokenView): Promise<void> {
  const { id, clientId, subject } = view.authorization
  const event = ctx.events.record(
    { event: 'grant.revoked', severity: 'high', clientId, subject, authorizationId: id, reason: 'refresh_reuse' },
    { requestId: call.id, network: call.network },
  )
  if (await ctx.store.revokeAuthorization(id, 'refresh_reuse', ctx.now(), [event])) ctx.events.stored([event])
}

type Failure = {
  readonly view: RefreshTokenView
  readonly client: AuthenticatedClient
  readonly reason: Reason
  readonly draft: Partial<EventDraft>
}

/** Writes the event of a failed refresh, once, and gives the error to throw. */
async function failure(ctx: Context, call: Call, { view, client, reason, draft }: Failure): Promise<OAuthError> {
  await ctx.events.write(
    {
      event: 'token.request.rejected',
      reason,
      clientId: client.id,
      subject: view.authorization.subject,
      authorizationId: view.authorization.id,
      detail: { grant_type: 'refresh_token', reason_id: reason, sequence: view.token.sequence },
      ...draft,
    },
    { requestId: call.id, network: call.network },
  )
  return refuse(reason, { reported: true })
}

/** No token outlives what it hangs on. */
const earlier = (instant: Seconds, { expiresAt }: Authorization): Seconds => (instant < expiresAt ? instant : expiresAt)

type RefreshWish = {
  readonly presented: string
  readonly senderKey: string | undefined
  readonly resources: readonly string[]
  readonly scope: readonly string[]
  readonly form: Form
}

async function entitlement(
  ctx: Context,
  client: AuthenticatedClient,
  view: RefreshTokenView,
  wish: RefreshWish,
): Promise<TokenGrant> {
  const { authorization, token } = view
  const policy = effectivePolicy(ctx.policy, client)
  const scope = stillAllowed(wish.scope, client.scope)
  const target = await accessTokenTarget(ctx, {
    granted: resourcesLeft(authorization.resources, client),
    named: wish.resources,
    scope,
    lifetime: policy.accessTokenLifetime,
    client,
    senderKey: wish.senderKey,
  })
  const idleExpiresAt = (ctx.now() + policy.refreshTokenIdle) as Seconds
  const facts = {
    client,
    authorization,
    ...target,
    details: detailsOfToken(ctx, client, wish.form, {
      granted: authorization.authorizationDetails ?? [],
      audience: target.audience,
    }),
    idToken: scope.includes('openid') ? { nonce: undefined } : undefined,
  }
  if (isFapi(ctx.policy, client))
    return tokenGrant({
      ...facts,
      redemption: {
        kind: 'kept_refresh_token',
        digest: token.digest,
        idleExpiresAt: earlier(idleExpiresAt, authorization),
      },
      refreshToken: undefined,
      keptRefreshToken: wish.presented,
    })
  return tokenGrant({
    ...facts,
    redemption: { kind: 'refresh_token', digest: token.digest },
    refreshToken: { sequence: token.sequence + 1, idleExpiresAt, predecessor: wish.presented },
  })
}
