import type { AttackOutcome, AttackStory } from '../attacks/attack.ts'
import { deniedWith, succeeded } from '../attacks/story.ts'
import type { Answered, World } from '../client-requests.ts'
import { answerHeader, exchange, textMember } from '../exchange.ts'
import { newDerivation } from '../pkce-derivation.ts'
import type { Party, Step } from '../step.ts'
import { askForCodes, askForTokens } from './device-requests.ts'

export const deviceAttackIds = ['code-without-secret', 'code-of-another', 'impatience', 'codes-at-random'] as const
export type DeviceAttackId = (typeof deviceAttackIds)[number]

export type DeviceAttack = AttackStory & { perform(world: World): Promise<AttackOutcome> }

const said = (title: string, from: Party, note: string, exchange_: Answered): Step => ({
  title,
  from,
  to: 'sallyport',
  note,
  exchange: exchange_,
})

/** A fresh television that waits, as the first step of an attack on its code. */
async function fresh(world: World) {
  const pkce = newDerivation(world.random)
  const asked = await askForCodes(world, world.demo.clients.device, pkce.challenge)
  const step = said('A television asks for its codes', 'device', 'Assume the attacker can read this answer.', asked)
  return { step, asked, verifier: pkce.verifier, deviceCode: textMember(asked.answer, 'device_code') ?? '' }
}

async function withoutSecret(world: World): Promise<AttackOutcome> {
  const { device } = world.demo.clients
  const { step, asked, verifier, deviceCode } = await fresh(world)
  const theft = await askForTokens(world, device, { deviceCode, verifier: undefined })
  const late = await askForTokens(world, device, { deviceCode, verifier })
  const note = 'The first question without the verifier destroyed the code: a person who enters it now lets nobody in.'
  return {
    refused: succeeded(asked) && deniedWith(theft, 'invalid_grant') && deniedWith(late, 'invalid_grant'),
    steps: [
      step,
      said('The attacker asks for the tokens', 'attacker', 'With the right code and without its secret.', theft),
      said('The television asks with its secret', 'device', note, late),
    ],
  }
}

async function ofAnother(world: World): Promise<AttackOutcome> {
  const { device, attacker } = world.demo.clients
  const { step, asked, verifier, deviceCode } = await fresh(world)
  const theft = await askForTokens(world, attacker, { deviceCode, verifier })
  const rightful = await askForTokens(world, device, { deviceCode, verifier })
  const note = 'The failed theft did not touch the code: it still waits for its person.'
  return {
    refused: succeeded(asked) && deniedWith(theft, 'invalid_grant') && deniedWith(rightful, 'authorization_pending'),
    steps: [
      step,
      said('Another app presents the code', 'attacker', 'It authenticates as itself, and even has the secret.', theft),
      said('The television asks', 'device', note, rightful),
    ],
  }
}

async function impatience(world: World): Promise<AttackOutcome> {
  const { device } = world.demo.clients
  const { step, asked, verifier, deviceCode } = await fresh(world)
  const ask = () => askForTokens(world, device, { deviceCode, verifier })
  const answers = [await ask(), await ask(), await ask()]
  const [first, ...more] = answers
  return {
    refused:
      succeeded(asked) &&
      first !== undefined &&
      deniedWith(first, 'authorization_pending') &&
      more.every((one) => deniedWith(one, 'slow_down')),
    steps: [
      { ...step, note: 'It is told to wait five seconds between two questions.' },
      ...answers.map((one, index) =>
        said(
          index === 0 ? 'It asks' : 'It asks again at once',
          'device',
          index === 0 ? 'The first question is always in time.' : 'Each of these makes the wait five seconds longer.',
          one,
        ),
      ),
    ],
  }
}

async function atRandom(world: World): Promise<AttackOutcome> {
  const { issuer } = world.demo.addresses
  const guess = await exchange({
    method: 'POST',
    url: `${issuer}/device`,
    headers: { Origin: issuer },
    form: { user_code: 'BCDF-GHJK' },
  })
  const location = answerHeader(guess.answer, 'location') ?? ''
  const note =
    'Whoever guesses has to be somebody first, so there is an account to count for: five wrong codes in ten minutes, and twenty for a network. The code was not even looked at.'
  return {
    refused: guess.answer.status === 303 && new URL(location, issuer).pathname.endsWith('/login'),
    steps: [said('A program sends codes to the page', 'attacker', note, guess)],
  }
}

/** What people can try against devices that wait. */
export const deviceAttacks: Readonly<Record<DeviceAttackId, DeviceAttack>> = {
  'code-without-secret': {
    title: 'Take the device’s code',
    attempt: 'The attacker read the long code, from a log perhaps, and asks for the tokens before the television does.',
    reason:
      'The television sent a challenge along, so the code is worth nothing without the verifier, and one try ends it.',
    clauses: ['RFC 7636 §4.6', 'RFC 8628 §5.2'],
    perform: withoutSecret,
  },
  'code-of-another': {
    title: 'Present it as another app',
    attempt: 'A different app that may use this grant presents the code of the television.',
    reason: 'A code belongs to the client that asked for it, and the client is settled before the code is looked at.',
    clauses: ['RFC 8628 §3.4', 'OAuth 2.1 §4.1.3'],
    perform: ofAnother,
  },
  impatience: {
    title: 'Ask all the time',
    attempt: 'A device asks again and again without a pause.',
    reason:
      'Each question that comes too early is answered with slow_down and makes the interval longer, on every node.',
    clauses: ['RFC 8628 §3.5'],
    perform: impatience,
  },
  'codes-at-random': {
    title: 'Guess what others see',
    attempt: 'A program sends user codes to the page, without signing in.',
    reason:
      'Codes are entered by people who are signed in, and wrong ones are counted for session, account and network.',
    clauses: ['RFC 8628 §5.1'],
    perform: atRandom,
  },
}

export const isDeviceAttackId = (text: string | null): text is DeviceAttackId =>
  (deviceAttackIds as readonly (string | null)[]).includes(text)
