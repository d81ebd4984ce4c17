import type { HttpRequest, HttpResponse, Route, RouteHost, Session, WaitingStep } from '@sallyport/server/model'
import type { SignedInAs } from '../pages/consent-page.ts'
import { requestDonePage, requestsPage } from '../pages/requests-page.ts'
import type { Setting } from '../pages/layout.ts'

export type RequestsRouteOptions = {
  readonly settingFor: (request: HttpRequest) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
}

/** GET lists what waits for the person who is signed in, POST takes a decision (CIBA section 8). */
export function createRequestsRoute({ settingFor, accountOf }: RequestsRouteOptions): Route {
  const answer = async (host: RouteHost, request: HttpRequest, step: WaitingStep): Promise<HttpResponse> => {
    const setting = settingFor(request)
    switch (step.step) {
      case 'login':
        return step.response
      case 'list': {
        const account = await accountOf(step.session)
        const html = requestsPage(setting, { ...step, account, now: host.now() })
        return host.page(html, { status: step.problem === undefined ? 200 : 400 })
      }
      case 'done':
        return host.page(requestDonePage(setting, step.decision))
    }
  }

  return {
    path: '/account/requests',
    methods: {
      GET: async (host, request) => answer(host, request, await host.waiting.show(request)),
      POST: async (host, request) => answer(host, request, await host.waiting.post(request)),
    },
  }
}
