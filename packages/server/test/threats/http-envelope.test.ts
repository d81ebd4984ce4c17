import { createPolicy, IssuerError, parseIssuer } from '@sallyport/server'
import { headerOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { newRealIssuer, signedIn } from '../real-pages.ts'

describe('caching', () => {
  it('HH-04 everything may be kept by nobody, except documents and files that are the same for all', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.codeFlow()
    const own = await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } })
    await issuer.introspect(issuer.clients.RS1, flow.accessToken)
    await issuer.userinfo(own.accessToken)
    await issuer.userinfo('x')
    await issuer.revoke(issuer.clients.K, flow.accessToken)
    await issuer.post('/oauth2/token', {})
    await flow.authorized.browser.open('/oauth2/logout')
    await issuer.send({ path: '/oauth2/token', method: 'OPTIONS', headers: { origin: 'https://app.test' } })
    await issuer.get('/nothing')
    const shared = ['/oauth2/jwks', '/.well-known/openid-configuration', '/assets/sallyport.css']
    for (const path of shared) await issuer.get(path)
    for (const { request, response } of issuer.records.exchanges) {
      const cache = response.headers['cache-control']
      if (shared.includes(request.path)) expect([request.path, cache]).toEqual([request.path, 'public, max-age=300'])
      else expect([request.path, cache]).toEqual([request.path, 'no-store'])
    }
  })

  it('HH-04 documents are the same bytes for any host, origin and query', async () => {
    const issuer = await newRealIssuer()
    for (const path of ['/oauth2/jwks', '/.well-known/openid-configuration']) {
      const plain = await issuer.get(path)
      const odd = await issuer.get(`${path}?x=1`, { host: 'evil.test', origin: 'https://evil.test', cookie: 'a=b' })
      expect([odd.text, odd.headers['etag']]).toEqual([plain.text, plain.headers['etag']])
    }
  })

  const deceptions = [
    '/oauth2/userinfo/a.css',
    '/oauth2/userinfo;x.js',
    '/account/%2e%2e/style.css',
    '/oauth2/token%0a.png',
    '/login/x.css',
    '/login;jsessionid=1',
    '/oauth2/userinfo%2fa.css',
    '/oauth2/userinfo/',
  ]
  it.for(deceptions)('HH-05, HH-08 there is nothing at %s', async (path) => {
    const issuer = await newRealIssuer()
    const { accessToken, authorized } = await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } })
    const cookie = authorized.browser.jar.header(true)
    const answer = await issuer.get(path, { authorization: `Bearer ${accessToken}`, cookie })
    expect([answer.status, answer.headers['cache-control']]).toEqual([404, 'no-store'])
    expect(answer.text).not.toContain(issuer.alice.subject)
  })

  it('HH-06 no answer is compressed, whatever the browser would take', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await issuer.begin({ parameters: { login_hint: 'guess' } })
    const answers = [
      await browser.get(visit.url, { 'accept-encoding': 'gzip, br' }),
      await issuer.get('/oauth2/jwks', { 'accept-encoding': 'gzip' }),
    ]
    for (const answer of answers) expect(answer.headers).not.toHaveProperty('content-encoding')
  })
})

describe('methods and paths', () => {
  const paths = [
    '//admin',
    '/%61dmin',
    '/admin/..;/oauth2/token',
    '/./oauth2/token',
    '/OAUTH2/token',
    '/oauth2%2ftoken',
    '/oauth2/token.',
    '/oauth2//token',
    '/oauth2/token/',
    '/oauth2/x/../token',
    '\\oauth2\\token',
    'https://as.test/oauth2/token',
    '*',
  ]
  it.for(paths)('HH-08 %s is nothing', async (path) => {
    const issuer = await newRealIssuer()
    for (const method of ['GET', 'POST', 'OPTIONS']) expect((await issuer.send({ path, method })).status).toBe(404)
    expect(eventsOf(issuer, 'http.request.rejected', 'path')).toHaveLength(3)
  })

  it('HH-08 the method is the one that was sent', async () => {
    const issuer = await newRealIssuer()
    const { K } = issuer.clients
    for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'get'])
      expect((await issuer.send({ path: '/oauth2/token', method })).status).toBe(405)
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'GET' }
    expect((await issuer.token(K, { grant_type: 'x' }, { headers })).json['error']).toBe('unsupported_grant_type')
    expect((await issuer.get('/oauth2/token', { 'x-http-method-override': 'POST' })).status).toBe(405)
  })

  it('HH-09 credentials in the address are never read, and stand in no log', async () => {
    const issuer = await newRealIssuer()
    const { K } = issuer.clients
    const flow = await issuer.authorize()
    for (const query of [
      `client_secret=${K.secret ?? ''}`,
      `code=${flow.code}`,
      `code_verifier=${flow.verifier}`,
      'refresh_token=x',
      'token=x',
      'access_token=x',
    ])
      for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect']) {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const answer = await issuer.send({ path, method: 'POST', query, headers, body: Buffer.from('grant_type=x') })
        expect([query, answer.status, answer.json['error']]).toEqual([query, 400, 'invalid_request'])
      }
    expect(eventsOf(issuer, 'http.request.rejected', 'query_credential')).toHaveLength(18)
    expect((await issuer.redeem(flow)).status).toBe(200)
  })
})

describe('TLS and bodies', () => {
  it('HH-10, CS-15 plain http is for this machine alone, and https says so for a year', async () => {
    for (const bad of [
      'http://as.example',
      'http://10.0.0.1',
      'http://localhost.evil.test',
      'http://127.0.0.2',
      'http://[::2]',
    ])
      expect(() => parseIssuer(bad)).toThrow(IssuerError)
    for (const fine of ['http://localhost:7636', 'http://127.0.0.1:1', 'http://[::1]'])
      expect(parseIssuer(fine).secure).toBe(false)
    const issuer = await newRealIssuer()
    const page = await issuer.browser().get('/login')
    expect(headerOf(page, 'strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
    const local = await newRealIssuer({ issuer: 'http://localhost:7636' })
    const { browser } = await signedIn(local)
    expect(browser.jar.names.some((name) => name.startsWith('__Host-'))).toBe(false)
  })

  it.for(['gzip', 'br', 'deflate', 'GZIP', 'identity, gzip', 'x'])(
    'HH-11 a body in %s is refused without a look',
    async (encoding) => {
      const issuer = await newRealIssuer()
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': encoding }
      for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect', '/oauth2/authorize', '/login']) {
        const answer = await issuer.send({ path, method: 'POST', headers, body: Buffer.alloc(1000) })
        expect([path, answer.status]).toEqual([path, 415])
      }
      expect(eventsOf(issuer, 'http.request.rejected', 'encoding')).toHaveLength(5)
    },
  )

  it('HH-11 identity is no encoding, and the limit of a body has a ceiling', async () => {
    const issuer = await newRealIssuer()
    const headers = { 'content-encoding': 'identity' }
    expect((await issuer.token(issuer.clients.K, { grant_type: 'x' }, { headers })).json['error']).toBe(
      'unsupported_grant_type',
    )
    expect(() => createPolicy({ requestBodySize: 1024 * 1024 })).toThrow('above the ceiling')
  })
})
