import { systemRandom, type Random } from '@sallyport/protocol'
import {
  createServer,
  registerClient,
  type ClientRegistration,
  type HttpRequest,
  type HttpResponse,
  type OutboundOptions,
  type SecurityProfile,
  type Server,
  type Store,
} from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { createClock, type Clock } from './clock.ts'
import { failingStore, type FailingStore } from './failing-store.ts'
import type { TestIssuerOptions } from './issuer-options.ts'
import { cachedKeyPairs } from './key-pairs.ts'
import { plainPeople, type Person, type PersonDetails } from './people.ts'
import { clearRecords, emptyRecords, type Records } from './recorder.ts'
import { seededRandom } from './seeded-random.ts'
import { standardClients, standardResources, type ClientKind } from './standard-clients.ts'
import { testClient, type TestClient } from './test-client.ts'

/** What a test can reach of an issuer; the drivers of flows and requests are built on it. */
export type IssuerCore = {
  readonly issuer: string
  readonly origin: string
  readonly basePath: string
  readonly clock: Clock
  readonly random: Random
  /** The issuer's store, with faults and holds on demand. */
  readonly store: FailingStore
  readonly server: Server
  readonly records: Records
  readonly clients: Readonly<Record<ClientKind, TestClient>>
  readonly alice: Person
  readonly bob: Person
  /** Answers a request and keeps it in `records.exchanges`. */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>
  /** Registers a client; with an id of the test's choice where the options of the issuer name it beforehand. */
  readonly addClient: (registration: ClientRegistration, id?: string) => Promise<TestClient>
  /** Replaces parts of a client's record, as an administrator would. */
  readonly changeClient: (client: TestClient, change: Partial<TestClient['record']>) => Promise<TestClient>
  readonly addPerson: (username: string, details?: PersonDetails) => Promise<Person>
  /**
   * Another node of the same issuer: its own process memory, the same clock and people, and the same store, or another
   * connection to it.
   */
  readonly startNode: (connection?: Store) => Promise<Server>
  /** Forgets events, exchanges, faults and counts so far. */
  readonly forget: () => void
}

/** A test that did not bring a network has none. */
const noNetwork: OutboundOptions = {
  resolve: () => Promise.resolve([]),
  connect: () => Promise.reject(new Error('this test has no network')),
}

const secretLifetime = 365 * 24 * 60 * 60

async function registerKinds(
  kinds: readonly ClientKind[],
  add: (registration: ClientRegistration) => Promise<TestClient>,
): Promise<Readonly<Record<ClientKind, TestClient>>> {
  const clients: Partial<Record<ClientKind, TestClient>> = {}
  for (const kind of kinds) clients[kind] = await add(standardClients[kind])
  return new Proxy(clients as Record<ClientKind, TestClient>, {
    get: (target, name) => {
      if (name in standardClients && !Object.hasOwn(target, name))
        throw new Error(`no client ${String(name)} was registered`)
      return Reflect.get(target, name) as unknown
    },
  })
}

/** Starts an issuer without sockets or timers, with clients, APIs and the people alice and bob. */
export async function startIssuer(options: TestIssuerOptions): Promise<IssuerCore> {
  const issuer = options.issuer ?? 'https://as.test'
  const { origin, pathname } = new URL(issuer)
  const clock = createClock(options.start)
  const random = options.seed === undefined ? systemRandom() : seededRandom(options.seed)
  const store = failingStore(options.store ?? createMemoryStore())
  const people = (options.people ?? plainPeople)({ store, now: clock.now, random })
  const records = emptyRecords()
  for (const resource of options.resources ?? standardResources) await store.admin.saveResource(resource, [])
  const generateKeyPair = cachedKeyPairs()
  const startNode = (connection: Store = store): Promise<Server> =>
    createServer({
      issuer,
      store: connection,
      accounts: {
        ...people.accounts,
        notify: async (notice) => {
          records.notices.push(notice)
          await people.accounts.notify?.(notice)
        },
      },
      pages: people.pages,
      routes: [...people.routes, ...(options.routes ?? [])],
      masterKey: Buffer.alloc(32, 'test issuer'),
      policy: options.policy,
      metadataDocuments: options.metadataDocuments,
      outbound: options.outbound ?? noNetwork,
      trustedIssuers: options.trustedIssuers,
      exchange: options.exchange,
      identityAudiences: options.identityAudiences,
      registration: options.registration,
      authorizationDetails: options.authorizationDetails,
      mutualTls: options.mutualTls,
      algorithms: options.algorithms,
      externalKeys: options.externalKeys,
      development: options.development,
      acceptPublishedChallenges: options.acceptPublishedChallenges,
      helpPath: options.helpPath ?? '/docs/errors/',
      documentationPath: options.documentationPath,
      upkeepInterval: 0,
      now: clock.now,
      random,
      generateKeyPair,
      onEvent: (event) => records.events.push(event),
      onAlert: (alert) => records.alerts.push(alert),
      onFault: (fault) => records.faults.push(fault),
      onMeasure: (name, labels) => records.measures.push({ name, labels }),
    })
  const server = await startNode()

  const register = async (registration: ClientRegistration, id?: string, profile?: SecurityProfile) => {
    const development = issuer.startsWith('http:')
    const made = registerClient(registration, { development, now: clock.now(), random, secretLifetime, profile })
    const record = id === undefined ? made.client : { ...made.client, id }
    await store.admin.createClient(record, [])
    return testClient(record, made.secret)
  }
  const addClient = (registration: ClientRegistration, id?: string): Promise<TestClient> =>
    register(registration, id, options.policy?.profile)
  const changeClient = async (client: TestClient, change: Partial<TestClient['record']>): Promise<TestClient> => {
    const current = await store.findClient(client.id)
    if (current === undefined) throw new Error(`client ${client.id} is gone`)
    const record = { ...current, ...change, version: current.version + 1, updatedAt: clock.now() }
    if (!(await store.admin.updateClient(record, []))) throw new Error(`client ${client.id} was changed meanwhile`)
    // Records are believed for a second; a test wants to see the change at once.
    clock.advance(1)
    return testClient(record, client.secret)
  }
  // These are older than the profile of the server.
  const clients = await registerKinds(options.clients ?? (Object.keys(standardClients) as ClientKind[]), register)
  return {
    issuer,
    origin,
    basePath: pathname.replace(/\/$/, ''),
    clock,
    random,
    store,
    server,
    records,
    clients,
    alice: await people.add('alice', {}),
    bob: await people.add('bob', {}),
    handle: async (request) => {
      const response = await server.handle(request)
      records.exchanges.push({ request, response })
      return response
    },
    addClient,
    changeClient,
    addPerson: (username, details = {}) => people.add(username, details),
    startNode,
    forget: () => {
      clearRecords(records)
    },
  }
}
