import { createHmac } from 'node:crypto'
import {
  cookieName,
  equalInConstantTime,
  lookupKey,
  readCookie,
  setCookie,
  setReadableCookie,
  type Random,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header, redirect } from '../http.ts'
import type { HttpResponse } from '../model/http.ts'
import type { Session } from '../model/interaction.ts'
import { formToken, type Secrets } from '../secrets.ts'

/** The signed-in browser; an opaque handle, found by its digest. */
const sessionCookie = 'sallyport-session'
/** The browser itself, signed in or not: what an unfinished request is bound to. Never the session cookie (A-UI-07). */
const browserCookie = 'sallyport-browser'
/** What the check-session frame reads. */
const stateCookie = 'sallyport-state'

const read = (ctx: Context, call: Call, name: string): string | undefined => {
  const value = readCookie(header(call.request, 'cookie'), cookieName(name, ctx.secure))
  return value !== undefined && value.length === 43 ? value : undefined
}

/** A session used longer ago than this part of the idle limit is noted as used; more often would be a write per request. */
const touchEvery = 10

/** Who is signed in at this browser: a live session of an active person within its idle and absolute limits. */
export async function currentSession(ctx: Context, call: Call): Promise<Session | undefined> {
  const handle = sessionHandle(ctx, call)
  return handle === undefined ? undefined : liveSession(ctx, handle)
}

/** The handle of the session in use, whether or not it is still worth anything. */
export const sessionHandle = (ctx: Context, call: Call): string | undefined => read(ctx, call, sessionCookie)

/** The session of a handle, while it may be used; notes that it was. */
export async function liveSession(ctx: Context, handle: string): Promise<Session | undefined> {
  const now = ctx.now()
  const view = await ctx.store.findSession(lookupKey(handle), now)
  if (view === undefined || !view.subjectActive) return undefined
  const { session } = view
  const idle = now - session.seenAt
  if (idle >= ctx.policy.sessionIdle || session.expiresAt <= now) return undefined
  if (idle > ctx.policy.sessionIdle / touchEvery) await ctx.store.touchSession(session.id, now)
  return session
}

/** What a browser gets when a session begins: its handle, and its state where applications may watch that. */
export const sessionSetCookies = (ctx: Context, handle: string): readonly string[] => [
  setCookie(sessionCookie, handle, { maxAge: ctx.policy.sessionAbsolute, secure: ctx.secure }),
  ...(ctx.policy.sessionManagement ? [stateSetCookie(ctx, lookupKey(handle))] : []),
]

export const sessionClearCookies = (ctx: Context): readonly string[] => [
  setCookie(sessionCookie, '', { maxAge: 0, secure: ctx.secure }),
  ...(ctx.policy.sessionManagement ? [setReadableCookie(stateCookie, '', { maxAge: 0, secure: ctx.secure })] : []),
]

export const stateCookieName = (ctx: Context): string => cookieName(stateCookie, ctx.secure)

/** The state of a browser with this session: another one after each sign-in, and of no other use (Session Management section 3.2). */
export const browserStateOf = (ctx: Context, digest: string): string =>
  createHmac('sha256', ctx.secrets.sessions).update(`browser state ${digest}`).digest('base64url')

export const readBrowserState = (ctx: Context, call: Call): string | undefined => read(ctx, call, stateCookie)

export const stateSetCookie = (ctx: Context, digest: string): string =>
  setReadableCookie(stateCookie, browserStateOf(ctx, digest), {
    maxAge: ctx.policy.sessionAbsolute,
    secure: ctx.secure,
  })

/** Digest of the browser's own cookie, if it has one. */
export function browserDigest(ctx: Context, call: Call): string | undefined {
  const handle = read(ctx, call, browserCookie)
  return handle === undefined ? undefined : lookupKey(handle)
}

const idLength = 22

/** 128 random bits, and as many of a MAC over them: 43 characters, as every handle has. */
export function newBrowserHandle(secrets: Secrets, random: Random): string {
  const id = random.id(16)
  return id + markOf(secrets, id)
}

const markOf = (secrets: Secrets, id: string): string => formToken(secrets, `browser ${id}`).slice(0, idLength - 1)

/** True for a handle that this server made: no row says so, and a planted one is found out all the same (CS-09). */
const isOurs = (secrets: Secrets, handle: string): boolean =>
  equalInConstantTime(handle.slice(idLength), markOf(secrets, handle.slice(0, idLength)))

/** The browser's digest, with a new cookie to set where it had none that is ours. */
export function bindBrowser(
  ctx: Context,
  call: Call,
): { readonly digest: string; readonly cookies: readonly string[] } {
  const known = read(ctx, call, browserCookie)
  if (known !== undefined && isOurs(ctx.secrets, known)) return { digest: lookupKey(known), cookies: [] }
  const handle = newBrowserHandle(ctx.secrets, ctx.random)
  return {
    digest: lookupKey(handle),
    cookies: [setCookie(browserCookie, handle, { maxAge: undefined, secure: ctx.secure })],
  }
}

/** Longest form that is asked again in an address, and what may stand there as it is. */
const maxAddressed = 6000
const addressable = /^[\w.~*+%&=-]*$/

/**
 * Asks for the same parameters again by GET when another site's page posted them: from such a form a browser keeps back
 * SameSite=Lax cookies, and the person would look like a stranger (B-OIDC-01). `undefined` when the request can be
 * answered as it is.
 */
export function askAgainByGet(call: Call, endpoint: string): HttpResponse | undefined {
  const { request } = call
  if (request.method !== 'POST' || header(request, 'sec-fetch-site') !== 'cross-site') return undefined
  if (header(request, 'cookie') !== undefined || (request.body?.length ?? 0) > maxAddressed) return undefined
  const parameters = Buffer.from(request.body ?? new Uint8Array()).toString('latin1')
  return addressable.test(parameters) ? redirect(`${endpoint}?${parameters}`) : undefined
}
