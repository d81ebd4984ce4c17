import { after, lookupKey } from '@sallyport/protocol'
import type { Authorization } from '../model/authorization.ts'
import { deviceGrant } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { subject } from './browser.ts'
import { credentials } from './credentials.ts'
import type { ProofClient } from './proof-clients.ts'
import { freshPair, type Parameters, type ProvingGround } from './proving-ground.ts'
import { seenAt } from './redemption.ts'
import type { ProofCase } from './report.ts'
import { invalidGrant, invalidRequest, runSteps, tokens, type SteppedCase, type Steps } from './steps.ts'

/** A device that waits, and all that is needed to get its tokens. */
type Waiting = { readonly deviceCode: string; readonly verifier: string; readonly client: ProofClient }

async function ask(ground: ProvingGround, client: ProofClient, parameters: Parameters): Promise<HttpResponse> {
  const shown = await credentials(ground, client)
  const sent = { ...shown.parameters, scope: 'openid', ...parameters }
  return ground.send('POST', '/oauth2/device_authorization', sent, shown.headers)
}

/** A request of a device; with a challenge unless other parameters are given. */
async function begin(ground: ProvingGround, client: ProofClient, other?: Parameters): Promise<Waiting> {
  const { verifier, challenge } = freshPair(ground.random)
  const parameters = other ?? { code_challenge: challenge, code_challenge_method: 'S256' }
  const answer = await ask(ground, client, parameters)
  const body = JSON.parse(Buffer.from(answer.body).toString()) as { device_code?: string }
  return { deviceCode: body.device_code ?? '', verifier, client }
}

/** Lets a device in as the person who is signed in, without any page. */
async function approve({ store, sessionId, random, now }: ProvingGround, deviceCode: string): Promise<void> {
  const digest = lookupKey(deviceCode)
  const request = (await store.devices.find(digest))?.request
  if (request === undefined || !(await store.devices.claim(digest, sessionId, now()))) throw new Error('no such device')
  const { clientId, resources, scope } = request
  const authorization: Authorization = {
    ...{ id: random.id(18), clientId, subject, sessionId, scope, resources, claims: undefined },
    authentication: { time: now(), acr: undefined, amr: ['pwd'] },
    ...{
      tellAuthTime: false,
      tellAcr: false,
      offline: true,
      deviceNetwork: undefined,
      derived: undefined,
      createdAt: now(),
      expiresAt: after(now(), 86_400),
    },
  }
  const outcome = await store.devices.approve({ digest, authorization, hearsOfLogout: false, events: [] }, now())
  if (outcome !== 'approved') throw new Error(`the device was not let in: ${outcome}`)
}

/** Ends the request of a device as the person who is signed in. */
async function turnAway(
  { store, sessionId, now }: ProvingGround,
  deviceCode: string,
  as: 'denied' | 'disowned',
): Promise<void> {
  const digest = lookupKey(deviceCode)
  const claimed = await store.devices.claim(digest, sessionId, now())
  if (!claimed || !(await store.devices.end(digest, { as, sessionId }, now(), []))) throw new Error('no such device')
}

async function letIn(ground: ProvingGround, client: ProofClient): Promise<Waiting> {
  const waiting = await begin(ground, client)
  await approve(ground, waiting.deviceCode)
  return waiting
}

/** One question to the token endpoint, with changes. */
async function poll(
  ground: ProvingGround,
  { deviceCode, verifier, client }: Waiting,
  changes: Parameters = {},
): Promise<HttpResponse> {
  const shown = await credentials(ground, client)
  const honest = { grant_type: deviceGrant, device_code: deviceCode, code_verifier: verifier }
  return ground.send('POST', '/oauth2/token', { ...shown.parameters, ...honest, ...changes }, shown.headers)
}

/** A spoiled question, before a person decided and after, and each time an honest one, which tells what became of the code. */
const destroys =
  (change: (ground: ProvingGround) => Parameters, first = invalidGrant): Steps =>
  async (ground, client) => {
    const seen: [string, string][] = []
    for (const waiting of [await begin(ground, client), await letIn(ground, client)]) {
      seen.push([first, seenAt(await poll(ground, waiting, change(ground)))])
      seen.push([invalidGrant, seenAt(await poll(ground, waiting))])
    }
    return seen
  }

const refusedRequest =
  (parameters: (challenge: string) => Parameters): Steps =>
  async (ground, client) => [
    [invalidRequest, seenAt(await ask(ground, client, parameters(freshPair(ground.random).challenge)))],
  ]

const cases = (other: ProofClient): readonly SteppedCase[] => [
  {
    requirement: 'A-DEV-09',
    title: 'control: a device with its verifier, before and after a person let it in',
    steps: async (ground, client) => {
      const waiting = await begin(ground, client)
      const pending = seenAt(await poll(ground, waiting))
      await approve(ground, waiting.deviceCode)
      return [
        ['400 authorization_pending', pending],
        [tokens, seenAt(await poll(ground, waiting))],
      ]
    },
  },
  {
    requirement: 'A-PKCE-02',
    title: 'plain',
    steps: refusedRequest((challenge) => ({ code_challenge: challenge, code_challenge_method: 'plain' })),
  },
  {
    requirement: 'A-PKCE-04',
    title: 'a challenge of 42 characters',
    steps: refusedRequest((challenge) => ({ code_challenge: challenge.slice(1), code_challenge_method: 'S256' })),
  },
  {
    requirement: 'A-PKCE-06',
    title: 'a wrong verifier',
    steps: destroys(({ random }) => ({ code_verifier: random.handle() })),
  },
  { requirement: 'A-PKCE-07', title: 'no verifier', steps: destroys(() => ({ code_verifier: undefined })) },
  {
    requirement: 'A-PKCE-05',
    title: 'a verifier of 42 characters',
    steps: destroys(() => ({ code_verifier: 'v'.repeat(42) }), invalidRequest),
  },
  {
    requirement: 'A-DEV-09',
    title: 'another device, then the right one',
    steps: async (ground, client) => {
      const waiting = await letIn(ground, client)
      return [
        [invalidGrant, seenAt(await poll(ground, { ...waiting, client: other }))],
        [tokens, seenAt(await poll(ground, waiting))],
      ]
    },
  },
  {
    requirement: 'A-DEV-11',
    title: 'eight questions at once after a person let it in, and one more',
    steps: async (ground, client) => {
      const waiting = await letIn(ground, client)
      const answers = await Promise.all(Array.from({ length: 8 }, () => poll(ground, waiting)))
      const won = answers.filter((answer) => seenAt(answer) === tokens).length
      return [
        ['1 of 8 with tokens', `${won} of 8 with tokens`],
        [invalidGrant, seenAt(await poll(ground, waiting))],
      ]
    },
  },
  ...(['denied', 'disowned'] as const).map((as) => ({
    requirement: 'A-DEV-11',
    title: `a code that the person ${as}, asked for twice`,
    steps: (async (ground, client) => {
      const waiting = await begin(ground, client)
      await turnAway(ground, waiting.deviceCode, as)
      return [
        ['400 access_denied', seenAt(await poll(ground, waiting))],
        ['400 access_denied', seenAt(await poll(ground, waiting))],
      ]
    }) satisfies Steps,
  })),
  {
    requirement: 'A-DEV-11',
    title: 'a code that the person denied, with a wrong verifier, then the right one',
    steps: async (ground, client) => {
      const waiting = await begin(ground, client)
      await turnAway(ground, waiting.deviceCode, 'denied')
      return [
        [invalidGrant, seenAt(await poll(ground, waiting, { code_verifier: ground.random.handle() }))],
        ['400 access_denied', seenAt(await poll(ground, waiting))],
      ]
    },
  },
  {
    requirement: 'A-PKCE-18',
    title: 'control: a device without a challenge, with no verifier and with one',
    steps: async (ground, client) => {
      const seen: [string, string][] = []
      for (const changes of [{ code_verifier: undefined }, {}]) {
        const waiting = await begin(ground, client, {})
        await approve(ground, waiting.deviceCode)
        seen.push([tokens, seenAt(await poll(ground, waiting, changes))])
      }
      return seen
    },
  },
  {
    requirement: 'A-DEV-11',
    title: 'a code that is over, although a person let it in',
    steps: async (ground, client) => {
      const waiting = await letIn(ground, client)
      ground.advance(1801)
      return [['400 expired_token', seenAt(await poll(ground, waiting))]]
    },
  },
]

/** Every case of the grant for devices; none where the policy does not offer it. */
export async function deviceCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  const done: ProofCase[] = []
  for (const [client, other] of ground.devices) {
    const place = { ground, entry: 'device grant', client }
    done.push(...(await runSteps(place, cases(other), ground.devices.length)))
  }
  return done
}
