import { refuse, verifyJwt } from '@sallyport/protocol'
import type { Context } from '../context.ts'

const idTokenTypes: readonly string[] = ['jwt']

/** What a good hint says. */
export type IdTokenHint = {
  readonly subject: string
  readonly clientId: string
  /** NumericDate of its issue. */
  readonly issuedAt: number
  /** The session it was issued under, as this client knows it. */
  readonly sessionName: string | undefined
}

/**
 * Reads an ID Token of this issuer as a hint: the signature by any key the issuer ever used, and the issuer, are checked;
 * expiry is not, since the hint only says who is meant (B-OIDC-31). `undefined` for everything else.
 */
export function readIdTokenHint(ctx: Context, token: string): IdTokenHint | undefined {
  const verified = verifyJwt(token, idTokenTypes, ctx.keys().everyKey)
  if (typeof verified === 'string') return undefined
  const { iss, sub, aud, exp, iat, sid } = verified.claims
  // A signed UserInfo answer has the same type but no expiry; it is not an ID Token.
  if (typeof exp !== 'number' || typeof iat !== 'number') return undefined
  return iss === ctx.issuer && typeof sub === 'string' && typeof aud === 'string'
    ? { subject: sub, clientId: aud, issuedAt: iat, sessionName: typeof sid === 'string' ? sid : undefined }
    : undefined
}

/** The subject of a hint that was issued to this very client. Throws `id_token_hint`. */
export function hintedSubject(ctx: Context, token: string, clientId: string): string {
  const hint = readIdTokenHint(ctx, token)
  if (hint === undefined || hint.clientId !== clientId) throw refuse('id_token_hint')
  return hint.subject
}
