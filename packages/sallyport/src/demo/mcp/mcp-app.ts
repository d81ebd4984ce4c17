import type { IncomingMessage } from 'node:http'
import { page, plain, seeOther, type AppResponse } from '../app-responses.ts'
import { authorizationParameters, authorizationUrl, newAttempt } from '../authorization-request.ts'
import type { BrowserState } from '../browser-states.ts'
import { sceneOf, type DemoApp } from '../demo-app.ts'
import { gateAddress, type DemoClient } from '../demo.ts'
import { received } from '../exchange.ts'
import { mcpAttackPage, mcpPage } from '../pages/mcp-page.ts'
import { noticePage } from '../pages/notice-page.ts'
import { readResponse } from '../response-checks.ts'
import { discover, redirectUri } from './discovery.ts'
import { isMcpAttackId, mcpAttacks } from './mcp-attacks.ts'
import { asksForMore, brokenChain, finishRun, firstScope, refusedCall, widerScope } from './mcp-run.ts'

const home = '/mcp'

export function showMcp(app: DemoApp, state: BrowserState): AppResponse {
  const scene = sceneOf(app, state)
  return page(mcpPage(scene, state.mcp), app.demo.addresses.issuer, { nonce: scene.nonce })
}

export function showMcpAttack(app: DemoApp, state: BrowserState, id: string): AppResponse {
  const outcome = isMcpAttackId(id) ? state.mcp.outcomes.get(id) : undefined
  if (!isMcpAttackId(id) || outcome === undefined) return seeOther(`${home}#attacks`)
  const scene = sceneOf(app, state)
  return page(mcpAttackPage(scene, id, outcome), app.demo.addresses.issuer, { nonce: scene.nonce })
}

/** Sends the browser off for a code, as the client that registered itself. */
function depart(app: DemoApp, state: BrowserState, client: DemoClient, scope: string): AppResponse {
  const { addresses, username } = app.demo
  const resource = gateAddress(addresses)
  const attempt = newAttempt(app.random, { client, issuer: addresses.issuer, scope, resource, loginHint: username })
  app.states.depart(state, { attempt, attack: undefined, original: undefined, at: app.now() })
  return seeOther(authorizationUrl(attempt.issuer, authorizationParameters(attempt)))
}

/** Begins with nothing but the address of the server. */
export async function startMcp(app: DemoApp, state: BrowserState): Promise<AppResponse> {
  const { mcp } = state
  const { steps, client, stopped } = await discover(app)
  mcp.client = client
  mcp.before = steps
  mcp.run = undefined
  if (client !== undefined) return depart(app, state, client, firstScope)
  mcp.run = brokenChain(steps, stopped)
  return seeOther(home)
}

/** Tries the tool that needs more, and asks for that. */
export async function stepUp(app: DemoApp, state: BrowserState): Promise<AppResponse> {
  const { mcp } = state
  const token = mcp.run?.token
  if (mcp.client === undefined || token === undefined) return seeOther(home)
  const refused = await refusedCall(app, token)
  mcp.before = [refused]
  if (asksForMore(refused)) return depart(app, state, mcp.client, widerScope)
  mcp.run = brokenChain(mcp.before, 'The token is no longer good. Begin anew.')
  return seeOther(home)
}

/** The browser is back at the redirect URI that the client registered. */
export async function comeBackToMcp(app: DemoApp, state: BrowserState, req: IncomingMessage): Promise<AppResponse> {
  const response = readResponse(new URLSearchParams((req.url ?? '').split('?')[1] ?? ''))
  const pending = app.states.take(state, response.state)
  const { issuer, app: origin } = app.demo.addresses
  if (pending === undefined || pending.attempt.client.redirectUri !== redirectUri(app)) {
    const text = 'This browser began no such attempt, or it was finished already. The app uses nothing of the answer.'
    return page(noticePage(app.demo, { title: 'An answer nobody asked for', text }), issuer, { status: 400 })
  }
  const back = { attempt: pending.attempt, response, callback: received(req, origin) }
  state.mcp.run = await finishRun(app, back, state.mcp.before)
  return seeOther(home)
}

/** Carries out one attack on the MCP server or its registration. */
export async function attackMcp(app: DemoApp, state: BrowserState, wanted: string | null): Promise<AppResponse> {
  if (!isMcpAttackId(wanted)) return plain(400, 'There is no such attack.')
  state.mcp.outcomes.set(wanted, await mcpAttacks[wanted].perform(app))
  return seeOther(`${home}/attacks/${wanted}`)
}
