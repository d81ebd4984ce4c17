import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  after,
  challengeOf,
  cookieName,
  floor,
  formEncode,
  lookupKey,
  seconds,
  type PolicyNumber,
  type Random,
  type Seconds,
} from '@sallyport/protocol'
import type { Accounts } from '../model/accounts.ts'
import { hasSecret, type Client } from '../model/client.ts'
import type { HttpRequest, HttpResponse } from '../model/http.ts'
import type { Pages } from '../model/pages.ts'
import type { CodeIssueRecords, Store } from '../model/store.ts'
import type { PolicyOptions } from '../policy.ts'
import { registerClient } from '../clients/client-record.ts'
import type { ClientRegistration } from '../clients/registration.ts'
import { createServer, type Server } from '../server.ts'
import { createMemoryStore } from '../store/memory.ts'

/** What is proven, and for which installation. */
export type ProveOptions = {
  readonly issuer: string
  /** The policy of the running configuration. */
  readonly policy: PolicyOptions
  readonly random: Random
  /** Lets other work go on between two cases; resolves when the next one may begin. */
  readonly pause?: (() => Promise<void>) | undefined
}

/** A client of the proof, with what it authenticates by. */
export type ProofClient = {
  readonly kind: string
  readonly record: Client
  readonly secret: string | undefined
  /** Signs its assertions, where it has a key. */
  readonly key: KeyObject | undefined
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
  /** Two devices, where the policy offers the grant for them. */
  readonly devices: readonly [ProofClient, ProofClient] | undefined
  /** The session of the browser. */
  readonly sessionId: string
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
  /** Asks for a path as it stands. */
  get(path: string): Promise<HttpResponse>
}

/** The person of the browser. */
export const subject = 'person-of-the-proof'
const second = 1_800_000_000

const scope = 'openid offline_access'

/** Every kind of client that may get a code. A new way to authenticate is one more line. */
const kinds: Readonly<Record<string, ClientRegistration>> = {
  'web, client_secret_basic': web({ authenticationMethod: 'client_secret_basic' }),
  'web, client_secret_post': web({ authenticationMethod: 'client_secret_post' }),
  'web, private_key_jwt': web({ authenticationMethod: 'private_key_jwt' }),
  spa: { type: 'spa', name: 'Proof', redirectUris: ['https://spa.invalid/cb'], scope, firstParty: true },
  native: { type: 'native', name: 'Proof', redirectUris: ['com.example.proof:/cb'], scope, firstParty: true },
}

function web(more: Partial<ClientRegistration>): ClientRegistration {
  const redirectUris = ['https://web.invalid/cb']
  return { type: 'web', name: 'Proof', redirectUris, scope, firstParty: true, ...more }
}

/** Where secrets are not taken any more, clients with a secret are no part of the proof: nothing honest of theirs gets through. */
const kindsUnder = ({ stages }: PolicyOptions): readonly (readonly [string, ClientRegistration])[] =>
  Object.entries(kinds).filter(
    ([, { authenticationMethod = 'none' }]) =>
      stages?.requirePrivateKeyJwt !== 'enforce' || !hasSecret({ authenticationMethod }),
  )

const noKey = { jwks: undefined, key: undefined }

function newKey(): { readonly jwks: ClientRegistration['jwks']; readonly key: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }) }] }, key: privateKey }
}

const accounts: Accounts = {
  loginUrl: '/login',
  consentUrl: '/consent',
  accountUrl: '/account-choice',
  deviceUrl: '/device',
  acrValues: [],
  uiLocales: [],
  findClaims: async () => ({}),
}

const blank = (): string => '<!doctype html><title>proof</title>'
const pages: Pages = { error: ({ reason }) => `<p id="reason">${reason}</p>`, signOut: blank, signedOut: blank }

/** The policy under proof. How often one may ask is no part of it, and a proof asks often. */
function policyUnderProof(policy: PolicyOptions): PolicyOptions {
  const often: { [name in PolicyNumber]?: number } = {}
  for (const name of Object.keys(floor) as PolicyNumber[])
    if (name.endsWith('RequestsPerMinute')) often[name] = floor[name].max
  return { ...policy, ...often }
}

/** Drops the challenge of the next code on its way into the store, when told to. */
function forgetfulStore(store: Store): Store & { forgetNext(): void } {
  let forget = false
  return {
    ...store,
    forgetNext: () => {
      forget = true
    },
    issueCode: (records: CodeIssueRecords, now: Seconds) => {
      const code = forget ? { ...records.code, codeChallenge: undefined } : records.code
      forget = false
      return store.issueCode({ ...records, code }, now)
    },
  }
}

/** Parameters as a form; those without a value are left out. */
export const encode = (parameters: Parameters): string =>
  Object.entries(parameters)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${formEncode(name)}=${formEncode(value)}`]))
    .join('&')

/** Puts a proving ground together. Nothing in it touches the installation it stands for. */
export async function openProvingGround(options: ProveOptions): Promise<ProvingGround> {
  const { issuer, random } = options
  let clock = seconds(second)
  const now = (): Seconds => clock
  const store = forgetfulStore(createMemoryStore())
  const server = await createServer({
    ...{ issuer, store, accounts, pages, random, now },
    policy: policyUnderProof(options.policy),
    masterKey: Buffer.alloc(32, random.handle()),
    algorithms: ['ES256'],
    upkeepInterval: 0,
  })
  const register = async (kind: string, registration: ClientRegistration): Promise<ProofClient> => {
    const context = { development: false, now: now(), random, secretLifetime: 86_400 }
    const { jwks, key } = registration.authenticationMethod === 'private_key_jwt' ? newKey() : noKey
    const { client, secret } = registerClient({ ...registration, jwks, idTokenAlgorithm: 'ES256' }, context)
    await store.admin.createClient(client, [])
    return { kind, record: client, secret, key }
  }
  const clients: ProofClient[] = []
  for (const [kind, registration] of kindsUnder(options.policy)) clients.push(await register(kind, registration))
  const foreign = { authenticationMethod: 'private_key_jwt', redirectUris: ['https://stranger.invalid/cb'] } as const
  const stranger = await register('stranger', web(foreign))
  const device = { type: 'device', name: 'Proof', scope } as const
  const both = async () => [await register('device', device), await register('device', device)] as const
  const { host, pathname, protocol } = new URL(issuer)
  const base = pathname.replace(/\/$/, '')
  const session = await sessionAt(store, random, now)
  const cookie = `${cookieName('sallyport-session', protocol === 'https:')}=${session.handle}`
  let address = 0
  return {
    ...{ issuer, base, server, store, random, clients, stranger, now },
    devices: options.policy.deviceGrant === true ? await both() : undefined,
    sessionId: session.id,
    advance: (by) => {
      clock = after(clock, by)
    },
    signOut: async () => {
      await store.endSession(session.id, now(), [])
    },
    signIn: () => session.start(),
    forgetNextChallenge: store.forgetNext,
    get: (path) => server.handle(request('GET', path, '', { host }, '192.0.2.1')),
    send: (method, path, parameters, headers = {}) => {
      const text = typeof parameters === 'string' ? parameters : encode(parameters)
      // Each from a network of its own, so that no limit on guessing answers in the place of the check under proof.
      const from = `10.${(++address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`
      return server.handle(request(method, `${base}${path}`, text, { host, cookie, ...headers }, from))
    },
  }
}

function request(method: string, path: string, text: string, headers: Parameters, remoteAddress: string): HttpRequest {
  if (method === 'GET') return { method, path, query: text, headers, body: undefined, remoteAddress }
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method, path, query: '', headers: { ...type, ...headers }, body: Buffer.from(text), remoteAddress }
}

/** A browser that is signed in, without any page. */
async function sessionAt(
  store: Store,
  random: Random,
  now: () => Seconds,
): Promise<{ readonly id: string; readonly handle: string; start(): Promise<void> }> {
  const handle = random.handle()
  const id = random.id(12)
  const start = (): Promise<void> =>
    store.startSession(
      {
        ...{ id, digest: lookupKey(handle), subject, network: '192.0.2.1', userAgent: 'proof' },
        authentication: { time: now(), acr: undefined, amr: ['pwd'] },
        ...{ createdAt: now(), seenAt: now(), expiresAt: after(now(), 86_400) },
      },
      undefined,
      [],
    )
  await start()
  return { id, handle, start }
}

/** A fresh verifier with its challenge. */
export function freshPair(random: Random): { readonly verifier: string; readonly challenge: string } {
  const verifier = random.handle()
  return { verifier, challenge: challengeOf(verifier) }
}
