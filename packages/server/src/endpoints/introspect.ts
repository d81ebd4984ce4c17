import { formatScope, lookupKey, numericDate, OAuthError, refuse } from '@sallyport/protocol'
import { nothingMore } from '../usage.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import type { Call, Context } from '../context.ts'
import { readStrictForm } from '../form.ts'
import { errorJson } from '../http.ts'
import { isPublic } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { reportRefusal } from '../refusals.ts'
import type { AccessTokenClaims } from '../tokens/access-token.ts'
import { inspectAccessToken } from '../tokens/inspect.ts'
import { introspectionAnswer, introspectionForm } from './introspection-form.ts'

/**
 * Introspection (RFC 7662). The hint is not needed: the form of a token tells its kind. Whatever the caller may not learn
 * about looks exactly like an unknown token (A-INT-03).
 */
export async function introspect(ctx: Context, call: Call): Promise<HttpResponse> {
  let client: AuthenticatedClient | undefined
  try {
    const form = readStrictForm(call.request)
    client = await authenticateClient(ctx, call, form)
    if (isPublic(client)) throw refuse('client_auth_missing')
    const counted = ctx.limits.inspect(client.id)
    ctx.usage.note(client.id, nothingMore)
    if (counted !== undefined) await counted
    const token = form.get('token')
    if (token === undefined) throw refuse('token_missing')
    if (!mayIntrospect(client)) throw refuse('introspection_not_allowed')
    const wanted = introspectionForm(ctx, call, client)
    const answer = token.includes('.')
      ? await accessTokenAnswer(ctx, call, client, token)
      : await refreshTokenAnswer(ctx, client, token)
    return await introspectionAnswer(ctx, client, wanted, answer)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    await reportRefusal(ctx, call, 'introspect', error, { clientId: client?.id })
    return errorJson(ctx, error)
  }
}

/** A registered resource server, or a confidential client for its own tokens (A-INT-02). */
const mayIntrospect = (client: AuthenticatedClient): boolean =>
  client.resourceServerOf.length > 0 || client.introspectOwnTokens

async function accessTokenAnswer(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  token: string,
): Promise<object | undefined> {
  const inspected = await inspectAccessToken(ctx, token, ctx.now())
  if (typeof inspected === 'string') return undefined
  const { claims } = inspected
  const serves = client.resourceServerOf.includes(claims.aud)
  if (!serves && !(client.introspectOwnTokens && claims.client_id === client.id)) {
    await ctx.events.write(
      { event: 'token.introspect.denied', clientId: client.id, reason: 'audience' },
      { requestId: call.id, network: call.network },
    )
    return undefined
  }
  return describe(claims)
}

function describe(claims: AccessTokenClaims): object {
  return {
    active: true,
    iss: claims.iss,
    sub: claims.sub,
    aud: claims.aud,
    client_id: claims.client_id,
    scope: claims.scope,
    token_type: 'Bearer',
    exp: claims.exp,
    iat: claims.iat,
    nbf: claims.iat,
    jti: claims.jti,
    auth_time: claims.auth_time,
    acr: claims.acr,
    amr: claims.amr,
  }
}

/** Only its own client learns about a refresh token (TX-06). */
async function refreshTokenAnswer(
  ctx: Context,
  client: AuthenticatedClient,
  token: string,
): Promise<object | undefined> {
  const view = await ctx.store.findRefreshToken(lookupKey(token))
  if (view === undefined || view.token.clientId !== client.id || view.state !== 'current' || view.ended !== undefined)
    return undefined
  const now = ctx.now()
  if (view.token.idleExpiresAt <= now || view.authorization.expiresAt <= now) return undefined
  const { authorization } = view
  return {
    active: true,
    iss: ctx.issuer,
    sub: authorization.subject,
    client_id: client.id,
    scope: formatScope(authorization.scope),
    exp: numericDate(view.token.idleExpiresAt),
    iat: numericDate(view.token.issuedAt),
  }
}
