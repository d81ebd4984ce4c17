import type { IncomingMessage } from 'node:http'
import { page, plain, seeOther, type AppResponse } from '../app-responses.ts'
import { newAttempt, type AuthorizationAttempt } from '../authorization-request.ts'
import type { BrowserState } from '../browser-states.ts'
import type { Answered } from '../client-requests.ts'
import { sceneOf, type DemoApp } from '../demo-app.ts'
import { flowScope } from '../demo.ts'
import { received } from '../exchange.ts'
import { endedEarly, runFlow, secretStep } from '../flow-run.ts'
import { noticePage } from '../pages/notice-page.ts'
import { pushedAttackPage, pushedPage } from '../pages/pushed-page.ts'
import { readResponse } from '../response-checks.ts'
import type { Step } from '../step.ts'
import { isPushedAttackId, pushedAttacks } from './pushed-attacks.ts'
import { push, referenceIn, referenceUrl } from './pushed-requests.ts'

const home = '/pushed'

export function showPushed(app: DemoApp, state: BrowserState): AppResponse {
  const scene = sceneOf(app, state)
  return page(pushedPage(scene, state.pushed), app.demo.addresses.issuer, { nonce: scene.nonce })
}

export function showPushedAttack(app: DemoApp, state: BrowserState, id: string): AppResponse {
  const outcome = isPushedAttackId(id) ? state.pushed.outcomes.get(id) : undefined
  if (!isPushedAttackId(id) || outcome === undefined) return seeOther(`${home}#attacks`)
  const scene = sceneOf(app, state)
  return page(pushedAttackPage(scene, id, outcome), app.demo.addresses.issuer, { nonce: scene.nonce })
}

const stepsBefore = (attempt: AuthorizationAttempt, exchange: Answered, url: string): readonly Step[] => [
  secretStep(attempt),
  {
    title: 'The app pushes its request',
    short: 'Push',
    from: 'app',
    to: 'sallyport',
    note: 'Straight to Sallyport, with the password of the app. Whatever is wrong with it is said here, before a person sees a page.',
    exchange,
  },
  {
    title: 'The app sends the browser with the reference',
    short: 'Sign-in',
    from: 'browser',
    to: 'sallyport',
    note: 'Compare this address with that of the ordinary flow: who asks, and a reference. There is nothing left to read or to change. Signing in and agreeing happened at Sallyport.',
    exchange: { request: { method: 'GET', url, headers: [], body: '' }, answer: undefined },
  },
]

/** Pushes a request, and sends the browser off with nothing but the reference. */
export async function startPushed(app: DemoApp, state: BrowserState): Promise<AppResponse> {
  const { clients, addresses, username } = app.demo
  const wish = { client: clients.pushing, issuer: addresses.issuer, scope: flowScope, resource: addresses.api }
  const attempt = newAttempt(app.random, { ...wish, loginHint: username })
  const pushed = await push(app, attempt)
  const reference = referenceIn(pushed)
  const url = referenceUrl(app, attempt.client, reference)
  const steps = stepsBefore(attempt, pushed, url)
  if (reference === '') {
    state.pushed.run = endedEarly(app, steps.slice(0, 2), 'Sallyport did not take the request. Wait a minute.')
    return seeOther(home)
  }
  state.pushed.before = steps
  app.states.depart(state, { attempt, attack: undefined, original: undefined, at: app.now() })
  return seeOther(url)
}

/** The browser is back at the redirect URI of the client that pushes. */
export async function comeBackPushed(app: DemoApp, state: BrowserState, req: IncomingMessage): Promise<AppResponse> {
  const response = readResponse(new URLSearchParams((req.url ?? '').split('?')[1] ?? ''))
  const pending = app.states.take(state, response.state)
  const { addresses, clients } = app.demo
  if (pending?.attempt.client.id !== clients.pushing.id) {
    const text = 'This browser began no such attempt, or it was finished already. The app uses nothing of the answer.'
    const html = noticePage(app.demo, { title: 'An answer nobody asked for', text })
    return page(html, addresses.issuer, { status: 400 })
  }
  const back = { attempt: pending.attempt, response, callback: received(req, addresses.app) }
  state.pushed.run = await runFlow(app, back, state.pushed.before)
  return seeOther(home)
}

/** Carries out one attack on requests that are pushed. */
export async function attackPushed(
  app: DemoApp,
  { pushed }: BrowserState,
  wanted: string | null,
): Promise<AppResponse> {
  if (!isPushedAttackId(wanted)) return plain(400, 'There is no such attack.')
  pushed.outcomes.set(wanted, await pushedAttacks[wanted].perform(app))
  return seeOther(`${home}/attacks/${wanted}`)
}
