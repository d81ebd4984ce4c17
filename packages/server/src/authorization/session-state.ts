import { createHash } from 'node:crypto'
import type { Call, Context } from '../context.ts'
import type { HttpResponse } from '../model/http.ts'
import type { Session } from '../model/interaction.ts'
import { browserStateOf, readBrowserState, stateSetCookie } from './browser.ts'

/**
 * `session_state` (Session Management section 2): what the check-session frame compares with the state of the browser, without
 * telling it. Opaque to the client; the salt lets the frame make it again.
 */
export const sessionStateFor = (clientId: string, origin: string, browserState: string, salt: string): string =>
  `${createHash('sha256').update(`${clientId} ${origin} ${browserState} ${salt}`).digest('base64url')}.${salt}`

/**
 * The member of a response that tells a client how to watch the session; none for a client that no frame can answer, since
 * its address has no origin, and for requests that are not of OpenID Connect.
 */
export function sessionState(
  ctx: Context,
  session: Session,
  {
    clientId,
    redirectUri,
    scope,
  }: { readonly clientId: string; readonly redirectUri: string; readonly scope: readonly string[] },
): Readonly<Record<string, string>> {
  if (!ctx.policy.sessionManagement || !scope.includes('openid') || !/^https?:/.test(redirectUri)) return {}
  const { origin } = new URL(redirectUri)
  return { session_state: sessionStateFor(clientId, origin, browserStateOf(ctx, session.digest), ctx.random.id(16)) }
}

/** Lets the frame see the session that a response is about, where the browser's state is another one or none yet. */
export function withBrowserState(ctx: Context, call: Call, session: Session, response: HttpResponse): HttpResponse {
  if (!ctx.policy.sessionManagement || readBrowserState(ctx, call) === browserStateOf(ctx, session.digest))
    return response
  return { ...response, headers: { ...response.headers, 'set-cookie': [stateSetCookie(ctx, session.digest)] } }
}
