import { after, formatScope, leftHalfHash, lookupKey, signJwt, type Seconds } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { AccessTokenClaims, OpaqueAccessToken } from '../model/access-token.ts'
import type { IssuedRecords, RefreshToken, SecurityEvent } from '../model/authorization.ts'
import { isPublic } from '../model/client.ts'
import type { TokenBinding } from '../model/resource.ts'
import { answerContext, answerKey, seal } from '../secrets.ts'
import { accessTokenClaims, accessTokenType, bindingOf, tokenTypeOf } from './access-token.ts'
import { forClientAlone } from './client-encryption.ts'
import { idTokenClaims } from './id-token.ts'
import type { TokenGrant } from './token-grant.ts'

/** A signed answer that nobody has seen yet, and the records to write with it. */
export type IssuedTokens = {
  readonly body: string
  readonly records: IssuedRecords
  readonly binding: TokenBinding
}

/**
 * Signs everything a grant entitles to and changes nothing: a token that is never returned is inert, so the loser of a
 * race throws its answer away and a fault here spends nothing (design, section 1).
 */
export async function issueTokens(ctx: Context, call: Call, grant: TokenGrant): Promise<IssuedTokens> {
  const now = ctx.now()
  const claims = accessTokenClaims(ctx, grant, now)
  const opaque = grant.accessTokenFormat === 'opaque' ? ctx.random.handle() : undefined
  const made = opaque ?? signJwt(ctx.keys().signer(grant.accessTokenAlgorithm, now), accessTokenType, claims)
  const accessToken = typeof made === 'string' ? made : await made
  const refreshHandle = grant.refreshToken === undefined ? undefined : ctx.random.handle()
  const idToken = grant.idToken === undefined ? undefined : await makeIdToken(ctx, call, grant, accessToken, now)
  const body = JSON.stringify({
    access_token: accessToken,
    issued_token_type: grant.issuedTokenType,
    token_type: tokenTypeOf(claims.cnf),
    expires_in: claims.exp - claims.iat,
    scope: scopeOfAnswer(grant),
    authorization_details: claims.authorization_details,
    refresh_token: refreshHandle ?? grant.keptRefreshToken,
    id_token: idToken,
  })
  const refreshToken = refreshHandle === undefined ? undefined : refreshRecord(ctx, grant, refreshHandle, body, now)
  const record = opaque === undefined ? undefined : accessTokenRecord(grant, opaque, claims)
  const events = eventsOf(ctx, call, grant)
  const binding = bindingOf(claims.cnf)
  return { body, binding, records: { refreshToken, accessToken: record, events } }
}

/**
 * `scope` of the answer (A-TOK-11): that of the access token. Where an API knows none of it, the granted scopes of sign-in
 * are told, which is all that there is then; absent only when nothing was asked for.
 */
function scopeOfAnswer({ scope, authorization }: TokenGrant): string | undefined {
  if (scope.length > 0) return formatScope(scope)
  const granted = authorization?.scope ?? []
  return granted.length === 0 ? undefined : formatScope(granted)
}

const accessTokenRecord = (
  { authorization }: TokenGrant,
  handle: string,
  claims: AccessTokenClaims,
): OpaqueAccessToken => ({ digest: lookupKey(handle), authorizationId: authorization?.id, claims })

async function makeIdToken(
  ctx: Context,
  call: Call,
  grant: TokenGrant,
  accessToken: string,
  now: Seconds,
): Promise<string> {
  const { client, authorization, idToken } = grant
  if (authorization === undefined || idToken === undefined) throw new Error('an ID Token needs a person')
  const alg = client.idTokenAlgorithm
  const atHash = leftHalfHash(alg, accessToken)
  const made = idTokenClaims(ctx, { client, authorization, nonce: idToken.nonce, atHash }, now)
  const claims = made instanceof Promise ? await made : made
  const signed = signJwt(ctx.keys().signer(alg, now), 'JWT', claims)
  const { idTokenEncryptionAlgorithm, idTokenContentEncryption: enc } = client
  if (idTokenEncryptionAlgorithm === undefined) return signed
  return forClientAlone(ctx, call, client, await signed, { alg: idTokenEncryptionAlgorithm, enc })
}

function refreshRecord(ctx: Context, grant: TokenGrant, handle: string, body: string, now: Seconds): RefreshToken {
  const { authorization, client, refreshToken, senderKey } = grant
  if (authorization === undefined || refreshToken === undefined)
    throw new Error('a refresh token needs an authorization')
  const digest = lookupKey(handle)
  const { predecessor, sequence, idleExpiresAt } = refreshToken
  const sealed =
    predecessor === undefined || ctx.policy.refreshRetryGrace === 0
      ? undefined
      : seal(answerKey(predecessor), body, answerContext(digest, senderKey), ctx.random)
  return {
    digest,
    authorizationId: authorization.id,
    clientId: client.id,
    sequence,
    senderKey: isPublic(client) ? senderKey : undefined,
    issuedAt: now,
    idleExpiresAt: idleExpiresAt < authorization.expiresAt ? idleExpiresAt : authorization.expiresAt,
    sealedAnswer: sealed,
  }
}

function eventsOf(ctx: Context, call: Call, grant: TokenGrant): readonly SecurityEvent[] {
  if (grant.noted !== undefined) return [ctx.events.record(grant.noted, { requestId: call.id, network: call.network })]
  if (grant.redemption.kind !== 'refresh_token') return noEvents
  const draft = {
    event: 'token.refresh.rotated',
    clientId: grant.client.id,
    subject: grant.authorization?.subject,
    authorizationId: grant.authorization?.id,
    detail: { sequence: grant.refreshToken?.sequence ?? 0 },
  }
  return [ctx.events.record(draft, { requestId: call.id, network: call.network })]
}

const noEvents: readonly SecurityEvent[] = []

/** When a refresh token issued now goes idle. */
export const idleExpiry = (now: Seconds, idle: number): Seconds => after(now, idle)
