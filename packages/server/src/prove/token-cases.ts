import { generateKeyPairSync } from 'node:crypto'
import { challengeOf, numericDate } from '@sallyport/protocol'
import type { HttpResponse } from '../model/http.ts'
import { authorizeEntries, honestRequest, responseOf } from './authorize-entries.ts'
import { assertionOf, credentials, withAssertion, type Credentials, type Proof } from './credentials.ts'
import { freshPair, type Parameters, type ProofClient, type ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'

/** A code and all that is needed to redeem it. */
type Issued = { readonly code: string; readonly verifier: string; readonly client: ProofClient }

async function issue(ground: ProvingGround, client: ProofClient, verifier?: string): Promise<Issued> {
  const pair = verifier === undefined ? freshPair(ground.random) : { verifier, challenge: challengeOf(verifier) }
  const [entry] = authorizeEntries
  if (entry === undefined) throw new Error('no door')
  const answer = await entry.send(ground, client, honestRequest(client, pair.challenge, ground))
  return { code: responseOf(answer).get('code') ?? '', verifier: pair.verifier, client }
}

type Redeeming = { readonly as?: ProofClient; readonly proof?: Proof; readonly shown?: Credentials }

/** Redeems a code as its client would, with changes. */
async function redeem(
  ground: ProvingGround,
  issued: Issued,
  changes: Parameters = {},
  { as = issued.client, proof, shown }: Redeeming = {},
): Promise<HttpResponse> {
  const { parameters, headers } = shown ?? (await credentials(ground, as, proof))
  // Sent by all, since a policy may want it (A-CODE-07).
  const [redirectUri] = issued.client.record.redirectUris
  const right = { redirect_uri: redirectUri, code_verifier: issued.verifier }
  const sent = { grant_type: 'authorization_code', code: issued.code, ...right }
  return ground.send('POST', '/oauth2/token', { ...parameters, ...sent, ...changes }, headers)
}

const bodyOf = ({ body }: HttpResponse): Record<string, unknown> =>
  JSON.parse(Buffer.from(body).toString() || '{}') as Record<string, unknown>

/** An answer of the token endpoint in a few words. */
export function seenAt(answer: HttpResponse): string {
  const body = bodyOf(answer)
  if (body['access_token'] !== undefined) return `${answer.status} with tokens`
  return `${answer.status} ${typeof body['error'] === 'string' ? body['error'] : 'without an error'}`
}

const tokens = '200 with tokens'
const invalidClient = '401 invalid_client'
const invalidGrant = '400 invalid_grant'
const invalidRequest = '400 invalid_request'

/** Steps of a case, each with what has to come of it; the case holds when all do. */
type Steps = (
  ground: ProvingGround,
  client: ProofClient,
) => Promise<readonly (readonly [expected: string, seen: string])[]>

type TokenCase = { readonly requirement: string; readonly title: string; readonly steps: Steps }

/** A spoiled redemption, and then an honest one of the same code, which tells what became of the code. */
const spoiled =
  (change: (issued: Issued, ground: ProvingGround) => Parameters, first: string, then: string): Steps =>
  async (ground, client) => {
    const issued = await issue(ground, client)
    const seen = seenAt(await redeem(ground, issued, change(issued, ground)))
    return [
      [first, seen],
      [then, seenAt(await redeem(ground, issued))],
    ]
  }

const destroys = (change: (issued: Issued, ground: ProvingGround) => Parameters, first = invalidGrant): Steps =>
  spoiled(change, first, invalidGrant)

const alive = async (ground: ProvingGround, answer: HttpResponse): Promise<string> => {
  const authorization = `Bearer ${String(bodyOf(answer)['access_token'])}`
  return (await ground.send('GET', '/oauth2/userinfo', '', { authorization })).status === 200 ? 'alive' : 'dead'
}

const refreshed = async (ground: ProvingGround, client: ProofClient, answer: HttpResponse): Promise<string> => {
  const { parameters, headers } = await credentials(ground, client)
  const sent = { grant_type: 'refresh_token', refresh_token: String(bodyOf(answer)['refresh_token']) }
  return seenAt(await ground.send('POST', '/oauth2/token', { ...parameters, ...sent }, headers))
}

const verifierOf = (length: number): string => 'v'.repeat(length)

const verifierCases: readonly TokenCase[] = [
  ...[43, 128].map((length) => ({
    requirement: 'A-PKCE-05',
    title: `control: a verifier of ${length} characters`,
    steps: (async (ground, client) => {
      const verifier = ground.random.handle().padEnd(length, 'v')
      return [[tokens, seenAt(await redeem(ground, await issue(ground, client, verifier)))]]
    }) satisfies Steps,
  })),
  {
    requirement: 'A-PKCE-06',
    title: 'a wrong verifier',
    steps: destroys((_, { random }) => ({ code_verifier: random.handle() })),
  },
  {
    requirement: 'A-PKCE-06',
    title: 'the challenge in the place of the verifier',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const challenge = challengeOf(issued.verifier)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, { code_verifier: challenge }))],
        [invalidGrant, seenAt(await redeem(ground, issued))],
      ]
    },
  },
  { requirement: 'A-PKCE-07', title: 'no verifier', steps: destroys(() => ({ code_verifier: undefined })) },
  { requirement: 'A-PKCE-07', title: 'an empty verifier', steps: destroys(() => ({ code_verifier: '' })) },
  ...[
    ['42 characters', verifierOf(42)],
    ['129 characters', verifierOf(129)],
    ['a space', `${verifierOf(43)} `],
    ['a plus sign', `${verifierOf(43)}+`],
    ['an equals sign', `${verifierOf(43)}=`],
    ['a letter outside ASCII', `${verifierOf(43)}é`],
    ['a NUL', `${verifierOf(43)}\u0000`],
  ].map(([title = '', verifier]) => ({
    requirement: 'A-PKCE-05',
    title: `a verifier with ${title}`,
    steps: destroys(() => ({ code_verifier: verifier }), invalidRequest),
  })),
  {
    requirement: 'A-PKCE-08',
    title: 'a code without a challenge, without a verifier and with one',
    steps: async (ground, client) => {
      ground.forgetNextChallenge()
      const issued = await issue(ground, client)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, { code_verifier: undefined }))],
        [invalidRequest, seenAt(await redeem(ground, issued))],
      ]
    },
  },
]

const codeCases: readonly TokenCase[] = [
  {
    requirement: 'A-CODE-10',
    title: 'a code injected into another flow',
    steps: async (ground, client) => {
      const [mine, stolen] = [await issue(ground, client), await issue(ground, client)]
      return [
        [invalidGrant, seenAt(await redeem(ground, stolen, { code_verifier: mine.verifier }))],
        [tokens, seenAt(await redeem(ground, mine))],
      ]
    },
  },
  {
    requirement: 'A-CODE-06',
    title: 'another client, then the right one',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, {}, { as: ground.stranger }))],
        [tokens, seenAt(await redeem(ground, issued))],
      ]
    },
  },
  {
    requirement: 'A-CODE-07',
    title: 'another redirect URI, then the right one',
    steps: spoiled(({ client }) => ({ redirect_uri: `${client.record.redirectUris[0]}/` }), invalidGrant, tokens),
  },
  {
    requirement: 'A-CODE-03',
    title: 'a replay with the verifier ends every token of the code',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const first = await redeem(ground, issued)
      return [
        [tokens, seenAt(first)],
        ['alive', await alive(ground, first)],
        [invalidGrant, seenAt(await redeem(ground, issued))],
        ['dead', await alive(ground, first)],
        [invalidGrant, await refreshed(ground, client, first)],
      ]
    },
  },
  {
    requirement: 'A-CODE-04',
    title: 'a replay without the verifier ends nothing',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const first = await redeem(ground, issued)
      return [
        [invalidGrant, seenAt(await redeem(ground, issued, { code_verifier: ground.random.handle() }))],
        ['alive', await alive(ground, first)],
        [tokens, await refreshed(ground, client, first)],
      ]
    },
  },
  {
    requirement: 'A-CODE-02',
    title: 'eight redemptions at once',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(ground, issued)))
      const won = answers.filter((answer) => seenAt(answer) === tokens).length
      return [['1 of 8 with tokens', `${won} of 8 with tokens`]]
    },
  },
  {
    requirement: 'A-CODE-01',
    title: 'an expired code',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      ground.advance(301)
      const seen = seenAt(await redeem(ground, issued))
      // A session may be shorter than that.
      await ground.signOut()
      await ground.signIn()
      return [[invalidGrant, seen]]
    },
  },
  {
    requirement: 'A-CODE-09',
    title: 'a code of a session that has ended',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      await ground.signOut()
      const seen = seenAt(await redeem(ground, issued))
      await ground.signIn()
      return [[invalidGrant, seen]]
    },
  },
]

/** A redemption by somebody who cannot prove to be the client, and then by the client itself. */
const unproven =
  (proof: (ground: ProvingGround) => Proof): Steps =>
  async (ground, client) => {
    const issued = await issue(ground, client)
    return [
      [invalidClient, seenAt(await redeem(ground, issued, {}, { proof: proof(ground) }))],
      [tokens, seenAt(await redeem(ground, issued))],
    ]
  }

const secretCases: readonly TokenCase[] = [
  {
    requirement: 'A-PKCE-17',
    title: 'a wrong secret with the right verifier, then the right secret',
    steps: unproven(({ random }) => ({ secret: random.handle() })),
  },
]

const keyCases: readonly TokenCase[] = [
  {
    requirement: 'A-PKCE-17',
    title: 'an assertion signed with another key, then the right one',
    steps: unproven(() => ({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey })),
  },
  {
    requirement: 'B-CA-03',
    title: 'an assertion for the token endpoint instead of the issuer, then the right one',
    steps: unproven(({ issuer }) => ({ claims: { aud: `${issuer}/oauth2/token` } })),
  },
  {
    requirement: 'B-CA-04',
    title: 'an assertion that is over, then the right one',
    steps: unproven((ground) => ({ claims: { exp: numericDate(ground.now()) } })),
  },
  {
    requirement: 'B-CA-05',
    title: 'one assertion for two codes',
    steps: async (ground, client) => {
      const [first, second] = [await issue(ground, client), await issue(ground, client)]
      const shown = withAssertion(await assertionOf(ground, client))
      return [
        [tokens, seenAt(await redeem(ground, first, {}, { shown }))],
        [invalidClient, seenAt(await redeem(ground, second, {}, { shown }))],
      ]
    },
  },
  {
    requirement: 'B-CA-08',
    title: 'the name of the client alone, then the right assertion',
    steps: async (ground, client) => {
      const issued = await issue(ground, client)
      const shown = { parameters: { client_id: client.record.id }, headers: {} }
      return [
        [invalidClient, seenAt(await redeem(ground, issued, {}, { shown }))],
        [tokens, seenAt(await redeem(ground, issued))],
      ]
    },
  },
]

/** Every case of one client at the token endpoint. */
export async function tokenCases(
  ground: ProvingGround,
  client: ProofClient,
  pause: () => Promise<void>,
): Promise<readonly ProofCase[]> {
  const cases: ProofCase[] = []
  for (const { requirement, title, steps } of [
    ...verifierCases,
    ...codeCases,
    ...(client.secret === undefined ? [] : secretCases),
    ...(client.key === undefined ? [] : keyCases),
  ]) {
    const taken = await steps(ground, client)
    const expected = taken.map(([wanted]) => wanted).join(', then ')
    const seen = taken.map(([, found]) => found).join(', then ')
    cases.push({ requirement, title, entry: 'token', client: client.kind, expected, seen, holds: expected === seen })
    await pause()
  }
  return cases
}
