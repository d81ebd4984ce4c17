import type { HttpRequest, HttpResponse, Route, RouteHost, Store } from '@sallyport/server'
import { clientsNamed } from '../door.ts'
import { coverageOf, defaultSince } from '../coverage.ts'
import { incidentsOf } from '../incidents.ts'
import { eachPage } from '../pages.ts'
import { governancePage } from './pages/governance-page.ts'

const day = 86_400
/** Incidents on the page; the command shows all of them. */
const shown = 20

/** What the page tells, read when it is asked for: nothing on it is kept. */
export async function governanceFacts(store: Store, now: number): Promise<Parameters<typeof governancePage>[0]> {
  const incidents = await incidentsOf(store, { clientId: undefined, since: now - 7 * day })
  const exceptions = await eachPage((after) => store.exceptions.list(after, 200))
  return {
    now,
    coverage: await coverageOf(store, { since: defaultSince(now) }, now),
    exceptions,
    clients: await clientsNamed(
      store,
      exceptions.map(({ clientId }) => clientId),
    ),
    incidents: incidents.slice(-shown).reverse(),
    incidentCount: incidents.length,
  }
}

/** Only under the issuer's own name, as the landing page: it names clients and what failed. */
export const governanceRoute = (store: Store, issuer: string): Route => ({
  path: '/governance',
  methods: {
    GET: async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
      if (request.headers['host'] === new URL(issuer).host)
        return host.page(governancePage(await governanceFacts(store, host.now())))
      return { status: 303, headers: { location: `${issuer}/governance`, 'cache-control': 'no-store' }, body: '' }
    },
  },
})
