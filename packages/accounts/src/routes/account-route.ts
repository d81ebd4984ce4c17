import type { HttpRequest, HttpResponse, OpenInteraction, Route, RouteHost, Session } from '@sallyport/server/model'
import { accountPage } from '../pages/account-page.ts'
import type { SignedInAs } from '../pages/consent-page.ts'
import type { Problem, Setting } from '../pages/layout.ts'
import { seeOther, show } from './respond.ts'

export type AccountRouteOptions = {
  readonly settingFor: (request: HttpRequest, open: OpenInteraction) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
}

/** GET asks which account, POST takes the answer: `keep`, `other` or `cancel`. */
export function createAccountRoute({ settingFor, accountOf }: AccountRouteOptions): Route {
  const page = async (
    host: RouteHost,
    request: HttpRequest,
    open: OpenInteraction,
    problem?: Problem,
  ): Promise<HttpResponse> => {
    const setting = settingFor(request, open)
    if (open.session === undefined) return seeOther(setting, '/login', open)
    const account = await accountOf(open.session)
    const html = accountPage(setting, { open, account, problem })
    return show(host, open, html, problem === undefined ? {} : { status: 400 })
  }

  const post = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.find(request)
    const decision = host.interactions.form(request, open).get('decision')
    if (decision === 'keep') return host.interactions.keepAccount(request, open)
    if (decision === 'other') return seeOther(settingFor(request, open), '/login', open)
    if (decision === 'cancel') return host.interactions.cancel(request, open)
    return page(host, request, open, { key: 'problem.choice' })
  }

  return {
    path: '/account-choice',
    methods: { GET: async (host, request) => page(host, request, await host.interactions.find(request)), POST: post },
  }
}
