import { generateKeyPairSync } from 'node:crypto'
import type { Random, Seconds } from '@sallyport/protocol'
import {
  changeClient,
  laterResourceMembers,
  orderedId,
  registerClient,
  registrationOf,
  typedId,
  type Client,
  type RegistrationContext,
  type SecurityEvent,
  type Store,
  type Vault,
} from '@sallyport/server'
import { demoClaims, seedBytes, seedContext, type People } from '@sallyport/accounts'
import {
  demoClientNames,
  ordersScope,
  type Demo,
  type DemoAddresses,
  type DemoClient,
  type DemoClientName,
  type RequestKey,
} from './demo.ts'
import { redirectUriOf, registrationFor } from './demo-clients.ts'
import { seedGate } from './mcp/seed-gate.ts'
import { readDemoRecord, writeDemoRecord, type DemoRecord } from './demo-record.ts'

export type SeedOptions = {
  readonly store: Store
  readonly people: People
  /** Seals what the authenticator of the demo person makes its codes from. */
  readonly vault: Vault
  readonly addresses: DemoAddresses
  /** File that keeps the plain password and secrets, mode 0600; made when it is missing. */
  readonly file: string
  readonly random: Random
  readonly now: () => Seconds
  /** Seconds for which a client secret works. */
  readonly secretLifetime: number
}

const username = 'demo'

// No letters that are taken for others when they are typed from a screen.
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789x'

/** 80 random bits in four groups that can be typed. */
function readablePassword(random: Random): string {
  const letters = [...Buffer.from(random.id(16), 'base64url')].map((byte) => alphabet[byte % 32] ?? '')
  return [0, 4, 8, 12].map((start) => letters.slice(start, start + 4).join('')).join('-')
}

/**
 * Makes, or brings up to date, what the demo needs in the store: the person, the clients, the resource. Idempotent; the
 * store gets only digests of password and secrets, and the plain ones stay in the file.
 */
export async function seedDemo(options: SeedOptions): Promise<Demo> {
  const before = readDemoRecord(options.file)
  const password = await seedPerson(options, before)
  const requestKey = before?.requestKey ?? newRequestKey()
  const clients = await seedClients({ ...options, requestKey }, before)
  await seedResource(options)
  await seedGate(options.store, options.addresses, () =>
    audit(options, { event: 'admin.action', reason: 'resource_registered', clientId: undefined }),
  )
  const authenticator = await seedAuthenticator(options, before?.authenticator)
  writeDemoRecord(options.file, { username, password, clients, requestKey, authenticator })
  return { addresses: options.addresses, username, password, clients, requestKey, authenticator }
}

async function seedPerson({ people, random }: SeedOptions, before: DemoRecord | undefined): Promise<string> {
  const known = await people.find(username)
  if (known !== undefined && before !== undefined) return before.password
  const password = before?.password ?? readablePassword(random)
  const result =
    known === undefined
      ? await people.create({ username, password, claims: demoClaims })
      : await people.resetPassword(known.id, password)
  if (result.fault !== undefined) throw new Error(`the demo person could not be made: ${result.message}`)
  return password
}

/** The person has an authenticator, so that there is a level to step up to. One whose key is not in the file makes room. */
async function seedAuthenticator(options: SeedOptions, before: string | undefined): Promise<string> {
  const { store, people, vault, random, now } = options
  const person = await people.find(username)
  if (person === undefined) throw new Error('there is no demo person')
  const view = await store.factors.find(person.id)
  if (view !== undefined && before !== undefined) return before
  if (view !== undefined) await store.factors.remove(view.factor.id, [])
  const seed = Buffer.from(random.handle(), 'base64url').subarray(0, seedBytes)
  const sealed = vault.seal(seed, seedContext(person.id))
  const factor = { id: typedId(random, 16), subject: person.id, seed: sealed, lastStep: 0, createdAt: now() }
  const event = audit(options, { event: 'mfa.enrolled', reason: 'demo', clientId: undefined })
  if (!(await store.factors.enrol(factor, [], [event]))) throw new Error('the authenticator could not be added')
  return seed.toString('base64url')
}

type ClientSeedOptions = SeedOptions & { readonly requestKey: RequestKey }

function newRequestKey(): RequestKey {
  const {
    kty = '',
    crv = '',
    x = '',
    y = '',
    d = '',
  } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'jwk',
  })
  return { kty, crv, x, y, d }
}

async function seedClients(
  options: ClientSeedOptions,
  before: DemoRecord | undefined,
): Promise<Record<DemoClientName, DemoClient>> {
  const clients: Partial<Record<DemoClientName, DemoClient>> = {}
  for (const name of demoClientNames) clients[name] = await seedClient(options, name, before?.clients[name])
  return clients as Record<DemoClientName, DemoClient>
}

async function seedClient(
  options: ClientSeedOptions,
  name: DemoClientName,
  before: { readonly id: string; readonly secret?: string | undefined } | undefined,
): Promise<DemoClient> {
  const { store, addresses } = options
  const known = before === undefined ? undefined : await store.findClient(before.id)
  const redirectUri = redirectUriOf(name, addresses)
  if (known !== undefined && before !== undefined && isUsable(known, before.secret, options.now())) {
    const current = await upToDate(options, known, name)
    return { id: current.id, name: current.name, secret: before.secret, redirectUri }
  }
  const { client, secret } = registerClient(
    registrationFor(name, addresses, options.requestKey),
    registrationContext(options),
  )
  const event = registered(options, client, 'client.registered')
  if (!(await store.admin.createClient(client, [event]))) throw new Error('a new client got the id of an old one')
  return { id: client.id, name: client.name, secret, redirectUri }
}

const isUsable = ({ secrets }: Client, secret: string | undefined, now: Seconds): boolean =>
  secrets.length === 0 || (secret !== undefined && secrets.some(({ expiresAt }) => expiresAt > now))

/** Ports may have moved since the last start, and addresses stand in the registration. */
async function upToDate(options: ClientSeedOptions, known: Client, name: DemoClientName): Promise<Client> {
  const next = changeClient(
    known,
    registrationFor(name, options.addresses, options.requestKey),
    registrationContext(options),
  )
  if (JSON.stringify(registrationOf(next)) === JSON.stringify(registrationOf(known))) return known
  if (!(await options.store.admin.updateClient(next, [registered(options, next, 'client.updated')])))
    throw new Error('a demo client was changed at the same time')
  return next
}

async function seedResource({ store, addresses, now, random }: SeedOptions): Promise<void> {
  const id = addresses.api
  if ((await store.findResource(id)) !== undefined) return
  const scopes = [{ name: ordersScope, description: 'See your orders' }]
  const event = audit({ now, random }, { event: 'admin.action', reason: 'resource_registered', clientId: undefined })
  const resource = { id, name: 'Orders API', scopes, accessTokenLifetime: undefined, ...laterResourceMembers }
  await store.admin.saveResource(resource, [event])
}

const registrationContext = ({ now, random, secretLifetime }: SeedOptions): RegistrationContext => ({
  development: true,
  now: now(),
  random,
  secretLifetime,
})

const registered = (options: SeedOptions, client: Client, event: string): SecurityEvent =>
  audit(options, { event, reason: 'demo', clientId: client.id })

const audit = (
  { now, random }: Pick<SeedOptions, 'now' | 'random'>,
  { event, reason, clientId }: { event: string; reason: string; clientId: string | undefined },
): SecurityEvent => ({
  id: orderedId(now(), random),
  event,
  severity: 'info',
  ts: now(),
  requestId: undefined,
  clientId,
  subject: undefined,
  authorizationId: undefined,
  network: undefined,
  reason,
  class: undefined,
  count: 1,
  detail: { surface: 'demo' },
})
