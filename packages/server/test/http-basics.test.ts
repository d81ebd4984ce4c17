import { createServer, IssuerError, parseIssuer, type ServerOptions } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { encodeParameters, plainPages, plainPeople } from '@sallyport/testing'
import { seconds, systemRandom } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { expectBack, expectPage, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

describe('the issuer identifier', () => {
  it.for([
    'http://as.example',
    'http://10.0.0.1',
    'http://127.0.0.2',
    'http://localhost.evil.test',
    'ftp://as.example',
    'as.example',
    '',
    'https://as.example?x=1',
    'https://as.example?',
    'https://as.example#x',
    'https://as.example/#',
    'https://user@as.example',
    'HTTPS://as.example',
    'https://AS.example',
    'https://as.example:443',
    'https://as.example/a/../b',
    ' https://as.example',
  ])('A-GEN-01, A-META-03 %j is refused at start', async (issuer) => {
    expect(() => parseIssuer(issuer)).toThrow(IssuerError)
    const store = createMemoryStore()
    const now = () => seconds(0)
    const { accounts } = plainPeople({ store, now, random: systemRandom() })
    const options: ServerOptions = {
      issuer,
      store,
      accounts,
      pages: plainPages,
      masterKey: Buffer.alloc(32),
      upkeepInterval: 0,
    }
    await expect(createServer(options)).rejects.toThrow(IssuerError)
  })

  it.for([
    'https://as.example',
    'https://as.example/',
    'https://as.example/tenant1',
    'https://as.example:8443',
    'http://localhost:7636',
    'http://127.0.0.1:7636',
    'http://[::1]:7636',
  ])('A-GEN-01 %s is accepted', (issuer) => {
    expect(parseIssuer(issuer).issuer).toBe(issuer)
  })
})

describe('answers', () => {
  it('A-GEN-02, CS-18 every redirect is a 303', async () => {
    const issuer = await newIssuer()
    const { browser } = await issuer.authorize({
      remember: true,
      parameters: { prompt: 'login consent select_account' },
    })
    await issuer.authorize({ browser })
    await issuer.authorize({ browser, method: 'POST' })
    await issuer.authorize({ browser, parameters: { scope: 'bad' } })
    await issuer.authorize({ browser, parameters: { prompt: 'consent' }, decision: 'deny' })
    const { idToken } = await issuer.codeFlow()
    await issuer.get(`/oauth2/logout?id_token_hint=${idToken}&post_logout_redirect_uri=https%3A%2F%2Fweb.test%2Fbye`)
    const redirects = issuer.records.exchanges.filter(({ response }) => 'location' in response.headers)
    expect(redirects.length).toBeGreaterThan(15)
    expect(new Set(redirects.map(({ response }) => response.status))).toEqual(new Set([303]))
  })

  it('A-GEN-03 nothing but metadata and keys may be kept, and the token endpoint says so for HTTP/1.0 too', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid offline_access' } })
    await issuer.refresh(flow)
    await issuer.refresh({ ...flow, refreshToken: 'x' })
    await issuer.userinfo(flow.accessToken)
    await issuer.userinfo('x')
    await issuer.introspect(issuer.clients.RS1, flow.accessToken)
    await issuer.introspect(issuer.clients.P, flow.accessToken)
    await issuer.revoke(flow.client, flow.accessToken)
    await issuer.authorize({ parameters: { client_id: 'x' } })
    await issuer.get('/oauth2/logout')
    await issuer.get('/nowhere')
    for (const { request, response } of issuer.records.exchanges) {
      expect([request.path, response.headers['cache-control']]).toEqual([request.path, 'no-store'])
      if (request.path.endsWith('/token')) expect(response.headers['pragma']).toBe('no-cache')
    }
  })

  it('A-GEN-05, A-GEN-08 nothing from a request stands in an error, whatever was sent', async () => {
    const issuer = await newIssuer()
    const nasty = [
      '<script>alert(1)</script>',
      '"\r\nSet-Cookie: a=b',
      '\\',
      '☃',
      '\u0000',
      'x'.repeat(3000),
      "';DROP TABLE--",
    ]
    const names = [
      'scope',
      'state',
      'nonce',
      'prompt',
      'resource',
      'claims',
      'max_age',
      'response_type',
      'code_challenge',
      'redirect_uri',
      'client_id',
    ]
    const allowed = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
    for (const value of nasty) {
      for (const name of names) {
        const { response, visit } = await issuer.begin({ parameters: { [name]: value } }).then((begun) => ({
          response: begun.visit.answer.parameters,
          visit: begun.visit,
        }))
        expect(response.get('error_description') ?? '').toMatch(allowed)
        expect(response.get('error_uri') ?? '').toMatch(/^[\x21\x23-\x5b\x5d-\x7e]*$/)
        if (visit.leftFor === undefined) expect(visit.answer.text).not.toContain(value.length > 3 ? value : '<none>')
      }
      const answer = await issuer.token(issuer.clients.K, { grant_type: value, code: value, redirect_uri: value })
      expect(String(answer.json['error_description'])).toMatch(allowed)
      expect(answer.text).not.toContain(value.length > 3 ? value : '<none>')
    }
  })

  it('A-GEN-06 names of hosts in a request change nothing', async () => {
    const issuer = await newIssuer()
    const headers = {
      host: 'evil.test',
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.test',
    }
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])
      expect((await issuer.get(path, headers)).text).not.toContain('evil.test')
    const { sent } = await issuer.begin()
    const answer = await issuer.get(`/oauth2/authorize?${encodeParameters(sent)}`, headers)
    expect(answer.location).toMatch(/^https:\/\/as\.test\/login/)
    const event = (await issuer.get('/nowhere', { 'x-forwarded-for': '203.0.113.7' }), issuer.records.events.at(-1))
    expect(event?.network).toBe('198.51.100.20')
  })
})

describe('handles', () => {
  it('A-GEN-07 every one is 43 characters of base64url, and all are different', async () => {
    const issuer = await newIssuer()
    const handles: string[] = []
    for (let round = 0; round < 20; round++) {
      const flow = await issuer.codeFlow()
      handles.push(
        flow.authorized.code,
        flow.refreshToken,
        ...flow.authorized.browser.jar.names.map((name) => flow.authorized.browser.jar.get(name) ?? ''),
      )
      handles.push(new URL(flow.authorized.visit.url).searchParams.get('interaction') ?? '')
    }
    for (const handle of handles) expect(handle).toMatch(/^[\w-]{43}$/)
    expect(new Set(handles).size).toBe(handles.length)
  })

  it('A-GEN-07, A-PKCE-11 ten thousand drawn handles are different and use the whole alphabet', () => {
    const random = systemRandom()
    const drawn = new Set(Array.from({ length: 10_000 }, () => random.handle()))
    expect(drawn.size).toBe(10_000)
    expect([...drawn].every((handle) => /^[\w-]{43}$/.test(handle))).toBe(true)
    expect(new Set([...drawn].join('')).size).toBe(64)
  })
})

describe('parameters', () => {
  it('A-GEN-04 doubled is an error, empty is absent, unknown is ignored', async () => {
    const issuer = await newIssuer()
    expectBack(await issuer.authorize({ parameters: { scope: ['openid', 'read'] } }), 'invalid_request')
    expectBack(await issuer.authorize({ parameters: { code_challenge: '' } }), 'invalid_request')
    expectPage(await issuer.authorize({ parameters: { client_id: ['a', 'b'] } }), 'param_duplicated')
    const authorized = await issuer.authorize({ parameters: { foo: 'bar', display: 'page' } })
    expectRefusal(await issuer.redeem(authorized, { scope: ['a', 'b'] }), 'invalid_request')
    expectTokens(await issuer.redeem(authorized, { foo: 'bar', 'code[]': 'x' }))
  })

  it('A-GEN-04 resource alone may be repeated', async () => {
    const issuer = await newIssuer()
    const parameters = { resource: ['https://rs1.test', 'https://rs2.test'], scope: 'openid read deliver' }
    const authorized = await issuer.authorize({ parameters })
    expectTokens(await issuer.redeem(authorized, { resource: 'https://rs2.test' }))
  })

  it('A-GEN-08, IN-03 a body above the cap is told so', async () => {
    const issuer = await newIssuer()
    for (const path of ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke']) {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      expectRefusal(await issuer.send({ method: 'POST', path, headers, fault: 'size' }), 'invalid_request', 413)
    }
  })
})
