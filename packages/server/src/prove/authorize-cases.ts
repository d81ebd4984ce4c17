import { challengeOf } from '@sallyport/protocol'
import type { HttpResponse } from '../model/http.ts'
import { freshPair, type Parameters, type ProofClient, type ProvingGround } from './proving-ground.ts'
import type { ProofCase } from './report.ts'

/** A door at which an authorization request can come in. Pushed and signed requests join here. */
export type AuthorizeEntry = {
  readonly name: string
  send(ground: ProvingGround, parameters: Parameters | string): Promise<HttpResponse>
}

export const authorizeEntries: readonly AuthorizeEntry[] = [
  { name: 'authorize GET', send: (ground, parameters) => ground.send('GET', '/oauth2/authorize', parameters) },
  { name: 'authorize POST', send: (ground, parameters) => ground.send('POST', '/oauth2/authorize', parameters) },
]

/** The parameters of an authorization response; empty when the answer stayed with the server. */
export function responseOf({ headers }: HttpResponse): URLSearchParams {
  const { location } = headers
  return new URLSearchParams(typeof location === 'string' ? location.slice(location.indexOf('?') + 1) : '')
}

/** The request as an honest client sends it. */
export const honestRequest = ({ record }: ProofClient, challenge: string, ground: ProvingGround): Parameters => ({
  response_type: 'code',
  client_id: record.id,
  redirect_uri: record.redirectUris[0],
  scope: record.scope.join(' '),
  state: ground.random.id(12),
  nonce: ground.random.id(12),
  code_challenge: challenge,
  code_challenge_method: 'S256',
})

type Spoiled = {
  readonly requirement: string
  readonly title: string
  readonly error?: string
  /** What the description has to begin with. */
  readonly says?: string
  change(challenge: string, verifier: string): Parameters
}

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
    ...challenge('A-PKCE-01', 'no challenge', () => ({ code_challenge: undefined, code_challenge_method: undefined })),
    says: 'pkce_required:',
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
  named('the answer to no challenge names it', 'pkce_required: code challenge required', {
    code_challenge: undefined,
    code_challenge_method: undefined,
  }),
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

const refusal = (error: string): string => `303 to the client with error=${error} and no code`

function seenAt(answer: HttpResponse): string {
  const response = responseOf(answer)
  if (response.has('code')) return `${answer.status} with a code`
  const error = response.get('error')
  if (error !== null) return `${answer.status} to the client with error=${error} and no code`
  return `${answer.status} ${/id="reason">([a-z_]+)/.exec(String(answer.body))?.[1] ?? 'without an error'}`
}

type Place = { readonly ground: ProvingGround; readonly entry: AuthorizeEntry; readonly client: ProofClient }

const caseAt = (
  { entry, client }: Place,
  facts: Pick<ProofCase, 'requirement' | 'title' | 'expected' | 'seen' | 'holds'>,
): ProofCase => ({ ...facts, entry: entry.name, client: client.kind })

async function spoiledCase(place: Place, one: Spoiled): Promise<ProofCase> {
  const { ground, entry, client } = place
  const pair = freshPair(ground.random)
  const sent = { ...honestRequest(client, pair.challenge, ground), ...one.change(pair.challenge, pair.verifier) }
  const answer = await entry.send(ground, sent)
  const { error = 'invalid_request', requirement, title } = one
  const seen = seenAt(answer)
  const description = responseOf(answer).get('error_description') ?? ''
  const says = one.says === undefined || description.startsWith(one.says)
  const holds = seen === refusal(error) && responseOf(answer).get('state') === sent.state && says
  const expected = one.says === undefined ? refusal(error) : `${refusal(error)}, saying ${one.says}`
  return caseAt(place, { requirement, title, expected, seen: says ? seen : `${seen}, saying ${description}`, holds })
}

/** A challenge sent twice is no challenge: which of the two would count? */
async function doubledCase(place: Place): Promise<ProofCase> {
  const { ground, entry, client } = place
  const [one, other] = [freshPair(ground.random), freshPair(ground.random)]
  const text = new URLSearchParams(
    Object.entries(honestRequest(client, one.challenge, ground)) as [string, string][],
  ).toString()
  const seen = seenAt(await entry.send(ground, `${text}&code_challenge=${other.challenge}`))
  const expected = refusal('invalid_request')
  return caseAt(place, { requirement: 'A-GEN-04', title: 'two challenges', expected, seen, holds: seen === expected })
}

/** The honest request gets a code, or every refusal above would prove nothing; and its challenge works once. */
async function controlCases(place: Place): Promise<readonly ProofCase[]> {
  const { ground, entry, client } = place
  const { challenge: value } = freshPair(ground.random)
  const first = await entry.send(ground, honestRequest(client, value, ground))
  const seen = seenAt(first)
  const leaks = JSON.stringify(first).includes(value)
  const again = seenAt(await entry.send(ground, honestRequest(client, value, ground)))
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
    caseAt(place, {
      requirement: 'A-PKCE-10',
      title: 'a challenge that already gave a code',
      expected: refusal('invalid_request'),
      seen: again,
      holds: again === refusal('invalid_request'),
    }),
  ]
}

/** A request for an address one character off is never sent anywhere. */
async function redirectCase(place: Place): Promise<ProofCase> {
  const { ground, entry, client } = place
  const sent = honestRequest(client, freshPair(ground.random).challenge, ground)
  const answer = await entry.send(ground, { ...sent, redirect_uri: `${sent.redirect_uri}/` })
  const seen = seenAt(answer)
  const expected = '400 redirect_uri_mismatch'
  return caseAt(place, {
    requirement: 'A-REDIR-01',
    title: 'a redirect URI one character off',
    expected,
    seen,
    holds: seen === expected,
  })
}

/** Every case of one client at one door. */
export async function authorizeCases(place: Place, pause: () => Promise<void>): Promise<readonly ProofCase[]> {
  const cases: ProofCase[] = [...(await controlCases(place))]
  for (const one of spoiled) {
    cases.push(await spoiledCase(place, one))
    await pause()
  }
  cases.push(await doubledCase(place), await redirectCase(place))
  return cases
}
