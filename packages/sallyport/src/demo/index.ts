import { createServer, type Server as HttpServer } from 'node:http'
import { join } from 'node:path'
import { floor, seconds, systemRandom, type Random } from '@sallyport/protocol'
import type { Route } from '@sallyport/server'
import { demoPorts, type DemoAddress, type DemoApps, type DemoState } from '../demo-hook.ts'
import { listen } from '../public-listener.ts'
import { appListener } from './app-listener.ts'
import { createBrowserStates } from './browser-states.ts'
import { demoApi } from './demo-api.ts'
import { landingRoutes } from './demo-routes.ts'
import { gateAddress, type Demo } from './demo.ts'
import { createEventFeed } from './event-feed.ts'
import { createEventStreams } from './event-stream.ts'
import { governanceRoute } from './governance.ts'
import { createJourneys } from './journeys.ts'
import { gatehouse } from './mcp/gatehouse.ts'
import { seedDemo as seedStore } from './seed-demo.ts'

type Running = {
  readonly demo: Demo
  readonly app: HttpServer
  readonly api: HttpServer
  readonly mcp: HttpServer
  readonly random: Random
}

const [appPort, apiPort, mcpPort] = demoPorts
const host = '127.0.0.1'

/** What was made while seeding, by the state it was made for. */
const running = new WeakMap<DemoState, Running>()

const now = () => seconds(Date.now() / 1000)

/** Takes a free port; nothing that fails later may keep the process from ending because of it. */
async function open(port: number): Promise<{ server: HttpServer; port: number }> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 20_000 })
  const taken = await listen(server, host, port, true, demoPorts)
  server.unref()
  return { server, port: taken }
}

/** Takes the ports of app and API, since their addresses stand in the store, and makes what the demo needs there. */
export async function seedDemo(state: DemoState): Promise<readonly string[]> {
  const app = await open(appPort)
  const api = await open(apiPort)
  const mcp = await open(mcpPort)
  const random = systemRandom()
  const demo = await seedStore({
    store: state.store,
    people: state.people,
    vault: state.vault,
    addresses: {
      issuer: state.issuer,
      app: `http://localhost:${app.port}`,
      api: `http://localhost:${api.port}`,
      mcp: `http://localhost:${mcp.port}`,
    },
    file: join(state.dataDir, 'demo.json'),
    random,
    now,
    secretLifetime: floor.clientSecretLifetime.default,
  })
  running.set(state, { demo, app: app.server, api: api.server, mcp: mcp.server, random })
  return [`Sign in as ${demo.username} with the password ${demo.password}`]
}

function seeded(state: DemoState): Running {
  const found = running.get(state)
  if (found === undefined) throw new Error('the demo has to be seeded first')
  return found
}

/** The first page, at the root of the issuer. */
export const demoRoutes = (state: DemoState): readonly Route[] => {
  const { demo } = seeded(state)
  return [...landingRoutes(demo), governanceRoute(state.store, demo.addresses.issuer)]
}

/** Opens the demo app and the demo API. */
export async function startDemoApps(state: DemoState): Promise<DemoApps> {
  const { demo, app, api, mcp, random } = seeded(state)
  const feed = createEventFeed()
  const streams = createEventStreams(demo, feed)
  const silence = state.onEvent(feed.add)
  const journeys = createJourneys(demo.addresses.issuer)
  state.observe = journeys.add
  const onFault = (cause: unknown): void => {
    state.log(`demo app: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
  app.on(
    'request',
    appListener({ demo, random, now, feed, journeys, states: createBrowserStates(random, now) }, streams, onFault),
  )
  api.on('request', demoApi({ addresses: demo.addresses, random, now, onEvent: feed.add }))
  mcp.on('request', gatehouse({ addresses: demo.addresses, random, now, onEvent: feed.add }))
  const addresses: DemoAddress[] = [
    { label: 'Demo app', url: demo.addresses.app, wantedPort: appPort },
    { label: 'Demo API', url: demo.addresses.api, wantedPort: apiPort },
    { label: 'Demo MCP server', url: gateAddress(demo.addresses), wantedPort: mcpPort },
  ]
  return {
    addresses,
    close: async () => {
      silence()
      streams.close()
      await Promise.all([app, api, mcp].map(closed))
    },
  }
}

const closed = (server: HttpServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
