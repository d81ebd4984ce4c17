import { bareCases } from './authorize-cases.ts'
import { honestRequest, openEntries, responseOf, seenAt as answered } from './authorize-entries.ts'
import { except, exceptedKind, exceptionLifetime, registerProofClient, type ProofClient } from './proof-clients.ts'
import type { Parameters, ProvingGround } from './proving-ground.ts'
import { alive, redeem, seenAt, type Issued } from './redemption.ts'
import type { ProofCase } from './report.ts'
import { invalidClient, invalidGrant, invalidRequest, runSteps, tokens, type SteppedCase } from './steps.ts'

const code = '303 with a code'

/** The request that an exception is for: no challenge, and the nonce in its place (OAuth 2.1 section 7.5.1). */
const bareRequest = (ground: ProvingGround, client: ProofClient, changes: Parameters = {}): Parameters => ({
  ...honestRequest(client, '', ground),
  ...{ code_challenge: undefined, code_challenge_method: undefined },
  ...changes,
})

async function askBare(ground: ProvingGround, client: ProofClient, changes: Parameters = {}): Promise<string> {
  const [entry] = openEntries(ground)
  return answered(await entry.send(ground, client, bareRequest(ground, client, changes)))
}

/** How the same door refuses. */
const refused = (ground: ProvingGround, client: ProofClient): string =>
  openEntries(ground)[0].refusal('invalid_request', client)

/** A code without a challenge. */
async function issueBare(ground: ProvingGround, client: ProofClient): Promise<Issued> {
  const request = bareRequest(ground, client)
  const [entry] = openEntries(ground)
  const answer = await entry.send(ground, client, request)
  const redirectUri = request['redirect_uri'] ?? ''
  return { code: responseOf(answer).get('code') ?? '', verifier: ground.random.handle(), redirectUri, client }
}

const redeemBare = async (ground: ProvingGround, issued: Issued, as = issued.client): Promise<string> =>
  seenAt(await redeem(ground, issued, { code_verifier: undefined }, { as }))

/** What an exception that is in force is good for, and what it is not (A-GOV-01). */
const inForce: readonly SteppedCase[] = [
  {
    requirement: 'A-GOV-01',
    title: 'control: a code without a challenge, for a request with a nonce',
    steps: async (ground, client) => [[tokens, await redeemBare(ground, await issueBare(ground, client))]],
  },
  {
    requirement: 'A-GOV-01',
    title: 'no nonce',
    steps: async (ground, client) => [[refused(ground, client), await askBare(ground, client, { nonce: undefined })]],
  },
  {
    requirement: 'A-GOV-01',
    title: 'no scope openid',
    steps: async (ground, client) => [
      [refused(ground, client), await askBare(ground, client, { scope: 'offline_access' })],
    ],
  },
  {
    requirement: 'A-PKCE-08',
    title: 'a verifier for a code without a challenge, then none',
    steps: async (ground, client) => {
      const issued = await issueBare(ground, client)
      return [
        [invalidRequest, seenAt(await redeem(ground, issued))],
        [tokens, await redeemBare(ground, issued)],
      ]
    },
  },
  {
    requirement: 'A-PKCE-17',
    title: 'the name of the client alone, then the right assertion',
    steps: async (ground, client) => {
      const issued = await issueBare(ground, client)
      const shown = { parameters: { client_id: client.record.id }, headers: {} }
      return [
        [invalidClient, seenAt(await redeem(ground, issued, { code_verifier: undefined }, { shown }))],
        [tokens, await redeemBare(ground, issued)],
      ]
    },
  },
  {
    requirement: 'A-CODE-06',
    title: 'another client, then the right one',
    steps: async (ground, client) => {
      const issued = await issueBare(ground, client)
      return [
        [invalidGrant, await redeemBare(ground, issued, ground.stranger)],
        [tokens, await redeemBare(ground, issued)],
      ]
    },
  },
  {
    requirement: 'A-CODE-03',
    title: 'a replay ends every token of the code',
    steps: async (ground, client) => {
      const issued = await issueBare(ground, client)
      const first = await redeem(ground, issued, { code_verifier: undefined })
      return [
        [tokens, seenAt(first)],
        ['alive', await alive(ground, first)],
        [invalidGrant, await redeemBare(ground, issued)],
        ['dead', await alive(ground, first)],
      ]
    },
  },
]

/** An exception that is taken back takes the codes with it that wait. */
const revoked: SteppedCase = {
  requirement: 'A-GOV-01',
  title: 'a code of an exception that was revoked, and a request under it',
  steps: async (ground, client) => {
    const { registry, store, now } = ground
    const other = await registerProofClient(registry, client.kind, {
      ...{ type: 'web', name: 'Proof', redirectUris: client.record.redirectUris, firstParty: true },
      ...{ scope: client.record.scope.join(' '), authenticationMethod: 'private_key_jwt' },
    })
    const id = await except(registry, other)
    const issued = await issueBare(ground, other)
    await store.exceptions.revoke(id, now(), [])
    return [
      [invalidGrant, await redeemBare(ground, issued)],
      [refused(ground, other), await askBare(ground, other)],
    ]
  },
}

/** It is dead from the second of its deadline on, and the code that was got before it. */
const deadline = (begun: number): SteppedCase => ({
  requirement: 'A-GOV-01',
  title: 'a second before the deadline, a code of then, and a request at the deadline',
  steps: async (ground, client) => {
    ground.advance(begun + exceptionLifetime - 1 - ground.now())
    await ground.signOut()
    await ground.signIn()
    const before = await askBare(ground, client)
    const issued = await issueBare(ground, client)
    ground.advance(1)
    return [
      [code, before],
      [invalidGrant, await redeemBare(ground, issued)],
      [refused(ground, client), await askBare(ground, client)],
    ]
  },
})

/**
 * Every case of a client under a dated exception; none where the policy lets nobody have one. The last of them moves the clock
 * to the deadline, so they come after all others.
 */
export async function exceptionCases(ground: ProvingGround, begun: number): Promise<readonly ProofCase[]> {
  const client = ground.clients.find(({ kind }) => kind === exceptedKind)
  if (client === undefined || ground.registry.policy.pkceExceptions !== 'dated') return []
  const place = { ground, entry: 'exception', client }
  const cases = [...(await runSteps(place, [...inForce, revoked, deadline(begun)]))]
  for (const entry of openEntries(ground)) {
    cases.push(...(await bareCases({ ground, entry, client })))
    await ground.pause()
  }
  return cases
}
