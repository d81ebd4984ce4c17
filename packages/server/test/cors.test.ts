import { headerOf, type Answer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const app = 'https://app.test'
const corsHeaders = (answer: Pick<Answer, 'headers'>): string[] =>
  Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))

const preflightHeaders = (origin: string) => ({
  origin,
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'content-type',
})

describe('no CORS', () => {
  it('A-CORS-01, CS-19 never on a page, whoever asks', async () => {
    const issuer = await newIssuer()
    for (const path of [
      '/oauth2/authorize',
      '/oauth2/resume',
      '/oauth2/logout',
      '/login',
      '/consent',
      '/account-choice',
    ])
      for (const origin of [app, 'https://evil.test', 'null'])
        for (const method of ['OPTIONS', 'GET', 'POST']) {
          const answer = await issuer.send({ method, path, headers: preflightHeaders(origin) })
          expect([path, method, corsHeaders(answer)]).toEqual([path, method, []])
          if (method === 'OPTIONS') expect(answer.status).toBe(405)
        }
  })

  it('A-CORS-02 introspection has none', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow({ client: issuer.clients.P })
    const answer = await issuer.introspect(issuer.clients.RS1, accessToken, { headers: { origin: app } })
    expect(corsHeaders(answer)).toEqual([])
    const preflight = await issuer.send({
      method: 'OPTIONS',
      path: '/oauth2/introspect',
      headers: preflightHeaders(app),
    })
    expect([preflight.status, corsHeaders(preflight)]).toEqual([405, []])
  })
})

describe('CORS for browser clients', () => {
  it('A-CORS-02 metadata and keys are for everybody', async () => {
    const issuer = await newIssuer()
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/oauth2/jwks'])
      for (const origin of ['https://anybody.test', 'null'])
        expect((await issuer.get(path, { origin })).headers['access-control-allow-origin']).toBe('*')
  })

  it('A-CORS-03, A-CORS-04 a preflight approves what some browser client registered, exactly', async () => {
    const issuer = await newIssuer()
    for (const path of ['/oauth2/token', '/oauth2/par', '/oauth2/revoke', '/oauth2/userinfo']) {
      const good = await issuer.send({ method: 'OPTIONS', path, headers: preflightHeaders(app) })
      expect(good.status).toBe(204)
      expect(good.headers).toMatchObject({
        'access-control-allow-origin': app,
        'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
        'access-control-max-age': '600',
        vary: 'Origin',
      })
      expect(good.headers).not.toHaveProperty('access-control-allow-credentials')
      const strangers = [
        'https://evil.test',
        'null',
        'https://app.test.evil.test',
        'https://app.test:444',
        'http://app.test',
        'https://APP.test',
        'https://app.test/',
        'https://web.test',
      ]
      for (const origin of strangers) {
        const answer = await issuer.send({ method: 'OPTIONS', path, headers: preflightHeaders(origin) })
        expect([origin, corsHeaders(answer), answer.headers['vary']]).toEqual([origin, [], 'Origin'])
      }
    }
  })

  it('A-CORS-03 the request itself is held to the list of its own client', async () => {
    const issuer = await newIssuer()
    const other = await issuer.addClient({
      type: 'spa',
      name: 'Other',
      redirectUris: ['https://other.test/cb'],
      scope: 'openid',
    })
    const authorized = await issuer.authorize({ client: other, parameters: { scope: 'openid', resource: undefined } })
    for (const origin of [app, 'null', 'https://evil.test']) {
      const answer = await issuer.redeem(authorized, {}, { headers: { origin } })
      expectRefusal(answer, 'unauthorized_client', 403)
      expect([corsHeaders(answer), answer.headers['vary']]).toEqual([[], 'Origin'])
    }
    const answer = await issuer.redeem(authorized, {}, { headers: { origin: 'https://other.test' } })
    expectTokens(answer)
    expect(answer.headers['access-control-allow-origin']).toBe('https://other.test')
  })

  it('A-CORS-03 an explicit list replaces the origins of the redirect URIs', async () => {
    const issuer = await newIssuer()
    const client = await issuer.addClient({
      type: 'spa',
      name: 'Split',
      redirectUris: ['https://split.test/cb'],
      allowedOrigins: ['https://assets.split.test'],
      scope: 'openid',
    })
    const authorized = await issuer.authorize({ client, parameters: { scope: 'openid', resource: undefined } })
    const first = await issuer.redeem(authorized, {}, { headers: { origin: 'https://split.test' } })
    expectRefusal(first, 'unauthorized_client', 403)
    expectTokens(await issuer.redeem(authorized, {}, { headers: { origin: 'https://assets.split.test' } }))
  })

  it('A-CORS-04, A-CORS-05 errors are as readable as successes, without credentials, and what may be read is named', async () => {
    const issuer = await newIssuer()
    const { P } = issuer.clients
    const headers = { origin: app }
    const flow = await issuer.codeFlow({
      client: P,
      parameters: { resource: undefined, scope: 'openid offline_access' },
    })
    const answers = [
      await issuer.refresh(flow, {}, { headers }),
      await issuer.refresh(flow, { scope: 'admin' }, { headers }),
      await issuer.refresh({ ...flow, refreshToken: 'x' }, {}, { headers }),
      await issuer.token(P, { grant_type: 'password' }, { headers }),
      await issuer.token(P, { scope: ['a', 'b'] }, { headers }),
      await issuer.post('/oauth2/token', { client_id: 'unknown', grant_type: 'refresh_token' }, { headers }),
      await issuer.revoke(P, 'x', { headers }),
      await issuer.revoke(P, '', { headers }),
      await issuer.userinfo(flow.accessToken, headers),
      await issuer.userinfo('x', headers),
    ]
    for (const answer of answers) {
      expect(answer.headers['access-control-allow-origin']).toBe(app)
      expect(answer.headers['access-control-expose-headers']).toBe('WWW-Authenticate, DPoP-Nonce, Retry-After')
      expect(headerOf(answer, 'vary')).toBe('Origin')
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
    }
  })

  it('A-CORS-04 answers that depend on the origin say so also when none was sent', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({
      client: issuer.clients.P,
      parameters: { resource: undefined, scope: 'openid' },
    })
    const answers = [flow.answer, await issuer.userinfo(flow.accessToken), await issuer.revoke(flow.client, 'x')]
    for (const answer of answers) expect([corsHeaders(answer), answer.headers['vary']]).toEqual([[], 'Origin'])
  })

  it('A-CORS-03 a disabled client approves nothing any more', async () => {
    const issuer = await newIssuer()
    await issuer.changeClient(issuer.clients.P, { disabledAt: issuer.clock.now() })
    const answer = await issuer.send({ method: 'OPTIONS', path: '/oauth2/token', headers: preflightHeaders(app) })
    expect(corsHeaders(answer)).toEqual([])
  })
})
