import { lookupKey } from '@sallyport/protocol'
import { encodeParameters, headerOf, type Parameters } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { documentIssuer, documentUrl } from '../documents.ts'
import { dumpOf, found } from '../faults/at-rest.ts'
import { eventsOf, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { addKeyClient } from '../client-keys/key-client.ts'
import { openFile } from '../stores.ts'
import { pushed, requestOf } from './fixtures.ts'

const path = '/oauth2/par'

describe('who may push', () => {
  it('B-PAR-01 every kind of client pushes as it authenticates at the token endpoint', async () => {
    const issuer = await newIssuer()
    const { K, P, N, post } = issuer.clients
    const { client: keyed } = await addKeyClient(issuer)
    for (const client of [K, P, post, keyed]) {
      const flow = await issuer.authorize({ client, pushed: true })
      expectTokens(await issuer.redeem(flow))
    }
    expect(await pushed(issuer, N, { redirect_uri: 'http://127.0.0.1:7000/cb' })).toMatch(/^urn:/)
  })

  it('B-PAR-01 nobody else: no credentials, wrong ones, the wrong method, somebody else’s name', async () => {
    const issuer = await newIssuer()
    const { K, P, E } = issuer.clients
    const request = requestOf(issuer, K)
    const { client_id: _, ...nameless } = request
    expectRefusal(await issuer.post(path, nameless), 'invalid_client', 401)
    expectRefusal(await issuer.post(path, request), 'invalid_client', 401)
    const wrong = await issuer.push(K, request, { secret: 'wrong' })
    expectRefusal(wrong, 'invalid_client', 401)
    expect(headerOf(wrong, 'www-authenticate')).toMatch(/^Basic /)
    expectRefusal(await issuer.post(path, { ...request, client_secret: K.secret }), 'invalid_client', 401)
    expectRefusal(await issuer.post(path, { ...request, client_id: 'nobody' }), 'invalid_client', 401)
    expectRefusal(await issuer.push(K, { ...request, client_id: E.id }), 'invalid_request')
    expectRefusal(await issuer.post(path, { ...requestOf(issuer, P), client_secret: 'x' }), 'invalid_client', 401)
    await issuer.store.containment.contain(P.id, issuer.clock.now(), [])
    issuer.clock.advance(1)
    expectRefusal(await issuer.push(P, requestOf(issuer, P)), 'invalid_client', 401)
    expect(eventsOf(issuer, 'client.auth.failed').length).toBeGreaterThanOrEqual(7)
  })

  it('B-PAR-01 answers to POST alone, and to one content type', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await issuer.send({ method, path })
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST'])
    }
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '']) {
      const answer = await issuer.push(K, requestOf(issuer, K), { headers: { 'content-type': type } })
      expectRefusal(answer, 'invalid_request')
    }
    const body = Buffer.from(encodeParameters(requestOf(issuer, issuer.clients.P)))
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const query = `client_id=${issuer.clients.P.id}`
    expectRefusal(await issuer.send({ method: 'POST', path, query, headers, body }), 'invalid_request')
    const packed = { ...headers, 'content-encoding': 'gzip' }
    expectRefusal(await issuer.send({ method: 'POST', path, headers: packed, body }), 'invalid_request', 415)
  })

  it('B-PAR-01 the push may be the first that is heard of a metadata document', async () => {
    const { issuer, client, host } = await documentIssuer()
    const flow = await issuer.authorize({ client, pushed: true, parameters: { scope: 'openid', resource: undefined } })
    expectTokens(await issuer.redeem(flow))
    expect(host.requests).toEqual(['GET /client.json HTTP/1.1'])
    expect((await issuer.store.findClient(documentUrl))?.channel).toBe('metadata_document')
  })
})

describe('what may be pushed', () => {
  const refused: readonly (readonly [string, Parameters, string, string])[] = [
    [
      'no challenge',
      { code_challenge: undefined, code_challenge_method: undefined },
      'invalid_request',
      'pkce_required',
    ],
    ['plain', { code_challenge_method: 'plain' }, 'invalid_request', 'pkce_method'],
    ['a malformed challenge', { code_challenge: 'short' }, 'invalid_request', 'pkce_challenge_syntax'],
    ['a verifier', { code_verifier: 'v'.repeat(43) }, 'invalid_request', 'front_channel_secret'],
    ['no redirect URI', { redirect_uri: undefined }, 'invalid_request', 'redirect_uri_missing'],
    ['another redirect URI', { redirect_uri: 'https://web.test/cb/' }, 'invalid_request', 'redirect_uri_mismatch'],
    ['a token', { response_type: 'token' }, 'unsupported_response_type', 'response_type'],
    ['no response type', { response_type: undefined }, 'invalid_request', 'response_type_missing'],
    ['another response mode', { response_mode: 'fragment' }, 'invalid_request', 'response_mode'],
    ['a scope it may not have', { scope: 'openid admin' }, 'invalid_scope', 'scope'],
    ['a resource nobody knows', { resource: 'https://nobody.test' }, 'invalid_target', 'resource_unknown'],
    ['a nonce that is too long', { nonce: 'n'.repeat(513) }, 'invalid_request', 'nonce_syntax'],
    ['a state that is too long', { state: 's'.repeat(2049) }, 'invalid_request', 'state_syntax'],
    ['claims that are no JSON', { claims: '{' }, 'invalid_request', 'claims_syntax'],
    ['a prompt nobody knows', { prompt: 'maybe' }, 'invalid_request', 'prompt'],
    ['a malformed max_age', { max_age: '-1' }, 'invalid_request', 'max_age'],
    ['an unsigned request object', { request: 'a.b.c' }, 'invalid_request_object', 'jar_keys'],
  ]
  it.for(refused)('B-PAR-02, B-CX-21, PK-01 not %s', async ([, changes, error, reason]) => {
    const issuer = await newIssuer()
    expectRefusal(await issuer.push(issuer.clients.K, requestOf(issuer, issuer.clients.K, changes)), error)
    expect(issuer.records.events.filter((event) => event.reason === reason)).toHaveLength(1)
    expect(issuer.records.events.at(-1)?.detail['surface']).toBe('pushed')
  })

  it('B-PAR-02 the rules of the client hold too: its grants, its scope, its state', async () => {
    const issuer = await newIssuer()
    const { K, S } = issuer.clients
    expectRefusal(
      await issuer.push(S, requestOf(issuer, S, { redirect_uri: 'https://web.test/cb' })),
      'invalid_request',
    )
    const strict = await issuer.changeClient(K, { requireState: true })
    expectRefusal(await issuer.push(strict, requestOf(issuer, strict, { state: undefined })), 'invalid_request')
    const bare = await issuer.changeClient(K, { grantTypes: ['refresh_token'] })
    expectRefusal(await issuer.push(bare, requestOf(issuer, bare)), 'unauthorized_client')
  })

  it('B-PAR-03, JR-05 not another reference, alone or beside a request object', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const reference = await pushed(issuer, K)
    for (const request_uri of [reference, 'https://app.test/request', 'x'])
      for (const request of [undefined, 'a.b.c'])
        expectRefusal(await issuer.push(K, requestOf(issuer, K, { request_uri, request })), 'invalid_request')
    expect(eventsOf(issuer, 'authz.request.rejected', 'jar_nested')).toHaveLength(6)
  })

  it('B-PAR-11 not a redirect URI that was not registered, whoever asks', async () => {
    const issuer = await newIssuer()
    const { client: keyed } = await addKeyClient(issuer)
    for (const client of [issuer.clients.K, issuer.clients.post, keyed])
      for (const redirect_uri of ['https://new.test/cb', `${client.redirectUri}?x=1`])
        expectRefusal(await issuer.push(client, requestOf(issuer, client, { redirect_uri })), 'invalid_request')
  })
})

describe('the answer', () => {
  it('B-PAR-04 has the reference and its life, and nobody may keep it', async () => {
    const issuer = await newIssuer({ policy: { pushedRequestLifetime: 90 } })
    const answer = await issuer.push(issuer.clients.K, requestOf(issuer, issuer.clients.K))
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    expect(Object.keys(answer.json).sort()).toEqual(['expires_in', 'request_uri'])
    expect(answer.json['expires_in']).toBe(90)
    expect(answer.json['request_uri']).toMatch(/^urn:ietf:params:oauth:request_uri:[A-Za-z0-9_-]{43}$/)
  })

  it('B-PAR-04 draws the reference from all its 256 bits', async () => {
    const issuer = await newIssuer({ policy: { pushedRequestsPerMinute: 10_000 } })
    const { K } = issuer.clients
    const handles = new Set<string>()
    for (let push = 0; push < 1000; push++) handles.add((await pushed(issuer, K)).slice(-43))
    expect(handles.size).toBe(1000)
    const ones = Array.from({ length: 256 }, () => 0)
    for (const handle of handles)
      for (const [index, byte] of Buffer.from(handle, 'base64url').entries())
        for (let bit = 0; bit < 8; bit++) ones[index * 8 + bit] = (ones[index * 8 + bit] ?? 0) + ((byte >> bit) & 1)
    // Seven standard deviations of a fair coin that is thrown a thousand times.
    for (const count of ones) expect(Math.abs(count - 500)).toBeLessThan(111)
  })

  it('B-PAR-04, AR-01 lies in the store as a digest, and what was pushed under seal', async () => {
    const { store, discard, directory } = await openFile()
    try {
      const issuer = await newIssuer({ store })
      const { post } = issuer.clients
      const values = { state: 'state-of-the-client', nonce: 'nonce-of-the-client', login_hint: 'alice@example.test' }
      const reference = await pushed(issuer, post, values)
      const handle = reference.slice(-43)
      expect(await store.pushed.find(lookupKey(handle), issuer.clock.now())).toBeDefined()
      const secrets = [handle, reference, post.secret ?? '', ...Object.values(values)]
      expect(found(dumpOf(directory), secrets)).toEqual([])
    } finally {
      await discard()
    }
  })

  it('B-PAR-12, A-CORS-03 can be read by the page of a browser client, and by no other', async () => {
    const issuer = await newIssuer()
    const { P } = issuer.clients
    const origin = 'https://app.test'
    const ask = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' }
    const preflight = await issuer.send({ method: 'OPTIONS', path, headers: ask })
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, origin])
    expect(preflight.headers['access-control-allow-headers']).toBe('Authorization, Content-Type, DPoP')
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials')
    const good = await issuer.push(P, requestOf(issuer, P), { headers: { origin } })
    expect([good.status, good.headers['access-control-allow-origin']]).toEqual([201, origin])
    expect(String(good.headers['access-control-expose-headers'])).toContain('DPoP-Nonce')
    const bad = await issuer.push(P, requestOf(issuer, P, { scope: 'admin' }), { headers: { origin } })
    expect([bad.status, bad.headers['access-control-allow-origin']]).toEqual([400, origin])
    for (const stranger of ['https://evil.test', 'null', 'https://web.test']) {
      const answer = await issuer.push(P, requestOf(issuer, P), { headers: { origin: stranger } })
      expectRefusal(answer, 'unauthorized_client', 403)
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    }
    const authorize = await issuer.send({ method: 'OPTIONS', path: '/oauth2/authorize', headers: ask })
    expect([authorize.status, authorize.headers['access-control-allow-origin']]).toEqual([405, undefined])
  })
})

describe('limits', () => {
  it('B-PAR-10 a body above 64 KiB is not read, and doubled parameters are refused', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    expect(issuer.server.maxBodyBytes).toBe(64 * 1024)
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const large = await issuer.send({ method: 'POST', path, headers, fault: 'size' })
    expectRefusal(large, 'invalid_request', 413)
    for (const name of ['state', 'scope', 'redirect_uri', 'client_id', 'code_challenge'])
      expectRefusal(await issuer.push(K, requestOf(issuer, K, { [name]: ['a', 'b'] })), 'invalid_request')
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`p${index}`, 'x']))
    expectRefusal(await issuer.push(K, requestOf(issuer, K, many)), 'invalid_request')
  })

  it('B-PAR-10, JR-12 too many pushes of one client wait for the next minute, and only those', async () => {
    const issuer = await newIssuer({ policy: { pushedRequestsPerMinute: 10 } })
    const { K, E } = issuer.clients
    const answers = await Promise.all(Array.from({ length: 30 }, () => issuer.push(K, requestOf(issuer, K))))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
    const refused = answers.find(({ status }) => status === 429)
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    await pushed(issuer, E)
    issuer.clock.advance(60)
    await pushed(issuer, K)
  })

  it('JR-12 nobody uses up what others may push for a public client; what nobody opens goes', async () => {
    const issuer = await newIssuer({ policy: { pushedRequestsPerMinute: 10 } })
    const { P } = issuer.clients
    const push = (remoteAddress: string) => issuer.push(P, requestOf(issuer, P), { remoteAddress })
    for (let count = 0; count < 10; count++) expect((await push('192.0.2.66')).status).toBe(201)
    expect((await push('192.0.2.66')).status).toBe(429)
    expect((await push('192.0.2.1')).status).toBe(201)
    issuer.clock.advance(121)
    expect((await issuer.store.sweep(issuer.clock.now(), 1000))['pushed_requests']).toBe(11)
  })
})
