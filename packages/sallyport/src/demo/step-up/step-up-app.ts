import type { IncomingMessage } from 'node:http'
import { page, plain, seeOther, type AppResponse } from '../app-responses.ts'
import {
  authorizationParameters,
  authorizationUrl,
  newAttempt,
  type AuthorizationAttempt,
} from '../authorization-request.ts'
import type { BrowserState } from '../browser-states.ts'
import { redeemCode } from '../client-requests.ts'
import { decodeJwt } from '../decode-jwt.ts'
import { sceneOf, type DemoApp } from '../demo-app.ts'
import { flowScope } from '../demo.ts'
import { received, textMember, type Exchange } from '../exchange.ts'
import { arrivalStep, secretStep, type Return } from '../flow-run.ts'
import { noticePage } from '../pages/notice-page.ts'
import { stepUpAttackPage, stepUpPage } from '../pages/step-up-page.ts'
import { allPassed, readResponse, responseChecks } from '../response-checks.ts'
import { isSuccess, type Step } from '../step.ts'
import { challengeOf, isStepUpAttackId, openTreasure, stepUpAttacks } from './step-up-attacks.ts'
import { newStepUpState } from './step-up-state.ts'

const home = '/step-up'

export function showStepUp(app: DemoApp, state: BrowserState): AppResponse {
  const scene = sceneOf(app, state)
  return page(stepUpPage(scene, state.stepUp, app.now()), app.demo.addresses.issuer, { nonce: scene.nonce })
}

export function showStepUpAttack(app: DemoApp, state: BrowserState, id: string): AppResponse {
  const outcome = isStepUpAttackId(id) ? state.stepUp.outcomes.get(id) : undefined
  if (!isStepUpAttackId(id) || outcome === undefined) return seeOther(`${home}#attacks`)
  const scene = sceneOf(app, state)
  return page(stepUpAttackPage(scene, id, outcome), app.demo.addresses.issuer, { nonce: scene.nonce })
}

function depart(
  app: DemoApp,
  state: BrowserState,
  more: Readonly<Record<string, string>>,
): { attempt: AuthorizationAttempt; url: string } {
  const { clients, addresses, username } = app.demo
  const wish = { client: clients.treasury, issuer: addresses.issuer, scope: flowScope, resource: addresses.api }
  const attempt = newAttempt(app.random, { ...wish, loginHint: username })
  app.states.depart(state, { attempt, attack: undefined, original: undefined, at: app.now() })
  return { attempt, url: authorizationUrl(attempt.issuer, { ...authorizationParameters(attempt), ...more }) }
}

const sentAway = (url: string): Exchange => ({
  request: { method: 'GET', url, headers: [], body: '' },
  answer: undefined,
})

/** Signs somebody in as usual: with a password. */
export function startStepUp(app: DemoApp, state: BrowserState): AppResponse {
  Object.assign(state.stepUp, { ...newStepUpState(), outcomes: state.stepUp.outcomes })
  const { attempt, url } = depart(app, state, { prompt: 'login' })
  state.stepUp.steps = [
    secretStep(attempt),
    {
      title: 'The app sends the browser to Sallyport',
      short: 'Sign-in',
      from: 'browser',
      to: 'sallyport',
      note: 'Nothing special is asked for, so a password is enough.',
      exchange: sentAway(url),
    },
  ]
  return seeOther(url)
}

/** Sends the browser off again, with what the API asked for. */
export function signInBetter(app: DemoApp, state: BrowserState): AppResponse {
  const { wanted } = state.stepUp
  if (wanted === undefined) return seeOther(home)
  const { attempt, url } = depart(app, state, { acr_values: wanted.acr, max_age: wanted.maxAge })
  state.stepUp.better = attempt.state
  const step: Step = {
    title: 'The app asks for a better sign-in',
    short: 'Step up',
    from: 'browser',
    to: 'sallyport',
    note: 'acr_values and max_age are those of the challenge. The password is fresh enough, so Sallyport asks for the code alone.',
    exchange: sentAway(url),
  }
  state.stepUp.steps = [...state.stepUp.steps, secretStep(attempt), step]
  return seeOther(url)
}

/** The browser is back, from the first sign-in or from the better one. */
export async function comeBackToTreasure(
  app: DemoApp,
  state: BrowserState,
  req: IncomingMessage,
): Promise<AppResponse> {
  const response = readResponse(new URLSearchParams((req.url ?? '').split('?')[1] ?? ''))
  const pending = app.states.take(state, response.state)
  const { addresses, clients } = app.demo
  if (pending?.attempt.client.id !== clients.treasury.id) {
    const text = 'This browser began no such attempt, or it was finished already. The app uses nothing of the answer.'
    return page(noticePage(app.demo, { title: 'An answer nobody asked for', text }), addresses.issuer, { status: 400 })
  }
  await goOn(app, state, { attempt: pending.attempt, response, callback: received(req, addresses.app) })
  return seeOther(home)
}

async function goOn(app: DemoApp, { stepUp }: BrowserState, back: Return): Promise<void> {
  const { attempt, response } = back
  const steps: Step[] = [...stepUp.steps, arrivalStep(back)]
  const stop = (why: string): void => void Object.assign(stepUp, { steps, stopped: why })
  if (!allPassed(responseChecks(attempt, response))) return stop('The answer failed a check.')
  if (response.code === undefined) return stop(`Sallyport answered ${response.error}.`)
  const redeemed = await redeemCode(app, attempt.client, response.code, attempt.pkce.verifier)
  const accessToken = textMember(redeemed.answer, 'access_token')
  if (accessToken === undefined) return stop('No tokens were issued.')
  const better = stepUp.better === attempt.state
  steps.push({
    title: 'The app trades the code for tokens',
    short: 'Tokens',
    from: 'app',
    to: 'sallyport',
    note: better
      ? 'A new token. Its acr names the higher level, and amr both methods; auth_time is still that of the password.'
      : 'Look at acr, amr and auth_time: the token tells how this sign-in went.',
    exchange: redeemed,
    tokens: [{ kind: 'access', jwt: decodeJwt(accessToken) }],
  })
  const asked = await openTreasure(app, accessToken)
  const opened = isSuccess(asked.answer)
  steps.push({
    title: opened ? 'The API opens the treasure' : 'The API wants a better sign-in',
    short: opened ? 'Opened' : 'Refused',
    from: 'app',
    to: 'api',
    note: opened
      ? 'The same request as before, with a token that tells of two factors from the last five minutes.'
      : 'The token is good, only its sign-in is not enough. The challenge says what would be.',
    exchange: asked,
  })
  const refreshToken = textMember(redeemed.answer, 'refresh_token') ?? ''
  const weak = opened ? stepUp.weak : { accessToken, refreshToken }
  const wanted = challengeOf(asked)
  const stopped = opened || wanted !== undefined ? undefined : 'The API did not accept the token.'
  Object.assign(stepUp, { steps, weak, wanted, opened, stopped })
}

/** Carries out one attack, with the tokens of the first sign-in. */
export async function attackStepUp(
  app: DemoApp,
  { stepUp }: BrowserState,
  wanted: string | null,
): Promise<AppResponse> {
  if (!isStepUpAttackId(wanted)) return plain(400, 'There is no such attack.')
  if (stepUp.weak === undefined) return seeOther(`${home}#attacks`)
  stepUp.outcomes.set(wanted, await stepUpAttacks[wanted].perform(app, stepUp.weak))
  return seeOther(`${home}/attacks/${wanted}`)
}
