import type { Random, Seconds } from '@sallyport/protocol'
import { subjectId } from '@sallyport/server'
import type {
  AccountClaims,
  Accounts,
  DeviceStep,
  HttpRequest,
  HttpResponse,
  OpenLogin,
  Pages,
  Route,
  RouteHost,
  Store,
  WaitingStep,
} from '@sallyport/server/model'
import { accountPage, consentPage, devicePage, loginPage, plainPages, requestsPage } from './plain-pages.ts'

/** A person who can sign in at a test issuer. */
export type Person = { readonly subject: string; readonly username: string; readonly password: string }

export type PersonDetails = {
  readonly password?: string | undefined
  /** Claims in the form of OpenID Connect Core section 5.1; a name and an address when left out. */
  readonly claims?: AccountClaims | undefined
}

/** The user base of a test issuer: the server's seam, and a way to add people. */
export type TestPeople = {
  readonly accounts: Accounts
  readonly pages: Pages
  readonly routes: readonly Route[]
  readonly add: (username: string, details: PersonDetails) => Promise<Person>
}

/** What a user base may need. */
export type PeopleFacts = { readonly store: Store; readonly now: () => Seconds; readonly random: Random }

/** How somebody signed in, as the built-in user base reports it. */
export const passwordClass = 'urn:sallyport:test:password'
export const strongClass = 'urn:sallyport:test:strong'

type Known = Person & { readonly claims: AccountClaims }

const shown = (host: RouteHost, open: OpenLogin, html: string, status = 200): HttpResponse =>
  host.page(html, { status, formAction: open.redirectSource })

/**
 * A user base of a few lines, whose passwords are compared as they are: for tests only. A password followed by ` 123456`
 * counts as signing in with a second factor.
 */
export function plainPeople({ store, random }: PeopleFacts): TestPeople {
  const people = new Map<string, Known>()
  const bySubject = new Map<string, Known>()

  const login = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.findLogin(request)
    if (request.method === 'GET') return shown(host, open, loginPage(open, undefined))
    const form = host.interactions.form(request, open)
    if (form.get('decision') === 'cancel') return host.interactions.cancel(request, open)
    const person = people.get(form.get('username') ?? '')
    const password = form.get('password') ?? ''
    const strong = person !== undefined && password === `${person.password} 123456`
    if (person === undefined || !(strong || password === person.password)) {
      await host.emit({ event: 'login.failed', clientId: open.client?.id, reason: 'credentials' })
      return shown(host, open, loginPage(await host.interactions.renew(open), 'Wrong name or password'), 403)
    }
    const { subject } = person
    const how = strong ? { amr: ['pwd', 'otp'], acr: strongClass } : { amr: ['pwd'], acr: passwordClass }
    return host.interactions.login(request, open, { subject, ...how })
  }

  const consent = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.find(request)
    if (request.method === 'GET') return shown(host, open, consentPage(open))
    const form = host.interactions.form(request, open)
    const scope = form.get('approved')?.split(' ') ?? open.scopes.map(({ name }) => name)
    return host.interactions.decide(request, open, {
      allow: form.get('decision') === 'allow',
      scope,
      remember: form.has('remember'),
    })
  }

  const account = async (host: RouteHost, request: HttpRequest): Promise<HttpResponse> => {
    const open = await host.interactions.find(request)
    if (request.method === 'GET') return shown(host, open, accountPage(open))
    const form = host.interactions.form(request, open)
    const chosen = form.get('account')
    if (chosen !== undefined) return host.interactions.takeAccount(request, open, chosen)
    const decision = form.get('decision')
    if (decision === 'keep') return host.interactions.keepAccount(request, open)
    if (decision === 'cancel') return host.interactions.cancel(request, open)
    return host.interactions.addAccount(request, open)
  }

  const device = async (host: RouteHost, step: DeviceStep): Promise<HttpResponse> => {
    if (step.step === 'login') return step.response
    const waits = step.step === 'wait' ? { 'retry-after': String(step.seconds) } : undefined
    const wrong = step.step === 'enter' && step.problem !== undefined
    return host.page(devicePage(step), { status: waits ? 429 : wrong ? 400 : 200, headers: waits })
  }

  const requests = (host: RouteHost, step: WaitingStep): HttpResponse =>
    step.step === 'login'
      ? step.response
      : host.page(requestsPage(step), { status: step.step === 'list' && step.problem !== undefined ? 400 : 200 })

  const accounts: Accounts = {
    loginUrl: '/login',
    consentUrl: '/consent',
    accountUrl: '/account-choice',
    deviceUrl: '/device',
    requestsUrl: '/account/requests',
    acrValues: [strongClass, passwordClass],
    uiLocales: ['en'],
    findClaims: async (subject) => ((await store.subjectActive(subject)) ? bySubject.get(subject)?.claims : undefined),
    findByHint: async (hint) => people.get(hint)?.subject,
  }
  return {
    accounts,
    pages: plainPages,
    routes: [
      { path: '/login', methods: { GET: login, POST: login } },
      { path: '/consent', methods: { GET: consent, POST: consent } },
      { path: '/account-choice', methods: { GET: account, POST: account } },
      {
        path: '/device',
        methods: {
          GET: async (host, request) => device(host, await host.device.show(request)),
          POST: async (host, request) => device(host, await host.device.post(request)),
        },
      },
      {
        path: '/account/requests',
        methods: {
          GET: async (host, request) => requests(host, await host.waiting.show(request)),
          POST: async (host, request) => requests(host, await host.waiting.post(request)),
        },
      },
    ],
    add: async (username, { password = `${username} horse battery`, claims }) => {
      if (people.has(username)) throw new Error(`there is a ${username} already`)
      const given = { name: username, email: `${username}@people.test`, email_verified: true }
      const person = { subject: subjectId(random), username, password, claims: claims ?? given }
      people.set(username, person)
      bySubject.set(person.subject, person)
      return person
    },
  }
}
