import type { IncomingMessage, ServerResponse } from 'node:http'
import { readCookie, setCookie } from '@sallyport/protocol'
import { fromOurPages, isForUs, readForm } from './app-requests.ts'
import { plain, seeOther, write, type AppResponse } from './app-responses.ts'
import type { BrowserState } from './browser-states.ts'
import {
  comeBack,
  nextAttack,
  showAttack,
  showFlow,
  signOut,
  startAttack,
  startFlow,
  type DemoApp,
} from './demo-app.ts'
import { attackDevice, deviceStatus, showDevice, showDeviceAttack, startDevice } from './device/device-app.ts'
import { attackDpop, showDpop, showDpopAttack, startDpop } from './dpop/dpop-app.ts'
import type { EventStreams } from './event-stream.ts'
import { attackMcp, comeBackToMcp, showMcp, showMcpAttack, startMcp, stepUp } from './mcp/mcp-app.ts'
import { allAssets } from './pages/assets.ts'
import {
  attackStepUp,
  comeBackToTreasure,
  showStepUp,
  showStepUpAttack,
  signInBetter,
  startStepUp,
} from './step-up/step-up-app.ts'
import { attackPushed, comeBackPushed, showPushed, showPushedAttack, startPushed } from './pushed/pushed-app.ts'

// Cookies on one host name are shared between ports, so the name is nobody else's.
const cookieName = 'sallyport-demo'

const assets = new Map(allAssets.map((asset) => [asset.path, asset]))

function assetResponse(path: string): AppResponse | undefined {
  const asset = assets.get(path)
  if (asset === undefined) return undefined
  const headers = {
    'content-type': asset.type,
    'cache-control': 'public, max-age=300',
    'x-content-type-options': 'nosniff',
  }
  return { status: 200, headers, body: asset.body }
}

async function post(app: DemoApp, state: BrowserState, req: IncomingMessage, path: string): Promise<AppResponse> {
  const { app: origin, issuer } = app.demo.addresses
  const form = await readForm(req)
  if (form === undefined) return plain(413, 'The form is too large.')
  if (!fromOurPages(req, [origin, new URL(issuer).origin])) return plain(403, 'The form came from another site.')
  switch (path) {
    case '/run':
      return startFlow(app, state)
    case '/attack':
      return startAttack(app, state, form.get('attack'))
    case '/mcp/run':
      return startMcp(app, state)
    case '/mcp/more':
      return stepUp(app, state)
    case '/mcp/attack':
      return attackMcp(app, state, form.get('attack'))
    case '/device/run':
      return startDevice(app, state)
    case '/device/attack':
      return attackDevice(app, state, form.get('attack'))
    case '/pushed/run':
      return startPushed(app, state)
    case '/pushed/attack':
      return attackPushed(app, state, form.get('attack'))
    case '/dpop/run':
      return startDpop(app, state)
    case '/dpop/attack':
      return attackDpop(app, state, form.get('attack'))
    case '/step-up/run':
      return startStepUp(app, state)
    case '/step-up/more':
      return signInBetter(app, state)
    case '/step-up/attack':
      return attackStepUp(app, state, form.get('attack'))
    case '/sign-out':
      return signOut(app, state)
    default:
      return plain(404, 'There is nothing here.')
  }
}

async function get(app: DemoApp, state: BrowserState, req: IncomingMessage, path: string): Promise<AppResponse> {
  switch (path) {
    case '/':
      return showFlow(app, state)
    case '/callback':
    case '/bench/callback':
      return comeBack(app, state, req)
    case '/mcp':
      return showMcp(app, state)
    case '/mcp/callback':
      return comeBackToMcp(app, state, req)
    case '/device':
      return showDevice(app, state)
    case '/device/status':
      return deviceStatus(state)
    case '/pushed':
      return showPushed(app, state)
    case '/pushed/callback':
      return comeBackPushed(app, state, req)
    case '/dpop':
      return showDpop(app, state)
    case '/step-up':
      return showStepUp(app, state)
    case '/step-up/callback':
      return comeBackToTreasure(app, state, req)
    case '/attacks/next':
      return nextAttack(app, state)
    case '/signed-out':
      return seeOther(`${app.demo.addresses.issuer}/`)
    default:
      if (path.startsWith('/device/attacks/'))
        return showDeviceAttack(app, state, path.slice('/device/attacks/'.length))
      if (path.startsWith('/pushed/attacks/'))
        return showPushedAttack(app, state, path.slice('/pushed/attacks/'.length))
      if (path.startsWith('/dpop/attacks/')) return showDpopAttack(app, state, path.slice('/dpop/attacks/'.length))
      if (path.startsWith('/step-up/attacks/'))
        return showStepUpAttack(app, state, path.slice('/step-up/attacks/'.length))
      if (path.startsWith('/mcp/attacks/')) return showMcpAttack(app, state, path.slice('/mcp/attacks/'.length))
      return path.startsWith('/attacks/') ? showAttack(app, state, path.slice(9)) : plain(404, 'There is nothing here.')
  }
}

async function respond(app: DemoApp, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '/').split('?')[0] ?? '/'
  const asset = assetResponse(path)
  if (asset !== undefined) {
    write(res, asset, undefined)
    return
  }
  const { state, newCookie } = app.states.open(readCookie(req.headers.cookie, cookieName))
  const cookie =
    newCookie === undefined ? undefined : setCookie(cookieName, newCookie, { maxAge: undefined, secure: false })
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  if (!isRead && req.method !== 'POST') write(res, plain(405, 'Only GET and POST.'), undefined)
  else write(res, await (isRead ? get(app, state, req, path) : post(app, state, req, path)), cookie)
}

/** The demo app as a listener for node:http. */
export function appListener(
  app: DemoApp,
  streams: EventStreams,
  onFault: (cause: unknown) => void,
): (req: IncomingMessage, res: ServerResponse) => void {
  const origin = app.demo.addresses.app
  return (req, res) => {
    if (!isForUs(req, origin)) {
      write(res, req.method === 'GET' ? seeOther(`${origin}/`) : plain(421, `This is ${origin}.`), undefined)
      return
    }
    if (req.url === '/events' && req.method === 'GET') {
      streams.open(res)
      return
    }
    respond(app, req, res).catch((cause: unknown) => {
      onFault(cause)
      if (!res.headersSent)
        write(res, plain(502, 'The demo app could not reach one of its neighbours. Try again.'), undefined)
      else res.destroy()
    })
  }
}
