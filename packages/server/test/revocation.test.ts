import { lookupKey } from '@sallyport/protocol'
import { StoreUnavailable } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

describe('the request', () => {
  it('A-REV-01 POST with a token, from a client that proves itself', async () => {
    const issuer = await newIssuer()
    const { K, P } = issuer.clients
    const flow = await issuer.codeFlow()
    const get = await issuer.get(`/oauth2/revoke?token=${flow.refreshToken}`)
    expectRefusal(get, 'invalid_request', 405)
    expect(get.headers['allow']).toBe('POST')
    expectRefusal(await issuer.revoke(K, ''), 'invalid_request')
    expectRefusal(await issuer.revoke(K, flow.refreshToken, { secret: 'x' }), 'invalid_client', 401)
    expectRefusal(await issuer.post('/oauth2/revoke', { token: flow.refreshToken }), 'invalid_client', 401)
    expectRefusal(
      await issuer.post('/oauth2/revoke', { token: flow.refreshToken, client_id: K.id }),
      'invalid_client',
      401,
    )
    expect(await issuer.isAlive(flow.accessToken)).toBe(true)
    const publicFlow = await issuer.codeFlow({ client: P })
    expect((await issuer.revoke(P, publicFlow.refreshToken)).status).toBe(200)
    expect(await issuer.isAlive(publicFlow.accessToken)).toBe(false)
  })

  it.for([undefined, 'access_token', 'refresh_token', 'foo', 'id_token'])(
    'A-REV-02 the hint %s still finds every kind',
    async (hint) => {
      const issuer = await newIssuer()
      for (const kind of ['refreshToken', 'accessToken'] as const) {
        const flow = await issuer.codeFlow()
        const answer = await issuer.revoke(flow.client, flow[kind], hint === undefined ? {} : { hint })
        expect(answer.status).toBe(200)
        expect(await issuer.isAlive(flow.accessToken)).toBe(false)
      }
    },
  )
})

describe('the answer', () => {
  it('A-REV-03 is empty and 200 for everything that is dead or unknown', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const flow = await issuer.codeFlow()
    const expired = await issuer.codeFlow({ parameters: { scope: 'openid read' } })
    issuer.clock.advance(301)
    await issuer.revoke(K, flow.refreshToken)
    const tokens = [
      flow.refreshToken,
      flow.accessToken,
      expired.accessToken,
      'x',
      'a.b.c',
      '..',
      'x'.repeat(20_000),
      issuer.random.handle(),
    ]
    for (const token of tokens) {
      const answer = await issuer.revoke(K, token)
      expect([answer.status, answer.text]).toEqual([200, ''])
      expect(answer.headers['cache-control']).toBe('no-store')
    }
    expect(eventsOf(issuer, 'grant.revoked')).toHaveLength(1)
  })

  it('A-REV-04 a token of another client is refused, stays alive, and that is logged', async () => {
    const issuer = await newIssuer()
    const { E } = issuer.clients
    const flow = await issuer.codeFlow()
    for (const token of [flow.refreshToken, flow.accessToken]) {
      issuer.forget()
      expectRefusal(await issuer.revoke(E, token), 'invalid_grant')
      expectEvent(issuer, 'token.revoke.denied', { reason: 'token_of_another_client' })
    }
    expect(await issuer.isAlive(flow.accessToken)).toBe(true)
    expectTokens(await issuer.refresh(flow))
  })

  it('A-REV-05 a refresh token takes the whole family along, also one that was spent before', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    expect((await issuer.revoke(first.client, first.refreshToken)).status).toBe(200)
    expectEvent(issuer, 'grant.revoked', { reason: 'client_request' })
    expectRefusal(await issuer.refresh(second), 'invalid_grant')
    for (const { accessToken } of [first, second]) expect(await issuer.isAlive(accessToken)).toBe(false)
  })

  it('A-REV-05, A-REV-06 an access token ends alone, at once, on every node', async () => {
    const issuer = await newIssuer()
    const node = await issuer.startNode()
    const flow = await issuer.codeFlow()
    const next = await issuer.refreshed(flow)
    expect((await issuer.introspect(issuer.clients.RS1, flow.accessToken, { node })).json['active']).toBe(true)
    await issuer.revoke(flow.client, flow.accessToken)
    expectEvent(issuer, 'token.revoked', { clientId: flow.client.id })
    expect((await issuer.introspect(issuer.clients.RS1, flow.accessToken, { node })).json['active']).toBe(false)
    expect(await issuer.isAlive(next.accessToken)).toBe(true)
    expectTokens(await issuer.refresh(next))
  })

  it('A-REV-05 a client may revoke the tokens it has for itself', async () => {
    const issuer = await newIssuer()
    const { S, RS1 } = issuer.clients
    const answer = await issuer.clientCredentials(S, { scope: 'read', resource: 'https://rs1.test' })
    const token = String(answer.json['access_token'])
    await issuer.revoke(S, token)
    expect((await issuer.introspect(RS1, token)).text).toBe('{"active":false}')
  })

  it('A-REV-06 an ID token is recognised and cannot be revoked', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    expectRefusal(await issuer.revoke(flow.client, flow.idToken), 'unsupported_token_type')
    expect(await issuer.isAlive(flow.accessToken)).toBe(true)
  })

  it('A-REV-07, RT-20 a store that cannot write means 503, and the token lives', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const flow = await issuer.codeFlow()
    for (const [verb, token] of [
      ['revokeAuthorization', flow.refreshToken],
      ['denyAccessToken', flow.accessToken],
    ] as const) {
      issuer.store.failNext(verb, new StoreUnavailable('unreachable'), { times: 1 })
      const answer = await issuer.revoke(flow.client, token)
      expectRefusal(answer, 'temporarily_unavailable', 503)
      expect(answer.headers['retry-after']).toMatch(/^\d+$/)
      expect(await issuer.isAlive(flow.accessToken)).toBe(true)
    }
    expect((await issuer.revoke(flow.client, flow.refreshToken)).status).toBe(200)
  })

  it('A-REV-07 an operator lists the grants of a client and ends them', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    const { items } = await issuer.store.admin.listAuthorizations({ clientId: flow.client.id }, undefined, 10)
    expect(items).toHaveLength(1)
    const id = items[0]?.authorization.id ?? ''
    expect(await issuer.store.revokeAuthorization(id, 'administrator', issuer.clock.now(), [])).toBe(true)
    expect(await issuer.isAlive(flow.accessToken)).toBe(false)
    expect((await issuer.store.findRefreshToken(lookupKey(flow.refreshToken)))?.ended).toBe('authorization_revoked')
  })
})
