import { setTimeout as pause } from 'node:timers/promises'
import { pollUntilDecided, type PollOutcome } from '../../flow/poll-device.ts'
import { qrAsSvg } from '../../qr-code.ts'
import { callApi, type Answered, type World } from '../client-requests.ts'
import { decodeJwt } from '../decode-jwt.ts'
import { answerJson, textMember } from '../exchange.ts'
import { newDerivation, type PkceDerivation } from '../pkce-derivation.ts'
import { isSuccess } from '../step.ts'
import { askForCodes, askForTokens } from './device-requests.ts'
import type { DeviceRun } from './device-state.ts'

type Begun = { readonly run: DeviceRun; readonly pkce: PkceDerivation; readonly asked: Answered }

/** Turns the television on: it makes its secret, and asks for the two codes. */
export async function beginRun(world: World): Promise<Begun> {
  const pkce = newDerivation(world.random)
  const asked = await askForCodes(world, world.demo.clients.device, pkce.challenge)
  const steps: DeviceRun['steps'] = [
    {
      title: 'The television makes a secret and its fingerprint',
      short: 'Secret',
      from: 'device',
      to: 'device',
      note: 'As in every other flow here. For devices the specification does not ask for it; Sallyport checks it when it is there.',
      pkce,
    },
    {
      title: 'It asks for two codes',
      short: 'Codes',
      from: 'device',
      to: 'sallyport',
      note: 'One long code that stays inside the device, and one short code for a person to carry over.',
      exchange: asked,
    },
  ]
  const text = (name: string): string => textMember(asked.answer, name) ?? ''
  if (!isSuccess(asked.answer))
    return {
      run: { codes: undefined, steps, status: 'ended', stopped: 'Sallyport gave no codes. Wait a minute.' },
      ...{ pkce, asked },
    }
  const complete = text('verification_uri_complete')
  const qr = await qrAsSvg(complete)
  const codes = { userCode: text('user_code'), address: text('verification_uri'), complete, qr }
  return { run: { codes, steps, status: 'waiting', stopped: undefined }, pkce, asked }
}

const pendingNote =
  'Nobody has decided yet. The television waits five seconds and asks again; only the newest of these questions is kept here.'

/** Keeps the questions that got no decision as one step: there may be a hundred of them. */
function notePending({ steps }: DeviceRun, exchange: Answered, count: number): void {
  if (count > 1) steps.pop()
  const title = count === 1 ? 'It asks how things stand' : `It asks how things stand, for the ${count}th time`
  steps.push({ title, short: 'Waiting', from: 'device', to: 'sallyport', note: pendingNote, exchange })
}

/** Asks until somebody decided, then calls the API. Ends silently when the television is turned off. */
export async function waitForPerson(world: World, { run, pkce, asked }: Begun, off: AbortSignal): Promise<void> {
  const { device_code: deviceCode, interval, expires_in: expiresIn } = answerJson(asked.answer)
  let questions = 0
  const poll = async (): Promise<PollOutcome<Answered>> => {
    const question = { deviceCode: String(deviceCode), verifier: pkce.verifier }
    const answered = await askForTokens(world, world.demo.clients.device, question).catch(() => undefined)
    if (off.aborted || answered === undefined) return { kind: 'no_answer' }
    const error = textMember(answered.answer, 'error')
    if (error !== 'authorization_pending' && error !== 'slow_down') return { kind: 'tokens', tokens: answered }
    notePending(run, answered, ++questions)
    return { kind: error }
  }
  try {
    const wait = (seconds: number): Promise<void> => pause(seconds * 1000, undefined, { signal: off, ref: false })
    const times = { interval: Number(interval), expiresIn: Number(expiresIn), now: () => performance.now() / 1000 }
    await finish(world, run, await pollUntilDecided({ ...times, poll, wait }))
  } catch {
    if (!off.aborted) end(run, 'Nobody entered the code in time.')
  }
}

function end(run: DeviceRun, why: string): void {
  run.stopped = why
  run.status = 'ended'
}

async function finish(world: World, run: DeviceRun, decided: Answered): Promise<void> {
  const accessToken = textMember(decided.answer, 'access_token')
  const tokens = accessToken === undefined ? [] : [{ kind: 'access', jwt: decodeJwt(accessToken) } as const]
  run.steps.push({
    title: accessToken === undefined ? 'It gets an answer, and no tokens' : 'It gets its tokens',
    short: accessToken === undefined ? 'No' : 'Tokens',
    from: 'device',
    to: 'sallyport',
    note: 'Somebody decided. The code works once, and only with the secret of step 1.',
    exchange: decided,
    tokens,
  })
  if (accessToken === undefined) {
    const denied = textMember(decided.answer, 'error') === 'access_denied'
    end(run, denied ? 'You said no, so the television got nothing.' : 'The code is over.')
    return
  }
  const exchange = await callApi(world, accessToken)
  const note = 'The same API and the same kind of token as in the flow with a browser.'
  run.steps.push({ title: 'It calls the API', short: 'API call', from: 'device', to: 'api', note, exchange })
  if (isSuccess(exchange.answer)) run.status = 'in'
  else end(run, 'The API did not accept the token.')
}
