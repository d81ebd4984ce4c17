import { callApi, introspect, redeemCode, refreshTokens, type Answered, type World } from '../client-requests.ts'
import { flowScope } from '../demo.ts'
import { newDerivation } from '../pkce-derivation.ts'
import type { Attack, AttackOutcome } from './attack.ts'
import { deniedWith, isActive, isInactive, storyOf, succeeded, tokenOf, type Loot, type Story } from './story.ts'

async function wrongVerifier(world: World, back: Loot): Promise<AttackOutcome> {
  const { steps, hear } = storyOf(back)
  const { client, pkce } = back.attempt
  const guess = await hear(
    'The code with a verifier that was guessed',
    ['attacker', 'sallyport'],
    'The attacker even has the client’s password. Only the verifier is missing.',
    redeemCode(world, client, back.code, newDerivation(world.random).verifier),
  )
  const late = await hear(
    'The same code with the right verifier',
    ['app', 'sallyport'],
    'The first failed verifier destroyed the code. Nobody can go on guessing, and a stolen code is dead for everyone: the app starts over, the thief has nothing.',
    redeemCode(world, client, back.code, pkce.verifier),
  )
  return { refused: deniedWith(guess, 'invalid_grant') && deniedWith(late, 'invalid_grant'), steps }
}

async function replayedCode(world: World, back: Loot): Promise<AttackOutcome> {
  const { steps, hear } = storyOf(back)
  const redeem = () => redeemCode(world, back.attempt.client, back.code, back.attempt.pkce.verifier)
  const first = await hear(
    'The first redemption',
    ['app', 'sallyport'],
    'Code, client and verifier are right: tokens are issued.',
    redeem(),
  )
  const before = await hear(
    'Before: is the access token in force?',
    ['api', 'sallyport'],
    'The API asks Sallyport about the token it was given.',
    introspect(world, tokenOf(first, 'access_token')),
  )
  const replay = await hear(
    'The same code again, with everything else right',
    ['attacker', 'sallyport'],
    'Somebody who can prove possession presents the code a second time. One of the two is a thief, and Sallyport cannot know which.',
    redeem(),
  )
  const died = await familyDied(world, { hear }, first)
  return { refused: isActive(before) && deniedWith(replay, 'invalid_grant') && died, steps }
}

type Telling = Pick<Story, 'hear'>

async function familyDied(world: World, { hear }: Telling, first: Answered): Promise<boolean> {
  const after = await hear(
    'After: is the access token in force?',
    ['api', 'sallyport'],
    'The same question as before. Everything that came from the code is dead at once. (An API that verifies tokens by itself notices when they expire, five minutes after issue at the latest.)',
    introspect(world, tokenOf(first, 'access_token')),
  )
  const refresh = await hear(
    'The refresh token of the first redemption',
    ['app', 'sallyport'],
    'Its family ended with the replay.',
    refreshTokens(world, world.demo.clients.bench, tokenOf(first, 'refresh_token')),
  )
  return isInactive(after) && deniedWith(refresh, 'invalid_grant')
}

async function foreignCode(world: World, back: Loot): Promise<AttackOutcome> {
  const { steps, hear } = storyOf(back)
  const { client, pkce } = back.attempt
  const theft = await hear(
    'Another registered app presents the code',
    ['attacker', 'sallyport'],
    'It authenticates as itself, correctly, and even has the verifier. The code was issued to somebody else.',
    redeemCode(world, world.demo.clients.attacker, back.code, pkce.verifier),
  )
  const rightful = await hear(
    'The rightful app presents it',
    ['app', 'sallyport'],
    'The failed theft did not touch the code: otherwise anybody could spoil the sign-ins of others.',
    redeemCode(world, client, back.code, pkce.verifier),
  )
  const orders = await hear(
    'The rightful app calls the API',
    ['app', 'api'],
    'Nothing was lost.',
    callApi(world, tokenOf(rightful, 'access_token')),
  )
  return { refused: deniedWith(theft, 'invalid_grant') && succeeded(rightful) && succeeded(orders), steps }
}

/** Attacks on a code that was read on its way back to the app. */
export const stolenCodeAttacks = {
  'wrong-verifier': {
    title: 'Guess the verifier',
    attempt: 'The attacker has the code and the client’s password, and tries a verifier.',
    reason:
      'The hash of the guess is not the challenge. One failed try ends the code: there are 2²⁵⁶ verifiers and one attempt.',
    clauses: ['RFC 7636 §4.6', 'OAuth 2.1 §4.1.3'],
    starts: 'with a code',
    scope: 'openid',
    resource: 'none',
    perform: wrongVerifier,
  },
  'replayed-code': {
    title: 'Use a code twice',
    attempt: 'The attacker presents a code that was already redeemed, with the right client and the right verifier.',
    reason:
      'A code works once. Whoever could have redeemed it and comes second makes everything from the first redemption die, because one of the two is a thief.',
    clauses: ['OAuth 2.1 §4.1.3, §7.5.3', 'RFC 9700 §4.5'],
    starts: 'with a code',
    scope: flowScope,
    resource: 'api',
    perform: replayedCode,
  },
  'foreign-code': {
    title: 'Redeem another app’s code',
    attempt: 'A different app, properly registered and authenticated, presents a code that was issued to this one.',
    reason:
      'A code belongs to the client it was issued to, and the client has to prove who it is before the code is looked at.',
    clauses: ['OAuth 2.1 §4.1.3', 'RFC 9700 §4.5'],
    starts: 'with a code',
    scope: flowScope,
    resource: 'api',
    perform: foreignCode,
  },
} as const satisfies Record<string, Attack>
