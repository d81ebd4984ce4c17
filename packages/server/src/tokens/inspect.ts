import { lookupKey, readConfirmation, type Reason, type Seconds, type JwtFault } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { AccessTokenClaims } from '../model/access-token.ts'
import { authorizationOf } from './access-token.ts'

/** An access token of this issuer that is in force now. */
export type InspectedToken = { readonly claims: AccessTokenClaims; readonly authorizationId: string | undefined }

const text = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * True for the shapes we sign (JW-09); anything else was signed for another purpose. The one confirmation there is names a
 * key or a certificate; a token with another is good for nothing, whatever the confirmation says (B-ATJ-08).
 */
function hasShape(claims: Readonly<Record<string, unknown>>): claims is AccessTokenClaims & Record<string, unknown> {
  const { iss, sub, aud, client_id, jti, iat, exp, scope } = claims
  return (
    [iss, sub, aud, client_id, jti].every(text) &&
    Number.isFinite(iat) &&
    Number.isFinite(exp) &&
    (scope === undefined || typeof scope === 'string') &&
    (!('cnf' in claims) || readConfirmation(claims['cnf']) !== undefined)
  )
}

const reasonOf: Partial<Record<JwtFault, Reason>> = { typ: 'token_typ' }

/**
 * Looks at an access token as the issuer: signature, type, issuer and expiry, then whether token, authorization, person
 * and client still stand. Gives the reason when it is not in force; never throws for a bad token.
 */
export async function inspectAccessToken(ctx: Context, token: string, now: Seconds): Promise<InspectedToken | Reason> {
  const verified = ctx.verifiedTokens.verify(token, ctx.keys(), now)
  if (typeof verified === 'string') return reasonOf[verified] ?? 'token_invalid'
  if (!hasShape(verified.claims) || verified.claims.iss !== ctx.issuer) return 'token_invalid'
  const { claims } = verified
  if (claims.exp <= now) return 'token_expired'
  const authorizationId = authorizationOf(claims.jti)
  const stands = await ctx.store.tokenStands({ jti: claims.jti, authorizationId, clientId: claims.client_id }, now)
  return stands ? { claims, authorizationId } : 'token_revoked'
}

/** The same for an access token that is a handle: one look into the store decides. */
export async function inspectOpaqueToken(ctx: Context, token: string, now: Seconds): Promise<InspectedToken | Reason> {
  const view = await ctx.store.accessTokens.find(lookupKey(token), now)
  if (view === undefined) return 'token_invalid'
  const { claims, authorizationId } = view.token
  return view.stands ? { claims, authorizationId } : 'token_revoked'
}
