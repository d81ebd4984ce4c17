import { StoreUnavailable } from '@sallyport/server'
import { headerOf, type Answer, type StoreVerb, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { newRealIssuer, signedIn } from '../real-pages.ts'

/** What an operator may see and nobody else. */
const internals = 'SELECT secret FROM users; /var/lib/sallyport/store.db; postgres://root:pw@10.0.0.1'

const leak = /SELECT|store\.db|postgres|\bat [A-Za-z.]+ \(|node_modules|TypeError|unreachable|v\d+\.\d+/

type Call = (issuer: TestIssuer) => Promise<() => Promise<Answer>>

const withFlow =
  (then: (issuer: TestIssuer, flow: Awaited<ReturnType<TestIssuer['codeFlow']>>) => Promise<Answer>): Call =>
  async (issuer) => {
    const flow = await issuer.codeFlow({ parameters: { scope: 'openid offline_access', resource: undefined } })
    return () => then(issuer, flow)
  }

/** Every route, each with the verbs it cannot do without. */
const routes: Record<string, readonly [readonly StoreVerb[], Call]> = {
  'authorize, unknown client': [['findClient'], async (issuer) => () => issuer.get('/oauth2/authorize?client_id=x')],
  'authorize, new': [
    ['saveInteraction', 'challengeUsed', 'listResources'],
    async (issuer) => async () => (await issuer.begin()).visit.hops[0] ?? Promise.reject(new Error('no answer')),
  ],
  'authorize, signed in': [
    ['findSession', 'findConsent', 'issueCode'],
    async (issuer) => {
      const { browser } = await signedIn(issuer, { parameters: { scope: 'openid' } })
      return async () => (await issuer.begin({ browser, parameters: { scope: 'openid' } })).visit.answer
    },
  ],
  'sign-in page': [
    ['findInteraction'],
    async (issuer) => {
      const { browser, visit } = await issuer.begin()
      return () => browser.get(visit.url)
    },
  ],
  'sign-in form': [
    ['findInteraction', 'advanceInteraction', 'startSession', 'count'],
    async (issuer) => {
      const { browser, visit } = await issuer.begin()
      const { username, password } = issuer.alice
      return () => browser.post('/login', { ...visit.forms[0]?.fields, username, password })
    },
  ],
  'consent form': [
    ['findInteraction', 'findSession', 'findConsent', 'advanceInteraction'],
    async (issuer) => {
      const { browser } = await signedIn(issuer, { remember: false })
      const { visit } = await issuer.begin({ browser })
      return () => browser.post('/consent', { ...visit.forms[0]?.fields, decision: 'allow' })
    },
  ],
  continuation: [
    ['findInteraction', 'issueCode'],
    async (issuer) => {
      const { browser } = await signedIn(issuer, { remember: false })
      const { visit } = await issuer.begin({ browser })
      const next = await browser.post('/consent', { ...visit.forms[0]?.fields, decision: 'allow' })
      return () => browser.get(next.location ?? '')
    },
  ],
  'token, code': [
    ['findAuthorizationCode', 'redeem'],
    async (issuer) => {
      const authorized = await issuer.authorize()
      return () => issuer.redeem(authorized)
    },
  ],
  'token, refresh': [['findRefreshToken', 'redeem'], withFlow((issuer, flow) => issuer.refresh(flow))],
  'token, wrong secret': [
    ['count'],
    async ({ token, clients }) =>
      () =>
        token(clients.K, {}, { secret: 'wrong' }),
  ],
  userinfo: [['tokenStands', 'findGranted'], withFlow(({ userinfo }, { accessToken }) => userinfo(accessToken))],
  introspect: [['tokenStands'], withFlow((issuer, flow) => issuer.introspect(issuer.clients.K, flow.accessToken))],
  'revoke, access token': [
    ['denyAccessToken'],
    withFlow((issuer, flow) => issuer.revoke(issuer.clients.K, flow.accessToken)),
  ],
  'revoke, refresh token': [
    ['findRefreshToken', 'revokeAuthorization'],
    withFlow((issuer, flow) => issuer.revoke(issuer.clients.K, flow.refreshToken)),
  ],
  'sign out': [
    ['findSession', 'endSession'],
    withFlow((_issuer, { authorized, idToken }) => authorized.browser.get(`/oauth2/logout?id_token_hint=${idToken}`)),
  ],
}

const cases = Object.entries(routes).flatMap(([route, [verbs, call]]) =>
  verbs.map((verb) => [route, verb, call] as const),
)

/** An error sent back to the client counts by what it says, as it has no status of its own. */
const outcomeOf = ({ status, location, parameters }: Answer): string =>
  location === undefined ? String(status) : (parameters.get('error') ?? location)

describe('a fault beneath', () => {
  it.for(cases)('AR-05, FT-06 %s when %s fails', async ([, verb, prepare]) => {
    const issuer = await newRealIssuer({ mayFail: true })
    const answerWith = async (error: Error | undefined): Promise<Answer> => {
      const call = await prepare(issuer)
      // Clients and resources are believed for a second.
      issuer.clock.advance(1)
      issuer.forget()
      if (error !== undefined) issuer.store.failNext(verb, error)
      const answer = await call()
      issuer.store.heal()
      return answer
    }
    const broken = await answerWith(new Error(internals))
    expect(['500', 'server_error']).toContain(outcomeOf(broken))
    expect(issuer.records.faults[0]?.requestId).toBe(headerOf(broken, 'x-request-id'))
    const away = await answerWith(new StoreUnavailable('unreachable', new Error(internals)))
    expect(['503', 'temporarily_unavailable']).toContain(outcomeOf(away))
    if (away.status === 503) expect(Number(headerOf(away, 'retry-after'))).toBeGreaterThan(0)
    for (const { text, headers } of [broken, away]) expect(text + JSON.stringify(headers)).not.toMatch(leak)
    expect(JSON.stringify(issuer.records.events)).not.toMatch(leak)
    expect(outcomeOf(await answerWith(undefined))).not.toMatch(/^5|server_error|temporarily/)
  })

  it('AR-05, AR-08 the fault is told to the operator with the id that the answer has', async () => {
    const issuer = await newRealIssuer({ mayFail: true })
    const flow = await issuer.codeFlow()
    issuer.store.failNext('findRefreshToken', new StoreUnavailable('full', new Error(internals)))
    const answer = await issuer.refresh(flow)
    const id = headerOf(answer, 'x-request-id')
    expect(issuer.records.faults).toMatchObject([{ requestId: id, message: 'store unavailable: full' }])
    expect(eventsOf(issuer, 'store.unavailable')).toMatchObject([{ requestId: id }])
  })

  it('AR-05 a store that cannot even keep the event does not make things worse', async () => {
    const issuer = await newRealIssuer({ mayFail: true })
    issuer.store.failNext('appendEvents', new Error(internals))
    const refused = await issuer.post('/oauth2/token', {})
    expect([refused.status, eventsOf(issuer, 'client.auth.failed').length]).toEqual([401, 1])
  })

  it('AR-05 pages that fail themselves still give an answer', async () => {
    const issuer = await newRealIssuer({
      mayFail: true,
      routes: [{ path: '/broken', methods: { GET: () => Promise.reject(new Error(internals)) } }],
    })
    const answer = await issuer.browser().get('/broken')
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('SELECT')
    expect(answer.text).toContain(String(headerOf(answer, 'x-request-id')))
  })
})
