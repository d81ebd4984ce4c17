import { StoreUnavailable } from '@sallyport/server'
import type { Answer, TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack, machineToken, newIssuer } from './fixtures.ts'

type Case = readonly [code: string, status: number, request: (issuer: TestIssuer) => Promise<Answer>]

const post = (path: string) => (issuer: TestIssuer, fault: 'size') =>
  issuer.send({ method: 'POST', path, headers: { 'content-type': 'application/x-www-form-urlencoded' }, fault })

const atToken: readonly Case[] = [
  ['invalid_request', 400, ({ token, clients }) => token(clients.K, {})],
  ['invalid_grant', 400, ({ token, clients }) => token(clients.K, { grant_type: 'authorization_code', code: 'x' })],
  ['unauthorized_client', 400, ({ token, clients }) => token(clients.K, { grant_type: 'client_credentials' })],
  ['unsupported_grant_type', 400, ({ token, clients }) => token(clients.K, { grant_type: 'password' })],
  ['invalid_scope', 400, ({ clientCredentials, clients }) => clientCredentials(clients.S, { scope: 'x' })],
  [
    'invalid_target',
    400,
    ({ clientCredentials, clients }) => clientCredentials(clients.S, { scope: 'read', resource: 'https://x.test' }),
  ],
  ['invalid_client', 401, ({ token, clients }) => token(clients.K, {}, { secret: 'x' })],
  ['invalid_request', 405, ({ get }) => get('/oauth2/token')],
  ['invalid_request', 413, (issuer) => post('/oauth2/token')(issuer, 'size')],
]

const atRevocation: readonly Case[] = [
  ['invalid_request', 400, ({ revoke, clients }) => revoke(clients.K, '')],
  ['invalid_grant', 400, async ({ revoke, clients, codeFlow }) => revoke(clients.E, (await codeFlow()).refreshToken)],
  [
    'unsupported_token_type',
    400,
    async ({ revoke, clients, codeFlow }) => revoke(clients.K, (await codeFlow()).idToken),
  ],
  ['invalid_client', 401, ({ revoke, clients }) => revoke(clients.K, 'x', { secret: 'x' })],
]

const atIntrospection: readonly Case[] = [
  ['invalid_request', 400, ({ introspect, clients }) => introspect(clients.RS1, '')],
  ['invalid_client', 401, ({ introspect, clients }) => introspect(clients.P, 'x')],
  ['unauthorized_client', 403, ({ introspect, clients }) => introspect({ ...clients.RS1 }, 'x')],
]

const atUserinfo: readonly Case[] = [
  ['', 401, ({ get }) => get('/oauth2/userinfo')],
  ['invalid_request', 400, ({ get }) => get('/oauth2/userinfo', { authorization: 'Bearer a b' })],
  ['invalid_token', 401, ({ userinfo }) => userinfo('x')],
  ['insufficient_scope', 403, async (issuer) => issuer.userinfo(await machineToken(issuer))],
]

async function check(issuer: TestIssuer, [code, status, request]: Case): Promise<void> {
  const answer = await request(issuer)
  expect(answer.status).toBe(status)
  expect(answer.headers['cache-control']).toBe('no-store')
  if (code === '') return expect(answer.text).toBe('')
  expect(answer.json).toEqual({
    error: code,
    error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/) as never,
    error_uri: expect.stringMatching(/^https:\/\/as\.test\/docs\/errors\/[a-z-]+$/) as never,
  })
  if (status === 401) expect(answer.headers).toHaveProperty('www-authenticate')
}

describe('each code where it may occur', () => {
  it.for(atToken)('A-TOK-12 token endpoint: %s, %d', async (one) => check(await newIssuer(), one))
  it.for(atRevocation)('A-REV-01 revocation: %s, %d', async (one) => check(await newIssuer(), one))
  it.for(atUserinfo)('A-BEAR-05 userinfo: %s, %d', async (one) => check(await newIssuer(), one))

  it.for(atIntrospection)('A-INT-02 introspection: %s, %d', async (one) => {
    const issuer = await newIssuer()
    if (one[1] === 403)
      await issuer.changeClient(issuer.clients.RS1, { resourceServerOf: [], introspectOwnTokens: false })
    await check(issuer, one)
  })

  it.for(['findClient', 'findAuthorizationCode', 'redeem'] as const)(
    'A-TOK-12, RT-20 token endpoint: 503 with Retry-After when %s fails',
    async (verb) => {
      const issuer = await newIssuer({ mayFail: true })
      const authorized = await issuer.authorize()
      issuer.clock.advance(2)
      issuer.store.failNext(verb, new StoreUnavailable('unreachable'), { times: 1 })
      const answer = await issuer.redeem(authorized)
      expect([answer.status, answer.json['error'], answer.headers['retry-after']]).toEqual([
        503,
        'temporarily_unavailable',
        '2',
      ])
      expect((await issuer.redeem(authorized)).status).toBe(200)
    },
  )

  it('A-AUTHZ-11 authorization endpoint: every code a client can be told', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const told: readonly (readonly [string, Record<string, string | undefined>])[] = [
      ['invalid_request', { response_mode: 'x' }],
      ['unsupported_response_type', { response_type: 'token' }],
      ['invalid_scope', { scope: 'x' }],
      ['invalid_target', { resource: 'https://x.test' }],
      ['login_required', { prompt: 'none' }],
      ['request_uri_not_supported', { request_uri: 'https://x.test' }],
      ['registration_not_supported', { registration: '{}' }],
    ]
    for (const [code, parameters] of told) expectBack(await issuer.authorize({ parameters }), code)
    expectBack(await issuer.authorize({ decision: 'deny' }), 'access_denied')
    // Nothing of what cannot be opened is known, so its state is not there either.
    const unreadable = { request: 'x', state: undefined }
    expectBack(await issuer.authorize({ parameters: unreadable }), 'invalid_request_object')
    const without = await newIssuer({ policy: { requestObjects: false } })
    expectBack(await without.authorize({ parameters: { request: 'x' } }), 'request_not_supported')
    const client = await issuer.addClient({
      type: 'web',
      name: 'M',
      redirectUris: ['https://m.test/cb'],
      grantTypes: ['client_credentials'],
    })
    expectBack(await issuer.authorize({ client }), 'unauthorized_client')
    issuer.store.failNext('saveInteraction', new Error('x'), { times: 1 })
    expectBack(await issuer.authorize(), 'server_error')
    issuer.store.failNext('saveInteraction', new StoreUnavailable('full'), { times: 1 })
    expectBack(await issuer.authorize(), 'temporarily_unavailable')
  })

  it('AR-05 an exception anywhere is 500 with nothing told', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const { accessToken } = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid' } })
    issuer.clock.advance(2)
    const secret = new Error('SELECT secret FROM /var/lib/x at line 3')
    for (const verb of ['findClient', 'findInteraction', 'tokenStands'] as const) issuer.store.failNext(verb, secret)
    const { K } = issuer.clients
    const answers = [
      await issuer.token(K, { grant_type: 'refresh_token', refresh_token: 'x' }),
      await issuer.introspect(K, 'x'),
      await issuer.revoke(K, 'x'),
      await issuer.userinfo(accessToken),
      await issuer.get(`/login?interaction=${'a'.repeat(43)}`),
      (await issuer.authorize()).visit.answer,
    ]
    for (const { status, text } of answers) {
      expect(status).toBe(500)
      expect(text).not.toMatch(/SELECT|secret FROM|\.ts|at line|Error:/)
    }
    expect(issuer.records.faults).toHaveLength(6)
  })
})
