import { createClientKey, headerOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectRefusal, expectTokens } from '../fixtures.ts'
import {
  asTestClient,
  clientCount,
  manage,
  openIssuer,
  outcome,
  plain,
  redirectUri,
  register,
  send,
} from './registrations.ts'

const moved = { ...plain, redirect_uris: [redirectUri, 'https://tool.example/other'] }

describe('the registration access token', () => {
  it('A-DCM-01, A-DCM-03, B-REG-08 reads the record that is in force', async () => {
    const issuer = await openIssuer()
    const { json } = await register(issuer, { ...plain, 'client_name#de': 'Werkzeug' })
    const path = new URL(String(json['registration_client_uri'])).pathname
    const answer = await send(issuer, 'GET', path, undefined, { token: String(json['registration_access_token']) })
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    const { client_secret: _secret, registration_access_token: _token, ...rest } = json
    expect(answer.json).toEqual(rest)
  })

  it('A-DCM-02, DC-10, B-REG-08 is refused in one way, whatever is wrong', async () => {
    const issuer = await openIssuer()
    const [own, other, gone] = [await register(issuer), await register(issuer), await register(issuer)]
    const tokenOf = ({ json }: typeof own): string => String(json['registration_access_token'])
    const id = own.json['client_id']
    expect((await manage(issuer, 'DELETE', gone.json['client_id'], tokenOf(gone))).status).toBe(204)
    const attempts: readonly (readonly [unknown, unknown])[] = [
      [id, undefined],
      [id, tokenOf(other)],
      [id, 'x'.repeat(43)],
      [id, own.json['client_secret']],
      [gone.json['client_id'], tokenOf(gone)],
      ['client_aaaaaaaaaaaaaaaaaaaaaa', tokenOf(own)],
      [issuer.clients.K.id, tokenOf(own)],
    ]
    const bodies = new Set<string>()
    for (const [client, token] of attempts)
      for (const method of ['GET', 'PUT', 'DELETE'] as const) {
        const answer = await manage(issuer, method, client, token, { ...plain, client_id: client })
        expect([method, client, outcome(answer)]).toEqual([method, client, '401 invalid_token'])
        expect(headerOf(answer, 'www-authenticate')).toContain('Bearer ')
        bodies.add(answer.text)
      }
    expect(bodies.size).toBe(1)
    const query = await issuer.send({
      path: `/oauth2/register/${String(id)}`,
      query: `access_token=${tokenOf(own)}`,
      headers: { authorization: `Bearer ${tokenOf(own)}` },
    })
    expect(query.status).toBe(401)
    expect(eventsOf(issuer, 'admin.access.denied', 'registration_token').length).toBeGreaterThan(10)
    expect(await clientCount(issuer)).toBe(2)
  })

  it('DC-10 of a client that an administrator disabled is worth nothing', async () => {
    const issuer = await openIssuer()
    const made = await register(issuer)
    const client = await asTestClient(issuer, made)
    await issuer.changeClient(client, { disabledAt: issuer.clock.now() })
    expect(outcome(await manage(issuer, 'GET', client.id, made.json['registration_access_token']))).toBe(
      '401 invalid_token',
    )
  })

  it('HH-05, HH-08 stands at one exact kind of address', async () => {
    const issuer = await openIssuer()
    const { json } = await register(issuer)
    const id = String(json['client_id'])
    const token = String(json['registration_access_token'])
    for (const path of [
      `/oauth2/register/${id}.css`,
      `/oauth2/register/${id}/`,
      `/oauth2/register/${id}/x`,
      `/oauth2/register//${id}`,
      `/oauth2/register/%63lient_x`,
      `/oauth2/register/${id};x.js`,
      `/oauth2/register/${id}%0a`,
      '/oauth2/register/',
      `/oauth2/REGISTER/${id}`,
      `/oauth2/./register/${id}`,
    ])
      expect([path, (await send(issuer, 'GET', path, undefined, { token })).status]).toEqual([path, 404])
    const answer = await send(issuer, 'POST', `/oauth2/register/${id}`, plain, { token })
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, PUT, DELETE'])
  })
})

describe('a change', () => {
  it('A-DCM-04, B-REG-09 replaces the whole record: what is left out is reset', async () => {
    const issuer = await openIssuer()
    const first = await register(issuer, {
      ...plain,
      client_uri: 'https://tool.example/',
      grant_types: ['authorization_code', 'refresh_token'],
      default_max_age: 60,
      'client_name#de': 'Werkzeug',
    })
    const { client_id: id, client_secret: secret, registration_access_token: token } = first.json
    const document = { ...moved, client_id: id, client_secret: secret, client_name: 'Renamed' }
    const answer = await manage(issuer, 'PUT', id, token, document)
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ client_name: 'Renamed', redirect_uris: moved.redirect_uris })
    expect(answer.json['grant_types']).toEqual(['authorization_code'])
    for (const member of ['client_uri', 'default_max_age', 'client_name#de', 'client_secret'])
      expect(answer.json).not.toHaveProperty([member])
    const client = await asTestClient(issuer, first)
    expect(client.record.version).toBe(2)
    issuer.clock.advance(1)
    expectTokens((await issuer.codeFlow({ client, parameters: { scope: 'openid', resource: undefined } })).answer)
  })

  it('A-DCM-04, B-REG-09, DC-10 cannot say what only the server may say', async () => {
    const issuer = await openIssuer()
    const { json } = await register(issuer)
    const { client_id: id, registration_access_token: token } = json
    for (const more of [
      { client_id: 'client_aaaaaaaaaaaaaaaaaaaaaa' },
      { client_id: undefined },
      { client_secret: 'x'.repeat(43) },
      { client_secret: null },
      { registration_access_token: token },
      { registration_client_uri: json['registration_client_uri'] },
      { client_secret_expires_at: 0 },
      { client_id_issued_at: json['client_id_issued_at'] },
      { token_endpoint_auth_method: 'none' },
      { application_type: 'native', token_endpoint_auth_method: 'none' },
    ]) {
      const answer = await manage(issuer, 'PUT', id, token, { ...plain, client_id: id, ...more })
      expect([Object.keys(more)[0], outcome(answer)]).toEqual([Object.keys(more)[0], '400 invalid_client_metadata'])
    }
    expect((await asTestClient(issuer, await manage(issuer, 'GET', id, token))).record.version).toBe(1)
  })

  it('A-DCM-05 meets every rule of a registration again', async () => {
    const issuer = await openIssuer()
    const { json } = await register(issuer)
    const { client_id: id, registration_access_token: token } = json
    const change = (more: object) => manage(issuer, 'PUT', id, token, { ...plain, client_id: id, ...more })
    expect(outcome(await change({ redirect_uris: ['http://tool.example/cb'] }))).toBe('400 invalid_redirect_uri')
    expect(outcome(await change({ scope: 'admin' }))).toBe('400 invalid_client_metadata')
    expect(outcome(await change({ require_pkce: false }))).toBe('400 invalid_client_metadata')
    expect(outcome(await change({ grant_types: ['client_credentials'] }))).toBe('400 invalid_client_metadata')
    expect(outcome(await change({ logo_uri: 'javascript:alert(1)' }))).toBe('400 invalid_client_metadata')
  })

  it('A-DCM-05 that matters withdraws what people agreed to, and is in the audit trail', async () => {
    const issuer = await openIssuer({ scope: ['openid', 'profile'] })
    const made = await register(issuer)
    const client = await asTestClient(issuer, made)
    const parameters = { scope: 'openid', resource: undefined }
    const first = await issuer.authorize({ client, remember: true, parameters })
    const silent = { ...parameters, prompt: 'none' }
    expect((await issuer.authorize({ client, browser: first.browser, parameters: silent })).code).not.toBe('')
    const same = await manage(issuer, 'PUT', client.id, made.json['registration_access_token'], {
      ...plain,
      client_id: client.id,
      policy_uri: 'https://tool.example/policy',
    })
    expect((await issuer.authorize({ client, browser: first.browser, parameters: silent })).code).not.toBe('')
    await manage(issuer, 'PUT', client.id, same.json['registration_access_token'], { ...moved, client_id: client.id })
    const again = await issuer.authorize({ client, browser: first.browser, parameters: silent })
    expect(again.error).toBe('consent_required')
    expect(eventsOf(issuer, 'client.updated', 'self_service')).toHaveLength(2)
  })

  it('A-DCM-05 of its keys withdraws what people agreed to, and the same keys again do not', async () => {
    const issuer = await openIssuer({ scope: ['openid'] })
    const [first, second] = [createClientKey('ES256'), createClientKey('ES256')]
    const document = (key: typeof first) => ({
      ...plain,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.jwk] },
    })
    const made = await register(issuer, document(first))
    const client = await asTestClient(issuer, made)
    const parameters = { scope: 'openid', resource: undefined, prompt: 'none' }
    const agreed = await issuer.authorize({ client, remember: true, parameters: { ...parameters, prompt: undefined } })
    const silently = () => issuer.authorize({ client, browser: agreed.browser, parameters })
    const put = (token: unknown, key: typeof first) =>
      manage(issuer, 'PUT', client.id, token, { ...document(key), client_id: client.id })
    const same = await put(made.json['registration_access_token'], first)
    expect(same.status).toBe(200)
    expect((await silently()).code).not.toBe('')
    expect((await put(same.json['registration_access_token'], second)).status).toBe(200)
    expect((await silently()).error).toBe('consent_required')
  })

  it('A-DCM-07 gives a new token; the old one lasts a minute, or until the new one is used', async () => {
    const issuer = await openIssuer()
    const { json } = await register(issuer)
    const { client_id: id } = json
    const first = String(json['registration_access_token'])
    const put = (token: string) => manage(issuer, 'PUT', id, token, { ...moved, client_id: id })
    const second = String((await put(first)).json['registration_access_token'])
    expect(second).not.toBe(first)
    issuer.clock.advance(59)
    // The answer with the second token got lost; the client tries again with the first.
    const third = String((await put(first)).json['registration_access_token'])
    expect((await manage(issuer, 'GET', id, second)).status).toBe(401)
    expect((await manage(issuer, 'GET', id, first)).status).toBe(200)
    issuer.clock.advance(1)
    expect((await manage(issuer, 'GET', id, first)).status).toBe(401)
    expect((await manage(issuer, 'GET', id, third)).status).toBe(200)
    const fourth = String((await put(third)).json['registration_access_token'])
    expect((await manage(issuer, 'GET', id, fourth)).status).toBe(200)
    expect((await manage(issuer, 'GET', id, third)).status).toBe(401)
  })

  it('A-DCM-07 at the same moment as another leaves one token that works', async () => {
    const issuer = await openIssuer()
    const { json } = await register(issuer)
    const { client_id: id, registration_access_token: token } = json
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => manage(issuer, 'PUT', id, token, { ...moved, client_id: id })),
    )
    const tokens = answers.flatMap(({ status, json: told }) =>
      status === 200 ? [String(told['registration_access_token'])] : [],
    )
    expect(tokens.length).toBeGreaterThan(0)
    const reads = await Promise.all(tokens.map(async (one) => (await manage(issuer, 'GET', id, one)).status))
    expect(reads.filter((status) => status === 200)).toHaveLength(1)
    expect((await asTestClient(issuer, { ...answers[0]!, json })).record.version).toBe(1 + tokens.length)
  })
})

describe('an end', () => {
  it('A-DCM-06, B-REG-10 takes everything along at once', async () => {
    const issuer = await openIssuer({ scope: ['openid', 'offline_access', 'read'] })
    const made = await register(issuer, { ...plain, grant_types: ['authorization_code', 'refresh_token'] })
    const client = await asTestClient(issuer, made)
    const flow = await issuer.codeFlow({ client })
    expectTokens(flow.answer)
    const open = await issuer.authorize({ client })
    expect(await issuer.isAlive(flow.accessToken)).toBe(true)
    const token = made.json['registration_access_token']
    const answer = await manage(issuer, 'DELETE', client.id, token)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await issuer.isAlive(flow.accessToken)).toBe(false)
    expectRefusal(await issuer.refresh(flow), 'invalid_client', 401)
    expectRefusal(await issuer.redeem(open), 'invalid_client', 401)
    expect(outcome(await manage(issuer, 'DELETE', client.id, token))).toBe('401 invalid_token')
    expect(eventsOf(issuer, 'client.updated', 'self_service_deleted')).toHaveLength(1)
  })

  it('A-DCM-03, A-DCM-06 and every change are left to administrators where the policy says so', async () => {
    const issuer = await openIssuer({ management: 'read_only' })
    const { json } = await register(issuer)
    const { client_id: id, registration_access_token: token } = json
    expect((await manage(issuer, 'GET', id, token)).status).toBe(200)
    expect(outcome(await manage(issuer, 'PUT', id, token, { ...plain, client_id: id }))).toBe('403 access_denied')
    expect(outcome(await manage(issuer, 'DELETE', id, token))).toBe('403 access_denied')
    expect(outcome(await manage(issuer, 'DELETE', id, 'x'))).toBe('401 invalid_token')
  })
})
