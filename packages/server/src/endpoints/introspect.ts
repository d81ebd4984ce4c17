import { formatScope, lookupKey, numericDate, OAuthError, refuse, type Form, type Reason } from '@sallyport/protocol'
import { provenBy } from '../usage.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import { spokenFor } from '../limits.ts'
import type { Call, Context } from '../context.ts'
import { readStrictForm } from '../form.ts'
import { errorJson } from '../http.ts'
import type { AccessTokenClaims } from '../model/access-token.ts'
import { isPublic } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { reportRefusal } from '../refusals.ts'
import { subjectFor } from '../subjects.ts'
import { tokenTypeOf } from '../tokens/access-token.ts'
import { inspectAccessToken, inspectOpaqueToken, type InspectedToken } from '../tokens/inspect.ts'
import { isKnownAudience } from '../tokens/resource-scope.ts'
import { introspectionAnswer, introspectionForm } from './introspection-form.ts'

/**
 * Introspection (RFC 7662). The form of a token tells a JWT from a handle; among handles the hint only says where to look
 * first. Whatever the caller may not learn about looks exactly like an unknown token (A-INT-03).
 */
export async function introspect(ctx: Context, call: Call): Promise<HttpResponse> {
  let client: AuthenticatedClient | undefined
  try {
    const form = readStrictForm(call.request)
    client = await authenticateClient(ctx, call, form)
    if (isPublic(client)) throw refuse('client_auth_missing')
    const counted = ctx.limits.inspect(spokenFor(client, call))
    ctx.usage.note(client.id, provenBy(client))
    if (counted !== undefined) await counted
    const token = form.get('token')
    if (token === undefined) throw refuse('token_missing')
    if (!mayIntrospect(client)) throw refuse('introspection_not_allowed')
    const answerForm = introspectionForm(ctx, call, client)
    const wanted = answerForm instanceof Promise ? await answerForm : answerForm
    const answer = token.includes('.')
      ? await accessTokenAnswer(ctx, call, client, await inspectAccessToken(ctx, token, ctx.now()))
      : await handleAnswer(ctx, call, client, form)
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

/** APIs ask about access tokens, applications about their refresh tokens; the rarer case costs one look more. */
async function handleAnswer(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
): Promise<object | undefined> {
  const token = form.get('token') ?? ''
  const hint = form.get('token_type_hint')
  const accessFirst = hint === 'access_token' || (hint !== 'refresh_token' && client.resourceServerOf.length > 0)
  const asAccess = async (): Promise<object | undefined> =>
    accessTokenAnswer(ctx, call, client, await inspectOpaqueToken(ctx, token, ctx.now()))
  const asRefresh = (): Promise<object | undefined> => refreshTokenAnswer(ctx, client, token)
  return accessFirst ? ((await asAccess()) ?? asRefresh()) : ((await asRefresh()) ?? asAccess())
}

async function accessTokenAnswer(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  inspected: InspectedToken | Reason,
): Promise<object | undefined> {
  if (typeof inspected === 'string') return undefined
  const { claims } = inspected
  if (!(await isKnownAudience(ctx, claims.aud))) return undefined
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
    token_type: tokenTypeOf(claims.cnf),
    exp: claims.exp,
    iat: claims.iat,
    nbf: claims.iat,
    jti: claims.jti,
    authorization_details: claims.authorization_details,
    auth_time: claims.auth_time,
    acr: claims.acr,
    amr: claims.amr,
    act: claims.act,
    cnf: claims.cnf,
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
    sub: subjectFor(ctx, client, authorization.subject),
    client_id: client.id,
    scope: formatScope(authorization.scope),
    exp: numericDate(view.token.idleExpiresAt),
    iat: numericDate(view.token.issuedAt),
  }
}
