import type { HttpRequest, HttpResponse, OpenInteraction, Route, RouteHost, Session } from '@sallyport/server/model'
import { accountPage } from '../pages/account-page.ts'
import type { SignedInAs } from '../pages/consent-page.ts'
import type { Problem, Setting } from '../pages/layout.ts'
import { seeOther, show } from './respond.ts'

export type AccountRouteOptions = {
  readonly settingFor: (request: HttpRequest, open: OpenInteraction) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
}

/** GET asks which account, POST takes the answer: `keep`, another account, `other` to sign in with one more, or `cancel`. */
export function createAccountRoute({ settingFor, accountOf }: AccountRouteOptions): Route {
  const page = async (
    host: RouteHost,
    request: HttpRequest,
    open: OpenInteraction,
    problem?: Problem,
  ): Promise<HttpResponse> => {
    const setting = settingFor(request, open)
    const { session, aside } = open
    if (session === undefined && aside.length === 0) return seeOther(setting, '/login', open)
    const account = session === undefined ? undefined : await accountOf(session)
    const others = await Promise.all(aside.map(async (one) => ({ id: one.id, account: await accountOf(one) })))
    const html = accountPage(setting, { open, account, others, problem })
    return show(host, open, html, problem === undefined ? {} : { status: 400 })
  }

  const post = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.find(request)
    const form = host.interactions.form(request, open)
    const chosen = form.get('account')
    if (chosen !== undefined && open.aside.some(({ id }) => id === chosen))
      return host.interactions.takeAccount(request, open, chosen)
    const decision = form.get('decision')
    if (decision === 'keep' && open.session !== undefined) return host.interactions.keepAccount(request, open)
    if (decision === 'other') return host.interactions.addAccount(request, open)
    if (decision === 'cancel') return host.interactions.cancel(request, open)
    return page(host, request, open, { key: 'problem.choice' })
  }

  return {
    path: '/account-choice',
    methods: { GET: async (host, request) => page(host, request, await host.interactions.find(request)), POST: post },
  }
}
