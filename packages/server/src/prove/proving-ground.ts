import {
  after,
  challengeOf,
  floor,
  formEncode,
  seconds,
  type PolicyNumber,
  type Random,
  type Seconds,
} from '@sallyport/protocol'
import type { Accounts } from '../model/accounts.ts'
import type { HttpRequest, HttpResponse } from '../model/http.ts'
import type { Pages } from '../model/pages.ts'
import type { CodeIssueRecords, Store } from '../model/store.ts'
import { createPolicy, type PolicyOptions } from '../policy.ts'
import { deriveSecrets } from '../secrets.ts'
import { createServer, type Server } from '../server.ts'
import { createMemoryStore } from '../store/memory.ts'
import { agreed, openBrowser } from './browser.ts'
import { exchanging } from './exchanging.ts'
import { newKeyPair, proofClients, proofDevices, strangerTo, type ProofClient, type Registry } from './proof-clients.ts'
import { createPossession } from './possession.ts'

/** What is proven, and for which installation. */
export type ProveOptions = {
  readonly issuer: string
  /** The policy of the running configuration. */
  readonly policy: PolicyOptions
  readonly random: Random
  /** Lets other work go on between two cases; resolves when the next one may begin, and rejects when none may any more. */
  readonly pause?: (() => Promise<void>) | undefined
  /** Sends each request at every door it is for, in the name of some clients instead of all. */
  readonly short?: boolean | undefined
}

export type Parameters = Readonly<Record<string, string | undefined>>

/** A server of its own in memory, under the given policy, and the means to send it requests. */
export type ProvingGround = {
  readonly issuer: string
  /** Path of the issuer without a closing slash. */
  readonly base: string
  readonly server: Server
  readonly store: Store
  readonly random: Random
  readonly clients: readonly ProofClient[]
  /** A client that is none of those under proof. */
  readonly stranger: ProofClient
  /** A client of each kind that devices have, with another one beside it, where the policy offers the grant for them. */
  readonly devices: readonly (readonly [client: ProofClient, other: ProofClient])[]
  /** What further clients are made with. */
  readonly registry: Registry
  /** The session of the browser. */
  readonly sessionId: string
  /** Resolves when the next case may begin. */
  pause(): Promise<void>
  /**
   * Whether this proof sends the case of this number in the name of a client. A whole proof sends them all, a short one each in
   * the name of one client among so many.
   */
  takes(number: number, client: ProofClient, among: number): boolean
  /** Requests that were sent so far. */
  requests(): number
  now(): Seconds
  /** Moves the server's clock. */
  advance(by: number): void
  /** Ends the session of the browser. */
  signOut(): Promise<void>
  /** Signs the browser in again. */
  signIn(): Promise<void>
  /** The next code is kept without its challenge, as a row that some fault left behind would be. */
  forgetNextChallenge(): void
  send(
    method: 'GET' | 'POST',
    path: string,
    parameters: Parameters | string,
    headers?: Parameters,
  ): Promise<HttpResponse>
  /** An authorization request by the browser; a person who is asked agrees. */
  authorize(method: 'GET' | 'POST', parameters: Parameters | string): Promise<HttpResponse>
  /** A port on this machine, another one each time. */
  port(): number
  /** Asks for a path as it stands. */
  get(path: string): Promise<HttpResponse>
}

const second = 1_800_000_000

const accounts: Accounts = {
  loginUrl: '/login',
  consentUrl: '/consent',
  accountUrl: '/account-choice',
  deviceUrl: '/device',
  requestsUrl: '/account/requests',
  acrValues: [],
  uiLocales: [],
  findClaims: async () => ({}),
}

const blank = (): string => '<!doctype html><title>proof</title>'
const pages: Pages = {
  error: ({ reason, continueTo }) =>
    `<p id="reason">${reason}</p>${continueTo === undefined ? '' : `<a href="${continueTo.url}">`}`,
  signOut: blank,
  signedOut: blank,
}

/** The policy under proof. How often one may ask is no part of it, and a proof asks often. */
function policyUnderProof(policy: PolicyOptions): PolicyOptions {
  const often: { [name in PolicyNumber]?: number } = {}
  for (const name of Object.keys(floor) as PolicyNumber[])
    if (name.endsWith('RequestsPerMinute')) often[name] = floor[name].max
  return { ...policy, ...often }
}

/** The policy with the stages that its profile enforces. */
const spelledOut = (policy: PolicyOptions): PolicyOptions => ({ ...policy, stages: createPolicy(policy).stages })

/** Drops the challenge of the next code on its way into the store, when told to; and all events, which nobody reads. */
function forgetfulStore(store: Store): Store & { forgetNext(): void } {
  let forget = false
  return {
    ...store,
    forgetNext: () => {
      forget = true
    },
    appendEvents: async () => undefined,
    issueCode: (records: CodeIssueRecords, now: Seconds) => {
      const code = forget ? { ...records.code, codeChallenge: undefined } : records.code
      forget = false
      return store.issueCode({ ...records, code }, now)
    },
  }
}

/** Parameters as a form; those without a value are left out. */
export function encode(parameters: Parameters): string {
  let text = ''
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) text += `${text === '' ? '' : '&'}${name}=${formEncode(value)}`
  return text
}

const jsonType = { 'content-type': 'application/json' }

/** Puts a proving ground together. Nothing in it touches the installation it stands for. */
export async function openProvingGround(options: ProveOptions): Promise<ProvingGround> {
  const { issuer, random, pause = () => Promise.resolve() } = options
  const policy = spelledOut(options.policy)
  let clock = seconds(second)
  const now = (): Seconds => clock
  const store = forgetfulStore(createMemoryStore())
  const masterKey = Buffer.alloc(32, random.handle())
  const pair = newKeyPair()
  const server = await createServer({
    ...{ issuer, store, accounts, pages, random, now },
    policy: policyUnderProof(policy),
    masterKey,
    algorithms: ['ES256'],
    upkeepInterval: 0,
    // Open also where the installation keeps these doors shut: who came in before they were shut is still here.
    registration: { mode: 'open' },
    metadataDocuments: { accept: 'any' },
    ...exchanging(pair),
  })
  const { host, pathname, protocol } = new URL(issuer)
  const base = pathname.replace(/\/$/, '')
  const secrets = deriveSecrets(masterKey)
  const browser = await openBrowser({ store, secrets, random, now, secure: protocol === 'https:' })
  const { cookie, sessionId, signIn } = browser
  let sent = 0
  let ports = 0
  // Each from a network of its own, so that no limit on guessing answers in the place of the check under proof.
  const network = (): string => `10.${(++sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`
  const requestOf = (method: string, path: string, text: string, headers: Parameters = {}): HttpRequest =>
    request(method, `${base}${path}`, text, { host, cookie, ...headers }, network())
  const possession = createPossession({ issuer, policy, masterKey, random, now })
  const send: ProvingGround['send'] = async (method, path, parameters, headers = {}) => {
    const text = typeof parameters === 'string' ? parameters : encode(parameters)
    return server.handle(requestOf(method, path, text, await possession(method, path, headers)))
  }
  const registry: Registry = {
    ...{ policy, store, random, now, pause, pair },
    selfRegister: (document) => send('POST', '/oauth2/register', JSON.stringify(document), jsonType),
  }
  const clients = await proofClients(registry)
  const devices = policy.deviceGrant === true ? await proofDevices(registry) : []
  const everybody = [...clients, ...devices.map(([client]) => client)]
  return {
    ...{ issuer, base, server, store, random, registry, clients, devices, sessionId, now, pause, signIn, send },
    takes: (number, client, among) => options.short !== true || (number + everybody.indexOf(client)) % among === 0,
    requests: () => sent,
    stranger: await strangerTo(registry),
    advance: (by) => {
      clock = after(clock, by)
    },
    signOut: async () => {
      await store.endSession(sessionId, now(), [])
    },
    forgetNextChallenge: store.forgetNext,
    port: () => 49_152 + (++ports % 16_384),
    get: (path) => server.handle(request('GET', path, '', { host }, '192.0.2.1')),
    authorize: async (method, parameters) =>
      agreed(server, await send(method, '/oauth2/authorize', parameters), requestOf),
  }
}

function request(method: string, path: string, text: string, headers: Parameters, remoteAddress: string): HttpRequest {
  if (method === 'GET') return { method, path, query: text, headers, body: undefined, remoteAddress }
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method, path, query: '', headers: { ...type, ...headers }, body: Buffer.from(text), remoteAddress }
}

/** A fresh verifier with its challenge. */
export function freshPair(random: Random): { readonly verifier: string; readonly challenge: string } {
  const verifier = random.handle()
  return { verifier, challenge: challengeOf(verifier) }
}
