import { confirmationOf, formatScope, numericDate, type Confirmation, type Seconds } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { AccessTokenClaims } from '../model/access-token.ts'
import type { Authentication } from '../model/authorization.ts'
import type { TokenBinding } from '../model/resource.ts'
import { subjectFor } from '../subjects.ts'
import type { TokenGrant } from './token-grant.ts'

/** `typ` of an access token (RFC 9068 section 2.1). */
export const accessTokenType = 'at+jwt'

const machine = 'cc'

/**
 * The claims of an access token. `jti` starts with the id of its authorization, so that the token needs no row of its own
 * to be found revoked. A token of a client for itself has the client as subject and nothing of a person (A-TOK-16).
 */
export function accessTokenClaims(ctx: Context, grant: TokenGrant, now: Seconds): AccessTokenClaims {
  const { authorization, client, audience, accessTokenLifetime } = grant
  const iat = numericDate(now)
  const exp =
    authorization === undefined
      ? iat + accessTokenLifetime
      : Math.min(iat + accessTokenLifetime, numericDate(authorization.expiresAt))
  const claims = {
    iss: ctx.issuer,
    sub: authorization === undefined ? client.id : subjectFor(ctx, client, authorization.subject),
    aud: audience,
    client_id: client.id,
    iat,
    exp,
    jti: `${authorization === undefined ? machine : authorization.id}.${ctx.random.id(15)}`,
  }
  const scope = grant.scope.length === 0 ? {} : { scope: formatScope(grant.scope) }
  const cnf = grant.senderKey === undefined ? {} : { cnf: confirmationOf(grant.senderKey) }
  if (authorization === undefined) return { ...claims, ...scope, ...detailsClaim(grant), ...cnf }
  const { authentication, derived } = authorization
  const { size } = ctx.exchange.mayAct
  if (derived === undefined && size === 0)
    return { ...claims, ...scope, ...detailsClaim(grant), ...signIn(authentication), ...cnf }
  const known = derived?.signInKnown !== false
  return {
    ...claims,
    ...scope,
    ...detailsClaim(grant),
    ...(known ? signIn(authentication) : {}),
    ...delegation(ctx, grant),
    ...cnf,
  }
}

const nothing: Pick<AccessTokenClaims, 'authorization_details'> = {}

const detailsClaim = ({ details }: TokenGrant): Pick<AccessTokenClaims, 'authorization_details'> =>
  details === undefined || details.length === 0 ? nothing : { authorization_details: details }

/** Who acts, and who may act next (RFC 8693 sections 4.1 and 4.4). */
function delegation(ctx: Context, { client, authorization }: TokenGrant): Pick<AccessTokenClaims, 'act' | 'may_act'> {
  const act = authorization?.derived?.actor
  const may_act = mayActOf(ctx, client.id)
  return { ...(act === undefined ? {} : { act }), ...(may_act === undefined ? {} : { may_act }) }
}

/** Who may act on tokens of a client, as they say it. */
export function mayActOf(ctx: Context, clientId: string): { readonly sub: string } | undefined {
  const actor = ctx.exchange.mayAct.get(clientId)
  return actor === undefined ? undefined : { sub: actor }
}

const signIn = ({ time, acr, amr }: Authentication): Pick<AccessTokenClaims, 'auth_time' | 'acr' | 'amr'> => ({
  auth_time: numericDate(time),
  ...(acr === undefined ? {} : { acr }),
  amr,
})

/** To what kind of thing a token is bound. */
export const bindingOf = (cnf: Confirmation | undefined): TokenBinding =>
  cnf === undefined ? 'bearer' : 'jkt' in cnf ? 'dpop' : 'mtls'

/** Tokens that are bound to a certificate are sent as bearer tokens are (RFC 8705 section 3). */
export const tokenTypeOf = (cnf: Confirmation | undefined): 'Bearer' | 'DPoP' =>
  bindingOf(cnf) === 'dpop' ? 'DPoP' : 'Bearer'

/** The authorization an access token was issued under; `undefined` for a client's own token. */
export function authorizationOf(jti: string): string | undefined {
  const prefix = jti.slice(0, jti.lastIndexOf('.'))
  return prefix === machine ? undefined : prefix
}
