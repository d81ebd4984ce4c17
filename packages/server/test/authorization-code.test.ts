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

  it('A-CODE-05 the first failed verifier destroys the code, with one event of high severity', async () => {
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

describe('the code itself', () => {
  it('A-CODE-11, A-GEN-07 has 43 characters and says nothing', async () => {
    const issuer = await newIssuer()
    const { code, client, sent } = await issuer.authorize()
    expect(code).toMatch(/^[\w-]{43}$/)
    const inside = Buffer.from(code, 'base64url').toString('latin1')
    for (const value of [client.id, issuer.alice.subject, String(sent['code_challenge'])])
      expect(inside).not.toContain(value)
  })

  it('A-CODE-11, CO-07 every altered character, and every other spelling, is an unknown code with one and the same answer', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const { code } = authorized
    const flipped = [...code].map(
      (character, index) => code.slice(0, index) + (character === 'A' ? 'B' : 'A') + code.slice(index + 1),
    )
    const swapped = [...code].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('')
    const odd = [
      code.slice(0, -1),
      `${code}A`,
      ` ${code}`,
      `${code} `,
      `${code}=`,
      swapped,
      'x'.repeat(50_000),
      '٣',
      '%',
    ]
    const bodies = new Set<string>()
    for (const other of [...flipped, ...odd].filter((text) => text !== code)) {
      const answer = await issuer.redeem({ ...authorized, code: other })
      expectRefusal(answer, 'invalid_grant')
      bodies.add(answer.text)
    }
    expect(bodies.size).toBe(1)
    expectTokens(await issuer.redeem(authorized))
  })

  it('CO-07 bytes that are no UTF-8 are an invalid request', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const code of [Buffer.from([0x80, 0xff]), Buffer.from('%ff%80'), Buffer.from('%c0%af')]) {
      const body = Buffer.concat([Buffer.from(`grant_type=authorization_code&client_id=${K.id}&code=`), code])
      expectRefusal(await issuer.send({ method: 'POST', path: '/oauth2/token', headers, body }), 'invalid_request')
    }
  })
})

describe('the world between code and token', () => {
  const worlds: readonly (readonly [string, (issuer: TestIssuer) => Promise<unknown>, string, number])[] = [
    [
      'the person was disabled',
      ({ store, alice, clock }) => store.setSubjectActive(alice.subject, false, clock.now(), []),
      'invalid_grant',
      400,
    ],
    [
      'consent was withdrawn',
      ({ store, alice, clients, clock }) => store.withdrawConsent(alice.subject, clients.K.id, clock.now(), []),
      'invalid_grant',
      400,
    ],
    [
      'the password was reset',
      ({ store, alice, clock }) => store.endSubject(alice.subject, 'credential_change', clock.now(), []),
      'invalid_grant',
      400,
    ],
    [
      'the client was disabled',
      (issuer) => issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() }),
      'invalid_client',
      401,
    ],
    [
      'the client lost the grant',
      (issuer) => issuer.changeClient(issuer.clients.K, { grantTypes: ['client_credentials'] }),
      'unauthorized_client',
      400,
    ],
  ]
  it.for(worlds)('CO-10 %s', async ([, change, error, status]) => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize({ remember: true })
    await change(issuer)
    expectRefusal(await issuer.redeem(authorized), error, status)
  })

  it('CO-10 a person disabled while the tokens were being signed gets none', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const release = issuer.store.hold('redeem')
    const answer = issuer.redeem(authorized)
    await new Promise(setImmediate)
    await issuer.store.setSubjectActive(issuer.alice.subject, false, issuer.clock.now(), [])
    release()
    expectRefusal(await answer, 'invalid_grant')
  })

  it('A-CODE-09 signing out kills codes that were not redeemed yet, also those with offline access', async () => {
    const issuer = await newIssuer()
    for (const scope of ['openid', 'openid offline_access']) {
      const { alice, bob } = issuer
      const person = scope === 'openid' ? alice : bob
      const authorized = await issuer.authorize({ person, parameters: { scope, resource: undefined } })
      const visit = await authorized.browser.open('/oauth2/logout')
      await authorized.browser.submit(visit, 'logout-form')
      expectRefusal(await issuer.redeem(authorized), 'invalid_grant')
    }
  })

  it('A-CODE-09 the authorization carries the session it came from', async () => {
    const issuer = await newIssuer()
    await issuer.authorize()
    const { items } = await issuer.store.admin.listAuthorizations({}, undefined, 10)
    const sessions = await issuer.store.admin.listSessions({}, undefined, 10, issuer.clock.now())
    expect(items[0]?.authorization.sessionId).toBe(sessions.items[0]?.id)
  })
})

it('CO-09 nothing on the way to the code leaks through Referer, caches or odd redirects', async () => {
  const issuer = await newIssuer()
  const { visit } = await issuer.authorize()
  const failed = await issuer.authorize({ parameters: { client_id: 'client_unknown' } })
  for (const { request, response } of issuer.records.exchanges) {
    if (request.path.startsWith('/.well-known')) continue
    expect(response.headers['referrer-policy']).toBe('no-referrer')
    expect(response.headers['cache-control']).toBe('no-store')
    expect([200, 303, 400]).toContain(response.status)
  }
  expect(visit.answer.status).toBe(303)
  expect(failed.visit.answer.text).not.toMatch(/(?:src|href)=/)
})
