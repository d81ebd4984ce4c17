import { appendToRedirectUri, formActionSource, formEncode, type OAuthError } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { errorBody, errorPage, page, redirect } from '../http.ts'
import { isSelfRegistered, type Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import type { FormPostView } from '../model/pages.ts'
import type { ResponseMode } from '../model/authorization-request.ts'
import { isSigned, responseJwt } from './response-jwt.ts'

/** Where and how an authorization response goes. */
export type ResponseTarget = {
  readonly client: Client
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | undefined
  /** Languages of the person, for the page that carries a response by form. */
  readonly uiLocales: readonly string[]
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')

/**
 * The one function that writes authorization responses, success and error alike: `state` as it came, and `iss` always
 * (RFC 9207, A-ISS-01); in the modes of JARM the same as one signed JWT, and nothing beside it (B-JARM-01).
 */
export function respond(
  ctx: Context,
  call: Call,
  target: ResponseTarget,
  members: Readonly<Record<string, string>>,
): HttpResponse | Promise<HttpResponse> {
  const all: Record<string, string> = { ...members }
  if (target.state !== undefined) all['state'] = target.state
  if (isSigned(target.responseMode))
    return responseJwt(ctx, call, target.client, all).then((response) => written(ctx, target, { response }))
  all['iss'] = ctx.issuer
  return written(ctx, target, all)
}

function written(ctx: Context, target: ResponseTarget, all: Readonly<Record<string, string>>): HttpResponse {
  if (isPosted(target.responseMode)) return formPost(ctx, target, all)
  let query = ''
  for (const [name, value] of Object.entries(all)) query += `${query === '' ? '' : '&'}${name}=${formEncode(value)}`
  return redirect(appendToRedirectUri(target.redirectUri, query))
}

/** Whether a response comes as a form that the browser posts. */
export const isPosted = (mode: ResponseMode): boolean => mode === 'form_post' || mode === 'form_post.jwt'

/** An error sent back to the client (A-AUTHZ-11). */
export const respondError = (
  ctx: Context,
  call: Call,
  target: ResponseTarget,
  error: OAuthError,
): HttpResponse | Promise<HttpResponse> => respond(ctx, call, target, errorBody(ctx, error))

/** Whose request an error answers, and whether it must not show a page. */
export type Answered = { readonly target: ResponseTarget; readonly silent: boolean }

/**
 * An error that was found before anybody signed in. Whoever registered itself must not get browsers sent on by a mere link:
 * the person sees where it would go, and goes there by hand (A-AUTHZ-13). Silent requests and clients that an
 * administrator vouches for are answered as ever.
 */
export async function respondEarlyError(
  ctx: Context,
  call: Call,
  { target, silent }: Answered,
  error: OAuthError,
): Promise<HttpResponse> {
  const { client } = target
  if (silent || !isSelfRegistered(client) || client.firstParty) return respondError(ctx, call, target, error)
  const responseMode = isSigned(target.responseMode) ? 'query.jwt' : 'query'
  const { location } = (await respondError(ctx, call, { ...target, responseMode }, error)).headers
  const url = String(location)
  const host = /^https?:\/\/([^/?#]+)/.exec(url)?.[1] ?? url.slice(0, url.indexOf(':') + 1)
  return errorPage(ctx, call, error, { clientName: client.name, continueTo: { host, url } })
}

/** A page of the server's own, for embeddings whose pages leave it out. */
const plainFormPost = ({ action, fields, scriptNonce }: FormPostView): string => {
  const inputs = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('')
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Returning to the application</title></head>` +
    `<body><form method="post" action="${escapeHtml(action)}" id="authorization-response">${inputs}` +
    `<noscript><p>Scripts are off. Continue to the application:</p></noscript>` +
    `<button type="submit">Continue</button></form>` +
    `<script nonce="${scriptNonce}">document.getElementById('authorization-response').submit()</script></body></html>`
  )
}

/**
 * OAuth 2.0 Form Post Response Mode: one form that submits itself; the button works where scripts do not run. The policy
 * lets the form go to the redirect URI's origin only (B-OIDC-34, A-AUTHZ-18).
 */
function formPost(
  ctx: Context,
  { redirectUri, uiLocales }: ResponseTarget,
  fields: Readonly<Record<string, string>>,
): HttpResponse {
  const scriptNonce = ctx.random.id(16)
  const view: FormPostView = { action: redirectUri, fields, scriptNonce, uiLocales }
  const html = ctx.pages.formPost?.(view) ?? plainFormPost(view)
  return page(ctx.secure, html, { status: 200, formOnly: formActionSource(redirectUri), scriptNonce })
}
