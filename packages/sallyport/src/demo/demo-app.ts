import type { IncomingMessage } from 'node:http'
import type { AttackId } from './attacks/attack.ts'
import { attackIds } from './attacks/attack.ts'
import { attacks, isAttackId } from './attacks/catalogue.ts'
import { answeredBy, page, plain, seeOther, type AppResponse } from './app-responses.ts'
import { authorizationParameters, authorizationUrl, newAttempt } from './authorization-request.ts'
import type { BrowserState, BrowserStates, Pending } from './browser-states.ts'
import type { World } from './client-requests.ts'
import { flowScope } from './demo.ts'
import type { EventFeed } from './event-feed.ts'
import { received } from './exchange.ts'
import { departureSteps, runFlow, type Return } from './flow-run.ts'
import type { Journeys } from './journeys.ts'
import { attackPage } from './pages/attack-page.ts'
import { flowPage, type Scene } from './pages/flow-page.ts'
import { noticePage } from './pages/notice-page.ts'
import { attemptFor, performAtOnce, performWithCode } from './perform-attack.ts'
import { readResponse } from './response-checks.ts'

/** What the demo app is made of. */
export type DemoApp = World & {
  readonly states: BrowserStates
  readonly feed: EventFeed
  readonly journeys: Journeys
}

/** What the pages of a browser are made from. */
export const sceneOf = (app: DemoApp, state: BrowserState): Scene => ({
  demo: app.demo,
  feed: app.feed,
  outcomes: state.outcomes,
  nonce: app.random.id(16),
})

/** The page of the flow. */
export function showFlow(app: DemoApp, state: BrowserState): AppResponse {
  const scene = sceneOf(app, state)
  return page(flowPage(scene, state.run), app.demo.addresses.issuer, { nonce: scene.nonce })
}

/** The page of one attack; the list when it was not tried yet. */
export function showAttack(app: DemoApp, state: BrowserState, id: string): AppResponse {
  const outcome = isAttackId(id) ? state.outcomes.get(id) : undefined
  if (!isAttackId(id) || outcome === undefined) return seeOther('/#attacks')
  const scene = sceneOf(app, state)
  return page(attackPage(scene, id, outcome), app.demo.addresses.issuer, { nonce: scene.nonce })
}

function depart(app: DemoApp, state: BrowserState, pending: Omit<Pending, 'at' | 'original'>): AppResponse {
  app.states.depart(state, { ...pending, original: undefined, at: app.now() })
  return seeOther(authorizationUrl(pending.attempt.issuer, authorizationParameters(pending.attempt)))
}

/** Sends the browser off for a code, as the client that asks for consent. */
export function startFlow(app: DemoApp, state: BrowserState): AppResponse {
  const { clients, addresses, username } = app.demo
  const attempt = newAttempt(app.random, {
    client: clients.web,
    issuer: addresses.issuer,
    scope: flowScope,
    resource: addresses.api,
    loginHint: username,
  })
  return depart(app, state, { attempt, attack: undefined })
}

/** Starts one attack, or all of them one after the other. */
export async function startAttack(app: DemoApp, state: BrowserState, wanted: string | null): Promise<AppResponse> {
  if (wanted === 'all') {
    state.queue = attackIds.slice(1)
    return attack(app, state, attackIds[0])
  }
  if (!isAttackId(wanted)) return plain(400, 'There is no such attack.')
  state.queue = undefined
  return attack(app, state, wanted)
}

async function attack(app: DemoApp, state: BrowserState, id: AttackId): Promise<AppResponse> {
  const attempt = attemptFor(app, id)
  if (attempt !== undefined) return depart(app, state, { attempt, attack: id })
  state.outcomes.set(id, await performAtOnce(app, id))
  return afterAttack(app, state, id)
}

/** On to the result, or to the next attack; a page in between, because browsers follow only so many redirects at once. */
function afterAttack(app: DemoApp, state: BrowserState, id: AttackId): AppResponse {
  if (state.queue === undefined) return seeOther(`/attacks/${id}`)
  if (state.queue.length === 0) {
    state.queue = undefined
    return seeOther('/#attacks')
  }
  const text = `${attacks[id].title}: ${state.outcomes.get(id)?.refused === true ? 'refused' : 'not refused'}.`
  const title = `${attackIds.indexOf(id) + 1} of ${attackIds.length}`
  return page(noticePage(app.demo, { title, text, continueTo: '/attacks/next' }), app.demo.addresses.issuer)
}

/** The next attack of a row that a form began. */
export function nextAttack(app: DemoApp, state: BrowserState): Promise<AppResponse> | AppResponse {
  const [next, ...rest] = state.queue ?? []
  if (next === undefined) return seeOther('/#attacks')
  state.queue = rest
  return attack(app, state, next)
}

/** The browser is back at a redirect URI. */
export async function comeBack(app: DemoApp, state: BrowserState, req: IncomingMessage): Promise<AppResponse> {
  const query = new URLSearchParams((req.url ?? '').split('?')[1] ?? '')
  const response = readResponse(query)
  const pending = app.states.take(state, response.state)
  const { issuer, app: origin } = app.demo.addresses
  if (pending === undefined) {
    const text = 'This browser began no such attempt, or it was finished already. The app uses nothing of the answer.'
    return page(noticePage(app.demo, { title: 'An answer nobody asked for', text }), issuer, { status: 400 })
  }
  const back: Return = { attempt: pending.attempt, response, callback: received(req, origin) }
  if (pending.attack === undefined) {
    const answer = seeOther('/')
    const callback = answeredBy(back.callback, answer)
    const before = departureSteps(back.attempt, app.journeys.take(back.attempt.state))
    state.run = await runFlow(app, { ...back, callback }, before)
    return answer
  }
  return attackWith(app, state, { id: pending.attack, pending, back, query })
}

type Arrival = {
  readonly id: AttackId
  readonly pending: Pending
  readonly back: Return
  readonly query: URLSearchParams
}

async function attackWith(app: DemoApp, state: BrowserState, arrival: Arrival): Promise<AppResponse> {
  const { id, pending, back, query } = arrival
  const planned = attacks[id]
  if (planned.starts === 'with a code' && planned.tamper !== undefined && pending.original === undefined) {
    app.states.depart(state, { ...pending, original: back.callback })
    return seeOther(`${pending.attempt.client.redirectUri}?${planned.tamper(query).toString()}`)
  }
  const outcome = await performWithCode(app, id, back)
  const untouched = pending.original
  const steps =
    untouched === undefined
      ? outcome.steps
      : outcome.steps.toSpliced(1, 0, {
          title: 'Sallyport answers, and names itself',
          from: 'sallyport',
          to: 'browser',
          note: 'This is what your browser was given. Somebody in between changes it before the app sees it.',
          exchange: untouched,
        })
  state.outcomes.set(id, { ...outcome, steps })
  return afterAttack(app, state, id)
}

/** Ends the session at the issuer and comes back to the start page (OpenID Connect RP-Initiated Logout). */
export function signOut(app: DemoApp, state: BrowserState): AppResponse {
  const { issuer, app: origin } = app.demo.addresses
  const hint = state.run?.idToken
  state.run = undefined
  state.outcomes.clear()
  const query = new URLSearchParams({
    client_id: app.demo.clients.web.id,
    post_logout_redirect_uri: `${origin}/signed-out`,
    ...(hint === undefined ? {} : { id_token_hint: hint }),
  })
  return seeOther(`${issuer}/oauth2/logout?${query.toString()}`)
}
