import type { TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectEvent, expectRefusal, newIssuer } from './fixtures.ts'

const inactive = '{"active":false}'

describe('the caller', () => {
  it('A-INT-01 POST with a token', async () => {
    const issuer = await newIssuer()
    const { RS1 } = issuer.clients
    const { accessToken } = await issuer.codeFlow()
    const get = await issuer.get(`/oauth2/introspect?token=${accessToken}`)
    expectRefusal(get, 'invalid_request', 405)
    expect(get.headers['allow']).toBe('POST')
    expectRefusal(await issuer.introspect(RS1, ''), 'invalid_request')
    for (const hint of ['access_token', 'refresh_token', 'foo'])
      expect((await issuer.introspect(RS1, accessToken, { hint })).json['active']).toBe(true)
  })

  it('A-INT-02 nobody and public clients: 401', async () => {
    const issuer = await newIssuer()
    const { P, N, RS1 } = issuer.clients
    const { accessToken } = await issuer.codeFlow({ client: P })
    expectRefusal(await issuer.post('/oauth2/introspect', { token: accessToken }), 'invalid_client', 401)
    for (const client of [P, N]) {
      const answer = await issuer.introspect(client, accessToken)
      expectRefusal(answer, 'invalid_client', 401)
      expect(answer.headers['www-authenticate']).toMatch(/^Basic /)
    }
    expectRefusal(await issuer.introspect(RS1, accessToken, { secret: 'wrong' }), 'invalid_client', 401)
  })

  it('A-INT-02 a client without the permission: 403', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    const client = await issuer.changeClient(flow.client, { introspectOwnTokens: false })
    expectRefusal(await issuer.introspect(client, flow.accessToken), 'unauthorized_client', 403)
    expectEvent(issuer, 'token.introspect.denied', { reason: 'introspection_not_allowed' })
  })

  it('A-INT-02, B-MS-05 a confidential client learns about its own tokens only', async () => {
    const issuer = await newIssuer()
    const { E } = issuer.clients
    const flow = await issuer.codeFlow()
    for (const token of [flow.accessToken, flow.refreshToken]) {
      expect((await issuer.introspect(flow.client, token)).json['active']).toBe(true)
      expect((await issuer.introspect(E, token)).text).toBe(inactive)
    }
  })
})

describe('the answer', () => {
  const dead: readonly (readonly [string, (issuer: TestIssuer) => Promise<string>])[] = [
    ['unknown', async (issuer) => issuer.random.handle()],
    ['malformed', async () => 'a.b.c'],
    ['no JWT at all', async () => '....'],
    ['very long', async () => 'x.'.repeat(20_000)],
    [
      'expired',
      async (issuer) => {
        const { accessToken } = await issuer.codeFlow()
        issuer.clock.advance(300)
        return accessToken
      },
    ],
    [
      'revoked',
      async (issuer) => {
        const flow = await issuer.codeFlow()
        await issuer.revoke(flow.client, flow.accessToken)
        return flow.accessToken
      },
    ],
    [
      'for another API',
      async (issuer) =>
        (await issuer.codeFlow({ parameters: { resource: 'https://rs2.test', scope: 'deliver' } })).accessToken,
    ],
    [
      'for the issuer itself',
      async (issuer) => (await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid' } })).accessToken,
    ],
    ['a refresh token', async (issuer) => (await issuer.codeFlow()).refreshToken],
    ['an ID token', async (issuer) => (await issuer.codeFlow()).idToken],
    ['a code', async (issuer) => (await issuer.authorize()).code],
    [
      'of another issuer',
      async () => (await (await newIssuer({ issuer: 'https://other.test' })).codeFlow()).accessToken,
    ],
  ]
  it.for(dead)('A-INT-03 a token that is %s: active false and nothing else', async ([, tokenFor]) => {
    const issuer = await newIssuer()
    const answer = await issuer.introspect(issuer.clients.RS1, await tokenFor(issuer))
    expect([answer.status, answer.text]).toEqual([200, inactive])
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  const worlds: readonly (readonly [string, (issuer: TestIssuer) => Promise<unknown>])[] = [
    [
      'the person is disabled',
      ({ store, alice, clock }) => store.setSubjectActive(alice.subject, false, clock.now(), []),
    ],
    ['the client is disabled', (issuer) => issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() })],
    ['the client is deleted', ({ store, clients, clock }) => store.admin.deleteClient(clients.K.id, clock.now(), [])],
    [
      'the person signed out everywhere',
      ({ store, alice, clock }) => store.endSubject(alice.subject, 'session_ended', clock.now(), []),
    ],
    [
      'consent was withdrawn',
      ({ store, alice, clients, clock }) => store.withdrawConsent(alice.subject, clients.K.id, clock.now(), []),
    ],
  ]
  it.for(worlds)('A-INT-04 %s: false at the next call', async ([, change]) => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow({ remember: true })
    expect((await issuer.introspect(issuer.clients.RS1, accessToken)).json['active']).toBe(true)
    await change(issuer)
    expect((await issuer.introspect(issuer.clients.RS1, accessToken)).text).toBe(inactive)
  })

  it('A-INT-05 tells what an API needs, the scope of its own, and never a name', async () => {
    const issuer = await newIssuer()
    const { K, RS1, RS2 } = issuer.clients
    const parameters = { scope: 'openid profile read write deliver' }
    const { accessToken } = await issuer.codeFlow({ parameters })
    const answer = await issuer.introspect(RS1, accessToken)
    const iat = issuer.clock.now()
    expect(answer.json).toMatchObject({
      active: true,
      iss: 'https://as.test',
      sub: issuer.alice.subject,
      aud: 'https://rs1.test',
      client_id: K.id,
      scope: 'read write',
      token_type: 'Bearer',
      exp: iat + 300,
      iat,
      nbf: iat,
    })
    expect(answer.json['jti']).toBeTypeOf('string')
    expect(answer.json).not.toHaveProperty('username')
    expect(answer.json).not.toHaveProperty('name')
    expect((await issuer.introspect(RS2, accessToken)).text).toBe(inactive)
  })

  it('A-INT-06 sub is what the token says', async () => {
    const issuer = await newIssuer()
    const own = await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: 'https://rs1.test' })
    const answer = await issuer.introspect(issuer.clients.RS1, String(own.json['access_token']))
    expect(answer.json).toMatchObject({ sub: issuer.clients.S.id, client_id: issuer.clients.S.id })
  })

  it('A-INT-04 a revocation is seen at once, although the signature was verified before', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    for (let round = 0; round < 3; round++) expect(await issuer.isAlive(flow.accessToken)).toBe(true)
    await issuer.revoke(flow.client, flow.refreshToken)
    expect(await issuer.isAlive(flow.accessToken)).toBe(false)
  })
})
