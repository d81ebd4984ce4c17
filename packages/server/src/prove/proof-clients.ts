import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { after, type Random, type Seconds } from '@sallyport/protocol'
import { registerClient } from '../clients/client-record.ts'
import { documentDescription } from '../clients/document-client.ts'
import type { ClientRegistration } from '../clients/registration.ts'
import { deviceGrant, hasSecret, isPublic, isSelfRegistered, type Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import type { Store } from '../model/store.ts'
import type { PolicyOptions } from '../policy.ts'
import { newException } from '../relaxations.ts'

/** A client of the proof, with what it authenticates by. */
export type ProofClient = {
  readonly kind: string
  readonly record: Client
  readonly secret: string | undefined
  /** Signs its assertions, where it has a key. */
  readonly key: KeyObject | undefined
  /** Signs its requests. */
  readonly signs: KeyObject
}

/** What clients are made with, and what for. */
export type Registry = {
  readonly policy: PolicyOptions
  readonly store: Store
  readonly random: Random
  /** The key of every client that has one but the stranger: to make them is most of the work of a short proof. */
  readonly pair: KeyPair
  now(): Seconds
  /** Lets other work go on between two clients. */
  pause(): Promise<void>
  /** Sends client metadata to the registration endpoint (RFC 7591 section 3.1). */
  selfRegister(document: Readonly<Record<string, unknown>>): Promise<HttpResponse>
}

const scope = 'openid offline_access'
const day = 86_400

const web = (more: Partial<ClientRegistration>): ClientRegistration => ({
  ...{ type: 'web', name: 'Proof', redirectUris: ['https://web.invalid/cb'], scope, firstParty: true },
  ...more,
})
const keyed = { authenticationMethod: 'private_key_jwt' } as const
const native: ClientRegistration = { type: 'native', name: 'Proof', scope, firstParty: true }

/** An agent that acts for people: each of them is asked each time. */
const agent: ClientRegistration = {
  ...web({ ...keyed, type: 'agent', redirectUris: ['https://agent.invalid/cb'], firstParty: undefined }),
  ...{ grantTypes: ['authorization_code', 'refresh_token'], owner: 'the proof', purpose: 'to be proven' },
}

/** A client for which a record of an exception stands, whatever the policy says of exceptions. */
export const exceptedKind = 'web, dated exception'

/** Every kind of client that an administrator registers and that may get a code. A new way to authenticate is one more line. */
const managed: Readonly<Record<string, ClientRegistration>> = {
  'web, client_secret_basic': web({ authenticationMethod: 'client_secret_basic' }),
  'web, client_secret_post': web({ authenticationMethod: 'client_secret_post' }),
  'web, private_key_jwt': web(keyed),
  [exceptedKind]: web(keyed),
  spa: { type: 'spa', name: 'Proof', redirectUris: ['https://spa.invalid/cb'], scope, firstParty: true },
  native: { ...native, redirectUris: ['com.example.proof:/cb'] },
  'native, loopback': { ...native, redirectUris: ['http://127.0.0.1/cb'] },
  agent,
}

/** The metadata of clients that come by themselves: their documents, and what they send to the registration endpoint. */
export const describedAs = (method: string, host: string, keys?: ClientRegistration['jwks']) => ({
  client_name: 'Example',
  redirect_uris: [`https://${host}/cb`],
  token_endpoint_auth_method: method,
  grant_types: ['authorization_code'],
  scope: 'openid',
  ...(keys === undefined ? {} : { jwks: keys }),
})

/** A key and what its client publishes of it. */
export type KeyPair = { readonly jwks: NonNullable<ClientRegistration['jwks']>; readonly key: KeyObject }

/** A fresh key of a client. */
export function newKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }) }] }, key: privateKey }
}

const recordContext = ({ now, random, policy: { profile } }: Registry) => ({
  ...{ development: false, now: now(), random, secretLifetime: day, profile },
})

/** A client as an administrator registers it; under an id of its own where the server was told of it beforehand. */
export async function registerProofClient(
  registry: Registry,
  kind: string,
  registration: ClientRegistration,
  id?: string,
): Promise<ProofClient> {
  // Whoever proves itself another way has the key as well, for its requests.
  const { jwks, key: signs } = registry.pair
  const key = registration.authenticationMethod === 'private_key_jwt' ? signs : undefined
  const made = registerClient({ ...registration, jwks, idTokenAlgorithm: 'ES256' }, recordContext(registry))
  await registry.pause()
  const record = id === undefined ? made.client : { ...made.client, id }
  await registry.store.admin.createClient(record, [])
  return { kind, record, secret: made.secret, key, signs }
}

/** A public client that is held to something by itself; where there are none, one with a key in its place. */
export function registerHeld(
  registry: Registry,
  held: string,
  more: Partial<ClientRegistration>,
): Promise<ProofClient> {
  const open = takes(registry)
  const kind: Partial<ClientRegistration> = open ? { type: 'spa' } : keyed
  return registerProofClient(registry, `${open ? 'spa' : 'web'}, ${held}`, web({ scope: 'openid', ...kind, ...more }))
}

/** A client that registers itself, by the endpoint that is there for it. */
async function registerItself(registry: Registry, method: string): Promise<ProofClient> {
  const document = {
    ...describedAs(method, 'dynamic.invalid', registry.pair.jwks),
    id_token_signed_response_alg: 'ES256',
  }
  const { status, body } = await registry.selfRegister(document)
  const { client_id: id = '', client_secret: secret } = JSON.parse(Buffer.from(body).toString()) as {
    client_id?: string
    client_secret?: string
  }
  const record = await registry.store.findClient(id)
  if (record === undefined) throw new Error(`a client could not register itself: ${status}`)
  return { kind: `self-registered, ${method}`, record, secret, key: undefined, signs: registry.pair.key }
}

/** A client whose document was fetched just now. Nothing is fetched for a proof, so the copy is put where the server keeps it. */
async function describeItself(registry: Registry, method: string): Promise<ProofClient> {
  const { store, now } = registry
  const { jwks, key: signs } = registry.pair
  const key = method === 'private_key_jwt' ? signs : undefined
  const id = `https://document.invalid/${method}`
  const body = Buffer.from(JSON.stringify({ client_id: id, ...describedAs(method, 'document.invalid', jwks) }))
  const description = documentDescription(body, id, {
    askable: [],
    grantTypes: ['authorization_code', 'refresh_token'],
    allowed: [],
    kept: { dpop: false, requestObjects: true, requestObjectEncryption: false, certificates: false },
    reservedNames: [],
  })
  const { subjectType = 'pairwise' } = description
  const registration = { ...description, subjectType: undefined, idTokenAlgorithm: 'ES256' } as const
  const { client } = registerClient(registration, recordContext(registry))
  const origin = { channel: 'metadata_document', subjectType, documentFreshUntil: after(now(), day) } as const
  const record: Client = { ...client, id, ...origin }
  await store.admin.createClient(record, [])
  return { kind: `metadata document, ${method}`, record, secret: undefined, key, signs }
}

/** Seconds from the start of the proof to the deadline of its exceptions; the clock stays before it until they are at their turn. */
export const exceptionLifetime = 72_000

/** Puts the record of an exception into the store, also for a client that no rule would let have one. */
export async function except({ store, random, now }: Registry, { record }: ProofClient): Promise<string> {
  const facts = { owner: 'owner', reason: 'proof', ticket: 'none', compensatingControl: 'none', acceptedBy: 'acceptor' }
  const request = { ...facts, clientId: record.id, deadline: after(now(), exceptionLifetime) }
  const excepted = { ...record, channel: 'managed', authenticationMethod: 'private_key_jwt' } as const
  const exception = newException(request, excepted, { now: now(), random })
  await store.exceptions.create(exception, [])
  return exception.id
}

/**
 * Where secrets are not taken any more, clients with a secret are no part of the proof, and under FAPI 2.0 public ones are none
 * either: nothing honest of theirs gets through.
 */
export function takes({ policy }: Registry, authenticationMethod: Client['authenticationMethod'] = 'none'): boolean {
  if (authenticationMethod === 'none') return (policy.profile ?? 'oauth21') === 'oauth21'
  return policy.stages?.requirePrivateKeyJwt !== 'enforce' || !hasSecret({ authenticationMethod })
}

/** One client of every kind. */
export async function proofClients(registry: Registry): Promise<readonly ProofClient[]> {
  const clients: ProofClient[] = []
  for (const [kind, registration] of Object.entries(managed))
    if (takes(registry, registration.authenticationMethod))
      clients.push(await registerProofClient(registry, kind, registration))
  if (takes(registry)) clients.push(await registerItself(registry, 'none'))
  if (takes(registry, 'client_secret_basic')) clients.push(await registerItself(registry, 'client_secret_basic'))
  if (takes(registry)) clients.push(await describeItself(registry, 'none'))
  clients.push(await describeItself(registry, 'private_key_jwt'))
  // A record counts for nobody who may not have one, so that one more in the store changes nothing for them.
  for (const client of clients)
    if (client.kind === exceptedKind || isPublic(client.record) || isSelfRegistered(client.record))
      await except(registry, client)
  return clients
}

/** Somebody else, with a key of its own and the code of nobody here. */
export const strangerTo = (registry: Registry): Promise<ProofClient> =>
  registerProofClient(
    { ...registry, pair: newKeyPair() },
    'stranger',
    web({ ...keyed, redirectUris: ['https://stranger.invalid/cb'] }),
  )

/** A client of each kind that devices have, and another one beside each. */
export async function proofDevices(
  registry: Registry,
): Promise<readonly (readonly [client: ProofClient, other: ProofClient])[]> {
  const kinds: Readonly<Record<string, ClientRegistration>> = {
    device: { type: 'device', name: 'Proof', scope },
    'web with devices': { ...web(keyed), grantTypes: [deviceGrant, 'authorization_code', 'refresh_token'] },
  }
  const pairs: (readonly [ProofClient, ProofClient])[] = []
  for (const [kind, registration] of Object.entries(kinds)) {
    if (!takes(registry, registration.authenticationMethod)) continue
    const client = await registerProofClient(registry, kind, registration)
    pairs.push([client, await registerProofClient(registry, kind, registration)])
  }
  return pairs
}
