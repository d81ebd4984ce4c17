import { lookupKey, parseScope, seconds, senderKeyOf, verifyJwt, type Seconds } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Authorization } from '../model/authorization.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import { authorizationOf, mayActOf } from './access-token.ts'
import { inspectAccessToken, inspectOpaqueToken } from './inspect.ts'
import { isKnownAudience } from './resource-scope.ts'

/** Names of token types (RFC 8693 section 3). */
export const tokenTypes = {
  access_token: 'urn:ietf:params:oauth:token-type:access_token',
  refresh_token: 'urn:ietf:params:oauth:token-type:refresh_token',
  id_token: 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
} as const

/** A token of this server that is in force, presented to be exchanged or to name an actor. */
export type PresentedToken = {
  readonly kind: 'access_token' | 'refresh_token' | 'id_token'
  /** The client it was issued to. */
  readonly clientId: string
  /** As the token names it: the person for that client, or the client itself. */
  readonly sub: string
  /** The authorization it rests on; `undefined` for a client's own token. */
  readonly authorization: Authorization | undefined
  readonly scope: readonly string[]
  readonly expiresAt: Seconds
  /** The key it is bound to. */
  readonly boundTo: string | undefined
  readonly mayAct: unknown
}

/** Why a presented token does not count; for the operator alone. */
export type PresentedFault = string

/**
 * Reads a token of the type it was declared to be (B-TX-03). Access tokens are taken from the client they were issued to and
 * from the API they are for; refresh tokens and ID Tokens from their own client alone. Whoever else brings one has it from
 * somewhere it should not be.
 */
export async function presentedToken(
  ctx: Context,
  client: AuthenticatedClient,
  token: string,
  type: string,
): Promise<PresentedToken | PresentedFault> {
  if (type === tokenTypes.refresh_token) return refreshToken(ctx, client, token)
  if (type === tokenTypes.id_token) return idToken(ctx, client, token)
  if (type === tokenTypes.jwt && !token.includes('.')) return 'no JWT'
  return accessToken(ctx, client, token)
}

async function accessToken(
  ctx: Context,
  client: AuthenticatedClient,
  token: string,
): Promise<PresentedToken | PresentedFault> {
  const now = ctx.now()
  const inspected = token.includes('.')
    ? await inspectAccessToken(ctx, token, now)
    : await inspectOpaqueToken(ctx, token, now)
  if (typeof inspected === 'string') return inspected
  const { claims, authorizationId } = inspected
  if (!(await isKnownAudience(ctx, claims.aud))) return 'an API that is gone'
  if (claims.client_id !== client.id && !client.resourceServerOf.includes(claims.aud)) return 'another client and API'
  const parent = authorizationId === undefined ? undefined : await ctx.store.derivations.find(authorizationId)
  if (authorizationId !== undefined && (parent === undefined || parent.ended !== undefined)) return 'ended'
  return {
    kind: 'access_token',
    clientId: claims.client_id,
    sub: claims.sub,
    authorization: parent?.authorization,
    scope: parseScope(claims.scope ?? '') ?? [],
    expiresAt: seconds(claims.exp),
    boundTo: claims.cnf === undefined ? undefined : senderKeyOf(claims.cnf),
    mayAct: claims.may_act,
  }
}

async function refreshToken(
  ctx: Context,
  client: AuthenticatedClient,
  token: string,
): Promise<PresentedToken | PresentedFault> {
  const view = await ctx.store.findRefreshToken(lookupKey(token))
  if (view === undefined) return 'unknown'
  if (view.token.clientId !== client.id) return 'another client'
  if (view.state !== 'current') return 'rotated'
  if (view.ended !== undefined) return view.ended
  const { authorization } = view
  const { idleExpiresAt } = view.token
  const ends = idleExpiresAt < authorization.expiresAt ? idleExpiresAt : authorization.expiresAt
  if (ends <= ctx.now()) return 'expired'
  return {
    ...{ kind: 'refresh_token', clientId: client.id, sub: authorization.subject, authorization },
    ...{ scope: authorization.scope, expiresAt: ends, boundTo: view.token.senderKey },
    mayAct: mayActOf(ctx, client.id),
  }
}

const idTokenTypes: readonly string[] = ['jwt']

/** An ID Token says for whom it is, and by its `jti` under which authorization it was issued. */
async function idToken(
  ctx: Context,
  client: AuthenticatedClient,
  token: string,
): Promise<PresentedToken | PresentedFault> {
  const now = ctx.now()
  const verified = verifyJwt(token, idTokenTypes, ctx.keys().verificationKeys(now))
  if (typeof verified === 'string') return verified
  const { iss, sub, aud, exp, jti, may_act: mayAct } = verified.claims
  if (iss !== ctx.issuer || typeof sub !== 'string' || typeof jti !== 'string') return 'no ID Token'
  if (typeof exp !== 'number' || exp <= now) return 'expired'
  if (aud !== client.id) return 'another client'
  const parent = await ctx.store.derivations.find(authorizationOf(jti) ?? '')
  if (parent?.authorization.clientId !== client.id || parent.ended !== undefined) return 'ended'
  const { authorization } = parent
  return {
    ...{ kind: 'id_token', clientId: client.id, sub, authorization },
    ...{ scope: authorization.scope, expiresAt: seconds(exp), boundTo: undefined, mayAct },
  }
}
