import { headerOf, type Answer, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newRealIssuer, signedIn } from '../real-pages.ts'

/** The names there are (threats, security events), as far as this server has something to tell about. */
const vocabulary = new Set(
  (
    'authz.redirect_uri.mismatch authz.request.rejected client.auth.failed client.auth.locked consent.granted ' +
    'csrf.rejected grant.revoked http.request.rejected jwt.rejected keys.rotated login.failed login.succeeded ' +
    'login.throttled logout.rejected session.ended session.rotated store.unavailable token.code.client_mismatch ' +
    'token.code.replayed token.introspect.denied token.pkce.failed token.refresh.client_mismatch ' +
    'token.refresh.retry_in_grace token.refresh.reuse_detected token.refresh.rotated token.request.rejected ' +
    'token.revoke.denied token.revoked'
  ).split(' '),
)

type Cause = {
  /** Makes ready; gives the one request that is looked at. */
  readonly cause: (issuer: TestIssuer) => Promise<() => Promise<Answer>>
  readonly facts: Readonly<Record<string, unknown>>
}

const now =
  (act: (issuer: TestIssuer) => Promise<Answer>): Cause['cause'] =>
  async (issuer) =>
  () =>
    act(issuer)

const flow = async (issuer: TestIssuer) => issuer.codeFlow({ parameters: { scope: 'openid offline_access read' } })

const page =
  (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Cause['cause'] =>
  async (issuer) => {
    const { browser, visit } = await issuer.begin()
    return () => browser.post('/login', { ...visit.forms[0]?.fields, ...fields }, headers)
  }

const form = { 'content-type': 'application/x-www-form-urlencoded' }

const causes: Record<string, Cause> = {
  'authz.redirect_uri.mismatch': {
    cause: now(async ({ begin }) => (await begin({ parameters: { redirect_uri: 'https://evil.test/' } })).visit.answer),
    facts: { reason: 'redirect_uri_mismatch' },
  },
  'authz.request.rejected': {
    cause: now(async ({ begin }) => (await begin({ parameters: { code_challenge: undefined } })).visit.answer),
    facts: { reason: 'pkce_required', severity: 'low' },
  },
  'client.auth.failed': {
    cause: now(({ token, clients }) => token(clients.K, {}, { secret: 'wrong' })),
    facts: { reason: 'client_auth_failed' },
  },
  'consent.granted': {
    cause: async (issuer) => {
      const { browser } = await signedIn(issuer, { remember: false })
      const { visit } = await issuer.begin({ browser })
      const next = await browser.post('/consent', { ...visit.forms[0]?.fields, decision: 'allow' })
      return () => browser.get(next.location ?? '')
    },
    facts: { severity: 'info' },
  },
  'csrf.rejected': { cause: page({}, { origin: 'https://evil.test' }), facts: { reason: 'csrf' } },
  'http.request.rejected': { cause: now(({ get }) => get('/nothing')), facts: { reason: 'path' } },
  'jwt.rejected': { cause: now(({ userinfo }) => userinfo('x.y.z')), facts: { reason: 'token_invalid' } },
  'login.failed': { cause: page({ username: 'alice', password: 'wrong' }), facts: { reason: 'password_wrong' } },
  'logout.rejected': {
    cause: now(({ get }) => get('/oauth2/logout?id_token_hint=x')),
    facts: { reason: 'logout_hint' },
  },
  'token.code.client_mismatch': {
    cause: async (issuer) => {
      const authorized = await issuer.authorize()
      return () => issuer.redeem(authorized, {}, { as: issuer.clients.E })
    },
    facts: { severity: 'high', class: 'suspected_interception' },
  },
  'token.code.replayed': {
    cause: async (issuer) => {
      const { authorized } = await flow(issuer)
      return () => issuer.redeem(authorized)
    },
    facts: { severity: 'high', class: 'suspected_replay' },
  },
  'token.pkce.failed': {
    cause: async (issuer) => {
      const authorized = await issuer.authorize()
      return () => issuer.redeem(authorized, { code_verifier: issuer.random.handle() })
    },
    facts: { severity: 'high', reason: 'mismatch', class: 'suspected_interception' },
  },
  'token.introspect.denied': {
    cause: async (issuer) => {
      const { accessToken } = await flow(issuer)
      return () => issuer.introspect(issuer.clients.RS2, accessToken)
    },
    facts: { reason: 'audience' },
  },
  'token.refresh.client_mismatch': {
    cause: async (issuer) => {
      const { refreshToken } = await flow(issuer)
      return () => issuer.refresh({ client: issuer.clients.E, refreshToken })
    },
    facts: { severity: 'high' },
  },
  'token.refresh.reuse_detected': {
    cause: async (issuer) => {
      const tokens = await flow(issuer)
      await issuer.refreshed(await issuer.refreshed(tokens))
      return () => issuer.refresh(tokens)
    },
    facts: { severity: 'high' },
  },
  'token.refresh.retry_in_grace': {
    cause: async (issuer) => {
      const tokens = await flow(issuer)
      await issuer.refresh(tokens)
      return () => issuer.refresh(tokens)
    },
    facts: {},
  },
  'token.refresh.rotated': {
    cause: async (issuer) => {
      const tokens = await flow(issuer)
      return () => issuer.refresh(tokens)
    },
    facts: { severity: 'info' },
  },
  'token.request.rejected': {
    cause: now(({ token, clients }) => token(clients.K, { grant_type: 'password' })),
    facts: { reason: 'grant_type' },
  },
  'token.revoke.denied': {
    cause: async (issuer) => {
      const { accessToken } = await flow(issuer)
      return () => issuer.revoke(issuer.clients.E, accessToken)
    },
    facts: { reason: 'token_of_another_client' },
  },
  'token.revoked': {
    cause: async (issuer) => {
      const { accessToken } = await flow(issuer)
      return () => issuer.revoke(issuer.clients.K, accessToken)
    },
    facts: { reason: 'client_request' },
  },
  'session.ended': {
    cause: async (issuer) => {
      const { authorized, idToken } = await flow(issuer)
      return () => authorized.browser.get(`/oauth2/logout?id_token_hint=${idToken}`)
    },
    facts: { reason: 'logout' },
  },
}

describe('events', () => {
  it.for(Object.entries(causes))(
    'AR-08 %s is written once, in the log and in the store, with its request',
    async ([name, { cause, facts }]) => {
      const issuer = await newRealIssuer()
      const act = await cause(issuer)
      issuer.forget()
      const answer = await act()
      const written = issuer.records.events.filter(({ event }) => event === name)
      expect(written).toHaveLength(1)
      expect(written[0]).toMatchObject({
        requestId: headerOf(answer, 'x-request-id'),
        count: 1,
        ts: issuer.clock.now(),
        ...facts,
      })
      expect(written[0]?.network).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
      const stored = await issuer.store.admin.listEvents({ event: name }, undefined, 50)
      expect(stored.items.filter(({ id }) => id === written[0]?.id)).toEqual(written)
      for (const { event } of issuer.records.events) expect(vocabulary).toContain(event)
    },
  )

  it('AR-08 every event of a known client and person names both', async () => {
    const issuer = await newRealIssuer()
    const { K, E } = issuer.clients
    const tokens = await flow(issuer)
    await issuer.redeem(tokens.authorized, {}, { as: E })
    await issuer.redeem(tokens.authorized)
    await issuer.refresh(tokens)
    await issuer.revoke(K, tokens.refreshToken)
    const named = issuer.records.events.filter(({ event }) => /^(?:token\.(?:code|refresh)|grant|consent)/.test(event))
    expect(named.length).toBeGreaterThan(2)
    for (const event of named) {
      expect([event.event, event.subject]).toEqual([event.event, issuer.alice.subject])
      expect([K.id, E.id]).toContain(event.clientId)
      expect(event.authorizationId).toBeTypeOf('string')
    }
  })

  it('AR-08 a refusal after client authentication names the client', async () => {
    const issuer = await newRealIssuer()
    const { K, E, P, S } = issuer.clients
    const { accessToken } = await flow(issuer)
    issuer.forget()
    await issuer.token(K, { grant_type: 'password' })
    await issuer.token(P, { grant_type: 'x' }, { headers: { origin: 'https://evil.test' } })
    await issuer.revoke(E, accessToken)
    await issuer.introspect(S, '')
    expect(issuer.records.events.map(({ event, clientId }) => [event, clientId])).toEqual([
      ['token.request.rejected', K.id],
      ['http.request.rejected', P.id],
      ['token.revoke.denied', E.id],
      ['token.request.rejected', S.id],
    ])
  })

  it('AR-08 storms are folded: some lines, then one with the count', async () => {
    const issuer = await newRealIssuer()
    for (let round = 0; round < 1000; round++) await issuer.send({ path: '/nothing', headers: form })
    const lines = issuer.records.events.length
    expect(lines).toBeLessThan(200)
    await issuer.server.maintain()
    expect(issuer.records.events.map(({ count }) => count).reduce((sum, count) => sum + count)).toBe(1000)
    expect(issuer.records.events).toHaveLength(lines + 1)
  })
})
