import { headerOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack, expectTokens, newIssuer } from '../fixtures.ts'
import {
  asTestClient,
  clientCount,
  initialToken,
  manage,
  openIssuer,
  outcome,
  plain,
  register,
  send,
} from './registrations.ts'

describe('who may register', () => {
  it('B-REG-01, A-DCR-02 nobody unless an operator says so', async () => {
    const issuer = await newIssuer()
    for (const [method, path] of [
      ['POST', '/oauth2/register'],
      ['GET', '/oauth2/register/client_x'],
      ['OPTIONS', '/oauth2/register'],
    ] as const)
      expect((await send(issuer, method, path, plain)).status).toBe(404)
    const metadata = await issuer.get('/.well-known/openid-configuration')
    expect(metadata.json).not.toHaveProperty('registration_endpoint')
  })

  it('A-DCR-02, B-REG-01 holders of an initial access token, as often and as long as it says', async () => {
    const issuer = await newIssuer({ registration: { mode: 'initial_access_token' } })
    const metadata = await issuer.get('/.well-known/oauth-authorization-server')
    expect(metadata.json['registration_endpoint']).toBe('https://as.test/oauth2/register')
    const token = await initialToken(issuer, { uses: 2, lifetime: 600 })
    const over = await initialToken(issuer, { uses: 2, lifetime: 0 })
    for (const bad of [undefined, 'x', over, `${token}x`]) {
      const answer = await register(issuer, plain, { token: bad })
      expect([bad?.length, outcome(answer)]).toEqual([bad?.length, '401 invalid_token'])
      expect(headerOf(answer, 'www-authenticate')).toMatch(
        /^Bearer realm="https:\/\/as\.test", error="invalid_token", resource_metadata="[^"]+"$/,
      )
      expect(answer.headers['cache-control']).toBe('no-store')
    }
    expect(outcome(await register(issuer, plain, { token }))).toBe('201')
    expect(outcome(await register(issuer, plain, { token }))).toBe('201')
    expect(outcome(await register(issuer, plain, { token }))).toBe('401 invalid_token')
    expect(await clientCount(issuer)).toBe(2)
    const late = await initialToken(issuer, { lifetime: 600 })
    issuer.clock.advance(600)
    expect(outcome(await register(issuer, plain, { token: late }))).toBe('401 invalid_token')
  })

  it('A-DCR-02 of many requests with one use left exactly one registers', async () => {
    const issuer = await newIssuer({ registration: { mode: 'initial_access_token' } })
    const token = await initialToken(issuer)
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(issuer, plain, { token })))
    expect(answers.map(outcome).sort()).toEqual(['201', ...Array.from({ length: 7 }, () => '401 invalid_token')])
    expect(await clientCount(issuer)).toBe(1)
  })

  it('A-DCR-13 a token raises or lowers the ceiling of scopes', async () => {
    const issuer = await newIssuer({ registration: { mode: 'initial_access_token' } })
    const token = await initialToken(issuer, { uses: 3, scope: ['openid', 'read'] })
    expect(outcome(await register(issuer, { ...plain, scope: 'openid email' }, { token }))).toBe(
      '400 invalid_client_metadata',
    )
    const made = await register(issuer, { ...plain, scope: 'read' }, { token })
    expect(made.json['scope']).toBe('read')
    expect((await register(issuer, plain, { token })).json['scope']).toBe('openid read')
  })

  it('B-REG-11, DC-11 tries from one network are counted, and registrations in all', async () => {
    const issuer = await openIssuer({ perNetwork: 3, mostClients: 4 }, { start: 3600 * 500_000 + 600 })
    for (let count = 0; count < 3; count++) expect(outcome(await register(issuer))).toBe('201')
    const answer = await register(issuer)
    expect(outcome(answer)).toBe('429 temporarily_unavailable')
    expect(answer.headers['retry-after']).toBe('3000')
    issuer.clock.advance(2999)
    expect(headerOf(await register(issuer), 'retry-after')).toBe('1')
    expect(outcome(await register(issuer, plain, { remoteAddress: '203.0.113.9' }))).toBe('201')
    expect(outcome(await register(issuer, plain, { remoteAddress: '203.0.113.9' }))).toBe('429 temporarily_unavailable')
    expect(await clientCount(issuer)).toBe(4)
    expect(eventsOf(issuer, 'client.registration.rejected', 'registration_quota')).toHaveLength(3)
    issuer.clock.advance(1)
    expect(headerOf(await register(issuer), 'retry-after')).toBe('86400')
  })

  it('A-DCR-02, A-DCR-05, DC-11 with a token as well, listed hosts and grants hold, at a change too', async () => {
    const issuer = await newIssuer({
      registration: {
        mode: 'initial_access_token',
        redirectHosts: ['tool.example', 'com.example.notes:'],
        grantTypes: ['authorization_code'],
      },
    })
    const token = await initialToken(issuer, { uses: 9 })
    const native = { application_type: 'native', token_endpoint_auth_method: 'none' }
    const tries: readonly (readonly [object, string])[] = [
      [{ redirect_uris: ['https://other.example/cb'] }, '400 invalid_redirect_uri'],
      [{ ...native, redirect_uris: ['http://127.0.0.1/cb'] }, '400 invalid_redirect_uri'],
      [{ ...plain, grant_types: ['authorization_code', 'refresh_token'] }, '400 invalid_client_metadata'],
      [{ ...native, redirect_uris: ['com.example.notes:/cb'] }, '201'],
    ]
    for (const [document, expected] of tries)
      expect([document, outcome(await register(issuer, document, { token }))]).toEqual([document, expected])
    const { json } = await register(issuer, plain, { token })
    expect(json['grant_types']).toEqual(['authorization_code'])
    const { client_id: id, registration_access_token: access } = json
    for (const [change, expected] of [
      [{ redirect_uris: ['https://other.example/cb'] }, '400 invalid_redirect_uri'],
      [{ grant_types: ['authorization_code', 'refresh_token'] }, '400 invalid_client_metadata'],
      [{}, '200'],
    ] as const)
      expect(outcome(await manage(issuer, 'PUT', id, access, { ...plain, client_id: id, ...change }))).toBe(expected)
  })

  it('A-DCR-02 a policy of grants names authorization_code, and none that administrators give', async () => {
    for (const grantTypes of [[], ['refresh_token'], ['authorization_code', 'client_credentials']] as const)
      await expect(openIssuer({ grantTypes })).rejects.toThrow('registration.grants')
  })

  it.each([
    ['off', 'registration_authentication'],
    ['enforce', 'registration_authentication_key'],
  ] as const)('A-DCR-07, B-REG-06 a refusal names the methods that are taken, with keys %s', async (stage, reason) => {
    const issuer = await openIssuer({}, { policy: { stages: { requirePrivateKeyJwt: stage } } })
    const metadata = await issuer.get('/.well-known/oauth-authorization-server')
    const taken = metadata.json['token_endpoint_auth_methods_supported'] as readonly string[]
    const refused = [
      { ...plain, token_endpoint_auth_method: 'client_secret_jwt' },
      ...(stage === 'enforce' ? [plain, { ...plain, token_endpoint_auth_method: 'client_secret_post' }] : []),
    ]
    for (const document of refused) {
      const answer = await register(issuer, document)
      expect(outcome(answer)).toBe('400 invalid_client_metadata')
      const words = String(answer.json['error_description'])
      const named = words.match(/none|client_secret_\w+|private_key_jwt/g) ?? []
      expect([...new Set(named)].sort()).toEqual([...taken].sort())
    }
    expect(eventsOf(issuer, 'client.registration.rejected', reason)).toHaveLength(refused.length)
    expect((await register(issuer, { ...plain, token_endpoint_auth_method: 'none' })).status).toBe(201)
  })

  it('DC-11 where anybody may register, the hosts can be listed', async () => {
    const issuer = await openIssuer({ redirectHosts: ['tool.example', '127.0.0.1'] })
    expect(outcome(await register(issuer))).toBe('201')
    const native = { application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'] }
    expect(outcome(await register(issuer, native))).toBe('201')
    for (const uri of [
      'https://other.example/cb',
      'https://tool.example.evil.test/cb',
      'https://tool.example:8443@x.test/cb',
    ])
      expect(outcome(await register(issuer, { redirect_uris: [uri] }))).toBe('400 invalid_redirect_uri')
    const app = { application_type: 'native', redirect_uris: ['com.example.app:/cb'] }
    expect(outcome(await register(issuer, app))).toBe('400 invalid_redirect_uri')
  })

  it('DC-11, A-DCR-05 sign-out sends people to no other hosts than sign-in', async () => {
    const back = (uri: string, more: object = {}) => ({ ...plain, ...more, post_logout_redirect_uris: [uri] })
    const listed = await openIssuer({ redirectHosts: ['tool.example', 'www.tool.example'] })
    const unlisted = await openIssuer()
    const native = { application_type: 'native', redirect_uris: ['com.example.app:/cb', 'http://127.0.0.1/cb'] }
    const tries: readonly (readonly [typeof listed, object, string])[] = [
      [listed, back('https://www.tool.example/bye'), '201'],
      [listed, back('https://phish.example/bye'), '400 invalid_redirect_uri'],
      [unlisted, back('https://tool.example/bye'), '201'],
      [unlisted, back('https://www.tool.example/bye'), '400 invalid_redirect_uri'],
      [unlisted, back('https://tool.example@phish.example/'), '400 invalid_client_metadata'],
      [unlisted, back('com.example.app:/bye', native), '201'],
      [unlisted, back('http://127.0.0.1:4000/bye', native), '201'],
      [unlisted, back('com.example.other:/bye', native), '400 invalid_redirect_uri'],
      [unlisted, back('https://['), '400 invalid_client_metadata'],
    ]
    for (const [issuer, document, expected] of tries)
      expect([document, outcome(await register(issuer, document))]).toEqual([document, expected])
    const { json } = await register(unlisted)
    const { client_id: id, registration_access_token: access } = json
    const change = { ...back('https://phish.example/bye'), client_id: id }
    expect(outcome(await manage(unlisted, 'PUT', id, access, change))).toBe('400 invalid_redirect_uri')
    const closed = await newIssuer({ registration: { mode: 'initial_access_token' } })
    const token = await initialToken(closed)
    expect(outcome(await register(closed, back('https://www.tool.example/bye'), { token }))).toBe('201')
  })
})

describe('the request', () => {
  it('A-DCR-01 is a POST of application/json and nothing else', async () => {
    const issuer = await openIssuer()
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=latin1', ''])
      expect(outcome(await register(issuer, plain, { headers: { 'content-type': type } }))).toBe(
        '400 invalid_client_metadata',
      )
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await send(issuer, method, '/oauth2/register', plain)
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'POST'])
    }
    expect(outcome(await register(issuer, plain, { headers: { 'content-encoding': 'gzip' } }))).toBe(
      '415 invalid_request',
    )
  })

  it('DC-11 is bounded and read strictly', async () => {
    const issuer = await openIssuer()
    const bodies = [
      '',
      'null',
      '[]',
      '"text"',
      '{"redirect_uris":["https://tool.example/cb"',
      '{"redirect_uris":["https://tool.example/cb"]} {}',
      `{"a":${'['.repeat(50)}${']'.repeat(50)},"redirect_uris":["https://tool.example/cb"]}`,
      '{"redirect_uris":["https://tool.example/cb"],"redirect_uris":["https://evil.test/cb"]}',
      '{"redirect_uris":["https://tool.example/cb"],"redirect\\u005furis"  :["https://evil.test/cb"]}',
      `{"redirect_uris":["https://tool.example/cb"],"x":[${'1,'.repeat(2000)}1]}`,
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ]
    for (const body of bodies) {
      const answer = await register(issuer, undefined, { body })
      expect([String(body).slice(0, 60), outcome(answer)]).toEqual([
        String(body).slice(0, 60),
        '400 invalid_client_metadata',
      ])
    }
    const large = JSON.stringify({ ...plain, client_name: 'x'.repeat(70_000) })
    expect(outcome(await register(issuer, undefined, { body: large }))).toBe('413 invalid_request')
    const wrong: readonly object[] = [
      { redirect_uris: 'https://tool.example/cb' },
      { redirect_uris: null },
      { redirect_uris: [null] },
      { redirect_uris: Array.from({ length: 10_000 }, () => 'https://tool.example/cb').slice(0, 900) },
      { ...plain, client_name: 7 },
      { ...plain, client_name: null },
      { ...plain, grant_types: 'authorization_code' },
      { ...plain, scope: ['openid'] },
      { ...plain, default_max_age: -1 },
      { ...plain, require_auth_time: 'yes' },
      { ...plain, application_type: 'robot' },
    ]
    for (const document of wrong) expect((await register(issuer, document)).status).toBe(400)
    expect(await clientCount(issuer)).toBe(0)
  })

  it('A-CORS-02 can come from a browser at a registered origin, and only there be read', async () => {
    const issuer = await openIssuer()
    for (const [origin, seen] of [
      ['https://app.test', 'https://app.test'],
      ['https://evil.test', undefined],
      ['null', undefined],
    ] as const) {
      const headers = { origin, 'access-control-request-method': 'POST' }
      for (const path of ['/oauth2/register', '/oauth2/register/client_abc']) {
        const preflight = await issuer.send({ method: 'OPTIONS', path, headers })
        expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, seen])
      }
      for (const answer of [
        await register(issuer, plain, { headers: { origin } }),
        await register(issuer, {}, { headers: { origin } }),
        await send(issuer, 'GET', '/oauth2/register/client_abc', undefined, { headers: { origin } }),
      ]) {
        expect(answer.headers['access-control-allow-origin']).toBe(seen)
        expect(answer.headers['vary']).toBe('Origin')
      }
    }
  })
})

describe('what is registered', () => {
  it('A-DCR-03, B-REG-02, A-DCM-01 is told as it is stored, with everything needed to go on', async () => {
    const issuer = await openIssuer()
    const answer = await register(issuer, { ...plain, client_id: 'mine', id: 'mine', created_at: 1 })
    expect(answer.status).toBe(201)
    expect(answer.headers['cache-control']).toBe('no-store')
    const { json } = answer
    const id = String(json['client_id'])
    expect(id).toMatch(/^client_[\w-]{22}$/)
    const now = Math.floor(issuer.clock.now())
    expect(json).toMatchObject({
      client_id_issued_at: now,
      client_secret_expires_at: now + 365 * 86_400,
      client_name: 'A tool',
      redirect_uris: plain.redirect_uris,
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      application_type: 'web',
      scope: 'openid profile email offline_access',
      registration_client_uri: `https://as.test/oauth2/register/${id}`,
    })
    for (const member of ['client_secret', 'registration_access_token'])
      expect(String(json[member])).toMatch(/^[\w-]{43}$/)
    expect(json).not.toHaveProperty('id')
    expect(JSON.stringify(await issuer.store.registrations.find(id))).not.toContain(
      String(json['registration_access_token']),
    )
  })

  it('A-DCR-07, B-REG-06 a public client gets no secret', async () => {
    const issuer = await openIssuer()
    const answer = await register(issuer, { ...plain, token_endpoint_auth_method: 'none' })
    expect(answer.status).toBe(201)
    expect(answer.json).not.toHaveProperty('client_secret')
    expect(answer.json).not.toHaveProperty('client_secret_expires_at')
  })

  it('B-REG-05 asks for tokens like any other client, with S256 and never without', async () => {
    const issuer = await openIssuer({ scope: ['openid', 'read'] })
    const client = await asTestClient(issuer, await register(issuer))
    const flow = await issuer.codeFlow({ client, parameters: { scope: 'openid read' } })
    expectTokens(flow.answer)
    const silent = { scope: 'openid', prompt: 'none', code_challenge: undefined, code_challenge_method: undefined }
    expectBack(await issuer.authorize({ client, parameters: silent }), 'invalid_request')
    expectBack(
      await issuer.authorize({
        client,
        parameters: { ...silent, code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' },
      }),
      'invalid_request',
    )
  })

  it('B-REG-11 is in the audit trail with the values in force, refused ones too', async () => {
    const issuer = await openIssuer()
    const made = await register(issuer)
    await register(issuer, { redirect_uris: ['http://tool.example/cb'] })
    expect(eventsOf(issuer, 'client.registered')).toMatchObject([
      {
        clientId: made.json['client_id'],
        reason: 'open',
        network: '198.51.100.20',
        detail: { channel: 'dynamic', type: 'web', grant_types: 'authorization_code' },
      },
    ])
    const [rejected] = eventsOf(issuer, 'client.registration.rejected', 'registration_redirect_uri')
    expect(rejected?.detail['reason_detail']).toMatch(/uses http/)
    expect((await issuer.store.admin.verifyAudit()).brokenAt).toBeUndefined()
  })

  it('B-REG-11, A-GOV-05 stays while it is disabled, however long, and goes when it is enabled and nobody uses it', async () => {
    const lifetime = 30 * 86_400
    const issuer = await openIssuer(
      { scope: ['openid'], unusedLifetime: lifetime },
      { policy: { clientUnusedLimit: lifetime } },
    )
    const contained = await asTestClient(issuer, await register(issuer))
    const unused = await asTestClient(issuer, await register(issuer))
    await issuer.store.containment.contain(contained.id, issuer.clock.now(), [])
    await issuer.server.maintain()
    issuer.clock.advance(lifetime)
    await issuer.server.maintain()
    expect(await issuer.store.findClient(unused.id)).toBeUndefined()
    issuer.clock.advance(lifetime)
    await issuer.server.maintain()
    const kept = await issuer.store.findClient(contained.id)
    expect(kept?.disabledAt).toBeDefined()
    await issuer.changeClient({ ...contained, record: kept! }, { disabledAt: undefined })
    issuer.clock.advance(lifetime)
    await issuer.server.maintain()
    expect(await clientCount(issuer)).toBe(0)
  })

  it('B-REG-11 goes when nobody uses it, and stays while it is used', async () => {
    const issuer = await openIssuer({ scope: ['openid'], unusedLifetime: 86_400 })
    const used = await asTestClient(issuer, await register(issuer))
    const unused = await asTestClient(issuer, await register(issuer))
    issuer.clock.advance(80_000)
    const parameters = { scope: 'openid', resource: undefined }
    expectTokens((await issuer.codeFlow({ client: used, parameters })).answer)
    // A request that nobody signed in for keeps no client.
    await issuer.begin({ client: unused, parameters })
    await issuer.server.maintain()
    expect(await clientCount(issuer)).toBe(2)
    issuer.clock.advance(10_000)
    await issuer.server.maintain()
    expect(await issuer.store.findClient(unused.id)).toBeUndefined()
    expect(await issuer.store.findClient(used.id)).toBeDefined()
    expect(eventsOf(issuer, 'client.updated', 'unused')).toHaveLength(1)
    issuer.clock.advance(86_400)
    await issuer.server.maintain()
    expect(await clientCount(issuer)).toBe(0)
    expect(await issuer.store.findClient(issuer.clients.P.id)).toBeDefined()
  })
})
