import { numericDate, type Seconds } from '@sallyport/protocol'
import { requestedClaims } from '../claims.ts'
import type { Context } from '../context.ts'
import type { Authorization } from '../model/authorization.ts'
import { knowsSessions, type Client } from '../model/client.ts'
import { sessionFor, subjectFor } from '../subjects.ts'
import { mayActOf } from './access-token.ts'

/** What is known when an ID Token is made. */
export type IdTokenFacts = {
  readonly client: Client
  readonly authorization: Authorization
  readonly nonce: string | undefined
  readonly atHash: string
}

/**
 * The claims of an ID Token (OpenID Connect Core section 2): the protocol's own, `auth_time`, `acr` and `amr` only when
 * they were asked for, and claims about the person only when the request named them for the ID Token (B-OIDC-26,
 * B-IDT-12). Claims of the person can never replace one of the protocol (MX-03).
 */
export function idTokenClaims(
  ctx: Context,
  facts: IdTokenFacts,
  now: Seconds,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const { client, authorization, nonce, atHash } = facts
  const wanted = authorization.claims?.idToken ?? {}
  const { time, acr, amr } = authorization.authentication
  const iat = numericDate(now)
  const claims: Record<string, unknown> = {
    iss: ctx.issuer,
    sub: subjectFor(ctx, client, authorization.subject),
    aud: client.id,
    exp: iat + ctx.policy.idTokenLifetime,
    iat,
    at_hash: atHash,
  }
  if (nonce !== undefined) claims['nonce'] = nonce
  if (knowsSessions(client)) claims['sid'] = sessionFor(ctx, client, authorization.sessionId)
  // Begins with the id of its authorization, as that of an access token does, so that an exchange finds what it rests on.
  if (ctx.exchange.idTokensOf.has(client.id) || ctx.identityAudiences.clients.has(client.id))
    claims['jti'] = `${authorization.id}.${ctx.random.id(15)}`
  const mayAct = mayActOf(ctx, client.id)
  if (mayAct !== undefined) claims['may_act'] = mayAct
  if (authorization.tellAuthTime) claims['auth_time'] = numericDate(time)
  if (authorization.tellAcr && acr !== undefined) claims['acr'] = acr
  if ('amr' in wanted || authorization.tellAcr) claims['amr'] = amr
  if (Object.keys(wanted).length === 0) return claims
  return ctx.accounts
    .findClaims(authorization.subject)
    .then((person) => ({ ...requestedClaims(person ?? {}, wanted, authorization.claims?.locales ?? []), ...claims }))
}
