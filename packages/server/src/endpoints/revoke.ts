import { lookupKey, OAuthError, refuse, seconds, verifyJwt, type Form } from '@sallyport/protocol'
import { provenBy } from '../usage.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import type { AuthenticatedClient, Client } from '../model/client.ts'
import { readableOrigin, requireAllowedOrigin, withCors } from '../clients/cors.ts'
import { spokenFor } from '../limits.ts'
import type { Call, Context } from '../context.ts'
import { readStrictForm } from '../form.ts'
import { errorJson } from '../http.ts'
import type { HttpResponse } from '../model/http.ts'
import { reportRefusal } from '../refusals.ts'
import { authorizationOf } from '../tokens/access-token.ts'

const done = (): HttpResponse => ({
  status: 200,
  headers: { 'cache-control': 'no-store', pragma: 'no-cache' },
  body: '',
})

/**
 * Revocation (RFC 7009). A refresh token takes its family along, an access token only itself (A-REV-05). 200 is sent after
 * the write is durable, and also for a token nobody knows (A-REV-03).
 */
export async function revoke(ctx: Context, call: Call): Promise<HttpResponse> {
  let origin: string | undefined
  const finish = (response: HttpResponse): HttpResponse => withCors(response, origin)
  let client: AuthenticatedClient | undefined
  try {
    const form = readStrictForm(call.request)
    client = await authenticateClient(ctx, call, form)
    origin = requireAllowedOrigin(ctx, call.request, client)
    const counted = ctx.limits.inspect(spokenFor(client, call))
    ctx.usage.note(client.id, provenBy(client))
    if (counted !== undefined) await counted
    const token = form.get('token')
    if (token === undefined) throw refuse('token_missing')
    if (token.includes('.')) await revokeJwt(ctx, call, client, token)
    else await revokeHandle(ctx, call, client, form)
    return finish(done())
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    await reportRefusal(ctx, call, 'revoke', error, { clientId: client?.id })
    origin ??= await readableOrigin(ctx, call.request, error)
    return finish(errorJson(ctx, error))
  }
}

/** The hint only says where to look first (A-REV-02). */
async function revokeHandle(ctx: Context, call: Call, client: AuthenticatedClient, form: Form): Promise<void> {
  const digest = lookupKey(form.get('token') ?? '')
  const [first, second] =
    form.get('token_type_hint') === 'access_token'
      ? [revokeOpaqueToken, revokeRefreshToken]
      : [revokeRefreshToken, revokeOpaqueToken]
  if (!(await first(ctx, call, client, digest))) await second(ctx, call, client, digest)
}

/** False when there is no such access token. */
async function revokeOpaqueToken(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  digest: string,
): Promise<boolean> {
  const view = await ctx.store.accessTokens.find(digest, ctx.now())
  if (view === undefined) return false
  const { claims, authorizationId } = view.token
  if (claims.client_id !== client.id) throw refuse('token_of_another_client')
  const subject = await personOf(ctx, client, claims.sub, authorizationId)
  const event = ctx.events.record(
    { event: 'token.revoked', clientId: client.id, subject, authorizationId, reason: 'client_request' },
    { requestId: call.id, network: call.network },
  )
  if (await ctx.store.accessTokens.revoke(digest, [event])) ctx.events.stored([event])
  return true
}

/** False when there is no such refresh token. */
async function revokeRefreshToken(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  digest: string,
): Promise<boolean> {
  const view = await ctx.store.findRefreshToken(digest)
  if (view === undefined) return false
  if (view.token.clientId !== client.id) throw refuse('token_of_another_client')
  const { id, subject } = view.authorization
  const event = ctx.events.record(
    { event: 'grant.revoked', clientId: client.id, subject, authorizationId: id, reason: 'client_request' },
    { requestId: call.id, network: call.network },
  )
  if (await ctx.store.revokeAuthorization(id, 'client_request', ctx.now(), [event])) ctx.events.stored([event])
  return true
}

async function revokeJwt(ctx: Context, call: Call, client: AuthenticatedClient, token: string): Promise<void> {
  const now = ctx.now()
  const verified = ctx.verifiedTokens.verify(token, ctx.keys(), now)
  if (typeof verified === 'string') {
    // One of our own tokens of another kind is recognised and cannot be revoked (A-REV-06); anything else is unknown.
    if (verified === 'typ' && typeof verifyJwt(token, ['jwt'], ctx.keys().everyKey) !== 'string')
      throw refuse('token_type_unsupported')
    return
  }
  const { jti, exp, client_id: owner, sub } = verified.claims
  if (typeof jti !== 'string' || typeof exp !== 'number' || exp <= now) return
  if (owner !== client.id) throw refuse('token_of_another_client')
  const subject = await personOf(ctx, client, typeof sub === 'string' ? sub : undefined, authorizationOf(jti))
  const event = ctx.events.record(
    { event: 'token.revoked', clientId: client.id, subject, reason: 'client_request' },
    { requestId: call.id, network: call.network },
  )
  await ctx.store.denyAccessToken(jti, seconds(exp), [event])
  ctx.events.stored([event])
}

/** The person as events name them, where the token names a pairwise identifier. */
async function personOf(
  ctx: Context,
  client: Client,
  sub: string | undefined,
  authorizationId: string | undefined,
): Promise<string | undefined> {
  if (client.subjectType === 'public' || authorizationId === undefined) return sub
  return (await ctx.store.findGranted(authorizationId))?.subject
}
