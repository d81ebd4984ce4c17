import { refuse, type OAuthError } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import { header } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { HttpRequest, HttpResponse } from '../model/http.ts'

const exposed = 'WWW-Authenticate, DPoP-Nonce, Retry-After'

/** The origin of a cross-origin browser request; `undefined` for requests of the server's own pages and of non-browsers. */
export function foreignOrigin(ctx: Context, request: HttpRequest): string | undefined {
  const origin = header(request, 'origin')
  return origin === undefined || origin === ctx.origin ? undefined : origin
}

/** Refuses a browser origin that the client did not register; compared by equality, `null` never fits (A-CORS-03). */
export function requireAllowedOrigin(ctx: Context, request: HttpRequest, client: Client): string | undefined {
  const origin = foreignOrigin(ctx, request)
  if (origin !== undefined && !client.allowedOrigins.includes(origin)) throw refuse('origin_not_allowed')
  return origin
}

/** The same answer, readable for the origin; success and failure alike (A-CORS-05). Never with credentials. */
export function withCors(response: HttpResponse, origin: string | undefined): HttpResponse {
  const { headers } = response
  headers['vary'] = 'Origin'
  if (origin !== undefined) {
    headers['access-control-allow-origin'] = origin
    headers['access-control-expose-headers'] = exposed
  }
  return response
}

/** A preflight approves any origin that some client registered; the request itself is then held to its own client's list. */
export async function preflight(ctx: Context, request: HttpRequest, methods: string): Promise<HttpResponse> {
  const origin = foreignOrigin(ctx, request)
  const headers: Record<string, string> = { 'cache-control': 'no-store', vary: 'Origin' }
  if (origin !== undefined && (await isRegisteredOrigin(ctx, origin))) {
    headers['access-control-allow-origin'] = origin
    headers['access-control-allow-methods'] = methods
    headers['access-control-allow-headers'] = 'Authorization, Content-Type, DPoP'
    headers['access-control-max-age'] = '600'
  }
  return { status: 204, headers, body: '' }
}

/**
 * Documents are for everybody, so a page of any origin may read them, also with a header that makes the browser ask first:
 * clients of MCP servers send `MCP-Protocol-Version` when they look for them (A-CORS-02).
 */
export const documentPreflight = (): HttpResponse => ({
  status: 204,
  headers: {
    'cache-control': 'no-store',
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'Content-Type, MCP-Protocol-Version',
    'access-control-max-age': '600',
  },
  body: '',
})

/**
 * The origin that may read an error found before the client was settled: any registered one, as at the preflight. A
 * refused origin never reads anything.
 */
export async function readableOrigin(
  ctx: Context,
  request: HttpRequest,
  error: OAuthError,
): Promise<string | undefined> {
  const origin = foreignOrigin(ctx, request)
  if (origin === undefined || error.reason === 'origin_not_allowed') return undefined
  return (await isRegisteredOrigin(ctx, origin)) ? origin : undefined
}

const isRegisteredOrigin = async (ctx: Context, origin: string): Promise<boolean> =>
  origin !== 'null' && origin.length <= 300 && (await ctx.store.originRegistered(origin))
