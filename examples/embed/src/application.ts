import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { seconds, systemRandom } from '@sallyport/protocol'
import {
  createManagedClient,
  createServer,
  orderedId,
  type Client,
  type Fault,
  type SecurityEvent,
} from '@sallyport/server'
import { nodeListener } from '@sallyport/server/adapters/node'
import { openSqliteStore, type SqliteStore } from '@sallyport/store-sqlite'
import { pages } from './pages.ts'
import { accounts } from './people.ts'
import { routes } from './routes.ts'

export type ApplicationOptions = {
  readonly port: number
  /** Folder for the database and the master key. */
  readonly data: string
  readonly onEvent: (event: SecurityEvent) => void
  readonly onFault: (fault: Fault) => void
}

export type Application = { readonly issuer: string; readonly clientId: string; close(): Promise<void> }

/** A key of 32 random bytes beside the database, readable by nobody else. */
function masterKeyIn(folder: string): Buffer {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'master.key')
  if (!existsSync(file)) writeFileSync(file, randomBytes(32), { mode: 0o600 })
  return readFileSync(file)
}

/** The client of this example, registered once with the rules of the server. */
async function firstClient(store: SqliteStore): Promise<Client> {
  const [known] = (await store.admin.listClients(undefined, 1)).items
  if (known !== undefined) return known
  const now = seconds(Date.now() / 1000)
  const random = systemRandom()
  const { client } = await createManagedClient(
    store.admin,
    { type: 'native', name: 'A tool', redirectUris: ['http://127.0.0.1/callback'], scope: 'openid profile' },
    { development: true, now, random, secretLifetime: 86_400 },
    { allowSharedRedirectUri: false, eventOf: ({ id }) => registered(id, orderedId(now, random), now) },
  )
  return client
}

const registered = (clientId: string, id: string, ts: SecurityEvent['ts']): SecurityEvent => ({
  id,
  event: 'client.registered',
  severity: 'info',
  ts,
  requestId: undefined,
  clientId,
  subject: undefined,
  authorizationId: undefined,
  network: undefined,
  reason: undefined,
  class: undefined,
  count: 1,
  detail: {},
})

/** The application's own pages; everything else is the server's. */
const ownPages =
  (sallyport: RequestListener): RequestListener =>
  (request, response) => {
    if (request.url !== '/') return sallyport(request, response)
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('The application itself.\n')
  }

export async function startApplication({ port, data, onEvent, onFault }: ApplicationOptions): Promise<Application> {
  const issuer = `http://localhost:${port}`
  const masterKey = masterKeyIn(data)
  const store = await openSqliteStore({ path: join(data, 'identity.db') })
  const client = await firstClient(store)
  const server = await createServer({ issuer, store, accounts, pages, routes, masterKey, onEvent, onFault })
  const http = createHttpServer(ownPages(nodeListener(server)))
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(port, '127.0.0.1', resolve)
  })
  return {
    issuer,
    clientId: client.id,
    close: async () => {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      await server.close()
      await store.close()
    },
  }
}
