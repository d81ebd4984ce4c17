import type { HttpRequest, HttpResponse, Route, RouteHost, Session } from '@sallyport/server/model'
import { appsPage } from '../pages/apps-page.ts'
import type { SignedInAs } from '../pages/consent-page.ts'
import type { Setting } from '../pages/layout.ts'

export type AppsRouteOptions = {
  readonly settingFor: (request: HttpRequest) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
}

const path = '/account/apps'

/** GET lists the applications of the person who is signed in, POST takes the access of one back (A-REV-07). */
export function createAppsRoute({ settingFor, accountOf }: AppsRouteOptions): Route {
  const list = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const view = await host.apps.list(request)
    const account = view === undefined ? undefined : await accountOf(view.session)
    const withdrawn = request.query === 'withdrawn=yes'
    return host.page(appsPage(settingFor(request), { account, apps: view?.apps ?? [], withdrawn }))
  }

  const withdraw = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    await host.apps.withdraw(request)
    return {
      status: 303,
      headers: {
        location: `${settingFor(request).base}${path}?withdrawn=yes`,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
      body: '',
    }
  }

  return { path, methods: { GET: list, POST: withdraw } }
}
