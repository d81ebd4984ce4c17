import type { AttackOutcome, AttackStory } from '../attacks/attack.ts'
import {
  authorizationParameters,
  authorizationUrl,
  newAttempt,
  type AuthorizationAttempt,
} from '../authorization-request.ts'
import { askAs, type Answered, type World } from '../client-requests.ts'
import { flowScope } from '../demo.ts'
import { answerHeader, textMember } from '../exchange.ts'
import type { Party, Step } from '../step.ts'
import { push, referenceIn, referenceUrl, visit } from './pushed-requests.ts'
import { anotherKey, keyOfTheApp, rewriteScope, signedRequest } from './signed-request.ts'

export const pushedAttackIds = [
  'changed-on-the-way',
  'used-twice',
  'of-another-app',
  'made-up-reference',
  'not-pushed',
  'forged-object',
] as const
export type PushedAttackId = (typeof pushedAttackIds)[number]

export type PushedAttack = AttackStory & { perform(world: World): Promise<AttackOutcome> }

const said = (title: string, from: Party, note: string, exchange: Answered): Step => ({
  title,
  from,
  to: 'sallyport',
  note,
  exchange,
})

const newRequest = (world: World): AuthorizationAttempt =>
  newAttempt(world.random, { client: world.demo.clients.pushing, issuer: world.demo.addresses.issuer, scope: 'openid' })

/** A request that was pushed just now, as the first step of an attack on its reference. */
async function pushed(world: World) {
  const attempt = newRequest(world)
  // Nobody is signed in here, so that each visit is answered at once and its answer can be shown.
  const answered = await push(world, attempt, { prompt: 'none' })
  const note =
    'Straight from the app to Sallyport, with the password of the app. Assume the attacker gets the reference.'
  return {
    attempt,
    step: said('The app pushes its request', 'app', note, answered),
    accepted: answered.answer.status === 201,
    reference: referenceIn(answered),
  }
}

/** True for an answer at the app’s own address that carries this error, and this state or none. */
function answersWith({ answer }: Answered, { client }: AuthorizationAttempt, error: string, state?: string): boolean {
  const location = answerHeader(answer, 'location') ?? ''
  const [address, query] = location.split('?')
  const response = new URLSearchParams(query)
  return (
    answer.status === 303 &&
    address === client.redirectUri &&
    response.get('error') === error &&
    response.get('state') === (state ?? null)
  )
}

/** True for a page of the server that leads nowhere. */
const shownAsPage = ({ answer }: Answered): boolean =>
  answer.status === 400 && answerHeader(answer, 'location') === undefined

async function changedOnTheWay(world: World): Promise<AttackOutcome> {
  const { attempt, step, accepted, reference } = await pushed(world)
  const { attacker } = world.demo.clients
  const changes = {
    ...{ redirect_uri: attacker.redirectUri, state: 'chosen-by-the-attacker', scope: 'openid orders.read' },
    ...{ code_challenge: 'chosen-by-the-attacker', code_challenge_method: 'plain' },
  }
  const answered = await visit(referenceUrl(world, attempt.client, reference, changes))
  const note =
    'Another return address, another state, another challenge. The answer goes to the app, with the state that the app pushed. It says login_required because nobody is signed in here.'
  return {
    refused: accepted && answersWith(answered, attempt, 'login_required', attempt.state),
    steps: [step, said('Somebody changes the address of the browser', 'attacker', note, answered)],
  }
}

async function usedTwice(world: World): Promise<AttackOutcome> {
  const { attempt, step, accepted, reference } = await pushed(world)
  const url = referenceUrl(world, attempt.client, reference)
  const [first, second] = [await visit(url), await visit(url)]
  const note = 'The reference was answered once. Whoever comes after that learns no more than that it cannot be used.'
  return {
    refused:
      accepted &&
      answersWith(first, attempt, 'login_required', attempt.state) &&
      answersWith(second, attempt, 'invalid_request_uri'),
    steps: [
      step,
      said(
        'A browser comes with the reference',
        'browser',
        'Nobody is signed in, and the app asked for no page.',
        first,
      ),
      said('The attacker comes with the same reference', 'attacker', note, second),
    ],
  }
}

async function ofAnotherApp(world: World): Promise<AttackOutcome> {
  const { attempt, step, accepted, reference } = await pushed(world)
  const theft = await visit(referenceUrl(world, world.demo.clients.attacker, reference))
  const rightful = await visit(referenceUrl(world, attempt.client, reference))
  const note = 'A page of Sallyport, because neither app can be told: who of the two would the answer belong to?'
  return {
    refused: accepted && shownAsPage(theft) && answersWith(rightful, attempt, 'login_required', attempt.state),
    steps: [
      step,
      said('Another app sends a browser with it', 'attacker', note, theft),
      said(
        'The right app sends its browser',
        'browser',
        'The theft did not touch the reference: it still works.',
        rightful,
      ),
    ],
  }
}

async function madeUpReference(world: World): Promise<AttackOutcome> {
  const attempt = newRequest(world)
  const reference = `urn:ietf:params:oauth:request_uri:${world.random.handle()}`
  const answered = await visit(referenceUrl(world, attempt.client, reference))
  const note = 'It looks right and stands for nothing. It is answered like one that has expired or was used.'
  return {
    refused: answersWith(answered, attempt, 'invalid_request_uri'),
    steps: [said('A browser comes with a reference that nobody was given', 'attacker', note, answered)],
  }
}

async function notPushed(world: World): Promise<AttackOutcome> {
  const attempt = newRequest(world)
  const answered = await visit(authorizationUrl(attempt.issuer, authorizationParameters(attempt)))
  const note = 'Everything about it is right: client, return address, challenge. It only came the wrong way.'
  return {
    refused: answersWith(answered, attempt, 'invalid_request', attempt.state),
    steps: [said('A link with the whole request in it', 'attacker', note, answered)],
  }
}

/** Pushes a signed request and nothing else, with the password of the app. */
const pushObject = (world: World, request: string): Promise<Answered> =>
  askAs(world, world.demo.clients.pushing, '/oauth2/par', { request })

const turnedDown = ({ answer }: Answered): boolean =>
  answer.status === 400 && textMember(answer, 'error') === 'invalid_request_object'

async function forgedObject(world: World): Promise<AttackOutcome> {
  const attempt = newRequest(world)
  const right = await signedRequest(world, attempt, keyOfTheApp(world))
  const altered = await pushObject(world, rewriteScope(right, flowScope))
  const forged = await pushObject(world, await signedRequest(world, attempt, anotherKey()))
  const [taken, again] = [await pushObject(world, right), await pushObject(world, right)]
  return {
    refused: turnedDown(altered) && turnedDown(forged) && taken.answer.status === 201 && turnedDown(again),
    steps: [
      said(
        'The attacker changes a signed request',
        'attacker',
        'Assume that even the password of the app was stolen. One scope more in the request, and the signature of the app does not fit any more.',
        altered,
      ),
      said(
        'The attacker signs one with another key',
        'attacker',
        'It says everything that the app would say, but the key is not the one that the app registered.',
        forged,
      ),
      said('The app pushes what it signed', 'app', 'Sallyport has its public key, and takes the request.', taken),
      said(
        'The attacker sends the very same once more',
        'attacker',
        'The request has a number of its own (jti), and counts once.',
        again,
      ),
    ],
  }
}

/** What people can try against requests that are pushed. */
export const pushedAttacks: Readonly<Record<PushedAttackId, PushedAttack>> = {
  'changed-on-the-way': {
    title: 'Change the request on its way',
    attempt: 'Somebody in the browser adds a return address, a state and a challenge of their own.',
    reason:
      'What counts was pushed before the browser left. Beside the reference everything in the address is ignored.',
    clauses: ['RFC 9126 §4', 'RFC 9101 §5'],
    perform: changedOnTheWay,
  },
  'used-twice': {
    title: 'Use the reference again',
    attempt: 'The attacker reads the address in the history of the browser and opens it later.',
    reason: 'A reference is answered once, by a code or by an error, and only one of many that come at once gets that.',
    clauses: ['RFC 9126 §7.3'],
    perform: usedTwice,
  },
  'of-another-app': {
    title: 'Use it as another app',
    attempt: 'A different app puts its own name beside the reference.',
    reason: 'A reference belongs to the client that pushed it, and proved who it is when it did.',
    clauses: ['RFC 9126 §2.2, §4'],
    perform: ofAnotherApp,
  },
  'made-up-reference': {
    title: 'Make one up',
    attempt: 'The attacker invents a reference and hopes that it is one that somebody waits for.',
    reason: 'References are 256 random bits, live a minute, and lie in the store as digests only.',
    clauses: ['RFC 9126 §7.1'],
    perform: madeUpReference,
  },
  'not-pushed': {
    title: 'Skip the push',
    attempt: 'A made-up link carries the whole request, as ordinary ones do.',
    reason: 'This client is held to pushed requests. A link that somebody else made gets no further than an error.',
    clauses: ['RFC 9126 §5, §6'],
    perform: notPushed,
  },
  'forged-object': {
    title: 'Forge a signed request',
    attempt: 'The attacker has the password of the app, and pushes requests in its name that are meant to look signed.',
    reason: 'A signed request counts as its client signed it, with the key that the client registered, and once.',
    clauses: ['RFC 9101 §6, §10', 'RFC 9126 §3'],
    perform: forgedObject,
  },
}

export const isPushedAttackId = (text: string | null): text is PushedAttackId =>
  (pushedAttackIds as readonly (string | null)[]).includes(text)
