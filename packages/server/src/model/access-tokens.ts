import type { Seconds } from '@sallyport/protocol'
import type { OpaqueAccessToken } from './access-token.ts'
import type { SecurityEvent } from './authorization.ts'

/** A token together with all that decides about it, read in one trip. */
export type OpaqueAccessTokenView = {
  readonly token: OpaqueAccessToken
  /** Authorization, person and client are in force. */
  readonly stands: boolean
}

/** Access tokens that are handles. They are written by `redeem`, with everything else of their answer. */
export type AccessTokenStore = {
  /** The token while it has neither expired nor been revoked. Law: what `redeem` resolved for is found on every node. */
  find(digest: string, now: Seconds): Promise<OpaqueAccessTokenView | undefined>
  /** Ends one token and nothing else. Law: over all time, on all nodes, at most one call per digest resolves true. */
  revoke(digest: string, events: readonly SecurityEvent[]): Promise<boolean>
}
