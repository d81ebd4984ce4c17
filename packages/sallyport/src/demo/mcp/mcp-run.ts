import type { World } from '../client-requests.ts'
import { decodeJwt } from '../decode-jwt.ts'
import { gateScopes } from '../demo.ts'
import { answerHeader, textMember } from '../exchange.ts'
import { arrivalStep, departureSteps, type Return } from '../flow-run.ts'
import { allPassed, responseChecks } from '../response-checks.ts'
import { isSuccess, type Step } from '../step.ts'
import { callGate, callTool, hello, redeemForGate } from './mcp-requests.ts'

/** One visit to the MCP server, as it is shown. */
export type McpRun = {
  readonly steps: readonly Step[]
  /** In one sentence, why it ended early; `undefined` when everything went through. */
  readonly stopped: string | undefined
  /** What the token that came of it may do; empty without one. */
  readonly scope: string
  readonly token: string | undefined
}

export const firstScope = gateScopes.look
/** Clients ask for what they have together with what is new (A-MCP-08). */
export const widerScope = `${gateScopes.look} ${gateScopes.open}`

const endedWith = (steps: readonly Step[], stopped: string): McpRun => ({ steps, stopped, scope: '', token: undefined })

export const brokenChain = (steps: readonly Step[], stopped: string | undefined): McpRun =>
  endedWith(steps, stopped ?? 'The chain broke.')

/** The refusal that makes a client ask for more, as it is now. */
export async function refusedCall(world: World, token: string): Promise<Step> {
  const exchange = await callTool(world, 'open_gate', token)
  return {
    title: 'A tool needs more than the token may',
    short: 'Too little',
    from: 'app',
    to: 'server',
    note: 'The token was good for looking. The refusal names every scope of this call, so that the client can ask for them together with those it has. A renewal could never widen it: somebody has to agree.',
    exchange,
  }
}

/** True for the refusal that step-up answers (RFC 6750 section 3.1). */
export const asksForMore = ({ exchange }: Step): boolean =>
  exchange?.answer?.status === 403 &&
  (answerHeader(exchange.answer, 'www-authenticate') ?? '').includes('error="insufficient_scope"')

async function callsWith(world: World, token: string, wide: boolean): Promise<Step[]> {
  const greeted = await callGate(world, hello, token)
  const called = await callTool(world, wide ? 'open_gate' : 'who_is_there', token)
  return [
    {
      title: 'The client says hello again, with the token',
      short: 'Hello',
      from: 'app',
      to: 'server',
      note: 'The server checks type, signature, issuer, time, scope, and that it is itself the audience.',
      exchange: greeted,
    },
    {
      title: wide ? 'The gate opens' : 'A tool answers',
      short: 'Tool',
      from: 'app',
      to: 'server',
      note: 'The tool learns who calls. It never sees the token, so it cannot pass it on to anybody.',
      exchange: called,
    },
  ]
}

/** Does, as the client, everything that follows the return of the browser. `before` is what was said until it left. */
export async function finishRun(world: World, back: Return, before: readonly Step[]): Promise<McpRun> {
  const { attempt, response } = back
  const steps: Step[] = [...before, ...departureSteps(attempt), arrivalStep(back)]
  if (!allPassed(responseChecks(attempt, response))) return endedWith(steps, 'The answer failed a check.')
  if (response.code === undefined) {
    const denied = response.error === 'access_denied'
    return endedWith(steps, denied ? 'You said no, so there is no token.' : `Sallyport answered ${response.error}.`)
  }
  const redeemed = await redeemForGate(world, attempt.client, { code: response.code, verifier: attempt.pkce.verifier })
  const token = textMember(redeemed.answer, 'access_token')
  steps.push({
    title: 'The client trades the code for a token',
    short: 'Token',
    from: 'app',
    to: 'sallyport',
    note: 'Without a password, because software on a device keeps no secret; the verifier is the proof. The resource is named again, and the token is for it alone.',
    exchange: redeemed,
    tokens: token === undefined ? undefined : [{ kind: 'access', jwt: decodeJwt(token) }],
  })
  if (token === undefined) return endedWith(steps, 'No token was issued.')
  const calls = await callsWith(world, token, attempt.scope === widerScope)
  const served = calls.every(({ exchange }) => isSuccess(exchange?.answer))
  return {
    steps: [...steps, ...calls],
    stopped: served ? undefined : 'The MCP server did not accept the token.',
    scope: textMember(redeemed.answer, 'scope') ?? '',
    token,
  }
}
