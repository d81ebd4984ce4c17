import type { Form, Seconds } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Authorization, Redemption } from '../model/authorization.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import { effectivePolicy } from '../policy.ts'
import { detailsOfToken } from './details.ts'
import { accessTokenTarget, resourcesLeft, stillAllowed } from './resource-scope.ts'
import type { TokenGrantFacts } from './token-grant.ts'

/** What a person approved, and what has to be redeemed for it. */
export type Approved = {
  readonly redemption: Redemption
  readonly authorization: Authorization
  readonly nonce: string | undefined
}

/** What the token request adds: it can only narrow. */
export type TokenWish = {
  readonly resources: readonly string[]
  readonly senderKey: string | undefined
  /** The token request, for the details that it may narrow. */
  readonly form: Form
}

/** What the first tokens of an approval may be: never more than the person approved (DV-07). */
export async function entitlement(
  ctx: Context,
  client: AuthenticatedClient,
  { redemption, authorization, nonce }: Approved,
  { resources, senderKey, form }: TokenWish,
): Promise<TokenGrantFacts> {
  const policy = effectivePolicy(ctx.policy, client)
  // What an operator took from the client meanwhile is gone from what the person once granted.
  const scope = stillAllowed(authorization.scope, client.scope)
  const target = await accessTokenTarget(ctx, {
    granted: resourcesLeft(authorization.resources, client),
    named: resources,
    scope,
    lifetime: policy.accessTokenLifetime,
    client,
    senderKey,
  })
  const lasting =
    client.grantTypes.includes('refresh_token') && (scope.includes('offline_access') || client.sessionRefreshTokens)
  const idleExpiresAt = (ctx.now() + policy.refreshTokenIdle) as Seconds
  return {
    client,
    redemption,
    authorization,
    ...target,
    details: detailsOfToken(ctx, client, form, {
      granted: authorization.authorizationDetails ?? [],
      audience: target.audience,
    }),
    idToken: scope.includes('openid') ? { nonce } : undefined,
    refreshToken: lasting ? { sequence: 0, idleExpiresAt, predecessor: undefined } : undefined,
  }
}
