import { numericDate, signJwt, type Seconds } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import type { LogoutNotice } from '../model/logout.ts'
import { sessionFor, subjectFor } from '../subjects.ts'

/** Seconds a logout token lives, retries included (Back-Channel Logout section 2.4). */
export const logoutTokenLifetime = 120

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Tells a client that a session has ended (B-LOG-09): the person as its ID Tokens name them, the session where the client
 * registered for it, and never a `nonce`, so that it can be no ID Token.
 */
export function signLogoutToken(
  ctx: Context,
  client: Client,
  { id, subject, sessionId }: LogoutNotice,
  issuedAt: Seconds,
): string | Promise<string> {
  const iat = numericDate(issuedAt)
  const claims = {
    iss: ctx.issuer,
    aud: client.id,
    iat,
    exp: iat + logoutTokenLifetime,
    jti: id,
    events: { [logoutEvent]: {} },
    sub: subjectFor(ctx, client, subject),
    ...(client.backchannelLogoutSessionRequired ? { sid: sessionFor(ctx, client, sessionId) } : {}),
  }
  return signJwt(ctx.keys().signer(client.idTokenAlgorithm, ctx.now()), 'logout+jwt', claims)
}
