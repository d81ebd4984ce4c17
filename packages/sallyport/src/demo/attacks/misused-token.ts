import {
  callApi,
  callUserInfo,
  introspect,
  redeemCode,
  refreshTokens,
  type Answered,
  type World,
} from '../client-requests.ts'
import { decodeJwt } from '../decode-jwt.ts'
import { flowScope } from '../demo.ts'
import type { Attack, AttackOutcome } from './attack.ts'
import {
  deniedWith,
  isActive,
  isChallenged,
  isInactive,
  storyOf,
  succeeded,
  tokenOf,
  type Loot,
  type Story,
} from './story.ts'

const redeem = (world: World, { attempt, code }: Loot): Promise<Answered> =>
  redeemCode(world, attempt.client, code, attempt.pkce.verifier)

/** A family of three generations: the stolen first token, and the answer with the newest ones. */
async function rotateTwice(world: World, back: Loot, { hear }: Story): Promise<{ stolen: string; newest: Answered }> {
  const { client } = back.attempt
  const first = await hear(
    'The app gets tokens',
    ['app', 'sallyport'],
    'Assume that this refresh token, the first one, leaks.',
    redeem(world, back),
  )
  const stolen = tokenOf(first, 'refresh_token')
  const second = await hear(
    'The app refreshes',
    ['app', 'sallyport'],
    'Every use gives a new refresh token and retires the old one.',
    refreshTokens(world, client, stolen),
  )
  const newest = await hear(
    'The app refreshes again',
    ['app', 'sallyport'],
    'The successor was used, so nobody can mistake what follows for a repeated request whose answer was lost.',
    refreshTokens(world, client, tokenOf(second, 'refresh_token')),
  )
  return { stolen, newest }
}

async function replayedRefreshToken(world: World, back: Loot): Promise<AttackOutcome> {
  const story = storyOf(back)
  const { steps, hear } = story
  const { client } = back.attempt
  const { stolen, newest } = await rotateTwice(world, back, story)
  const ask = () => introspect(world, tokenOf(newest, 'access_token'))
  const before = await hear(
    'Before: is the newest access token in force?',
    ['api', 'sallyport'],
    'The API asks.',
    ask(),
  )
  const replay = await hear(
    'The leaked refresh token is used',
    ['attacker', 'sallyport'],
    'It was retired two generations ago. Only a copy can turn up now.',
    refreshTokens(world, client, stolen),
  )
  const after = await hear(
    'After: is the newest access token in force?',
    ['api', 'sallyport'],
    'The whole family is dead, the thief’s branch and the app’s.',
    ask(),
  )
  const last = await hear(
    'The newest refresh token',
    ['app', 'sallyport'],
    'The app has to send its user to sign in again, and that is how the theft comes to light.',
    refreshTokens(world, client, tokenOf(newest, 'refresh_token')),
  )
  const died = isInactive(after) && deniedWith(last, 'invalid_grant')
  return { refused: isActive(before) && deniedWith(replay, 'invalid_grant') && died, steps }
}

async function foreignAudience(world: World, back: Loot): Promise<AttackOutcome> {
  const { steps, hear, annotate } = storyOf(back)
  const tokens = await hear(
    'The app gets a token for UserInfo',
    ['app', 'sallyport'],
    'No resource was named, so the token is meant for Sallyport itself and says so in aud.',
    redeem(world, back),
  )
  const accessToken = tokenOf(tokens, 'access_token')
  annotate({ tokens: [{ kind: 'access', jwt: decodeJwt(accessToken) }] })
  const person = await hear(
    'Where it belongs, it works',
    ['app', 'sallyport'],
    'UserInfo answers.',
    callUserInfo(world, accessToken),
  )
  const orders = await hear(
    'The token is carried to the API',
    ['attacker', 'api'],
    'Signature, issuer and time are right. The audience is not the API.',
    callApi(world, accessToken),
  )
  return { refused: succeeded(person) && isChallenged(orders), steps }
}

async function idTokenAsAccessToken(world: World, back: Loot): Promise<AttackOutcome> {
  const { steps, hear, annotate } = storyOf(back)
  const tokens = await hear(
    'The app gets its tokens',
    ['app', 'sallyport'],
    'The ID Token is proof of a sign-in, addressed to the app. Anybody the app shows it to would hold it.',
    redeem(world, back),
  )
  const idToken = tokenOf(tokens, 'id_token')
  annotate({ tokens: [{ kind: 'id', jwt: decodeJwt(idToken) }] })
  const orders = await hear(
    'The ID Token is sent to the API',
    ['attacker', 'api'],
    'Signed by the right issuer, about the right person, still valid, and of the wrong type.',
    callApi(world, idToken),
  )
  const asked = await hear(
    'Sallyport is asked about it',
    ['api', 'sallyport'],
    'It is not an access token, so there is nothing to say.',
    introspect(world, idToken),
  )
  return { refused: idToken !== '' && isChallenged(orders) && isInactive(asked), steps }
}

/** Attacks with tokens that are genuine, in a place or at a time where they must not work. */
export const misusedTokenAttacks = {
  'replayed-refresh-token': {
    title: 'Use a retired refresh token',
    attempt: 'A refresh token leaks. The app keeps refreshing; later the thief uses the copy.',
    reason:
      'Each refresh token works once. When a retired one comes back, there are two holders: the whole family ends.',
    clauses: ['OAuth 2.1 §4.3.1', 'RFC 9700 §2.2.2, §4.14.2'],
    starts: 'with a code',
    scope: flowScope,
    resource: 'api',
    perform: replayedRefreshToken,
  },
  'foreign-audience': {
    title: 'Carry a token to another API',
    attempt: 'A token that is good at one place is presented at another.',
    reason: 'Every access token names exactly one audience, and the API accepts only its own name there.',
    clauses: ['RFC 9068 §4', 'RFC 8707 §2', 'RFC 9700 §2.3'],
    starts: 'with a code',
    scope: 'openid profile email',
    resource: 'none',
    perform: foreignAudience,
  },
  'id-token-as-access-token': {
    title: 'Use an ID Token as an access token',
    attempt: 'The ID Token is signed by the same issuer. It is sent to the API in place of an access token.',
    reason: 'The API takes only tokens of type at+jwt. An ID Token is of another type, whatever else it says.',
    clauses: ['RFC 9068 §2.1, §4', 'RFC 8725 §3.11'],
    starts: 'with a code',
    scope: flowScope,
    resource: 'api',
    perform: idTokenAsAccessToken,
  },
} as const satisfies Record<string, Attack>
