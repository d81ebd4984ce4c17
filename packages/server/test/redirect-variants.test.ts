import { createClientKey, type ClientKind } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { bring, objectOf } from './signed/fixtures.ts'
import { eventsOf, expectErrorPage, expectPage, expectRefusal, newIssuer } from './fixtures.ts'

type Variant = readonly [row: string, sent: string, client?: ClientKind]

const rejected: readonly Variant[] = [
  ['R02', 'https://app.test/cb/'],
  ['R03', 'https://app.test/CB'],
  ['R04', 'https://APP.test/cb'],
  ['R05', 'HTTPS://app.test/cb'],
  ['R06', 'http://app.test/cb'],
  ['R07', 'https://app.test:443/cb'],
  ['R08', 'https://app.test:8443/cb'],
  ['R09', 'https://app.test/cb?x=1'],
  ['R10', 'https://app.test/cb?'],
  ['R11', 'https://app.test/cb#'],
  ['R12', 'https://app.test/cb#f'],
  ['R13', 'https://app.test/./cb'],
  ['R14', 'https://app.test/x/../cb'],
  ['R15', 'https://app.test/cb/../evil'],
  ['R16', 'https://app.test/cb/..;/evil'],
  ['R17', 'https://app.test/%2e%2e/cb'],
  ['R18', 'https://app.test/c%62'],
  ['R19', 'https://app.test//cb'],
  ['R20', 'https://app.test%2fcb'],
  ['R21', 'https://user@app.test/cb'],
  ['R22', 'https://app.test@evil.test/cb'],
  ['R23', 'https://app.test:x@evil.test/cb'],
  ['R24', 'https://a@b@app.test/cb'],
  ['R25', 'https://app.test\\@evil.test/cb'],
  ['R26', 'https://evil.test\\.app.test/cb'],
  ['R27', 'https:\\\\app.test\\cb'],
  ['R28', 'https:/app.test/cb'],
  ['R29', 'https:app.test/cb'],
  ['R30', '//app.test/cb'],
  ['R31', '/cb'],
  ['R32', ' https://app.test/cb'],
  ['R33', 'https://app.test/cb%09'],
  ['R34', 'https://app.test/c\tb'],
  ['R35', 'https://app.test/cb\r\nX: y'],
  ['R36', 'https://app.test/cb%00.evil.test'],
  ['R37', 'https://app.test.evil.test/cb'],
  ['R38', 'https://evil.test/https://app.test/cb'],
  ['R39', 'https://app.test./cb'],
  ['R40', 'https://xn--app-1na.test/cb'],
  ['R41', 'https://äpp.test/cb'],
  ['R42', 'https://app.test/cb;jsessionid=1'],
  ['R45', 'javascript:alert(1)'],
  ['R46', 'data:text/html,x'],
  ['R47', 'http://localhost/cb', 'N'],
  ['R49', 'http://[::1]/cb', 'N'],
  ['R50', 'http://127.0.0.1.evil.test/cb', 'N'],
  ['R52', 'com.example.app://cb', 'N'],
  ['R53', 'COM.example.app:/cb', 'N'],
]

const accepted: readonly Variant[] = [
  ['R01', 'https://app.test/cb', 'P'],
  ['R48', 'http://127.0.0.1:5000/cb', 'N'],
  ['R51', 'com.example.app:/cb', 'N'],
]

describe('variants of a redirect URI', () => {
  it.for(rejected)('RU-01, A-REDIR-01 %s %j is refused with a page', async ([, redirect_uri, kind = 'P']) => {
    const issuer = await newIssuer()
    const client = issuer.clients[kind]
    for (const method of ['GET', 'POST'] as const) {
      const result = await issuer.authorize({ client, method, parameters: { redirect_uri } })
      expectPage(result, 'redirect_uri_mismatch')
      expect(result.visit.answer.text).not.toMatch(/href=|action=|http-equiv/)
    }
    expect(eventsOf(issuer, 'authz.redirect_uri.mismatch')).toHaveLength(2)
    expect(issuer.store.calls).not.toContain('saveInteraction')
  })

  it.for(accepted)('RU-01 %s %j is accepted and answered there', async ([, redirect_uri, kind = 'P']) => {
    const issuer = await newIssuer()
    const { code, visit } = await issuer.authorize({ client: issuer.clients[kind], parameters: { redirect_uri } })
    expect(code).not.toBe('')
    expect(visit.leftFor?.startsWith(`${redirect_uri}?code=`)).toBe(true)
  })

  it.for(rejected)('B-PAR-11 %s %j is refused when it is pushed', async ([, redirect_uri, kind = 'P']) => {
    const issuer = await newIssuer()
    const client = issuer.clients[kind]
    const { sent } = await issuer.begin({ client })
    expectRefusal(await issuer.push(client, { ...sent, redirect_uri }), 'invalid_request')
  })

  it.for(accepted)(
    'B-PAR-11 %s %j is accepted when it is pushed, and answered there',
    async ([, redirect_uri, kind = 'P']) => {
      const issuer = await newIssuer()
      const { visit } = await issuer.authorize({
        client: issuer.clients[kind],
        pushed: true,
        parameters: { redirect_uri },
      })
      expect(visit.leftFor?.startsWith(`${redirect_uri}?code=`)).toBe(true)
    },
  )

  it.for(rejected)('RU-02, B-JAR-01 %s %j is refused in a signed request', async ([, redirect_uri, kind = 'P']) => {
    const issuer = await newIssuer()
    const key = createClientKey()
    const client = await issuer.changeClient(issuer.clients[kind], { jwks: { keys: [key.jwk] } })
    const { request } = objectOf(issuer, { client, key }, { redirect_uri })
    expectPage(await bring(issuer, client, request), 'redirect_uri_mismatch')
    expectRefusal(await issuer.push(client, { request }), 'invalid_request')
    expect(eventsOf(issuer, 'authz.redirect_uri.mismatch')).toHaveLength(2)
  })

  it.for(accepted)('RU-02, B-JAR-01 %s %j is answered there', async ([, redirect_uri, kind = 'P']) => {
    const issuer = await newIssuer()
    const key = createClientKey()
    const client = await issuer.changeClient(issuer.clients[kind], { jwks: { keys: [key.jwk] } })
    const { visit } = await bring(issuer, client, objectOf(issuer, { client, key }, { redirect_uri }).request)
    expect(visit.leftFor?.startsWith(`${redirect_uri}?code=`)).toBe(true)
  })

  it('RU-01 R43 array syntax is an unknown name', async () => {
    const issuer = await newIssuer()
    const parameters = { redirect_uri: undefined, 'redirect_uri[]': 'https://app.test/cb' }
    expectPage(await issuer.authorize({ client: issuer.clients.P, parameters }), 'redirect_uri_missing')
  })

  it('RU-01, RU-05 R44 a doubled redirect URI is refused in every order', async () => {
    const issuer = await newIssuer()
    const good = 'https://app.test/cb'
    for (const pair of [
      [good, 'https://evil.test/cb'],
      ['https://evil.test/cb', good],
      [good, good],
      ['', good],
    ])
      for (const method of ['GET', 'POST'] as const) {
        const parameters = { redirect_uri: pair }
        expectPage(await issuer.authorize({ client: issuer.clients.P, method, parameters }), 'param_duplicated')
      }
  })

  it('RU-05, PP-03 one in the query and one in the body is refused', async () => {
    const issuer = await newIssuer()
    const { sent } = await issuer.begin({ client: issuer.clients.P })
    const body = new URLSearchParams(sent as Record<string, string>).toString()
    const answer = await issuer.send({
      method: 'POST',
      path: '/oauth2/authorize',
      query: 'redirect_uri=https%3A%2F%2Fevil.test%2Fcb',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(body),
    })
    expectErrorPage(answer, 'query_on_post')
  })

  it.for([
    'https://app.test/cb?tenant=1&tenant=2',
    'https://app.test/cb?tenant=2',
    'https://app.test/cb',
    'https://app.test/cb?tenant=1&',
  ])('RU-01 R54 R55 a registered query is part of the string: %s is refused', async (redirect_uri) => {
    const issuer = await newIssuer()
    const registered = 'https://app.test/cb?tenant=1'
    const client = await issuer.addClient({ type: 'spa', name: 'Q', redirectUris: [registered], scope: 'openid read' })
    expectPage(await issuer.authorize({ client, parameters: { redirect_uri } }), 'redirect_uri_mismatch')
    const good = await issuer.authorize({ client, parameters: { scope: 'openid read' } })
    expect(good.visit.leftFor?.startsWith(`${registered}&code=`)).toBe(true)
  })
})
