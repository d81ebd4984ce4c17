import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Listener } from './public-listener.ts'

/** Paths whose requests are told apart in metrics; all others are counted together, so that nobody can invent labels. */
const routes: ReadonlySet<string> = new Set([
  ...['authorize', 'resume', 'token', 'revoke', 'introspect', 'userinfo', 'jwks', 'logout'].map(
    (name) => `/oauth2/${name}`,
  ),
  ...['/login', '/consent', '/account-choice', '/account/apps', '/'],
  ...['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'],
])

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS'])

function pathOf(url: string): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}

function routeOf(path: string): string {
  if (routes.has(path)) return path
  if (path.startsWith('/docs')) return '/docs'
  return path.startsWith('/assets/') ? '/assets' : 'other'
}

/** Measures every request; with a log it also writes one line each, without the query. */
export const timed =
  (listener: Listener, metrics: Metrics, log: Log | undefined): Listener =>
  (req: IncomingMessage, res: ServerResponse) => {
    const begun = performance.now()
    res.once('finish', () => {
      const duration = (performance.now() - begun) / 1000
      const method = methods.has(req.method ?? '') ? (req.method ?? '') : 'other'
      const path = pathOf(req.url ?? '/')
      metrics.observe(routeOf(path), method, res.statusCode, duration)
      log?.line('debug', 'request', {
        method,
        path: path.slice(0, 200),
        status: res.statusCode,
        duration_ms: Math.round(duration * 1e6) / 1e3,
        request_id: res.getHeader('x-request-id'),
      })
    })
    listener(req, res)
  }
