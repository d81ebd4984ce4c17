import { cookieName, readCookie, setCookie } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'
import type { Session } from '../model/interaction.ts'
import { currentSession, liveSession, sessionHandle, sessionSetCookies } from './browser.ts'

/** Handles of the sessions that stand aside at this browser while another person's is in use, joined by dots. */
const asideCookie = 'sallyport-accounts'
/** Most sessions that stand aside. */
const maxAside = 4
const handleSyntax = /^[A-Za-z0-9_-]{43}$/

type Aside = { readonly handle: string; readonly session: Session }

/** The handles that stand aside; none when the cookie is not as the server writes it. */
function asideHandles(ctx: Context, call: Call): readonly string[] {
  const value = readCookie(header(call.request, 'cookie'), cookieName(asideCookie, ctx.secure))
  if (value === undefined) return []
  const handles = value.split('.', maxAside + 1)
  return handles.length <= maxAside && handles.every((handle) => handleSyntax.test(handle)) ? handles : []
}

async function asideOf(ctx: Context, call: Call): Promise<readonly Aside[]> {
  const found: Aside[] = []
  for (const handle of asideHandles(ctx, call)) {
    const session = await liveSession(ctx, handle)
    if (session !== undefined) found.push({ handle, session })
  }
  return found
}

/** Everybody who is signed in at this browser, the session in use first. One read more only where somebody stands aside. */
export async function sessionsHere(
  ctx: Context,
  call: Call,
): Promise<{ readonly current: Session | undefined; readonly aside: readonly Session[] }> {
  const current = await currentSession(ctx, call)
  const aside = await asideOf(ctx, call)
  const others = aside.filter(({ session }) => session.id !== current?.id && session.subject !== current?.subject)
  return { current, aside: others.map(({ session }) => session) }
}

const asideSetCookie = (ctx: Context, handles: readonly string[]): string =>
  setCookie(asideCookie, handles.join('.'), {
    maxAge: handles.length === 0 ? 0 : ctx.policy.sessionAbsolute,
    secure: ctx.secure,
  })

/** Clears what stands aside, where anything does. */
export const asideClearCookies = (ctx: Context, call: Call): readonly string[] =>
  asideHandles(ctx, call).length === 0 ? [] : [asideSetCookie(ctx, [])]

/**
 * Takes a session that stands aside into use and puts the present one aside (B-OIDC-14). Gives the cookies to set;
 * `undefined` when there is no such session at this browser.
 */
export async function takeIntoUse(ctx: Context, call: Call, sessionId: string): Promise<readonly string[] | undefined> {
  if ((await currentSession(ctx, call))?.id === sessionId) return []
  const aside = await asideOf(ctx, call)
  const chosen = aside.find(({ session }) => session.id === sessionId)
  if (chosen === undefined) return undefined
  const before = sessionHandle(ctx, call)
  const rest = aside.filter((one) => one !== chosen).map(({ handle }) => handle)
  const others = before === undefined ? rest : [...rest, before]
  return [...sessionSetCookies(ctx, chosen.handle), asideSetCookie(ctx, others.slice(-maxAside))]
}

/**
 * Puts the session in use aside, for another person who is about to sign in beside it. Gives the cookies to set and the
 * sessions for which there is no room any more; those of the person who signs in are left out, since they are replaced.
 */
export async function putAside(
  ctx: Context,
  call: Call,
  subject: string,
): Promise<{ readonly cookies: readonly string[]; readonly dropped: readonly Session[] }> {
  const current = await currentSession(ctx, call)
  const handle = sessionHandle(ctx, call)
  const aside = await asideOf(ctx, call)
  const all = current === undefined || handle === undefined ? aside : [...aside, { handle, session: current }]
  const others = all.filter(({ session }) => session.subject !== subject)
  const kept = others.slice(-maxAside)
  return {
    cookies:
      kept.length === 0
        ? asideClearCookies(ctx, call)
        : [
            asideSetCookie(
              ctx,
              kept.map((one) => one.handle),
            ),
          ],
    dropped: others.slice(0, -maxAside).map(({ session }) => session),
  }
}
