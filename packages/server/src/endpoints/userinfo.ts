import { OAuthError, refuse, resourceMetadataUrl, signJwt, type Reason } from '@sallyport/protocol'
import { requestedClaims, scopedClaims } from '../claims.ts'
import { foreignOrigin, readableOrigin, withCors } from '../clients/cors.ts'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { errorBody, header, json } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { reportRefusal } from '../refusals.ts'
import { inspectAccessToken, type InspectedToken } from '../tokens/inspect.ts'

const token68 = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/** Whether a token stands where none may: in the address or in a form body (A-BEAR-02, -03, B-UI-05). */
function tokenElsewhere(call: Call): boolean {
  const { request } = call
  if (/(?:^|&)access_token=/.test(request.query)) return true
  const formBody =
    request.method === 'POST' &&
    (header(request, 'content-type') ?? '').toLowerCase().startsWith('application/x-www-form-urlencoded')
  return formBody && readBody(request).has('access_token')
}

/** The token of the request; `undefined` for a request without credentials. */
function bearerToken(call: Call): string | undefined {
  if (call.request.fault !== undefined) throw refuse(call.request.fault)
  const authorization = header(call.request, 'authorization')
  const elsewhere = tokenElsewhere(call)
  if (authorization === undefined) return undefined
  if (elsewhere) throw refuse('bearer_methods')
  if (!/^bearer(?: |$)/i.test(authorization)) return undefined
  const token = token68.exec(authorization)?.[1]
  if (token === undefined) throw refuse('bearer_syntax')
  return token
}

/**
 * UserInfo (OpenID Connect Core section 5.3). Takes only tokens whose audience is the issuer itself or this address, and
 * whose scope has `openid`; person, client, session and authorization are looked at in each call (B-UI-12).
 */
export async function userinfo(ctx: Context, call: Call): Promise<HttpResponse> {
  let origin: string | undefined
  const finish = (response: HttpResponse): HttpResponse => withCors(response, origin)
  try {
    const token = bearerToken(call)
    if (token === undefined) {
      if (tokenElsewhere(call)) await reportRefusal(ctx, call, 'http', refuse('query_credential'))
      origin = await readableOrigin(ctx, call.request, refuse('token_invalid'))
      return finish(challenge(ctx, undefined))
    }
    const inspected = await requireUserToken(ctx, token)
    const found = ctx.clients.find(inspected.claims.client_id)
    const client = found instanceof Promise ? await found : found
    if (client === undefined) throw refuse('token_revoked')
    const sent = foreignOrigin(ctx, call.request)
    if (sent !== undefined && client.allowedOrigins.includes(sent)) origin = sent
    return finish(await answer(ctx, client, inspected))
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    await reportRefusal(ctx, call, 'userinfo', error)
    origin ??= await readableOrigin(ctx, call.request, error)
    return finish(challenge(ctx, error))
  }
}

async function requireUserToken(ctx: Context, token: string): Promise<InspectedToken & { authorizationId: string }> {
  const inspected = await inspectAccessToken(ctx, token, ctx.now())
  if (typeof inspected === 'string') throw refuse(inspected)
  const { claims, authorizationId } = inspected
  if (claims.aud !== ctx.issuer && claims.aud !== ctx.endpoints.userinfo) throw refuse('token_audience')
  if (authorizationId === undefined || !(claims.scope ?? '').split(' ').includes('openid'))
    throw refuse('scope_insufficient')
  return { claims, authorizationId }
}

async function answer(
  ctx: Context,
  client: Client,
  { claims, authorizationId }: InspectedToken,
): Promise<HttpResponse> {
  // The token may name the person by a pairwise identifier, which leads nowhere; the authorization knows who it is.
  const granted = authorizationId === undefined ? undefined : await ctx.store.findGranted(authorizationId)
  const person = granted === undefined ? undefined : await ctx.accounts.findClaims(granted.subject)
  if (granted === undefined || person === undefined) throw refuse('token_revoked')
  const wanted = granted.claims
  const locales = wanted?.locales ?? []
  const body = {
    ...scopedClaims(person, (claims.scope ?? '').split(' '), locales),
    ...requestedClaims(person, wanted?.userinfo ?? {}, locales),
    sub: claims.sub,
  }
  const alg = client.userinfoAlgorithm
  if (alg === undefined) return json(200, body)
  const signed = await signJwt(ctx.keys().signer(alg, ctx.now()), 'JWT', { ...body, iss: ctx.issuer, aud: client.id })
  return json(200, signed, { 'content-type': 'application/jwt' })
}

const invalid: ReadonlySet<Reason> = new Set([
  'token_invalid',
  'token_expired',
  'token_audience',
  'token_typ',
  'token_revoked',
])

/**
 * The answer of RFC 6750 section 3: bare without credentials, with an error code otherwise (A-BEAR-04 to -06, -09). It names
 * the document of RFC 9728 in both cases (A-PRM-03).
 */
function challenge(ctx: Context, error: OAuthError | undefined): HttpResponse {
  const realm = `Bearer realm="${ctx.issuer}"`
  const document = `, resource_metadata="${resourceMetadataUrl(ctx.endpoints.userinfo)}"`
  if (error === undefined)
    return { status: 401, headers: { 'www-authenticate': realm + document, 'cache-control': 'no-store' }, body: '' }
  const scope = error.reason === 'scope_insufficient' ? ', scope="openid"' : ''
  const text = `${realm}, error="${error.code}", error_description="${error.description}"${scope}${document}`
  const headers: Record<string, string> = { ...error.headers }
  if (invalid.has(error.reason) || error.status === 403 || error.status === 400) headers['www-authenticate'] = text
  if (error.status === 503) headers['retry-after'] = '2'
  return json(error.status, errorBody(ctx, error), headers)
}
