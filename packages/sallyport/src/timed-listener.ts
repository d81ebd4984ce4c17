import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from '@sallyport/server'
import type { NodeAdapterOptions } from '@sallyport/server/adapters/node'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { Listener } from './public-listener.ts'

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS'])

function pathOf(url: string): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}

/** Tells the routes of a server apart; pages of the manual and assets count together, and all other paths as one. */
function routesOf(server: Pick<Server, 'routes'>): (path: string) => string {
  const exact = new Set<string>()
  const folders: string[] = []
  for (const { path } of server.routes) {
    if (path.endsWith('/') && path !== '/') folders.push(path)
    else if (!/^\/(?:docs|assets)\//.test(path)) exact.add(path)
  }
  return (path) => {
    if (exact.has(path)) return path
    if (path.startsWith('/docs/')) return '/docs'
    if (path.startsWith('/assets/')) return '/assets'
    // What is named below a folder is never a label: there are as many names as there are clients.
    return folders.find((folder) => path.startsWith(folder)) ?? 'other'
  }
}

/** Measures every request that a listener gets; told the answers of the server, it can name the ids of requests. */
export type Timing = {
  around(listener: Listener): Listener
  readonly onAnswer: NodeAdapterOptions['onAnswer']
}

/** With a log it also writes one line for each request, without the query. */
export function createTiming(server: Pick<Server, 'routes'>, metrics: Metrics, log: Log | undefined): Timing {
  const routeOf = routesOf(server)
  const ids = new WeakMap<ServerResponse, string>()
  const around =
    (listener: Listener): Listener =>
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
          request_id: ids.get(res),
        })
      })
      listener(req, res)
    }
  const onAnswer: Timing['onAnswer'] = (res, { headers }) => {
    const id = headers['x-request-id']
    if (typeof id === 'string') ids.set(res, id)
  }
  return { around, onAnswer: log === undefined ? undefined : onAnswer }
}
