import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createResourceMetadata,
  createVerifier,
  protect,
  replayInOneProcess,
  type BearerReason,
  type Verifier,
} from '@sallyport/resource'
import { ordersScope } from './demo.ts'
import { rejectedToken, type ProtectedOptions } from './rejected-token.ts'

const orders = [
  { id: 'order-1', item: 'Portcullis, oak and iron', quantity: 1 },
  { id: 'order-2', item: 'Lantern oil, one barrel', quantity: 2 },
]

/** Browser apps on other origins may call; the token is what decides, and no cookie is involved (A-CORS-02). */
const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce',
}

/** The protected API: one list of orders behind one scope, guarded like any API would be. */
export function demoApi(options: ProtectedOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const { issuer, api } = options.addresses
  // Proofs are compared with the address that the demo was given, never with what a request says about itself.
  const dpop = { urls: [api], replay: replayInOneProcess({ runsAlone: true }) }
  const verifier = createVerifier({ issuer, audience: api, dpop })
  const metadata = createResourceMetadata({
    resource: api,
    authorizationServers: [issuer],
    name: 'Orders API',
    scopes: [ordersScope],
    dpop: 'offered',
  })
  const answerOrders = (reporting: Verifier) =>
    protect(reporting, { scope: [ordersScope], resourceMetadata: metadata.url }).node((_req, res, token) => {
      const text = JSON.stringify({ orders_of: token.subject, orders }, null, 2)
      res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text)
    })
  return (req, res) => {
    const requestId = options.random.id(12)
    for (const [name, value] of Object.entries({ ...crossOrigin, 'x-request-id': requestId }))
      res.setHeader(name, value)
    const path = (req.url ?? '/').split('?')[0]
    if (req.method === 'OPTIONS') {
      res
        .writeHead(204, { 'access-control-allow-headers': 'Authorization, DPoP', 'access-control-max-age': '600' })
        .end()
      return
    }
    if (metadata.node(req, res)) return
    if (path !== '/orders' || req.method !== 'GET') {
      const about = `The demo API. It has one operation, GET ${api}/orders, for access tokens with scope ${ordersScope}.\n`
      res.writeHead(path === '/' ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8' }).end(about)
      return
    }
    const report = (reason: BearerReason): void => {
      options.onEvent(rejectedToken(options, { requestId, reason, surface: 'demo_api' }))
    }
    answerOrders({ ...verifier, rejected: report })(req, res).catch(() => {
      res.destroy()
    })
  }
}
