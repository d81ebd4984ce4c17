import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createResourceMetadata,
  createVerifier,
  protect,
  replayInOneProcess,
  type BearerReason,
  type Verifier,
} from '@sallyport/resource'
import { multiFactorAcr } from '@sallyport/server'
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

/** The protected API: a list of orders behind a scope, and a treasure that wants a better sign-in; guarded like any API would be. */
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
  const openTreasure = (reporting: Verifier) =>
    protect(reporting, {
      scope: [ordersScope],
      resourceMetadata: metadata.url,
      requireAuthentication: { acr: [multiFactorAcr], maxAge: 300 },
    }).node((_req, res, token) => {
      const text = JSON.stringify({ opened_for: token.subject, treasure: 'one crown, slightly bent' }, null, 2)
      res.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text)
    })
  const operations: Readonly<Record<string, typeof answerOrders>> = {
    'GET /orders': answerOrders,
    'POST /treasure': openTreasure,
  }
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
    const operation = operations[`${req.method ?? ''} ${path ?? ''}`]
    if (operation === undefined) {
      const about = `The demo API, for access tokens with scope ${ordersScope}: GET ${api}/orders, and POST ${api}/treasure for a sign-in with two factors.\n`
      res.writeHead(path === '/' ? 200 : 404, { 'content-type': 'text/plain; charset=utf-8' }).end(about)
      return
    }
    const report = (reason: BearerReason): void => {
      options.onEvent(rejectedToken(options, { requestId, reason, surface: 'demo_api' }))
    }
    operation({ ...verifier, rejected: report })(req, res).catch(() => {
      res.destroy()
    })
  }
}
