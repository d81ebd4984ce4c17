import type { HttpRequest, HttpResponse, OpenInteraction, Route, RouteHost, Session } from '@sallyport/server/model'
import { consentPage, type SignedInAs } from '../pages/consent-page.ts'
import { detailField } from '../pages/detail-items.ts'
import type { Problem, Setting } from '../pages/layout.ts'
import { seeOther, show } from './respond.ts'

export type ConsentRouteOptions = {
  readonly settingFor: (request: HttpRequest, open: OpenInteraction) => Setting
  readonly accountOf: (session: Session) => Promise<SignedInAs>
  /** Seconds for which agreement is remembered. */
  readonly rememberFor: number
}

/** GET asks, POST takes the decision: `allow` or `deny`. */
export function createConsentRoute({ settingFor, accountOf, rememberFor }: ConsentRouteOptions): Route {
  const page = async (
    host: RouteHost,
    request: HttpRequest,
    open: OpenInteraction,
    problem?: Problem,
  ): Promise<HttpResponse> => {
    const setting = settingFor(request, open)
    if (open.session === undefined || open.step === 'login') return seeOther(setting, '/login', open)
    if (open.step === 'account') return seeOther(setting, '/account-choice', open)
    const account = await accountOf(open.session)
    const html = consentPage(setting, { open, account, rememberFor, problem })
    return show(host, open, html, problem === undefined ? {} : { status: 400 })
  }

  const post = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.find(request)
    const form = host.interactions.form(request, open)
    const decision = form.get('decision')
    if (decision !== 'allow' && decision !== 'deny') return page(host, request, open, { key: 'problem.choice' })
    return host.interactions.decide(request, open, {
      allow: decision === 'allow',
      scope: open.scopes.map((scope) => scope.name),
      remember: open.mayRemember && form.has('remember'),
      withoutDetails: open.details.flatMap((_, place) => (form.has(detailField(place)) ? [] : [place])),
    })
  }

  return {
    path: '/consent',
    methods: { GET: async (host, request) => page(host, request, await host.interactions.find(request)), POST: post },
  }
}
