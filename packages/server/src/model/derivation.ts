import type { Authorization, AuthorizationEnd } from './authorization.ts'

/** An authorization that others can be derived from, together with all that decides about it. */
export type ParentView = {
  readonly authorization: Authorization
  /** `undefined` while it, its person and every authorization that it hangs on itself are in force. */
  readonly ended: AuthorizationEnd | undefined
}

/** What authorizations are derived from (RFC 8693). They are written by `redeem`, with everything else of their answer. */
export type DerivationStore = {
  /** The authorization with this id. Law: what `redeem` or `issueCode` resolved for is found on every node. */
  find(authorizationId: string): Promise<ParentView | undefined>
}
