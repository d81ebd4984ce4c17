import type { HttpRequest, HttpResponse, Route, RouteHost } from '@sallyport/server'
import type { Demo } from './demo.ts'
import { demoAssets } from './pages/assets.ts'
import { landingPage } from './pages/landing-page.ts'

/**
 * The landing page shows the demo password, so it answers only under the issuer's own name: a foreign name that leads to
 * this machine must not be able to read it. Other names of this machine are sent to the right one.
 */
function landing(demo: Demo, host: RouteHost, request: HttpRequest): HttpResponse {
  const { issuer, app } = demo.addresses
  if (request.headers['host'] === new URL(issuer).host) return host.page(landingPage(demo), { formAction: app })
  return { status: 303, headers: { location: `${issuer}/`, 'cache-control': 'no-store' }, body: '' }
}

/** Routes of the demo on the issuer itself. */
export const landingRoutes = (demo: Demo): readonly Route[] => [
  { path: '/', methods: { GET: (host, request) => landing(demo, host, request) } },
  {
    path: demoAssets.path,
    methods: {
      GET: () => ({
        status: 200,
        headers: {
          'content-type': demoAssets.type,
          'cache-control': 'public, max-age=300',
          'x-content-type-options': 'nosniff',
        },
        body: demoAssets.body,
      }),
    },
  },
]
