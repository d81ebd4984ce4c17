import { authorizationParameters, authorizationUrl, type AuthorizationAttempt } from './authorization-request.ts'
import { callApi, fetchKeys, redeemCode, type World } from './client-requests.ts'
import { decodeJwt } from './decode-jwt.ts'
import { answerJson, textMember, type Exchange } from './exchange.ts'
import { idTokenChecks, verificationKeys } from './id-token-checks.ts'
import { allPassed, responseChecks, type AuthorizationResponse } from './response-checks.ts'
import { isSuccess, type Step } from './step.ts'

/** One run of the flow, as it is shown. */
export type FlowRun = {
  readonly steps: readonly Step[]
  /** In one sentence, why it ended early; `undefined` when everything went through. */
  readonly stopped: string | undefined
  readonly subject: string | undefined
  readonly idToken: string | undefined
  /** Seconds since 1970. */
  readonly at: number
}

/** What came back to the app, and on which attempt. */
export type Return = {
  readonly attempt: AuthorizationAttempt
  readonly response: AuthorizationResponse
  readonly callback: Exchange
}

/** Every attempt begins with a secret. */
export const secretStep = ({ pkce }: AuthorizationAttempt): Step => ({
  title: 'The app makes a secret and its fingerprint',
  short: 'Secret',
  from: 'app',
  to: 'app',
  note: 'A new verifier for every attempt. It stays inside the app; only its SHA-256 hash, the challenge, goes out.',
  pkce,
})

/** The first two steps of an ordinary attempt: the secret is made, and its fingerprint travels with the browser. */
export function departureSteps(
  attempt: AuthorizationAttempt,
  [asked, ...onPages]: readonly Exchange[] = [],
): readonly Step[] {
  const url = authorizationUrl(attempt.issuer, authorizationParameters(attempt))
  return [
    secretStep(attempt),
    {
      title: 'The app sends the browser to Sallyport',
      short: 'Sign-in',
      from: 'browser',
      to: 'sallyport',
      note: 'This address is visible to the browser, its history and its extensions. It holds the challenge and nothing that could be used to redeem a code. Signing in and agreeing happened at Sallyport; the app saw none of it; this demo shows it because Sallyport runs in the same program.',
      exchange: asked ?? { request: { method: 'GET', url, headers: [], body: '' }, answer: undefined },
      onPages,
    },
  ]
}

/** The code arrives, and the app looks at who sent it before it looks at anything else. */
export const arrivalStep = ({ attempt, response, callback }: Return): Step => ({
  title: response.code === undefined ? 'The browser comes back without a code' : 'The browser comes back with a code',
  short: 'Code',
  from: 'browser',
  to: 'app',
  note: 'The code is good for one minute and one use. Before touching it, the app compares state (is this the attempt I began, in this browser?) and iss (did the issuer answer that I asked?).',
  exchange: callback,
  checks: responseChecks(attempt, response),
})

/** A run that came to nothing, and why. */
export const endedEarly = (world: World, steps: readonly Step[], stopped: string): FlowRun => ({
  steps,
  stopped,
  subject: undefined,
  idToken: undefined,
  at: world.now(),
})

/** Does, as the app, everything that follows the return of the browser, and keeps what was said, before it as well. */
export async function runFlow(
  world: World,
  back: Return,
  before: readonly Step[] = departureSteps(back.attempt),
): Promise<FlowRun> {
  const { attempt, response } = back
  const steps: Step[] = [...before, arrivalStep(back)]
  if (!allPassed(responseChecks(attempt, response))) return endedEarly(world, steps, 'The answer failed a check.')
  if (response.code === undefined) {
    const denied = response.error === 'access_denied'
    return endedEarly(
      world,
      steps,
      denied ? 'You said no, so there is no code.' : `Sallyport answered ${response.error}.`,
    )
  }
  const redeemed = await redeemCode(world, attempt.client, response.code, attempt.pkce.verifier)
  steps.push({
    title: 'The app trades the code for tokens',
    short: 'Tokens',
    from: 'app',
    to: 'sallyport',
    note: 'The second door. The app shows the code, its own password and the verifier; Sallyport hashes the verifier and compares it with the challenge that came before. Only now do tokens exist.',
    exchange: redeemed,
  })
  const accessToken = textMember(redeemed.answer, 'access_token')
  const idToken = textMember(redeemed.answer, 'id_token')
  if (accessToken === undefined || idToken === undefined) return endedEarly(world, steps, 'No tokens were issued.')
  return finish(world, { attempt, steps, accessToken, idToken })
}

type Tokens = {
  readonly attempt: AuthorizationAttempt
  readonly steps: Step[]
  readonly accessToken: string
  readonly idToken: string
}

async function finish(world: World, { attempt, steps, accessToken, idToken }: Tokens): Promise<FlowRun> {
  const keys = await fetchKeys(world)
  steps.push({
    title: 'The app fetches the public keys',
    short: 'Keys',
    from: 'app',
    to: 'sallyport',
    note: 'Anybody may have them. With these keys everyone can check a signature and nobody can make one.',
    exchange: keys,
  })
  const facts = { idToken, accessToken, attempt, keys: verificationKeys(answerJson(keys.answer)), now: world.now() }
  const checks = idTokenChecks(facts)
  const access = decodeJwt(accessToken)
  const identity = decodeJwt(idToken)
  steps.push({
    title: 'The app reads who signed in',
    short: 'Who it is',
    from: 'app',
    to: 'app',
    note: 'Two tokens for two readers. The ID Token is for the app, which checks every line of it. The access token is for the API; the app only carries it.',
    checks,
    tokens: [
      { kind: 'id', jwt: identity },
      { kind: 'access', jwt: access },
    ],
  })
  if (!allPassed(checks)) return endedEarly(world, steps, 'The ID Token failed a check.')
  const orders = await callApi(world, accessToken)
  steps.push({
    title: 'The app calls the API',
    short: 'API call',
    from: 'app',
    to: 'api',
    note: 'The API checks type, signature, issuer, audience, time and scope of the token by itself, with the same public keys.',
    exchange: orders,
  })
  const { sub } = identity.claims
  return {
    steps,
    stopped: isSuccess(orders.answer) ? undefined : 'The API did not accept the token.',
    subject: typeof sub === 'string' ? sub : undefined,
    idToken,
    at: world.now(),
  }
}
