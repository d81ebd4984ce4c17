import { challengeOf } from '@sallyport/protocol'
import {
  authorizeEntries,
  descriptionIn,
  honestRequest,
  openEntries,
  responseOf,
  seenAt,
  sentBack,
  signsAt,
  type AuthorizeEntry,
} from './authorize-entries.ts'
import { exceptedKind, type ProofClient } from './proof-clients.ts'
import { encode, freshPair, type Parameters, type ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'

type Spoiled = {
  readonly requirement: string
  readonly title: string
  readonly error?: string
  /** What the description has to begin with. */
  readonly says?: string
  /** True of a request without challenge and method, which is what an exception is for. */
  readonly bare?: true
  change(challenge: string, verifier: string): Parameters
}

const without: Parameters = { code_challenge: undefined, code_challenge_method: undefined }

const challenge = (requirement: string, title: string, change: Spoiled['change']): Spoiled => ({
  requirement,
  title,
  change,
})
const method = (title: string, value: string | undefined): Spoiled =>
  challenge('A-PKCE-02', title, () => ({ code_challenge_method: value }))

/** What is refused is also named, so that whoever reads the answer knows what to mend. */
const named = (title: string, says: string, parameters: Parameters): Spoiled => ({
  ...challenge('A-PKCE-03', title, () => parameters),
  says,
})

/** Everything that must not get a code, as changes of an honest request. */
const spoiled: readonly Spoiled[] = [
  {
    ...challenge('A-PKCE-01', 'no challenge', () => without),
    says: 'pkce_required:',
    bare: true,
  },
  {
    ...challenge('A-PKCE-01', 'no challenge, but a method', () => ({ code_challenge: undefined })),
    says: 'pkce_required:',
  },
  { ...challenge('A-PKCE-01', 'an empty challenge', () => ({ code_challenge: '' })), says: 'pkce_required:' },
  method('no method', undefined),
  method('an empty method', ''),
  challenge('A-PKCE-02', 'plain, with the verifier as its challenge', (_, verifier) => ({
    code_challenge: verifier,
    code_challenge_method: 'plain',
  })),
  method('plain, with an S256 challenge', 'plain'),
  method('s256 in lower case', 's256'),
  method('S512', 'S512'),
  method('S256 and a space', 'S256 '),
  named('the answer to plain names the method', 'transform algorithm not supported', {
    code_challenge_method: 'plain',
  }),
  {
    ...named('the answer to no challenge names it', 'pkce_required: code challenge required', without),
    bare: true,
  },
  challenge('A-PKCE-04', '42 characters', (value) => ({ code_challenge: value.slice(1) })),
  challenge('A-PKCE-04', '44 characters', (value) => ({ code_challenge: `A${value}` })),
  challenge('A-PKCE-04', 'padding', (value) => ({ code_challenge: `${value}=` })),
  challenge('A-PKCE-04', 'the other base64 alphabet', (value) => ({ code_challenge: `+/${value.slice(2)}` })),
  challenge('A-PKCE-04', 'spare bits that are not zero', (value) => ({ code_challenge: `${value.slice(0, 42)}N` })),
  challenge('A-PKCE-04', 'hexadecimal digits', (value) => ({
    code_challenge: Buffer.from(value, 'base64url').toString('hex'),
  })),
  challenge('A-PKCE-10', 'the challenge printed in RFC 7636', () => ({
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  })),
  challenge('A-PKCE-10', 'the challenge of an empty verifier', () => ({ code_challenge: challengeOf('') })),
  challenge('A-AUTHZ-19', 'a verifier in the front channel', (_, verifier) => ({ code_verifier: verifier })),
  {
    ...challenge('A-AUTHZ-06', 'a token from the front channel', () => ({ response_type: 'token' })),
    error: 'unsupported_response_type',
  },
  {
    ...challenge('A-AUTHZ-06', 'a token beside the code', () => ({ response_type: 'code token' })),
    error: 'unsupported_response_type',
  },
]

type Place = { readonly ground: ProvingGround; readonly entry: AuthorizeEntry; readonly client: ProofClient }

const caseAt = (
  { entry, client }: Place,
  facts: Pick<ProofCase, 'requirement' | 'title' | 'expected' | 'seen' | 'holds'>,
): ProofCase => ({ ...facts, entry: entry.name, client: client.kind })

async function spoiledCase(place: Place, one: Spoiled): Promise<ProofCase> {
  const { ground, entry, client } = place
  const pair = freshPair(ground.random)
  const sent = { ...honestRequest(client, pair.challenge, ground), ...one.change(pair.challenge, pair.verifier) }
  const answer = await entry.send(ground, client, sent)
  const { error = 'invalid_request', requirement, title } = one
  const seen = seenAt(answer)
  const description = descriptionIn(answer)
  const says = one.says === undefined || description.startsWith(one.says)
  const refused = entry.refusal(error, client)
  // A browser that is sent back brings the state along.
  const response = responseOf(answer)
  const state = response.has('error') ? response.get('state') : sent.state
  const holds = seen === refused && state === sent.state && says
  const expected = one.says === undefined ? refused : `${refused}, saying ${one.says}`
  return caseAt(place, { requirement, title, expected, seen: says ? seen : `${seen}, saying ${description}`, holds })
}

/** A challenge sent twice is no challenge: which of the two would count? */
async function doubledCase(place: Place): Promise<ProofCase> {
  const { ground, entry, client } = place
  const [one, other] = [freshPair(ground.random), freshPair(ground.random)]
  const text = encode(honestRequest(client, one.challenge, ground))
  const seen = seenAt(await entry.send(ground, client, `${text}&code_challenge=${other.challenge}`))
  // A claim that is there twice makes the whole object unbelievable.
  const expected = signsAt(ground, entry) ? entry.unreadable(client) : entry.refusal('invalid_request', client)
  return caseAt(place, { requirement: 'A-GEN-04', title: 'two challenges', expected, seen, holds: seen === expected })
}

/** The honest request gets a code, or every refusal here would prove nothing. */
async function controlCases(place: Place): Promise<readonly ProofCase[]> {
  const { ground, entry, client } = place
  const { challenge: value } = freshPair(ground.random)
  const answer = await entry.send(ground, client, honestRequest(client, value, ground))
  const seen = seenAt(answer)
  const leaks = JSON.stringify(answer).includes(value)
  const expected = '303 with a code'
  return [
    caseAt(place, { requirement: 'A-PKCE-01', title: 'control: S256', expected, seen, holds: seen === expected }),
    caseAt(place, {
      requirement: 'A-PKCE-09',
      title: 'the answer does not repeat the challenge',
      expected: 'no challenge in the answer',
      seen: leaks ? 'the challenge' : 'no challenge in the answer',
      holds: !leaks,
    }),
  ]
}

/** A challenge works once. */
async function reusedCase(place: Place): Promise<ProofCase> {
  const { ground, entry, client } = place
  const { challenge: value } = freshPair(ground.random)
  await entry.send(ground, client, honestRequest(client, value, ground))
  const seen = seenAt(await entry.send(ground, client, honestRequest(client, value, ground)))
  // Which challenges were used is known when a code is to be made, whatever door the request came in by.
  const expected = sentBack('invalid_request', client)
  const title = 'a challenge that already gave a code'
  return caseAt(place, { requirement: 'A-PKCE-10', title, expected, seen, holds: seen === expected })
}

/** A request for an address one character off is never sent anywhere. */
async function redirectCase(place: Place): Promise<ProofCase> {
  const { ground, entry, client } = place
  const sent = honestRequest(client, freshPair(ground.random).challenge, ground)
  const answer = await entry.send(ground, client, { ...sent, redirect_uri: `${sent.redirect_uri}/` })
  const seen = seenAt(answer)
  const expected = entry.mismatch
  return caseAt(place, {
    requirement: 'A-REDIR-01',
    title: 'a redirect URI one character off',
    expected,
    seen,
    holds: seen === expected,
  })
}

const isExcepted = ({ ground, client }: Place): boolean =>
  client.kind === exceptedKind && ground.registry.policy.pkceExceptions === 'dated'

/** A request without a challenge, which is refused whatever else is right about it. */
export const bareCases = async (place: Place): Promise<readonly ProofCase[]> => {
  const cases: ProofCase[] = []
  for (const one of spoiled) if (one.bare === true) cases.push(await spoiledCase(place, one))
  return cases
}

/** What must not get a code, in the order in which it is sent. */
const refused: readonly { readonly bare?: true; run(place: Place): Promise<ProofCase> }[] = [
  ...spoiled.map((one) => ({ ...one, run: (place: Place) => spoiledCase(place, one) })),
  { run: doubledCase },
  { run: redirectCase },
  { run: reusedCase },
]

/** Every case of one client at one door. */
export async function authorizeCases(place: Place): Promise<readonly ProofCase[]> {
  const { ground, entry, client } = place
  const door = authorizeEntries.indexOf(entry)
  const everyone = ground.clients.length
  // One validator judges what an object says, so a short proof sends every fourth request of those that are signed.
  const among = entry.always === 'signed' ? everyone * 4 : everyone
  const controlled = entry.always !== 'signed' || ground.takes(door, client, everyone)
  const cases: ProofCase[] = controlled ? [...(await controlCases(place))] : []
  const [front] = openEntries(ground)
  for (const [number, { bare, run }] of refused.entries()) {
    // Whether anybody gets a code without a challenge is asked for everybody, however short the proof.
    const everybody = number === 0 && entry === front
    if (!everybody && !ground.takes(number + door, client, among)) continue
    // Where an exception is in force the cases of exceptions look at these.
    if (bare === true && isExcepted(place)) continue
    cases.push(await run(place))
    await ground.pause()
  }
  return cases
}
