import type { HttpRequest, HttpResponse, Route, RouteHost, Session } from '@sallyport/server/model'
import type { SignedInAs } from '../pages/consent-page.ts'
import type { Setting } from '../pages/layout.ts'
import { sessionsPage } from '../pages/sessions-page.ts'

export type SessionsRouteOptions = {
  readonly settingFor: (request: HttpRequest) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
}

const path = '/account/sessions'

/** GET lists the browsers in which the person is signed in, POST ends another one or all others. */
export function createSessionsRoute({ settingFor, accountOf }: SessionsRouteOptions): Route {
  const list = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const view = await host.ownSessions.list(request)
    const account = view === undefined ? undefined : await accountOf(view.current)
    return host.page(sessionsPage(settingFor(request), { view, account, ended: request.query === 'ended=yes' }))
  }

  const end = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    await host.ownSessions.end(request)
    return {
      status: 303,
      headers: {
        location: `${settingFor(request).base}${path}?ended=yes`,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
      body: '',
    }
  }

  return { path, methods: { GET: list, POST: end } }
}
