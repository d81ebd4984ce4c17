import {
  directEntries,
  honestRequest,
  openReference,
  pushAsItIs,
  pushedOnly,
  referenceIn,
  responseOf,
  seenAt,
  sentBack,
  unopened,
} from './authorize-entries.ts'
import { registerHeld, type ProofClient } from './proof-clients.ts'
import { freshPair, type Parameters, type ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { inObject, signedOnly, takesObjects, type ObjectChanges } from './request-objects.ts'
import { runSteps, type SteppedCase } from './steps.ts'

const code = '303 with a code'
const badObject = 'invalid_request_object'

const request = (ground: ProvingGround, client: ProofClient): Parameters =>
  honestRequest(client, freshPair(ground.random).challenge, ground)

const bring = async (ground: ProvingGround, sent: Parameters): Promise<string> =>
  seenAt(await ground.authorize('GET', sent))

/** Of what cannot be believed the client learns where it has one address; of the rest, where the object says. */
const refusedAs = (
  requirement: string,
  title: string,
  changes: (ground: ProvingGround) => ObjectChanges,
  expected: (client: ProofClient) => string,
): SteppedCase => ({
  requirement,
  title,
  steps: async (ground, client) => [
    [expected(client), await bring(ground, inObject(ground, client, request(ground, client), changes(ground)))],
  ],
})

const unbelieved = (reason: string) => (client: ProofClient) => unopened(badObject, reason, client)
const returned = (client: ProofClient): string => sentBack(badObject, client)
const none = Buffer.from('{"alg":"none","typ":"oauth-authz-req+jwt"}').toString('base64url')

/** What a signed request is good for: what its own client signed, for this server, once (RFC 9101 sections 4, 6 and 10). */
const objectCases: readonly SteppedCase[] = [
  refusedAs(
    'B-JAR-02',
    'signed by somebody else',
    ({ stranger }) => ({ key: stranger.signs }),
    unbelieved('jar_signature'),
  ),
  refusedAs('B-JAR-03', 'signed by nobody, alg none', () => ({ unsigned: none }), unbelieved('jar_alg')),
  refusedAs('B-JAR-04', 'made for another server', () => ({ claims: { aud: 'https://other.invalid' } }), returned),
  refusedAs('B-JAR-05', 'over', ({ now }) => ({ claims: { exp: now() - 1 } }), returned),
  refusedAs('B-JAR-05', 'good for two hours', ({ now }) => ({ claims: { exp: now() + 7200 } }), returned),
  refusedAs('B-JAR-07', 'another request inside', () => ({ claims: { request_uri: 'urn:other' } }), returned),
  {
    requirement: 'B-JAR-06',
    title: 'good as an assertion of its client',
    steps: async (ground, client) => {
      const claims = { sub: client.record.id }
      return [[returned(client), await bring(ground, inObject(ground, client, request(ground, client), { claims }))]]
    },
  },
  {
    requirement: 'B-JAR-12',
    title: 'the same object again, then pushed',
    steps: async (ground, client) => {
      const sent = inObject(ground, client, request(ground, client))
      return [
        [code, await bring(ground, sent)],
        [returned(client), await bring(ground, sent)],
        [`400 ${badObject}`, seenAt(await pushAsItIs(ground, client, sent))],
      ]
    },
  },
  {
    requirement: 'B-JAR-01',
    title: 'the object of another client',
    steps: async (ground, client) => {
      const sent = inObject(ground, client, request(ground, client))
      return [['400 jar_client', await bring(ground, { ...sent, client_id: ground.stranger.record.id })]]
    },
  },
  {
    requirement: 'B-JAR-01',
    title: 'a challenge beside an object without one, then plain beside a good one',
    steps: async (ground, client) => {
      const { code_challenge, code_challenge_method, ...bare } = request(ground, client)
      const beside = { code_challenge, code_challenge_method }
      const good = request(ground, client)
      const other = { state: 'other', code_challenge_method: 'plain', redirect_uri: 'https://stranger.invalid/cb' }
      const answer = await ground.authorize('GET', { ...inObject(ground, client, good), ...other })
      const state = responseOf(answer).get('state') === good['state'] ? 'the state inside' : 'another state'
      return [
        // No exception counts with a method and without a challenge, so a lone method stands for none at all.
        [
          sentBack('invalid_request', client),
          await bring(ground, { ...inObject(ground, client, { ...bare, code_challenge_method: 'S256' }), ...beside }),
        ],
        [`${code} and the state inside`, `${seenAt(answer)} and ${state}`],
      ]
    },
  },
]

/** Every case of one client about what it signed; none where such requests are not taken, or only pushed. */
export const signedCases = async (ground: ProvingGround, client: ProofClient): Promise<readonly ProofCase[]> =>
  takesObjects(ground) && !pushedOnly(ground)
    ? runSteps({ ground, entry: 'signed', client }, objectCases, ground.clients.length)
    : []

/** Who has to sign gets nothing for a plain request, and its code for a signed one (RFC 9101 section 10.5). */
export async function plainCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  if (!takesObjects(ground)) return []
  const held = await registerHeld(ground.registry, 'held to signed requests', {
    redirectUris: ['https://signs.invalid/cb'],
    requireSignedRequests: true,
  })
  const cases: ProofCase[] = []
  for (const client of signedOnly(ground) ? [...ground.clients, held] : [held]) {
    const facts = { requirement: 'B-JAR-08', client: client.kind }
    const add = (entry: string, title: string, expected: string, seen: string): void => {
      cases.push({ ...facts, entry, title, expected, seen, holds: seen === expected })
    }
    const title = 'a request that was not signed'
    for (const [index, method] of (['GET', 'POST'] as const).entries()) {
      const seen = seenAt(await ground.authorize(method, request(ground, client)))
      add(directEntries[index]?.name ?? method, title, sentBack('invalid_request', client), seen)
    }
    const plainly = seenAt(await pushAsItIs(ground, client, request(ground, client)))
    add('pushed', title, '400 invalid_request', plainly)
    const answer = await pushAsItIs(ground, client, inObject(ground, client, request(ground, client)))
    const seen = seenAt(await openReference(ground, client, referenceIn(answer)))
    add('signed and pushed', 'control: signed', code, seen)
    await ground.pause()
  }
  return cases
}
