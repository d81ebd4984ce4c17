import {
  directEntries,
  openReference,
  honestRequest,
  push,
  pushedOnly,
  referenceIn,
  responseOf,
  seenAt,
  signsAt,
  unopened,
} from './authorize-entries.ts'
import { registerHeld, type ProofClient } from './proof-clients.ts'
import { freshPair, type ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'
import { invalidClient, runSteps, type SteppedCase } from './steps.ts'

const code = '303 with a code'
const unusable = (client: ProofClient): string => unopened('invalid_request_uri', 'par_unknown', client)

const request = (ground: ProvingGround, client: ProofClient) =>
  honestRequest(client, freshPair(ground.random).challenge, ground)

const pushed = async (ground: ProvingGround, client: ProofClient): Promise<string> =>
  referenceIn(await push(ground, client, request(ground, client)))

/** What a reference is good for: one answer, to its own client, for what was pushed (RFC 9126 sections 2.2, 4 and 7.3). */
const referenceCases: readonly SteppedCase[] = [
  {
    requirement: 'B-PAR-06',
    title: 'a reference that was answered',
    steps: async (ground, client) => {
      const reference = await pushed(ground, client)
      return [
        [code, seenAt(await openReference(ground, client, reference))],
        [unusable(client), seenAt(await openReference(ground, client, reference))],
      ]
    },
  },
  {
    requirement: 'B-PAR-06',
    title: 'eight browsers at once',
    steps: async (ground, client) => {
      const reference = await pushed(ground, client)
      const answers = await Promise.all(Array.from({ length: 8 }, () => openReference(ground, client, reference)))
      return [['1 of 8 with a code', `${answers.filter((answer) => seenAt(answer) === code).length} of 8 with a code`]]
    },
  },
  {
    requirement: 'B-PAR-06',
    title: 'a reference that was never given',
    steps: async (ground, client) => {
      const forged = `urn:ietf:params:oauth:request_uri:${ground.random.handle()}`
      return [[unusable(client), seenAt(await openReference(ground, client, forged))]]
    },
  },
  {
    requirement: 'B-PAR-05',
    title: 'the reference of another client, then its own',
    steps: async (ground, client) => {
      const reference = await pushed(ground, client)
      return [
        ['400 par_client', seenAt(await openReference(ground, ground.stranger, reference))],
        [code, seenAt(await openReference(ground, client, reference))],
      ]
    },
  },
  {
    requirement: 'B-PAR-07',
    title: 'other parameters beside the reference',
    steps: async (ground, client) => {
      const sent = request(ground, client)
      const reference = referenceIn(await push(ground, client, sent))
      const beside = { state: 'other', redirect_uri: 'https://stranger.invalid/cb', code_challenge_method: 'plain' }
      const answer = await openReference(ground, client, reference, beside)
      const state = responseOf(answer).get('state') === sent['state'] ? 'the state that was pushed' : 'another state'
      return [[`${code} and the state that was pushed`, `${seenAt(answer)} and ${state}`]]
    },
  },
]

const proofCase: SteppedCase = {
  requirement: 'B-PAR-01',
  title: 'a push without the proof of its client',
  steps: async (ground, client) => [
    [invalidClient, seenAt(await ground.send('POST', '/oauth2/par', request(ground, client)))],
  ],
}

/** Every case of one client about what it pushed. */
export const pushedCases = (ground: ProvingGround, client: ProofClient): Promise<readonly ProofCase[]> =>
  runSteps(
    { ground, entry: 'pushed', client },
    client.record.authenticationMethod === 'none' ? referenceCases : [...referenceCases, proofCase],
    ground.clients.length,
  )

/** Who has to push gets nothing at the other doors, and its code by pushing (RFC 9126 sections 5 and 6). */
export async function directCases(ground: ProvingGround): Promise<readonly ProofCase[]> {
  const held = await registerHeld(ground.registry, 'held to pushed requests', {
    redirectUris: ['https://held.invalid/cb'],
    requirePushedRequests: true,
  })
  const cases: ProofCase[] = []
  for (const client of pushedOnly(ground) ? [...ground.clients, held] : [held]) {
    const facts = { requirement: 'B-PAR-09', client: client.kind }
    for (const door of directEntries) {
      const { name: entry, send, refusal } = door
      // A signed one is not even opened.
      const unread = unopened('invalid_request', 'par_required', client)
      const expected = signsAt(ground, door) ? unread : refusal('invalid_request', client)
      const seen = seenAt(await send(ground, client, request(ground, client)))
      cases.push({ ...facts, entry, title: 'a request that was not pushed', expected, seen, holds: seen === expected })
    }
    const seen = seenAt(await openReference(ground, client, await pushed(ground, client)))
    cases.push({ ...facts, entry: 'pushed', title: 'control: pushed', expected: code, seen, holds: seen === code })
    await ground.pause()
  }
  return cases
}
