import {
  authorizationParameters,
  authorizationUrl,
  newAttempt,
  type AuthorizationAttempt,
} from '../authorization-request.ts'
import type { World } from '../client-requests.ts'
import { answerHeader, exchange, type ReceivedAnswer } from '../exchange.ts'
import type { Attack, AttackOutcome } from './attack.ts'

type Parameters = Record<string, string>

const attemptOf = (world: World): AuthorizationAttempt =>
  newAttempt(world.random, { client: world.demo.clients.bench, issuer: world.demo.addresses.issuer, scope: 'openid' })

/** True for a redirect back to the app that carries this error and no code. */
function sentBack(answer: ReceivedAnswer, redirectUri: string, error: string): boolean {
  const location = answerHeader(answer, 'location') ?? ''
  const query = new URLSearchParams(location.split('?')[1] ?? '')
  return answer.status === 303 && location.startsWith(redirectUri) && query.get('error') === error && !query.has('code')
}

/** True for a page of the server that leads nowhere. */
const shownAsPage = (answer: ReceivedAnswer): boolean =>
  answer.status === 400 && answerHeader(answer, 'location') === undefined

type Request = {
  readonly title: string
  readonly note: string
  readonly change: (parameters: Parameters, attempt: AuthorizationAttempt) => Parameters
  readonly refused: (answer: ReceivedAnswer, attempt: AuthorizationAttempt) => boolean
}

async function send(world: World, { title, note, change, refused }: Request): Promise<AttackOutcome> {
  const attempt = attemptOf(world)
  const url = authorizationUrl(attempt.issuer, change(authorizationParameters(attempt), attempt))
  const sent = await exchange({ url, headers: { Accept: 'text/html' } })
  return {
    refused: refused(sent.answer, attempt),
    steps: [{ title, from: 'attacker', to: 'sallyport', note, exchange: sent }],
  }
}

const withoutChallenge = ({
  code_challenge: _challenge,
  code_challenge_method: _method,
  ...rest
}: Parameters): Parameters => rest

/** Attacks that are over before anybody is asked to sign in. */
export const authorizationRequestAttacks = {
  'no-challenge': {
    title: 'Leave the challenge out',
    attempt: 'The request asks for a code that is tied to no secret, so that whoever catches it could redeem it.',
    reason:
      'Every request of every client needs an S256 challenge. There is no setting that changes this, so there is nothing to forget.',
    clauses: ['OAuth 2.1 §4.1.1', 'RFC 9700 §2.1.1', 'RFC 7636 §4.4.1'],
    starts: 'at once',
    perform: (world) =>
      send(world, {
        title: 'An authorization request without code_challenge',
        note: 'Everything else about the request is right: client, redirect URI, scope, state.',
        change: withoutChallenge,
        refused: (answer, { client }) => sentBack(answer, client.redirectUri, 'invalid_request'),
      }),
  },
  'plain-challenge': {
    title: 'Ask for plain',
    attempt: 'With the method plain the challenge is the verifier itself: whoever reads the request has the secret.',
    reason: 'S256 is the only method there is. Metadata says so, and the request is refused before anybody signs in.',
    clauses: ['OAuth 2.1 §7.5.2', 'RFC 9700 §2.1.1'],
    starts: 'at once',
    perform: (world) =>
      send(world, {
        title: 'An authorization request with code_challenge_method=plain',
        note: 'The challenge is the verifier in clear.',
        change: (parameters, { pkce }) => ({
          ...parameters,
          code_challenge: pkce.verifier,
          code_challenge_method: 'plain',
        }),
        refused: (answer, { client }) => sentBack(answer, client.redirectUri, 'invalid_request'),
      }),
  },
  'redirect-uri': {
    title: 'Bend the redirect URI by one character',
    attempt: 'The code should be delivered next door: the same address with one letter in upper case.',
    reason:
      'Redirect URIs are compared byte for byte. Until client and address are beyond doubt, an error is a page of Sallyport and never a redirect, so not even the error goes to a stranger.',
    clauses: ['OAuth 2.1 §4.1.1, §4.1.2.1', 'RFC 9700 §2.1, §4.1.3'],
    starts: 'at once',
    perform: (world) =>
      send(world, {
        title: 'An authorization request whose redirect_uri ends in /callbacK',
        note: 'The registered one ends in /callback. Parsers of addresses would call many such pairs equal.',
        change: (parameters) => ({
          ...parameters,
          redirect_uri: (parameters['redirect_uri'] ?? '').replace(/k$/, 'K'),
        }),
        refused: shownAsPage,
      }),
  },
} as const satisfies Record<string, Attack>
