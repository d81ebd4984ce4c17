import { isLoopbackRedirect } from '@sallyport/protocol'
import { isSelfRegistered } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { credentials, type Proof } from './credentials.ts'
import type { ProofClient } from './proof-clients.ts'
import { encode, type Parameters, type ProvingGround } from './proving-ground.ts'
import { inObject, signedOnly, takesObjects } from './request-objects.ts'

/** A door at which an authorization request can come in. */
export type AuthorizeEntry = {
  readonly name: string
  send(ground: ProvingGround, client: ProofClient, parameters: Parameters | string): Promise<HttpResponse>
  /** How it refuses a request whose client and redirect URI are right, and one whose redirect URI is not. */
  refusal(error: string, client: ProofClient): string
  readonly mismatch: string
  /** Whether what comes in here is signed even where that is not demanded. */
  readonly always: 'signed' | undefined
  /** How it refuses a request object that cannot be believed. */
  unreadable(client: ProofClient): string
}

type UnderPolicy = Pick<ProvingGround, 'registry'>

/**
 * The answer to a request that is refused with the browser on its way. Whoever registered itself gets no browser sent on by a
 * mere link (A-AUTHZ-13).
 */
export const sentBack = (error: string, { record }: ProofClient): string =>
  isSelfRegistered(record)
    ? `400 a page that leads to the client with error=${error} and no code`
    : `303 to the client with error=${error} and no code`

/**
 * The answer to a request of which nothing is known but the client. Where that listens on no port in particular, nobody can
 * tell where to send its browser.
 */
export const unopened = (error: string, reason: string, client: ProofClient): string =>
  isLoopbackRedirect(client.record.redirectUris[0] ?? '') ? `400 ${reason}` : sentBack(error, client)

/** Whether what comes in at a door is signed. */
export const signsAt = (ground: UnderPolicy, { always }: Pick<AuthorizeEntry, 'always'>): boolean =>
  always !== undefined || signedOnly(ground)

const byBrowser = (method: 'GET' | 'POST', always: 'signed' | undefined): AuthorizeEntry => ({
  name: always ?? `authorize ${method}`,
  always,
  send: (ground, client, parameters) =>
    ground.authorize(method, signsAt(ground, { always }) ? inObject(ground, client, parameters) : parameters),
  refusal: sentBack,
  mismatch: '400 redirect_uri_mismatch',
  unreadable: (client) => unopened('invalid_request_object', 'jar_syntax', client),
})

/** Pushes a request as its client does (RFC 9126 section 2.1); signed, where plain ones are not taken. */
export const push = (
  ground: ProvingGround,
  client: ProofClient,
  parameters: Parameters | string,
  proof?: Proof,
): Promise<HttpResponse> =>
  pushAsItIs(ground, client, signedOnly(ground) ? inObject(ground, client, parameters) : parameters, proof)

/** Pushes exactly this. */
export async function pushAsItIs(
  ground: ProvingGround,
  client: ProofClient,
  parameters: Parameters | string,
  proof?: Proof,
): Promise<HttpResponse> {
  const shown = await credentials(ground, client, proof)
  // Every request names its client by itself.
  const proofs = encode({ ...shown.parameters, client_id: undefined })
  const text = typeof parameters === 'string' ? parameters : encode(parameters)
  return ground.send('POST', '/oauth2/par', proofs === '' ? text : `${text}&${proofs}`, shown.headers)
}

/** The reference that a push gave; empty when it gave none. */
export function referenceIn({ body }: HttpResponse): string {
  const { request_uri: reference } = JSON.parse(Buffer.from(body).toString()) as { request_uri?: unknown }
  return typeof reference === 'string' ? reference : ''
}

/** The browser comes with a reference and nothing else (RFC 9126 section 4), unless more is said. */
export const openReference = (
  ground: ProvingGround,
  { record }: ProofClient,
  reference: string,
  more: Parameters = {},
): Promise<HttpResponse> => ground.authorize('GET', { client_id: record.id, request_uri: reference, ...more })

/** What is wrong is told at the push, as JSON to the client; what is right gets its code from the browser's visit. */
const byPush = (always: 'signed' | undefined): AuthorizeEntry => ({
  name: always === undefined ? 'pushed' : `${always} and pushed`,
  always,
  send: async (ground, client, parameters) => {
    const sent = signsAt(ground, { always }) ? inObject(ground, client, parameters) : parameters
    const answer = await pushAsItIs(ground, client, sent)
    return answer.status === 201 ? openReference(ground, client, referenceIn(answer)) : answer
  },
  refusal: (error) => `400 ${error}`,
  mismatch: '400 invalid_request',
  unreadable: () => '400 invalid_request_object',
})

const pushed = byPush(undefined)

/** Doors to which a browser comes by itself. */
export const directEntries: readonly [AuthorizeEntry, AuthorizeEntry] = [
  byBrowser('GET', undefined),
  byBrowser('POST', undefined),
]

/** The same requests in signed objects, by value and pushed (RFC 9101). */
const signed = byBrowser('GET', 'signed')
const signedAndPushed = byPush('signed')

/** Every door, whether a policy closes it or not. */
export const authorizeEntries: readonly AuthorizeEntry[] = [...directEntries, pushed, signed, signedAndPushed]

/** Whether the policy wants the requests of all clients pushed. */
export const pushedOnly = ({ registry: { policy } }: UnderPolicy): boolean =>
  policy.stages?.requirePushedRequests === 'enforce'

/** Every door at which an honest request gets through under the policy. Where all requests are signed, those at the plain doors are too. */
export function openEntries(ground: UnderPolicy): readonly [AuthorizeEntry, ...AuthorizeEntry[]] {
  const withObjects = takesObjects(ground) && !signedOnly(ground)
  if (pushedOnly(ground)) return withObjects ? [pushed, signedAndPushed] : [pushed]
  return [...directEntries, pushed, ...(withObjects ? [signed, signedAndPushed] : [])]
}

/** The parameters of an authorization response, which a page may also hold ready; empty when the answer stayed with the server. */
export function responseOf({ headers, body }: HttpResponse): URLSearchParams {
  const { location = /<a href="([^"]+)">/.exec(String(body))?.[1] } = headers
  const response = new URLSearchParams(typeof location === 'string' ? location.slice(location.indexOf('?') + 1) : '')
  const signed = response.get('response')
  return signed === null ? response : new URLSearchParams(parametersIn(signed))
}

/** The parameters in a response that travels as a JWT (JARM section 2.1). */
const parametersIn = (jwt: string): Record<string, string> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, string>

/** What an answer says is wrong, wherever it says so. */
function errorIn(answer: HttpResponse): { readonly error?: string; readonly error_description?: string } {
  if (answer.headers['content-type'] === 'application/json')
    return JSON.parse(Buffer.from(answer.body).toString()) as { error?: string; error_description?: string }
  return Object.fromEntries(responseOf(answer))
}

/** The description of the error in an answer. */
export const descriptionIn = (answer: HttpResponse): string => errorIn(answer).error_description ?? ''

/** An answer in a few words. */
export function seenAt(answer: HttpResponse): string {
  const response = responseOf(answer)
  if (response.has('code')) return `${answer.status} with a code`
  const { error } = errorIn(answer)
  const leads = answer.status === 303 ? 'to' : 'a page that leads to'
  if (response.has('error')) return `${answer.status} ${leads} the client with error=${error} and no code`
  if (error !== undefined) return `${answer.status} ${error}`
  return `${answer.status} ${/id="reason">([a-z_]+)/.exec(String(answer.body))?.[1] ?? 'without an error'}`
}

/** Where a client wants its answer: a program on this machine listens on another port each time (RFC 8252 section 7.3). */
export function redirectUriOf({ record }: ProofClient, ground: ProvingGround): string {
  const [uri = ''] = record.redirectUris
  return isLoopbackRedirect(uri) ? uri.replace('127.0.0.1', `127.0.0.1:${ground.port()}`) : uri
}

/** Whether answers have to travel as a JWT (FAPI 2.0 Message Signing 5.4.1). */
const signedAnswers = ({ registry: { policy } }: UnderPolicy): boolean => policy.profile === 'fapi2-message-signing'

/** The request as an honest client sends it. */
export const honestRequest = (client: ProofClient, challenge: string, ground: ProvingGround): Parameters => ({
  response_type: 'code',
  client_id: client.record.id,
  redirect_uri: redirectUriOf(client, ground),
  scope: client.record.scope.join(' '),
  response_mode: signedAnswers(ground) ? 'jwt' : undefined,
  state: ground.random.id(12),
  nonce: ground.random.id(12),
  code_challenge: challenge,
  code_challenge_method: 'S256',
})
