import fc from 'fast-check'
import { randomInt } from 'node:crypto'
import type { HttpRequest, ServerRoute } from '@sallyport/server'
import { createTestIssuer, processorTime, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { documentationRoutes } from '../../../sallyport/src/documentation.ts'
import { realPeople } from '../real-pages.ts'
import { describeRequest, faultOf } from './answer-faults.ts'
import { exchanging } from './exchanging.ts'
import { gather, unsent } from './material.ts'
import { requestFrom, type World } from './request-grammar.ts'
import { requestPlan, type RequestPlan } from './request-plan.ts'

/** In total over both runs, shared by all endpoints the server has. */
const requests = 100_000
const perRound = 1250
/** Milliseconds of processor time that no request may take. */
const slowest = 200

/** Nothing waits for anything here: this is only for a run that hangs, on a machine however busy. */
const longest = 900_000

/** The same in every run; another one by hand repeats a failure of the fresh one. */
const pinned = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? 20_270_115)
const fresh = randomInt(2 ** 31)

const newIssuer = (seed: number): Promise<TestIssuer> =>
  createTestIssuer({
    seed: String(seed),
    algorithms: ['ES256', 'RS256'],
    people: realPeople(),
    policy: { deviceGrant: true, deviceRequestsPerNetwork: 10_000, pushedRequestsPerMinute: 10_000 },
    registration: { mode: 'open', perNetwork: 1000, mostClients: 100_000, scope: ['openid', 'read'] },
    ...exchanging,
    routes: documentationRoutes(''),
  })

const isDocument = ({ path }: ServerRoute): boolean => path.startsWith('/docs') || path.startsWith('/assets')

/** All routes; an endpoint twenty times as often as a page that is only read. */
const weighted = ({ routes }: TestIssuer['server']): readonly ServerRoute[] =>
  routes.flatMap((route) => Array.from({ length: isDocument(route) ? 1 : 20 }, () => route))

const routeOf = (routes: ReadonlyMap<string, ServerRoute>, path: string): ServerRoute | undefined =>
  routes.get(path) ?? routes.get(path.slice(0, path.lastIndexOf('/') + 1))

/** What was asked and answered so far. */
type Tally = { readonly statuses: Map<number, number>; readonly routes: Map<ServerRoute, number> }

const count = <K>(map: Map<K, number>, key: K): void => void map.set(key, (map.get(key) ?? 0) + 1)

function asker(issuer: TestIssuer, tally: Tally): (request: HttpRequest) => Promise<void> {
  const byPath = new Map(issuer.server.routes.map((route) => [route.path, route]))
  const ask = async (request: HttpRequest): Promise<void> => {
    const response = await issuer.server.handle(request)
    const fault = faultOf(response, request)
    if (fault !== undefined) throw new Error(`${fault}\nfor ${describeRequest(request)}`)
    count(tally.statuses, response.status)
    const route = routeOf(byPath, request.path)
    if (route !== undefined && route.methods.includes(request.method)) count(tally.routes, route)
  }
  return async (request) => {
    // Collecting garbage or compiling is no slow request: only what is slow again counts.
    for (let tries = 0; tries < 3; tries++) if ((await processorTime(() => ask(request))) <= slowest) return
    throw new Error(`slow: ${describeRequest(request)}`)
  }
}

/** One run of its own at an issuer of its own; a failure tells seed and path, and is shrunk to the smallest plan. */
async function throwAt(issuer: TestIssuer, seed: number, rounds: number, tally: Tally): Promise<void> {
  const ask = asker(issuer, tally)
  const routes = weighted(issuer.server)
  for (let round = 0; round < rounds; round++) {
    const material = await gather(issuer)
    const sent = [...issuer.records.exchanges.map(({ request }) => request), ...(await unsent(issuer))]
    const world: World = { routes, material, sent }
    const holds = (plan: RequestPlan): Promise<void> => ask(requestFrom(plan, world))
    await fc.assert(fc.asyncProperty(requestPlan, holds), { seed: seed + round, numRuns: perRound })
    expect(issuer.records.faults).toEqual([])
    issuer.forget()
    issuer.clock.advance(120)
    await issuer.server.maintain()
  }
}

describe('random and damaged requests', () => {
  const tally: Tally = { statuses: new Map(), routes: new Map() }
  const endpoints: ServerRoute[] = []
  const rounds = requests / perRound

  it.each([
    ['the pinned seed', pinned, rounds * 0.75],
    ['a fresh seed', fresh, rounds * 0.25],
  ])(
    'IN-12 %s %i: no 5xx, nothing told, no request over 200 ms of processor time',
    { timeout: longest },
    async (_, seed, share) => {
      process.stdout.write(`random requests: seed ${seed}, ${share * perRound} requests\n`)
      const issuer = await newIssuer(seed)
      await throwAt(issuer, seed, share, tally)
      endpoints.push(...issuer.server.routes)
      expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    },
  )

  it('IN-12 every endpoint of the server had its share, and both sides of its doors were seen', () => {
    const asked = new Map<string, number>()
    for (const [{ path }, number] of tally.routes) asked.set(path, (asked.get(path) ?? 0) + number)
    expect(new Set(asked.keys())).toEqual(new Set(endpoints.map(({ path }) => path)))
    const few = endpoints.filter((route) => (asked.get(route.path) ?? 0) < (isDocument(route) ? 10 : 500))
    expect(few.map(({ path }) => path)).toEqual([])
    for (const status of [200, 201, 204, 303, 400, 401, 403, 404, 405])
      expect([status, (tally.statuses.get(status) ?? 0) > 100]).toEqual([status, true])
    expect([...tally.statuses.values()].reduce((sum, number) => sum + number, 0)).toBeGreaterThanOrEqual(requests)
  })
})

it('IN-12 a fault that is there is found, and shrunk to the least that shows it', () => {
  const routes = [
    { path: '/', methods: ['GET'] },
    { path: '/login', methods: ['POST'] },
  ]
  const world: World = { routes, material: { username: ['alice', 'bob'], cookie: ['a=b'] }, sent: [] }
  const sound = (plan: RequestPlan): boolean => {
    const { path, headers, body } = requestFrom({ ...plan, source: 0 }, world)
    return !(path === '/login' && headers['cookie'] !== undefined && body !== undefined)
  }
  const found = fc.check(fc.property(requestPlan, sound), { seed: pinned, numRuns: 1000 })
  const [least] = found.counterexample ?? []
  expect(found.failed).toBe(true)
  expect(least).toMatchObject({ values: [], more: [], damage: [], headers: [0] })
})
