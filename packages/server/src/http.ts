import { lookupKey, reasons, type OAuthError } from '@sallyport/protocol'
import type { Call, Context } from './context.ts'
import type { HttpRequest, HttpResponse } from './model/http.ts'

type Headers = Record<string, string | readonly string[]>

/** A header that may have been sent once; node joins or drops repetitions before this. */
export function header(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Tells one kind of browser from another without keeping what it says of itself. */
export function agentDigest(request: HttpRequest): string | undefined {
  const agent = header(request, 'user-agent')
  return agent === undefined ? undefined : lookupKey(agent.slice(0, 500)).slice(0, 11)
}

/** A JSON answer that nobody may keep (A-GEN-03). */
export const json = (status: number, body: object | string, headers?: Readonly<Headers>): HttpResponse => ({
  status,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
    'x-content-type-options': 'nosniff',
    ...headers,
  },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

/** 303, for every redirect there is (A-GEN-02). */
export const redirect = (location: string, headers?: Readonly<Headers>): HttpResponse => ({
  status: 303,
  headers: {
    location,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...headers,
  },
  body: '',
})

/** Address of the help page of an error. */
export const helpUrl = (ctx: Context, error: OAuthError): string | undefined =>
  ctx.helpBase === undefined ? undefined : `${ctx.helpBase}${error.page}`

/** The error body of the token endpoint and its relatives (OAuth 2.1 section 3.2.4). */
export function errorBody(ctx: Context, error: OAuthError): Record<string, string> {
  const body: Record<string, string> = { error: error.code, error_description: error.description }
  const help = helpUrl(ctx, error)
  if (help !== undefined) body['error_uri'] = help
  return body
}

/** A refusal as JSON. Every 401 names a scheme (A-TOK-07), every 503 and 429 says when to come back. */
export function errorJson(ctx: Context, error: OAuthError): HttpResponse {
  const headers: Headers = { ...error.headers }
  if (error.status === 401) headers['www-authenticate'] ??= `Basic realm="${ctx.issuer}", charset="UTF-8"`
  if (error.status === 503) headers['retry-after'] ??= '2'
  return json(error.status, { ...error.members, ...errorBody(ctx, error) }, headers)
}

type PolicyParts = {
  /** Where forms may end, beside the server itself. */
  readonly formAction?: string | undefined
  /** The one place where the form may end: not even the server itself is another. */
  readonly formOnly?: string | undefined
  readonly scriptNonce?: string | undefined
  /** Origins of the only frames that the page may hold. */
  readonly frames?: readonly string[] | undefined
}

/** Content-Security-Policy of a page (A-UI-02). `formOnly` instead of `formAction` leaves out our own origin. */
export function contentSecurityPolicy({ formAction, formOnly, scriptNonce, frames = [] }: PolicyParts): string {
  const script = scriptNonce === undefined ? '' : `script-src 'nonce-${scriptNonce}'; `
  const framed = frames.length === 0 ? '' : `frame-src ${frames.join(' ')}; `
  const targets = formOnly ?? (formAction === undefined ? "'self'" : `'self' ${formAction}`)
  return (
    `default-src 'none'; ${script}${framed}style-src 'self'; img-src 'self'; connect-src 'self'; ` +
    `base-uri 'none'; frame-ancestors 'none'; form-action ${targets}`
  )
}

/** Headers of every HTML answer, set here and nowhere else (CS-08, A-UI-01 to -04). */
export function pageHeaders(secure: boolean, parts: PolicyParts): Headers {
  const headers: Headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': contentSecurityPolicy(parts),
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'permissions-policy':
      'accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)',
    'cross-origin-opener-policy': 'same-origin',
  }
  if (secure) headers['strict-transport-security'] = 'max-age=31536000; includeSubDomains'
  return headers
}

export type PageParts = PolicyParts & {
  readonly status: number
  readonly headers?: Readonly<Headers> | undefined
}

/** An HTML answer. */
export const page = (secure: boolean, html: string, { status, headers, ...parts }: PageParts): HttpResponse => ({
  status,
  headers: { ...pageHeaders(secure, parts), ...headers },
  body: html,
})

/** The languages a person asked for: the request's own wish, then what the browser prefers. */
export function locales(call: Call, wished: readonly string[] = []): readonly string[] {
  const accepted = (header(call.request, 'accept-language') ?? '').slice(0, 200).split(',')
  return [...wished, ...accepted.map((part) => part.split(';')[0]?.trim() ?? '').filter((tag) => tag !== '')]
}

/** A refusal as a page that goes nowhere (A-UI-12). */
export function errorPage(
  ctx: Context,
  call: Call,
  error: OAuthError,
  more: {
    clientName?: string | undefined
    continueTo?: { host: string; url: string } | undefined
    comparison?: { sent: string; registered: readonly string[] } | undefined
    uiLocales?: readonly string[]
  } = {},
): HttpResponse {
  const html = ctx.pages.error({
    reason: error.reason,
    entry: reasons[error.reason],
    requestId: call.id,
    helpUrl: helpUrl(ctx, error),
    clientName: more.clientName,
    continueTo: more.continueTo,
    comparison: ctx.development ? more.comparison : undefined,
    uiLocales: locales(call, more.uiLocales),
  })
  const headers: Headers = { ...error.headers }
  if (error.status === 503) headers['retry-after'] ??= '2'
  return page(ctx.secure, html, { status: error.status, headers })
}
