import type { JwsAlgorithm } from '@sallyport/protocol'
import type { AuthorizationDetail } from '../model/detail.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import type { TokenFormat } from '../model/resource.ts'
import type { EventDraft } from '../model/route.ts'
import type { Authorization, Redemption, RefreshToken } from '../model/authorization.ts'

declare const brand: unique symbol

/** What a validated grant entitles to. */
export type TokenGrantFacts = {
  readonly client: AuthenticatedClient
  readonly redemption: Redemption
  /** `undefined` when the client acts for itself. */
  readonly authorization: Authorization | undefined
  /** Scope of the access token. */
  readonly scope: readonly string[]
  /** What it allows in detail at its audience (RFC 9396); nothing when left out. */
  readonly details?: readonly AuthorizationDetail[] | undefined
  /** The one audience of the access token (A-RES-03). */
  readonly audience: string
  /** What the access token looks like. */
  readonly accessTokenFormat: TokenFormat
  /** What it is signed with, when it is a JWT. */
  readonly accessTokenAlgorithm: JwsAlgorithm
  /** Seconds the access token lives. */
  readonly accessTokenLifetime: number
  /** What the access token is bound to: the key of a proof, or a client certificate. */
  readonly senderKey: string | undefined
  readonly idToken: { readonly nonce: string | undefined } | undefined
  /** The refresh token that was presented and goes on as it is. */
  readonly keptRefreshToken?: string | undefined
  /** The refresh token to issue, if any. */
  readonly refreshToken: RefreshTokenPlan | undefined
  /** The type of the access token, where the grant tells it (RFC 8693 section 2.2.1). */
  readonly issuedTokenType?: string | undefined
  /** What is written down together with it. */
  readonly noted?: EventDraft | undefined
}

export type RefreshTokenPlan = Pick<RefreshToken, 'sequence' | 'idleExpiresAt'> & {
  /** The presented token that this one follows; its holder may ask again within the retry grace. */
  readonly predecessor: string | undefined
}

/** A validated grant: what may be issued, and what must be redeemed for it. Only the grants make one. */
export type TokenGrant = TokenGrantFacts & { readonly [brand]: 'TokenGrant' }

/** A whole answer: one that is given again, to a client whose first got lost (A-RT-04), or one that issues no access token. */
export type StoredAnswer = { readonly storedAnswer: string }

/** Marks the facts as validated; to be called at the end of a grant and nowhere else. */
export const tokenGrant = (facts: TokenGrantFacts): TokenGrant => facts as TokenGrant
