import { headerOf } from '@sallyport/testing'
import { StoreUnavailable } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { expectBack, expectEvent, expectErrorPage, expectPage, newIssuer } from './fixtures.ts'

describe('client and response type', () => {
  it('A-AUTHZ-01, IN-10 GET and POST, nothing else', async () => {
    const issuer = await newIssuer()
    expect((await issuer.authorize({ method: 'POST' })).code).not.toBe('')
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'get', 'X']) {
      const answer = await issuer.send({ method, path: '/oauth2/authorize' })
      expectErrorPage(answer, 'method', 405)
      expect(answer.headers['allow']).toBe('GET, POST')
    }
    // An answer to HEAD has no body.
    const head = await issuer.send({ method: 'HEAD', path: '/oauth2/authorize' })
    expect([head.status, head.headers['allow'], head.text]).toEqual([405, 'GET, POST', ''])
  })

  it('A-AUTHZ-02, A-AUTHZ-03 missing, unknown and disabled clients are the same page, whatever the address looks like', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const ids = [
      undefined,
      '',
      'client_unknown',
      `${K.id} `,
      K.id.toUpperCase(),
      K.id.slice(1),
      'x'.repeat(5000),
      '__proto__',
    ]
    for (const client_id of ids) {
      const result = await issuer.authorize({ parameters: { client_id } })
      expectPage(result, client_id === undefined || client_id === '' ? 'client_id_missing' : 'client_unknown')
    }
    await issuer.changeClient(K, { disabledAt: issuer.clock.now() })
    expectPage(await issuer.authorize(), 'client_disabled')
  })

  it('A-AUTHZ-03 a client disabled while its request was open gets no code', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin()
    await issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() })
    const { visit, code } = await issuer.finish(begun)
    expect([visit.answer.status, visit.leftFor, code]).toEqual([400, undefined, ''])
  })

  it('A-AUTHZ-05 response_type is needed and is code', async () => {
    const issuer = await newIssuer()
    for (const response_type of [undefined, ''])
      expectBack(await issuer.authorize({ parameters: { response_type } }), 'invalid_request')
    for (const response_type of ['foo', 'code foo', 'CODE', 'code code', 'code,token', ' code', 'none'])
      expectBack(await issuer.authorize({ parameters: { response_type } }), 'unsupported_response_type')
  })

  it.for(['token', 'id_token', 'id_token token', 'code token', 'code id_token', 'code id_token token', 'token code'])(
    'A-AUTHZ-06, A-BCP-02 response_type %s is refused in the query, never in a fragment',
    async (response_type) => {
      const issuer = await newIssuer()
      const { browser } = await issuer.authorize({ remember: true })
      const result = await issuer.authorize({ browser, parameters: { response_type } })
      expectBack(result, 'unsupported_response_type')
      expect(result.visit.leftFor).not.toContain('#')
      expect(result.visit.leftFor).not.toContain('token=')
    },
  )

  it('A-AUTHZ-07 a client without the code grant cannot use the endpoint', async () => {
    const issuer = await newIssuer()
    const client = await issuer.addClient({
      type: 'web',
      name: 'Machine',
      redirectUris: ['https://m.test/cb'],
      grantTypes: ['client_credentials'],
      scope: 'read',
    })
    expectBack(await issuer.authorize({ client, parameters: { scope: 'read' } }), 'unauthorized_client')
  })
})

describe('scope', () => {
  it.for([
    'no-such-scope',
    'openid admin',
    'openid  read',
    ' openid',
    'openid ',
    'openid\tread',
    'read"',
    'read\\',
    'réad',
    'OpenID',
    'openid,read',
    'a'.repeat(3000),
    'x '.repeat(200),
  ])('A-AUTHZ-08, IN-11 %j is refused', async (scope) => {
    const issuer = await newIssuer()
    const result = await issuer.authorize({ parameters: { scope } })
    expectBack(result, scope.includes('\t') ? 'invalid_request' : 'invalid_scope')
    expect(issuer.store.calls).not.toContain('saveInteraction')
  })

  it('A-AUTHZ-08 scope outside the registration of the client is refused, not dropped', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { scope: ['openid', 'read'] })
    expectBack(await issuer.authorize({ client, parameters: { scope: 'openid read write' } }), 'invalid_scope')
  })

  it('A-AUTHZ-08 without scope the default of the client counts, and without one the request fails', async () => {
    const issuer = await newIssuer()
    for (const scope of [undefined, '']) expectBack(await issuer.authorize({ parameters: { scope } }), 'invalid_scope')
    const client = await issuer.changeClient(issuer.clients.K, { defaultScope: ['openid', 'read'] })
    const tokens = await issuer.codeFlow({ client, parameters: { scope: undefined } })
    expect([tokens.scope, tokens.idToken !== '', tokens.refreshToken]).toEqual(['read', true, ''])
  })

  it('A-AUTHZ-08 order and repetition mean nothing', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow({ parameters: { scope: 'write read openid read write' } })
    expect(tokens.scope.split(' ').sort()).toEqual(['read', 'write'])
  })
})

describe('state and nonce', () => {
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

  it('A-AUTHZ-09 every printable character comes back byte for byte, in success and error', async () => {
    const issuer = await newIssuer()
    for (const response_mode of ['query', 'form_post']) {
      const good = await issuer.authorize({ parameters: { state: printable, response_mode } })
      expect([good.response.get('state'), good.code === '']).toEqual([printable, false])
      const bad = await issuer.authorize({ parameters: { state: printable, response_mode, scope: 'bad' } })
      expect([bad.response.get('state'), bad.error]).toEqual([printable, 'invalid_scope'])
    }
  })

  it('A-AUTHZ-09 2048 characters are kept, 2049 are refused and not echoed', async () => {
    const issuer = await newIssuer()
    const longest = await issuer.authorize({ parameters: { state: 's'.repeat(2048) } })
    expect(longest.response.get('state')).toHaveLength(2048)
    for (const state of ['s'.repeat(2049), 'é', 'a\u007f', '☃']) {
      const result = await issuer.authorize({ parameters: { state } })
      expectBack({ ...result, sent: { ...result.sent, state: undefined } }, 'invalid_request')
    }
  })

  it('A-AUTHZ-09, A-AUTHZ-10 without state none is invented, and it is counted', async () => {
    const issuer = await newIssuer()
    for (const state of [undefined, '']) {
      const { response, code } = await issuer.authorize({ parameters: { state } })
      expect([response.has('state'), code === '']).toEqual([false, false])
    }
    const counted = issuer.records.measures.filter(({ name }) => name === 'authorization_requests_without_state')
    expect(counted).toHaveLength(2)
  })

  it('A-AUTHZ-10 a client registered to send state has to', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { requireState: true })
    expectBack(await issuer.authorize({ client, parameters: { state: undefined } }), 'invalid_request')
    expect((await issuer.authorize({ client })).code).not.toBe('')
  })
})

describe('errors', () => {
  it('A-AUTHZ-11, AR-05 a failing store becomes temporarily_unavailable, anything else server_error, with nothing told', async () => {
    const issuer = await newIssuer({ mayFail: true })
    for (const [error, code] of [
      [new StoreUnavailable('unreachable', new Error('/var/lib/secret.db')), 'temporarily_unavailable'],
      [new Error('SELECT * FROM secrets'), 'server_error'],
    ] as const) {
      issuer.store.failNext('saveInteraction', error, { times: 1 })
      const result = await issuer.authorize()
      expectBack(result, code)
      expect(result.visit.leftFor).not.toMatch(/secret|SELECT|store/)
    }
    expect(issuer.records.faults.map(({ message }) => message)).toEqual([
      'store unavailable: unreachable',
      'internal fault',
    ])
  })

  it('A-AUTHZ-11 a store that fails at the code is told to the client too, and the request can be finished afterwards', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const { browser } = await issuer.authorize({ remember: true })
    issuer.store.failNext('issueCode', new StoreUnavailable('full'), { times: 1 })
    expectBack(await issuer.authorize({ browser, parameters: { scope: 'openid read' } }), 'temporarily_unavailable')
    expect((await issuer.authorize({ browser })).code).not.toBe('')
  })

  it('A-AUTHZ-12 denial at the consent page, and giving up at the login page, are access_denied', async () => {
    const issuer = await newIssuer()
    expectBack(await issuer.authorize({ decision: 'deny' }), 'access_denied')
    const begun = await issuer.begin()
    const visit = await begun.browser.submit(begun.visit, 'login-cancel-form', { decision: 'cancel' })
    expect(visit.answer.parameters.get('error')).toBe('access_denied')
    expect(visit.answer.parameters.get('iss')).toBe('https://as.test')
    expect(visit.answer.parameters.get('state')).toBe(begun.sent['state'])
  })

  it('A-AUTHZ-13 somebody who is not signed in meets a page before anything goes to the client', async () => {
    const issuer = await newIssuer()
    const { visit } = await issuer.begin({ client: issuer.clients.E })
    expect([visit.answer.status, visit.leftFor]).toEqual([200, undefined])
  })

  it('A-AUTHZ-17, A-CORS-01 there is no CORS here', async () => {
    const issuer = await newIssuer()
    const headers = { origin: 'https://app.test', 'access-control-request-method': 'GET' }
    const preflight = await issuer.send({ method: 'OPTIONS', path: '/oauth2/authorize', headers })
    expect(preflight.status).toBe(405)
    const { sent } = await issuer.begin()
    const query = new URLSearchParams(sent as Record<string, string>).toString()
    for (const answer of [preflight, await issuer.send({ path: '/oauth2/authorize', query, headers })])
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('response modes', () => {
  it('A-AUTHZ-18 the form_post page keeps to itself, and its form goes to the redirect origin alone', async () => {
    const issuer = await newIssuer()
    for (const parameters of [{ response_mode: 'form_post' }, { response_mode: 'form_post', scope: 'bad' }]) {
      const { visit, response } = await issuer.authorize({ parameters })
      const { answer } = visit
      expect(answer.status).toBe(200)
      expect(response.get('iss')).toBe('https://as.test')
      expect(headerOf(answer, 'cache-control')).toBe('no-store')
      expect(headerOf(answer, 'referrer-policy')).toBe('no-referrer')
      const policy = headerOf(answer, 'content-security-policy') ?? ''
      const nonce = /script-src 'nonce-([\w-]+)'/.exec(policy)?.[1]
      expect(answer.text.match(/<script[^>]*>/g)).toEqual([`<script nonce="${nonce}">`])
      expect(policy).toMatch(/; form-action https:\/\/web\.test$/)
      expect(policy).toContain("default-src 'none'")
    }
  })

  it('A-AUTHZ-18, A-GEN-08 what is written into the form is escaped', async () => {
    const issuer = await newIssuer()
    const state = `"><script>alert('1')</script>&amp;`
    const { visit, response } = await issuer.authorize({ parameters: { response_mode: 'form_post', state } })
    expect(visit.answer.text.match(/<script/g)).toHaveLength(1)
    expect(response.get('state')).toBe(state)
  })

  it('A-AUTHZ-18 the mode fragment is refused in the query', async () => {
    const issuer = await newIssuer()
    const result = await issuer.authorize({ parameters: { response_mode: 'fragment' } })
    expectBack(result, 'invalid_request')
    expectEvent(issuer, 'authz.request.rejected', { reason: 'response_mode' })
  })
})
