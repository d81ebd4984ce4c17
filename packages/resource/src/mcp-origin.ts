import type { Refusal } from './challenge.ts'

/** What browsers are told about a request from a page that may call. */
export type OriginVerdict = {
  /** Headers for every answer to that page; empty where no page asks. */
  readonly headers: Readonly<Record<string, string>>
  /** An answer to give at once: a refusal, or that to a preflight. */
  readonly answer: Refusal | undefined
}

const foreign: Refusal = {
  status: 403,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify({
    jsonrpc: '2.0',
    error: { code: -32600, message: 'This page may not call this server' },
    id: null,
  }),
}

const allowed = {
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-allow-headers':
    'Authorization, DPoP, Content-Type, Accept, Last-Event-ID, MCP-Protocol-Version, MCP-Session-Id',
  'access-control-max-age': '600',
}

/** Names of origins as browsers write them; throws for what no browser would send. */
export function originSet(resource: string, origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins)
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) throw new TypeError(`${origin} is no origin`)
  return new Set([new URL(resource).origin, ...origins])
}

/**
 * Judges the `Origin` of a request, as MCP servers have to: a page that is not expected gets nothing, so that a name which
 * was turned to this address (DNS rebinding) leads nowhere. Programs that are no browsers send none.
 */
export function judgeOrigin(origins: ReadonlySet<string>, method: string, origin: string | undefined): OriginVerdict {
  if (origin === undefined) return { headers: {}, answer: undefined }
  if (!origins.has(origin)) return { headers: {}, answer: foreign }
  const headers = {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, MCP-Session-Id',
    vary: 'Origin',
  }
  const answer = method === 'OPTIONS' ? { status: 204, headers: { ...allowed }, body: '' } : undefined
  return { headers, answer }
}
