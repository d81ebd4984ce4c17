import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http'
import type { HttpResponse } from '@sallyport/server'
import type { SignedReport } from '@sallyport/server/prove'
import { endAfterAnswer } from '@sallyport/server/adapters/node'
import type { Metrics } from './metrics.ts'
import { createServer } from './node-http.ts'

/** What the process is doing, as a supervisor asks for it. */
export type Health = {
  started: boolean
  draining: boolean
  /** True when the store answers and takes writes. */
  readonly ready: () => Promise<boolean>
  /** False when the last proof found a request that got through; such a server gets no traffic. */
  readonly enforcing: () => boolean
  /** The newest signed report of a proof, or in words why there is none. */
  readonly lastProof: () => SignedReport | string
}

const json = (status: number, body: object): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
})

const state = (ok: boolean, word: string): HttpResponse => json(ok ? 200 : 503, { status: ok ? 'ok' : word })

async function answer(path: string, health: Health, metrics: Metrics): Promise<HttpResponse> {
  switch (path) {
    case '/health/live':
      return state(true, '')
    case '/health/started':
      return state(health.started, 'starting')
    case '/health/ready': {
      if (health.draining) return state(false, 'draining')
      if (!health.started) return state(false, 'starting')
      if (!health.enforcing()) return state(false, 'PKCE is not enforced')
      return state(await health.ready(), 'store unavailable')
    }
    case '/proof': {
      const last = health.lastProof()
      return typeof last === 'string' ? state(false, last) : json(200, last)
    }
    case '/metrics':
      return metrics.render()
    default:
      return json(404, { status: 'not found' })
  }
}

/** Told the address and the id of a request that names no host, or two. */
export type OnFraming = (address: string, requestId: string) => void

/** HTTP/1.0 has no such field; of HTTP/1.1 there is exactly one (RFC 9112 section 3.2). */
const hasOneHost = ({ httpVersion, headersDistinct }: IncomingMessage): boolean => {
  const hosts = headersDistinct['host']?.length ?? 0
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0')
}

/** Answers, says so, and ends the connection: what follows must never be read as a request (HH-07). */
function refuseFraming(req: IncomingMessage, res: ServerResponse, onFraming: OnFraming): void {
  const id = randomUUID()
  onFraming(req.socket.remoteAddress ?? '', id)
  const { status, headers, body } = json(400, { status: 'bad request' })
  endAfterAnswer(req)
  res.writeHead(status, { ...(headers as Record<string, string>), 'x-request-id': id, connection: 'close' }).end(body)
}

/** Health, metrics and the newest proof on a listener of their own, so that nobody reaches them through the public port (AD-11). */
export function createManagementServer(health: Health, metrics: Metrics, onFraming: OnFraming): HttpServer {
  // A request without a host is refused here, with an event.
  const limits = {
    headersTimeout: 10_000,
    requestTimeout: 20_000,
    maxHeaderSize: 16 * 1024,
    requireHostHeader: false,
  }
  return createServer(limits, (req, res) => {
    req.resume()
    if (!hasOneHost(req)) {
      refuseFraming(req, res, onFraming)
      return
    }
    const path = (req.url ?? '/').split('?')[0] ?? '/'
    const read = req.method === 'GET' || req.method === 'HEAD'
    const answered = read ? answer(path, health, metrics) : Promise.resolve(json(405, { status: 'method not allowed' }))
    void answered
      .catch(() => json(500, { status: 'failed' }))
      .then(({ status, headers, body }) => {
        res.writeHead(status, { ...headers, ...(read ? {} : { allow: 'GET, HEAD' }) } as Record<string, string>)
        res.end(body)
      })
  })
}
