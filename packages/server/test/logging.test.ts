import { StoreUnavailable } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import type { TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { credentialsSeen } from './credentials-seen.ts'
import { eventsOf, newIssuer } from './fixtures.ts'

const classes: readonly (readonly [string, string, (issuer: TestIssuer) => Promise<unknown>])[] = [
  [
    'a wrong verifier',
    'suspected_interception',
    async (issuer) => issuer.redeem(await issuer.authorize(), { code_verifier: 'x'.repeat(43) }),
  ],
  [
    'a missing verifier',
    'suspected_interception',
    async (issuer) => issuer.redeem(await issuer.authorize(), { code_verifier: undefined }),
  ],
  [
    'a redeemed code without proof',
    'suspected_interception',
    async (issuer) => issuer.redeem((await issuer.codeFlow()).authorized, { code_verifier: undefined }),
  ],
  [
    'another client',
    'suspected_interception',
    async (issuer) => issuer.redeem(await issuer.authorize(), {}, { as: issuer.clients.E }),
  ],
  ['a replay with proof', 'suspected_replay', async (issuer) => issuer.redeem((await issuer.codeFlow()).authorized)],
  [
    'an expired code',
    'expired',
    async (issuer) => {
      const authorized = await issuer.authorize()
      issuer.clock.advance(61)
      await issuer.redeem(authorized)
    },
  ],
  [
    'another redirect URI',
    'redirect_mismatch',
    async (issuer) => issuer.redeem(await issuer.authorize(), { redirect_uri: 'https://x.test' }),
  ],
  [
    'a wrong secret',
    'client_auth_failed',
    async (issuer) => issuer.redeem(await issuer.authorize(), {}, { secret: 'x' }),
  ],
  [
    'a malformed verifier',
    'malformed',
    async (issuer) => issuer.redeem(await issuer.authorize(), { code_verifier: 'x' }),
  ],
  [
    'a code that a wrong verifier destroyed',
    'malformed',
    async (issuer) => {
      const authorized = await issuer.authorize()
      await issuer.redeem(authorized, { code_verifier: 'x'.repeat(43) })
      // What came before is another case.
      issuer.records.events.length = 0
      await issuer.redeem(authorized)
    },
  ],
  ['no code', 'malformed', async (issuer) => issuer.redeem(await issuer.authorize(), { code: undefined })],
  ['an unknown code', 'malformed', async (issuer) => issuer.redeem(await issuer.authorize(), { code: 'x' })],
]

describe('failed exchanges', () => {
  it.for(classes)('A-LOG-01 %s is of class %s, once', async ([, exchangeClass, attempt]) => {
    const issuer = await newIssuer()
    await attempt(issuer)
    const classed = issuer.records.events.filter((event) => event.class !== undefined)
    expect(classed.map((event) => event.class)).toEqual([exchangeClass])
    expect(classed[0]).toMatchObject({ requestId: expect.any(String) as never, network: '198.51.100.20' })
  })

  it('A-LOG-01 a wrong secret is a failed exchange only when it comes with a code, which it leaves as it was', async () => {
    const issuer = await newIssuer()
    const { S, K } = issuer.clients
    await issuer.token(S, { grant_type: 'client_credentials' }, { secret: 'x' })
    await issuer.token(K, { grant_type: 'authorization_code', code: 'x' }, { secret: 'x' })
    const authorized = await issuer.authorize({ client: K })
    issuer.clock.advance(3)
    await issuer.redeem(authorized, {}, { secret: 'x' })
    const told = eventsOf(issuer, 'client.auth.failed').map(({ class: of, subject, detail }) => [
      of,
      subject,
      detail['code_state'],
      detail['code_age'],
      detail['authorization_network'],
    ])
    expect(told).toEqual([
      [undefined, undefined, undefined, undefined, undefined],
      ['client_auth_failed', undefined, undefined, undefined, undefined],
      ['client_auth_failed', issuer.alice.subject, 'issued', 3, '192.0.2.10'],
    ])
    expect((await issuer.redeem(authorized)).status).toBe(200)
  })

  it('A-LOG-01 a wrong secret is answered the same when the store cannot be asked about the code', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    issuer.store.failNext('findAuthorizationCode', new StoreUnavailable('unreachable'))
    expect((await issuer.redeem(authorized, {}, { secret: 'x' })).status).toBe(401)
    expect(eventsOf(issuer, 'client.auth.failed')[0]).toMatchObject({ class: 'client_auth_failed' })
  })

  it('A-LOG-01 the event tells client, grant, person, both networks, and age and state of the code', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    issuer.clock.advance(7.5)
    await issuer.redeem(authorized, { code_verifier: 'x'.repeat(43) })
    const { items } = await issuer.store.admin.listAuthorizations({}, undefined, 1)
    expect(eventsOf(issuer, 'token.pkce.failed')[0]).toMatchObject({
      ts: issuer.clock.now(),
      clientId: authorized.client.id,
      subject: issuer.alice.subject,
      authorizationId: items[0]?.authorization.id,
      network: '198.51.100.20',
      detail: { authorization_network: '192.0.2.10', code_age: 7.5, code_state: 'issued', reason_id: 'pkce_mismatch' },
    })
  })
})

describe('malformed exchanges', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const sent = 'grant_type=authorization_code&code=x&code_verifier=y'
  const malformed: readonly (readonly [string, string, object, (string | undefined)?])[] = [
    ['a doubled verifier', `${sent}&code_verifier=z&client_id=ID`, {}],
    ['a doubled code', `${sent}&code=z&client_id=ID`, {}],
    ['a control character', `${sent}&redirect_uri=a%00&client_id=ID`, {}],
    ['too many parameters', `${sent}&client_id=ID${'&a=b'.repeat(200)}`, {}],
    ['no grant type', 'code=x&client_id=ID', {}],
    ['a doubled resource that is none', `${sent}&resource=x&client_id=ID`, {}],
    ['a doubled client id', `${sent}&client_id=ID&client_id=ID`, {}, 'nobody'],
    ['another content type', `${sent}&client_id=ID`, { 'content-type': 'text/plain' }, 'unread'],
  ]
  it.for(malformed)('A-LOG-01 %s is malformed, and its client is told where it can be known', async (row) => {
    const [, body, headers, what] = row
    const issuer = await newIssuer()
    const { P } = issuer.clients
    const path = '/oauth2/token'
    const encoded = Buffer.from(body.replaceAll('ID', P.id))
    const { json } = await issuer.send({ method: 'POST', path, headers: { ...form, ...headers }, body: encoded })
    expect(json['error']).toMatch(/^invalid_(?:request|target)$/)
    expect(issuer.records.events).toHaveLength(1)
    expect(issuer.records.events[0]).toMatchObject({
      clientId: what === undefined ? P.id : undefined,
      class: what === 'unread' ? undefined : 'malformed',
    })
  })

  it('A-LOG-01 what is no exchange of a code has no class, and names its grant type only where there is such a type', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const known = `client_${'A'.repeat(22)}`
    await issuer.token(K, { grant_type: 'refresh_token', refresh_token: ['a', 'b'] })
    await issuer.token(K, { grant_type: 'password' })
    await issuer.post('/oauth2/token', { grant_type: 'authorization_code', code: ['a', 'b'], client_id: known })
    expect(issuer.records.events.map(({ clientId, class: kind, detail }) => [clientId, kind, detail])).toEqual([
      [K.id, undefined, { surface: 'token', reason_detail: 'refresh_token', grant_type: 'refresh_token' }],
      [K.id, undefined, { surface: 'token' }],
      [
        undefined,
        'malformed',
        { surface: 'token', reason_detail: 'code', grant_type: 'authorization_code', presented_client_id: known },
      ],
    ])
  })

  it('A-LOG-01 a store that is away keeps no refusal from being told', async () => {
    const memory = createMemoryStore()
    const issuer = await newIssuer({ store: { ...memory, findClient: () => Promise.reject(new Error('away')) } })
    const body = { grant_type: 'authorization_code', code: ['a', 'b'], client_id: issuer.clients.P.id }
    expect((await issuer.post('/oauth2/token', body)).status).toBe(400)
    expect(issuer.records.events[0]).toMatchObject({ class: 'malformed', clientId: undefined })
  })
})

describe('what is written', () => {
  it('A-LOG-02, AR-04 no credential of any flow stands in events, faults or measures', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({ remember: true })
    const next = await issuer.refreshed(flow)
    await issuer.refresh(flow)
    await issuer.redeem(flow.authorized)
    await issuer.authorize({
      parameters: { code_verifier: flow.authorized.verifier, client_secret: flow.client.secret },
    })
    await issuer.get(`/oauth2/userinfo?access_token=${next.accessToken}`)
    await issuer.send({
      method: 'POST',
      path: '/oauth2/token',
      query: `code=${flow.authorized.code}&client_secret=${flow.client.secret}`,
    })
    await issuer.token(flow.client, {
      grant_type: flow.refreshToken,
      code: flow.authorized.code,
      scope: next.refreshToken,
    })
    await issuer.authorize({
      parameters: { client_id: flow.refreshToken, redirect_uri: `https://x.test/?code=${flow.authorized.code}` },
    })
    await issuer.authorize({ password: 'wrong password of alice' })
    await issuer.authorize({ parameters: { [flow.refreshToken]: ['a', 'b'] } })
    const written = JSON.stringify([issuer.records.events, issuer.records.faults, issuer.records.measures])
    const seen = [...credentialsSeen(issuer.records.exchanges), 'wrong password of alice', issuer.alice.password]
    expect(seen.length).toBeGreaterThan(15)
    for (const credential of seen) expect(written).not.toContain(credential)
  })

  it('A-LOG-02, AR-01 a secret in the place of a client id is neither logged nor kept', async () => {
    const memory = createMemoryStore()
    const counted: string[] = []
    const count: typeof memory.count = (key, window, now) => (counted.push(key), memory.count(key, window, now))
    const issuer = await newIssuer({ store: { ...memory, count } })
    const { K } = issuer.clients
    const secret = K.secret ?? ''
    const swapped = `Basic ${Buffer.from(`${secret}:${K.id}`).toString('base64')}`
    await issuer.post('/oauth2/token', { grant_type: 'x' }, { headers: { authorization: swapped } })
    await issuer.post('/oauth2/token', { grant_type: 'x', client_id: secret })
    await issuer.post('/oauth2/token', { grant_type: 'x', client_id: secret, client_secret: 'x' })
    await issuer.authorize({ parameters: { client_id: secret } })
    expect(JSON.stringify(issuer.records.events)).not.toContain(secret)
    expect(eventsOf(issuer, 'client.auth.failed')).toHaveLength(3)
    expect(counted.length).toBeGreaterThan(0)
    expect(counted.join()).not.toContain(secret)
  })

  it('A-LOG-03 what deserves an alert is of high severity', async () => {
    const issuer = await newIssuer({ policy: { refreshRetryGrace: 0 } })
    const { E } = issuer.clients
    await issuer.redeem(await issuer.authorize(), { code_verifier: 'x'.repeat(43) })
    await issuer.redeem(await issuer.authorize(), {}, { as: E })
    const flow = await issuer.codeFlow()
    await issuer.refresh({ ...flow, client: E })
    await issuer.refreshed(flow)
    await issuer.refresh(flow)
    await issuer.redeem((await issuer.codeFlow()).authorized)
    const high = issuer.records.events.filter((event) => event.severity === 'high').map((event) => event.event)
    expect(new Set(high)).toEqual(
      new Set([
        'token.pkce.failed',
        'token.code.client_mismatch',
        'token.refresh.client_mismatch',
        'token.refresh.reuse_detected',
        'token.code.replayed',
        'grant.revoked',
      ]),
    )
  })

  it('A-LOG-03 a storm of the same is folded into one event with a count, in the log and in the store', async () => {
    const issuer = await newIssuer()
    for (let attempt = 0; attempt < 500; attempt++) await issuer.token(issuer.clients.K, { grant_type: 'password' })
    issuer.clock.advance(61)
    await issuer.server.maintain()
    const storm = eventsOf(issuer, 'token.request.rejected', 'grant_type')
    expect(storm.length).toBeLessThan(30)
    expect(storm.reduce((sum, event) => sum + event.count, 0)).toBe(500)
    const { items } = await issuer.store.admin.listEvents({ event: 'token.request.rejected' }, undefined, 200)
    expect(items.reduce((sum, event) => sum + event.count, 0)).toBe(500)
  })

  it('A-LOG-03 a storm of one client does not hide the event of another', async () => {
    const issuer = await newIssuer()
    for (let attempt = 0; attempt < 100; attempt++) await issuer.token(issuer.clients.K, { grant_type: 'x' })
    await issuer.token(issuer.clients.post, { grant_type: 'x' })
    await issuer.redeem(await issuer.authorize(), { code_verifier: 'x'.repeat(43) })
    expect(eventsOf(issuer, 'token.pkce.failed')).toHaveLength(1)
  })

  it('AR-08 each event is one durable row, the same as the line', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    await issuer.refreshed(flow)
    await issuer.redeem(flow.authorized)
    await issuer.server.close()
    const { items } = await issuer.store.admin.lastEvents(200)
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    expect([...items].sort(byId)).toEqual([...issuer.records.events].sort(byId))
    const names = items.map((event) => event.event)
    for (const name of [
      'session.rotated',
      'consent.granted',
      'token.refresh.rotated',
      'grant.revoked',
      'token.code.replayed',
    ])
      expect(names).toContain(name)
  })

  it('A-LOG-05 what was asked and what was granted stand side by side', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin({ parameters: { scope: 'openid read write' } })
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    await begun.browser.submit(consent, 'consent-form', { decision: 'allow', approved: 'openid read' })
    expect(eventsOf(issuer, 'consent.granted')[0]).toMatchObject({
      detail: { scope: 'openid read', requested_scope: 'openid read write', resources: 'https://rs1.test' },
      requestId: expect.any(String) as never,
    })
  })

  it('A-LOG-06 nobody writes lines of the log through a request, and every answer names its request', async () => {
    const issuer = await newIssuer()
    const evil = 'x\r\n{"event":"forged"}\u2028'
    await issuer.authorize({ parameters: { client_id: evil } })
    await issuer.post('/oauth2/token', { client_id: evil.repeat(200), client_secret: 'x' })
    await issuer.post('/oauth2/token', { client_id: 'y'.repeat(10_000), client_secret: 'x' })
    for (const event of issuer.records.events) {
      const line = JSON.stringify(event)
      expect(line).not.toMatch(/[\r\n\u2028]/)
      expect(line.length).toBeLessThan(2000)
    }
    for (const { response } of issuer.records.exchanges) expect(response.headers['x-request-id']).toMatch(/^[\w-]{16}$/)
    const ids = issuer.records.exchanges.map(({ response }) => response.headers['x-request-id'])
    for (const event of issuer.records.events) expect(ids).toContain(event.requestId)
  })
})
