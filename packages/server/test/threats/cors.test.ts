import type { HttpRequest } from '@sallyport/server'
import { basic, type Answer, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'

const registered = 'https://app.test'
const others = [
  'https://evil.test',
  'null',
  'https://app.test.evil.test',
  'http://app.test',
  'https://app.test:443',
  'https://APP.test',
  'https://web.test',
]

const corsOf = ({ headers }: Pick<Answer, 'headers'>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')))

const ask = (issuer: TestIssuer, path: string, method: string, headers: HttpRequest['headers']): Promise<Answer> =>
  issuer.send({ path, method, headers, body: method === 'POST' ? Buffer.from('') : undefined })

const preflight = (issuer: TestIssuer, path: string, origin: string): Promise<Answer> =>
  ask(issuer, path, 'OPTIONS', {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  })

describe('endpoints for browsers', () => {
  const endpoints = ['/oauth2/token', '/oauth2/revoke', '/oauth2/userinfo']

  it.for(endpoints)('CS-19 %s lets registered origins in, without credentials', async (path) => {
    const issuer = await newRealIssuer()
    const approved = await preflight(issuer, path, registered)
    expect([approved.status, corsOf(approved)]).toEqual([
      204,
      {
        'access-control-allow-origin': registered,
        'access-control-allow-methods': path.endsWith('userinfo') ? 'GET, POST' : 'POST',
        'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
        'access-control-max-age': '600',
      },
    ])
    const failed = await ask(issuer, path, 'POST', { origin: registered })
    expect(corsOf(failed)).toEqual({
      'access-control-allow-origin': registered,
      'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After',
    })
  })

  it.for(endpoints)('CS-19 %s shows nothing to any other origin', async (path) => {
    const issuer = await newRealIssuer()
    for (const origin of others) {
      const answers = [await preflight(issuer, path, origin), await ask(issuer, path, 'POST', { origin })]
      for (const answer of answers)
        expect([origin, corsOf(answer), answer.headers['vary']]).toEqual([origin, {}, 'Origin'])
    }
  })

  it('CS-19 a real request is held to the origins of its own client, and told so in the log', async () => {
    const issuer = await newRealIssuer()
    const { P, K, N } = issuer.clients
    const parameters = { grant_type: 'refresh_token', refresh_token: 'x' }
    const own = await issuer.token(P, parameters, { headers: { origin: registered } })
    expect([own.status, own.headers['access-control-allow-origin']]).toEqual([400, registered])
    const origins: [typeof P, string][] = [
      ...others.map((origin) => [P, origin] as [typeof P, string]),
      [K, registered],
      [N, registered],
    ]
    for (const [client, origin] of origins) {
      const answer = await issuer.token(client, parameters, { headers: { origin } })
      expect([origin, answer.status, answer.json['error'], corsOf(answer)]).toEqual([
        origin,
        403,
        'unauthorized_client',
        {},
      ])
    }
    expect(eventsOf(issuer, 'http.request.rejected', 'origin_not_allowed')).toHaveLength(origins.length)
  })

  it('CS-19 tokens are only readable for the origin of their client', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.authorize({ client: issuer.clients.P })
    const good = await issuer.redeem(flow, {}, { headers: { origin: registered } })
    expect([good.status, good.headers['access-control-allow-origin'], good.headers['vary']]).toEqual([
      200,
      registered,
      'Origin',
    ])
    const other = await issuer.authorize({ client: issuer.clients.P })
    const refused = await issuer.redeem(other, {}, { headers: { origin: 'https://evil.test' } })
    expect([refused.status, refused.text.includes('token')]).toEqual([403, false])
    // The attempt of a foreign origin does not burn the code.
    expect((await issuer.redeem(other)).status).toBe(200)
  })

  it('CS-19 UserInfo with a token of a client of another origin stays unreadable', async () => {
    const issuer = await newRealIssuer()
    const { accessToken } = await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } })
    const answer = await issuer.userinfo(accessToken, { origin: registered })
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
  })
})

describe('everything else', () => {
  it.for(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/oauth2/jwks'])(
    'CS-19 %s is for everybody, byte for byte the same',
    async (path) => {
      const issuer = await newRealIssuer()
      const answers = await Promise.all(
        [{}, { origin: registered }, { origin: 'null' }].map((headers) => issuer.get(path, headers)),
      )
      for (const answer of answers) {
        expect(corsOf(answer)).toEqual({ 'access-control-allow-origin': '*' })
        expect(answer.text).toBe(answers[0]?.text)
      }
    },
  )

  const none = [
    '/oauth2/authorize',
    '/oauth2/resume',
    '/oauth2/logout',
    '/oauth2/introspect',
    '/login',
    '/consent',
    '/account-choice',
    '/admin',
    '/oauth2/register',
    '/',
  ]
  it.for(none)('CS-19 %s has no word of it, whoever asks', async (path) => {
    const issuer = await newRealIssuer()
    for (const origin of [registered, ...others])
      for (const method of ['OPTIONS', 'GET', 'POST'])
        expect([origin, method, corsOf(await ask(issuer, path, method, { origin }))]).toEqual([origin, method, {}])
  })

  it('CS-19 introspection has none even for a caller who may ask', async () => {
    const issuer = await newRealIssuer()
    const { RS1 } = issuer.clients
    const headers = { origin: registered, authorization: basic(RS1.id, RS1.secret ?? '') }
    const answer = await issuer.post('/oauth2/introspect', { token: 'x' }, { headers })
    expect([answer.status, corsOf(answer)]).toEqual([200, {}])
  })
})
