import { type Reason, type Seconds, type JwtFault } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import { authorizationOf, type AccessTokenClaims } from './access-token.ts'

/** An access token of this issuer that is in force now. */
export type InspectedToken = { readonly claims: AccessTokenClaims; readonly authorizationId: string | undefined }

const reasonOf: Partial<Record<JwtFault, Reason>> = { typ: 'token_typ' }

/**
 * Looks at an access token as the issuer: signature, type, issuer and expiry, then whether token, authorization, person
 * and client still stand. Gives the reason when it is not in force; never throws for a bad token.
 */
export async function inspectAccessToken(ctx: Context, token: string, now: Seconds): Promise<InspectedToken | Reason> {
  const verified = ctx.verifiedTokens.verify(token, ctx.keys(), now)
  if (typeof verified === 'string') return reasonOf[verified] ?? 'token_invalid'
  const claims = verified.claims as unknown as AccessTokenClaims
  // What we signed has these shapes; anything else was signed for another purpose.
  if (claims.iss !== ctx.issuer || typeof claims.jti !== 'string' || typeof claims.exp !== 'number')
    return 'token_invalid'
  if (claims.exp <= now) return 'token_expired'
  const authorizationId = authorizationOf(claims.jti)
  const stands = await ctx.store.tokenStands({ jti: claims.jti, authorizationId, clientId: claims.client_id }, now)
  return stands ? { claims, authorizationId } : 'token_revoked'
}
