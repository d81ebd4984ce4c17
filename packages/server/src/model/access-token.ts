import type { Confirmation } from '@sallyport/protocol'
import type { AuthorizationDetail } from './detail.ts'

/** Who acts for a person, and for whom that one acts in turn (RFC 8693 section 4.1); only the outermost decides anything. */
export type Actor = { readonly sub: string; readonly act?: Actor }

/** What an access token says, whatever it looks like (RFC 9068 section 2.2, RFC 7662 section 2.2). */
export type AccessTokenClaims = {
  readonly iss: string
  readonly sub: string
  readonly aud: string
  readonly client_id: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly scope?: string
  /** What was allowed in detail, as far as it is for this audience (RFC 9396 section 9.1). */
  readonly authorization_details?: readonly AuthorizationDetail[]
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** Who acts for the person (RFC 8693 section 4.1). */
  readonly act?: Actor
  /** Who may come to act for the person with it (RFC 8693 section 4.4). */
  readonly may_act?: { readonly sub: string }
  /** The key or the certificate whose holder alone may use it (RFC 7800 section 3). */
  readonly cnf?: Confirmation
}

/** An access token at rest that is a handle; the handle itself is only known to the client. */
export type OpaqueAccessToken = {
  readonly digest: string
  /** `undefined` for a client's own token. */
  readonly authorizationId: string | undefined
  readonly claims: AccessTokenClaims
}
