import { confirmationOf, OAuthError, refuse, signJwt, type Confirmation } from '@sallyport/protocol'
import { requestedClaims, scopedClaims } from '../claims.ts'
import { foreignOrigin, readableOrigin, withCors } from '../clients/cors.ts'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { header, json } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { addressesOf } from '../mutual-tls.ts'
import { reportRefusal } from '../refusals.ts'
import { forClientAlone } from '../tokens/client-encryption.ts'
import { inspectAccessToken, type InspectedToken } from '../tokens/inspect.ts'
import { certificateKey, nonceHeader, provenSenderKey } from '../tokens/sender-key.ts'
import { challenge, type TokenScheme } from './userinfo-challenge.ts'

const token68 = /^(?:bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i

/** An access token and how it was sent. */
type Credentials = { readonly scheme: TokenScheme; readonly token: string }

/** The scheme a header names, without regard to case; that of bound tokens only where proofs are taken. */
function schemeOf(ctx: Context, authorization: string | undefined): TokenScheme | undefined {
  const [, name] = /^(bearer|dpop)(?: |$)/i.exec(authorization ?? '') ?? []
  if (name === undefined) return undefined
  if (name.length === 6) return 'Bearer'
  return ctx.policy.dpop ? 'DPoP' : undefined
}

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
function credentialsOf(call: Call, scheme: TokenScheme | undefined): Credentials | undefined {
  if (call.request.fault !== undefined) throw refuse(call.request.fault)
  const authorization = header(call.request, 'authorization')
  const elsewhere = tokenElsewhere(call)
  if (authorization === undefined) return undefined
  if (elsewhere) throw refuse('bearer_methods')
  if (scheme === undefined) return undefined
  const token = token68.exec(authorization)?.[1]
  if (token === undefined) throw refuse('bearer_syntax')
  return { scheme, token }
}

/**
 * UserInfo (OpenID Connect Core section 5.3). Takes only tokens whose audience is the issuer itself or this address, and
 * whose scope has `openid`; a bound token only with a proof of its key; person, client, session and authorization are looked at in each call (B-UI-12).
 */
export async function userinfo(ctx: Context, call: Call): Promise<HttpResponse> {
  let origin: string | undefined
  let scheme: TokenScheme | undefined
  const finish = (response: HttpResponse): HttpResponse => withCors(response, origin)
  try {
    scheme = schemeOf(ctx, header(call.request, 'authorization'))
    const credentials = credentialsOf(call, scheme)
    if (credentials === undefined) {
      if (tokenElsewhere(call)) await reportRefusal(ctx, call, 'http', refuse('query_credential'))
      origin = await readableOrigin(ctx, call.request, refuse('token_invalid'))
      return finish(challenge(ctx, undefined, undefined))
    }
    scheme = credentials.scheme
    const inspected = await requireUserToken(ctx, call, credentials)
    const found = ctx.clients.find(inspected.claims.client_id)
    const client = found instanceof Promise ? await found : found
    if (client === undefined) throw refuse('token_revoked')
    const sent = foreignOrigin(ctx, call.request)
    if (sent !== undefined && client.allowedOrigins.includes(sent)) origin = sent
    const response = await answer(ctx, call, client, inspected)
    if (scheme === 'DPoP') Object.assign(response.headers, nonceHeader(ctx, ctx.secrets.resourceNonces))
    return finish(response)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    await reportRefusal(ctx, call, 'userinfo', error)
    origin ??= await readableOrigin(ctx, call.request, error)
    return finish(challenge(ctx, scheme, error))
  }
}

async function requireUserToken(
  ctx: Context,
  call: Call,
  credentials: Credentials,
): Promise<InspectedToken & { authorizationId: string }> {
  const inspected = await inspectAccessToken(ctx, credentials.token, ctx.now())
  if (typeof inspected === 'string') throw refuse(inspected)
  const { claims, authorizationId } = inspected
  if (claims.aud !== ctx.issuer && claims.aud !== ctx.endpoints.userinfo) throw refuse('token_audience')
  if (authorizationId === undefined || !(claims.scope ?? '').split(' ').includes('openid'))
    throw refuse('scope_insufficient')
  const { cnf } = claims
  if (cnf !== undefined && 'x5t#S256' in cnf) {
    requireCertificate(ctx, call, credentials, cnf)
    return { claims, authorizationId }
  }
  const jkt = cnf?.jkt
  if (credentials.scheme === 'Bearer' && jkt === undefined) return { claims, authorizationId }
  await requireKey(ctx, call, credentials, jkt)
  return { claims, authorizationId }
}

/** A token that is bound to a certificate counts on a connection with that certificate alone (RFC 8705 section 3, MT-05). */
function requireCertificate(ctx: Context, call: Call, { scheme }: Credentials, cnf: Confirmation): void {
  if (scheme !== 'Bearer') throw refuse('token_cnf')
  const key = certificateKey(ctx, call)
  if (key === undefined || JSON.stringify(confirmationOf(key)) !== JSON.stringify(cnf))
    throw refuse('token_certificate')
}

/** A bound token counts with a proof of its key and in no other way, and an unbound one is not made better by a proof (DP-12). */
async function requireKey(ctx: Context, call: Call, credentials: Credentials, jkt: string | undefined): Promise<void> {
  const { scheme, token } = credentials
  if (scheme === 'Bearer' || jkt === undefined) throw refuse('token_cnf')
  const uri = addressesOf(ctx, ctx.endpoints.userinfo)
  const expected = { uri, accessToken: token, boundTo: jkt, clientId: undefined, nonces: ctx.secrets.resourceNonces }
  if ((await provenSenderKey(ctx, call, expected)) === undefined) throw refuse('proof_absent')
}

async function answer(
  ctx: Context,
  call: Call,
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
  const { userinfoEncryptionAlgorithm, userinfoContentEncryption: enc } = client
  const jwt = await forClientAlone(ctx, call, client, signed, { alg: userinfoEncryptionAlgorithm, enc })
  return json(200, jwt, { 'content-type': 'application/jwt' })
}
