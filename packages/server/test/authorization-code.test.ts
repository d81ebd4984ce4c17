import { type CodeFlow, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

/** Nothing of a flow works any more. */
async function expectDead(issuer: TestIssuer, flow: CodeFlow): Promise<void> {
  expect(await issuer.isAlive(flow.accessToken)).toBe(false)
  expect((await issuer.introspect(issuer.clients.RS1, flow.accessToken)).text).toBe('{"active":false}')
  if (flow.refreshToken !== '') expectRefusal(await issuer.refresh(flow), 'invalid_grant')
}

describe('expiry', () => {
  it.for([
    ['A-CODE-01 at 59 s the code is good', 59, 200],
    ['A-CODE-01 at 59.999 s the code is good', 59.999, 200],
    ['A-CODE-01, CO-05 at 60 s it is over, without leeway', 60, 400],
    ['A-CODE-01, CO-05 a day later it is over', 86_400, 400],
  ] as const)('%s', async ([, age, status]) => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    issuer.clock.advance(age)
    const answer = await issuer.redeem(authorized)
    expect(answer.status).toBe(status)
    if (status === 200) return
    expectRefusal(answer, 'invalid_grant')
    expectEvent(issuer, 'token.request.rejected', { reason: 'code_expired', class: 'expired' })
  })

  it('A-CODE-01 the lifetime follows the policy within its bounds', async () => {
    const issuer = await newIssuer({ policy: { authorizationCodeLifetime: 10 } })
    const authorized = await issuer.authorize()
    issuer.clock.advance(10)
    expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
    await expect(newIssuer({ policy: { authorizationCodeLifetime: 301 } })).rejects.toThrow('authorizationCodeLifetime')
  })

  it('CO-05 expiry does not depend on sweeping, and a fresh code does not help another client', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    issuer.clock.advance(61)
    await issuer.server.maintain()
    expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
    const fresh = await issuer.authorize()
    expectRefusal(await issuer.redeem(fresh, {}, { as: issuer.clients.E }), 'invalid_grant')
  })
})

describe('replay', () => {
  it('A-CODE-02, A-CODE-03, CO-01 a second valid presentation ends everything that came of the first', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    expectRefusal(await issuer.redeem(flow.authorized), 'invalid_grant')
    expectEvent(issuer, 'token.code.replayed', {
      reason: 'code_redeemed',
      severity: 'high',
      class: 'suspected_replay',
      clientId: flow.client.id,
    })
    expectEvent(issuer, 'grant.revoked', { reason: 'code_replay', subject: issuer.alice.subject })
    await expectDead(issuer, flow)
  })

  it('A-CODE-03 tokens of later rotations die too', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    const later = await issuer.refreshed(await issuer.refreshed(flow))
    expectRefusal(await issuer.redeem(flow.authorized), 'invalid_grant')
    await expectDead(issuer, { ...flow, ...later })
  })

  it('A-CODE-03 a replay after the code expired is still a replay', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    issuer.clock.advance(120)
    expectRefusal(await issuer.redeem(flow.authorized), 'invalid_grant')
    await expectDead(issuer, flow)
  })

  it('A-CODE-03 userinfo refuses the access token of a replayed code', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid' } })
    expect((await issuer.userinfo(flow.accessToken)).status).toBe(200)
    await issuer.redeem(flow.authorized)
    expect((await issuer.userinfo(flow.accessToken)).status).toBe(401)
  })

  it('A-CODE-03 the grant is revoked once; a third presentation adds no second revocation', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    await issuer.redeem(flow.authorized)
    await issuer.redeem(flow.authorized)
    expect(eventsOf(issuer, 'grant.revoked')).toHaveLength(1)
  })

  it.for([
    ['a wrong verifier', { code_verifier: 'x'.repeat(43) }],
    ['no verifier', { code_verifier: undefined }],
    ['a malformed verifier', { code_verifier: 'short' }],
  ] as const)('A-CODE-04, CO-11 a replay with %s revokes nothing', async ([, changes]) => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({ client: issuer.clients.P })
    const answer = await issuer.redeem(flow.authorized, changes)
    expect(answer.status).toBe(400)
    expectEvent(issuer, 'token.code.replayed', {
      reason: 'no_proof',
      severity: 'medium',
      class: 'suspected_interception',
    })
    expect(eventsOf(issuer, 'grant.revoked')).toEqual([])
    expect(await issuer.isAlive(flow.accessToken)).toBe(true)
    expectTokens(await issuer.refresh(flow))
  })

  it('A-CODE-04 a redeemed code stays redeemed after a failed proof, so that the real replay is still noticed', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    await issuer.redeem(flow.authorized, { code_verifier: 'x'.repeat(43) })
    await issuer.redeem(flow.authorized)
    await expectDead(issuer, flow)
  })

  it('A-CODE-04 the replay by another client, or with another redirect URI, revokes nothing', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    expectRefusal(await issuer.redeem(flow.authorized, {}, { as: issuer.clients.E }), 'invalid_grant')
    expectRefusal(await issuer.redeem(flow.authorized, { redirect_uri: 'https://web.test/x' }), 'invalid_grant')
    expectRefusal(await issuer.redeem(flow.authorized, {}, { secret: 'wrong' }), 'invalid_client', 401)
    expect(await issuer.isAlive(flow.accessToken)).toBe(true)
  })
})

describe('binding', () => {
  it('A-CODE-05, A-CODE-06, CO-04 another client gets nothing and burns nothing', async () => {
    const issuer = await newIssuer()
    const { E, P } = issuer.clients
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, {}, { as: E }), 'invalid_grant')
    expectEvent(issuer, 'token.code.client_mismatch', {
      severity: 'high',
      clientId: E.id,
      class: 'suspected_interception',
    })
    expectRefusal(await issuer.redeem(authorized, {}, { as: P }), 'invalid_grant')
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CODE-05, B-CX-05 the first failed verifier destroys the code, with one event of high severity', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, { code_verifier: 'x'.repeat(43) }), 'invalid_grant')
    expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
    const high = issuer.records.events.filter((event) => event.severity === 'high')
    expect(high.map((event) => event.event)).toEqual(['token.pkce.failed'])
  })

  it('A-CODE-05 a failed client authentication and a bad redirect URI leave the code as it was', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, {}, { secret: 'wrong' }), 'invalid_client', 401)
    expectRefusal(await issuer.redeem(authorized, { redirect_uri: 'https://web.test/cb2' }), 'invalid_grant')
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CODE-06 a code of a public client belongs to the client_id in the body', async () => {
    const issuer = await newIssuer()
    const { N, P } = issuer.clients
    const authorized = await issuer.authorize({ client: P })
    expectRefusal(await issuer.redeem(authorized, {}, { as: N }), 'invalid_grant')
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CODE-07, CO-06 redirect_uri may be left out and must fit when it comes', async () => {
    const issuer = await newIssuer()
    expectTokens(await issuer.redeem(await issuer.authorize(), { redirect_uri: undefined }))
    const authorized = await issuer.authorize()
    for (const redirect_uri of ['https://web.test/cb/', 'https://evil.test/cb', 'https://web.test/CB'])
      expectRefusal(await issuer.redeem(authorized, { redirect_uri }), 'invalid_grant')
    expect(eventsOf(issuer, 'token.request.rejected', 'redirect_uri')[0]?.class).toBe('redirect_mismatch')
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CODE-07, CO-06 another registered redirect URI of the same client does not do', async () => {
    const issuer = await newIssuer()
    const redirectUris = ['https://two.test/a', 'https://two.test/b']
    const client = await issuer.addClient({ type: 'web', name: 'Two', redirectUris, scope: 'openid' })
    const parameters = { scope: 'openid', resource: undefined }
    const authorized = await issuer.authorize({ client, parameters })
    expectRefusal(await issuer.redeem(authorized, { redirect_uri: 'https://two.test/b' }), 'invalid_grant')
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CODE-07 the actual port of a loopback redirect counts', async () => {
    const issuer = await newIssuer()
    const redirect_uri = 'http://127.0.0.1:50123/cb'
    const authorized = await issuer.authorize({ client: issuer.clients.N, parameters: { redirect_uri } })
    expectRefusal(await issuer.redeem(authorized, { redirect_uri: 'http://127.0.0.1/cb' }), 'invalid_grant')
    expectRefusal(await issuer.redeem(authorized, { redirect_uri: 'http://127.0.0.1:50124/cb' }), 'invalid_grant')
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CODE-07, CO-06 a client registered as OAuth 2.0 has to repeat it', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { requireRedirectUriAtToken: true })
    const authorized = await issuer.authorize({ client })
    expectRefusal(await issuer.redeem(authorized, { redirect_uri: undefined }), 'invalid_request')
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-CODE-10 an injected code fails at the client it was injected into', async () => {
    const issuer = await newIssuer()
    const { P } = issuer.clients
    const attacker = await issuer.authorize({ client: P, person: issuer.bob })
    const victim = await issuer.authorize({ client: P })
    expectRefusal(await issuer.redeem({ ...victim, code: attacker.code }), 'invalid_grant')
  })
})
