import { createHmac, createPublicKey } from 'node:crypto'
import { StoreUnavailable } from '@sallyport/server'
import { basic, createClientKey, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { addKeyClient, askWith, assertionOf, assertionType, expectRefusedFor } from './key-client.ts'

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')

async function newKeyIssuer() {
  const issuer = await newIssuer()
  return { issuer, j: await addKeyClient(issuer) }
}

describe('what comes with an assertion', () => {
  it('B-CA-01 an assertion of the one type authenticates its client, with client_id and without', async () => {
    const { issuer, j } = await newKeyIssuer()
    expectTokens(await askWith(issuer, assertionOf(issuer, j)))
    expectTokens(await askWith(issuer, assertionOf(issuer, j), { client_id: j.client.id }))
  })

  it('B-CA-01 a wrong or missing type, and a type alone, are refused', async () => {
    const { issuer, j } = await newKeyIssuer()
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
    for (const client_assertion_type of [saml, `${assertionType} `, 'x', undefined])
      expectRefusedFor(
        issuer,
        await askWith(issuer, assertionOf(issuer, j), { client_assertion_type }),
        'assertion_type',
      )
    expectRefusedFor(issuer, await askWith(issuer, '', {}), 'assertion_type')
  })

  it('B-CA-01, PP-04 a second method beside it is ambiguous, and neither counts', async () => {
    const { issuer, j } = await newKeyIssuer()
    const headers = { authorization: basic(j.client.id, 'x') }
    expectRefusal(await askWith(issuer, assertionOf(issuer, j), {}, { headers }), 'invalid_request')
    expectRefusal(await askWith(issuer, assertionOf(issuer, j), { client_secret: 'x' }), 'invalid_request')
    expectRefusal(await askWith(issuer, `${assertionOf(issuer, j)}&client_assertion=x`, {}), 'invalid_client', 401)
  })

  it('B-CA-11 what is long, encrypted, detached or not a token at all is refused', async () => {
    const { issuer, j } = await newKeyIssuer()
    const good = assertionOf(issuer, j).split('.')
    const [header, , signature] = good
    const named = { client_id: j.client.id }
    const bad = [
      assertionOf(issuer, j, { filler: 'x'.repeat(8192) }),
      'a.b.c.d.e',
      good.slice(0, 2).join('.'),
      `${good.join('.')}=`,
      'x',
    ]
    for (const assertion of bad) expectRefusedFor(issuer, await askWith(issuer, assertion, named), 'assertion_syntax')
    expectRefusedFor(issuer, await askWith(issuer, `${header}..${signature}`, named), 'assertion_signature')
    for (const more of [{ crit: ['exp'], exp: 1 }, { crit: [] }, { b64: false }, { zip: 'DEF' }])
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, {}, more)), 'assertion_header', 'crit')
  })
})

describe('whose it is', () => {
  it('B-CA-02, CA-07 iss, sub and client_id name one and the same client', async () => {
    const { issuer, j } = await newKeyIssuer()
    const other = await addKeyClient(issuer)
    const refused = async (claims: Record<string, unknown>, more: Record<string, string> = {}, what?: string) =>
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, claims), more), 'assertion_subject', what)
    await refused({ iss: other.client.id }, {}, 'iss')
    await refused({ iss: undefined }, {}, 'iss')
    await refused({ sub: undefined })
    await refused({ sub: 7 })
    await refused({ sub: undefined }, { client_id: j.client.id }, 'sub')
    await refused({ sub: other.client.id }, { client_id: j.client.id }, 'sub')
    const answer = await askWith(issuer, assertionOf(issuer, j), { client_id: other.client.id })
    expectRefusedFor(issuer, answer, 'assertion_signature')
  })

  it('CA-08 the key of another client signs for that one alone', async () => {
    const { issuer, j } = await newKeyIssuer()
    const attacker = createClientKey('ES256', j.key.kid)
    await addKeyClient(issuer, {}, attacker)
    const forged = assertionOf(issuer, { client: j.client, key: attacker })
    expectRefusedFor(issuer, await askWith(issuer, forged), 'assertion_signature')
  })

  it('CA-15, B-CA-10 tokens of this server and tokens of other kinds are no assertions', async () => {
    const { issuer, j } = await newKeyIssuer()
    const { idToken, accessToken } = await issuer.codeFlow({ client: j.client })
    for (const token of [idToken, accessToken])
      expectRefusedFor(issuer, await askWith(issuer, token, { client_id: j.client.id }), 'assertion_typ')
    for (const typ of ['at+jwt', 'oauth-authz-req+jwt', 'logout+jwt', 'dpop+jwt', 'application/at+jwt', '', 1, null])
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, {}, { typ })), 'assertion_typ')
    for (const typ of [undefined, 'JWT', 'jwt', 'client-authentication+jwt', 'application/client-authentication+jwt'])
      expectTokens(await askWith(issuer, assertionOf(issuer, j, {}, { typ })))
  })
})

describe('whom it is for', () => {
  const elsewhere = [
    'https://as.test/',
    'http://as.test',
    'https://as.test/oauth2/token',
    'https://as.test/oauth2/par',
    'https://evil.test',
    ['https://as.test'],
    ['https://as.test', 'https://evil.test'],
    { iss: 'https://as.test' },
    undefined,
    '',
  ]
  it.for(elsewhere.map((aud) => [aud] as const))(
    'B-CA-03, B-CX-03, CA-02 the audience %j is refused',
    async ([aud]) => {
      const { issuer, j } = await newKeyIssuer()
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, { aud })), 'assertion_audience')
      expectTokens(await askWith(issuer, assertionOf(issuer, j)))
    },
  )

  it('B-CA-03, B-CX-03 a client registered for it may name the endpoint, never somebody else too', async () => {
    const issuer = await newIssuer()
    const j = await addKeyClient(issuer, { assertionAudience: 'interop' })
    const token = 'https://as.test/oauth2/token'
    const revoke = 'https://as.test/oauth2/revoke'
    for (const aud of [issuer.issuer, token, [issuer.issuer], [token]])
      expectTokens(await askWith(issuer, assertionOf(issuer, j, { aud })))
    for (const aud of [[token, 'https://evil.test'], [issuer.issuer, token], [], 'https://evil.test', revoke])
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, { aud })), 'assertion_audience')
    const answer = await askWith(
      issuer,
      assertionOf(issuer, j, { aud: revoke }),
      { token: 'x' },
      { path: '/oauth2/revoke' },
    )
    expect(answer.status).toBe(200)
  })
})

describe('how long', () => {
  it('B-CA-04, CA-06 times are there, are numbers, and lie where they should', async () => {
    const { issuer, j } = await newKeyIssuer()
    const now = Math.floor(issuer.clock.now())
    const bad: readonly (readonly [Record<string, unknown>, string])[] = [
      [{ exp: undefined }, 'exp'],
      [{ exp: now }, 'exp'],
      [{ exp: now - 300 }, 'exp'],
      [{ exp: now + 301 }, 'exp'],
      [{ exp: now + 3600 }, 'exp'],
      [{ exp: String(now + 60) }, 'exp'],
      [{ exp: null }, 'exp'],
      [{ iat: now + 62 }, 'iat'],
      [{ iat: 'now' }, 'iat'],
      [{ nbf: now + 62 }, 'nbf'],
      [{ nbf: null }, 'nbf'],
      [{ jti: undefined }, 'jti'],
      [{ jti: '' }, 'jti'],
      [{ jti: 7 }, 'jti'],
      [{ jti: 'x'.repeat(513) }, 'jti'],
    ]
    for (const [claims, what] of bad)
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, claims)), 'assertion_time', what)
    for (const claims of [
      { exp: now + 300 },
      { iat: now + 8 },
      { nbf: now + 10 },
      { iat: undefined },
      { iat: now - 3600 },
    ])
      expectTokens(await askWith(issuer, assertionOf(issuer, j, claims)))
  })
})

describe('one use', () => {
  it('B-CA-05, CA-01 the same assertion works once, at whichever endpoint and node', async () => {
    const { issuer, j } = await newKeyIssuer()
    const assertion = assertionOf(issuer, j)
    expectTokens(await askWith(issuer, assertion))
    expectRefusedFor(issuer, await askWith(issuer, assertion), 'assertion_replayed')
    const elsewhere = { token: 'x' }
    for (const path of ['/oauth2/revoke', '/oauth2/introspect'])
      expectRefusedFor(issuer, await askWith(issuer, assertion, elsewhere, { path }), 'assertion_replayed')
    const node = await issuer.startNode()
    expectRefusedFor(issuer, await askWith(issuer, assertion, {}, { node }), 'assertion_replayed')
  })

  it('CA-01, A-LOG-03 a replay is of high severity, and alerts once', async () => {
    const { issuer, j } = await newKeyIssuer()
    const assertion = assertionOf(issuer, j)
    await askWith(issuer, assertion)
    await askWith(issuer, assertion)
    expect(eventsOf(issuer, 'client.assertion.replayed')).toMatchObject([{ severity: 'high', clientId: j.client.id }])
    expect(eventsOf(issuer, 'client.auth.failed')).toEqual([])
    await askWith(issuer, assertion)
    expect(issuer.records.alerts).toMatchObject([{ kind: 'assertion_replay', clientId: j.client.id }])
  })

  it('B-CA-05, CA-01 of many at once on two nodes one gets through', async () => {
    const { issuer, j } = await newKeyIssuer()
    const assertion = assertionOf(issuer, j)
    const node = await issuer.startNode()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => askWith(issuer, assertion, {}, index % 2 === 0 ? {} : { node })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(7)
  })

  it('B-CA-05 two clients may use the same jti, and a refused assertion spends none', async () => {
    const { issuer, j } = await newKeyIssuer()
    const other = await addKeyClient(issuer)
    const jti = 'the same'
    expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, { jti, aud: 'x' })), 'assertion_audience')
    expectTokens(await askWith(issuer, assertionOf(issuer, j, { jti })))
    expectTokens(await askWith(issuer, assertionOf(issuer, other, { jti })))
  })

  it('B-CA-05 a jti is remembered until its assertion is over', async () => {
    const { issuer, j } = await newKeyIssuer()
    const exp = Math.floor(issuer.clock.now()) + 300
    const claims = { jti: 'again', exp }
    expectTokens(await askWith(issuer, assertionOf(issuer, j, claims)))
    issuer.clock.advance(299)
    expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, claims)), 'assertion_replayed')
    issuer.clock.advance(1)
    expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, claims)), 'assertion_time', 'exp')
  })

  it('FT-09, B-CA-05 where the mark cannot be written nobody gets in', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const j = await addKeyClient(issuer)
    issuer.store.failNext('rememberOnce', new StoreUnavailable('unreachable'))
    const answer = await askWith(issuer, assertionOf(issuer, j))
    expect([answer.status, answer.json['error']]).toEqual([503, 'temporarily_unavailable'])
  })
})

describe('which algorithm and key', () => {
  it.for(['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const)('B-CA-06 %s is taken', async (alg) => {
    const issuer = await newIssuer()
    expectTokens(await askWith(issuer, assertionOf(issuer, await addKeyClient(issuer, {}, createClientKey(alg)))))
  })

  it('B-CA-06, B-JWK-04 RS256 is taken only of a key or a client that was registered with it', async () => {
    const issuer = await newIssuer()
    const key = createClientKey('RS256')
    expectTokens(await askWith(issuer, assertionOf(issuer, await addKeyClient(issuer, {}, key))))
    const { alg: _alg, ...unnamed } = key.jwk
    const jwks = { keys: [unnamed] }
    const free = await addKeyClient(issuer, { jwks }, key)
    expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, free)), 'assertion_alg')
    const named = await addKeyClient(issuer, { jwks, authenticationAlgorithm: 'RS256' }, key)
    expectTokens(await askWith(issuer, assertionOf(issuer, named)))
    const pss = assertionOf(issuer, { client: named.client, key: { ...key, alg: 'PS256' } })
    expectRefusedFor(issuer, await askWith(issuer, pss), 'assertion_alg')
  })

  it('B-CA-06, CA-03 the algorithm is the registered one, whatever the header says', async () => {
    const issuer = await newIssuer()
    const key = createClientKey('PS256')
    const j = await addKeyClient(issuer, { authenticationAlgorithm: 'PS256' }, key)
    const pem = createPublicKey(key.privateKey).export({ format: 'pem', type: 'spki' })
    const claims = assertionOf(issuer, j).split('.')[1]
    for (const secret of [String(pem), JSON.stringify(key.jwk)]) {
      const input = `${encoded({ alg: 'HS256', kid: key.kid })}.${claims}`
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
      expectRefusedFor(issuer, await askWith(issuer, forged), 'assertion_alg')
    }
    for (const alg of ['none', 'None', 'NONE', 'ES256', 'RS256', 'ps256', 'HS256', '', undefined])
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, {}, { alg })), 'assertion_alg')
    expectRefusedFor(issuer, await askWith(issuer, `${encoded({ alg: 'none' })}.${claims}.`), 'assertion_alg')
    expectTokens(await askWith(issuer, assertionOf(issuer, j)))
  })

  it('CA-04 a kid is only compared, and where it is absent exactly one key fits', async () => {
    const issuer = await newIssuer()
    const keys = Array.from({ length: 20 }, (_, index) => createClientKey('ES256', `k${index}`))
    const key = keys[7]!
    const j = await addKeyClient(issuer, { jwks: { keys: keys.map(({ jwk }) => jwk) } }, key)
    const { kid: _kid, ...nameless } = key.jwk
    const single = await addKeyClient(issuer, { jwks: { keys: [nameless, createClientKey('EdDSA').jwk] } }, key)
    const strange = [
      '../../../dev/null',
      "' OR 1=1--",
      '|id',
      '\u0000',
      'x'.repeat(10_000),
      7,
      null,
      '',
      'k77',
      undefined,
    ]
    for (const kid of strange.filter((one) => String(one).length < 5000))
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, {}, { kid })), 'assertion_kid')
    expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, {}, { kid: strange[4] })), 'assertion_syntax')
    expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j, {}, { kid: 'k8' })), 'assertion_signature')
    expectTokens(await askWith(issuer, assertionOf(issuer, j)))
    expectTokens(await askWith(issuer, assertionOf(issuer, single, {}, { kid: undefined })))
  })

  it('B-JWK-06 keys that share a kid are told apart by what they are', async () => {
    const issuer = await newIssuer()
    const [ec, ed, twin] = [createClientKey(), createClientKey('Ed25519'), createClientKey()]
    const j = await addKeyClient(issuer, { jwks: { keys: [ec.jwk, ed.jwk] } }, ec)
    expectTokens(await askWith(issuer, assertionOf(issuer, j)))
    expectTokens(await askWith(issuer, assertionOf(issuer, { client: j.client, key: ed })))
    const ambiguous = await addKeyClient(issuer, { jwks: { keys: [ec.jwk, twin.jwk] } }, ec)
    expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, ambiguous)), 'assertion_kid')
  })

  it('CA-05, B-JWK-05 keys and addresses of keys inside the assertion mean nothing, and nothing is fetched', async () => {
    let connections = 0
    const issuer = await newIssuer({
      outbound: {
        resolve: () => Promise.resolve(['93.184.215.14']),
        connect: () => {
          connections++
          return Promise.reject(new Error('nobody is there'))
        },
      },
    })
    const j = await addKeyClient(issuer)
    const attacker = createClientKey()
    const addresses = { jku: 'https://evil.test/jwks', x5u: 'https://evil.test/x', x5c: ['AAAA'], jwk: attacker.jwk }
    const forged = assertionOf(issuer, { client: j.client, key: attacker }, {}, addresses)
    expectRefusedFor(issuer, await askWith(issuer, forged), 'assertion_signature')
    expectTokens(await askWith(issuer, assertionOf(issuer, j, {}, addresses)))
    expect(connections).toBe(0)
  })

  it('B-CA-06 keys for encryption and keys that may not verify are passed over', async () => {
    const issuer = await newIssuer()
    const key = createClientKey()
    for (const more of [{ use: 'enc' }, { use: undefined, key_ops: ['sign'] }]) {
      const other = createClientKey('ES256', 'other')
      const j = await addKeyClient(issuer, { jwks: { keys: [{ ...key.jwk, ...more }, other.jwk] } }, key)
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, j)), 'assertion_kid')
    }
  })
})

describe('one method', () => {
  it('B-CA-08, CA-09 a client with a key sends nothing else, and a client without one no assertion', async () => {
    const { issuer, j } = await newKeyIssuer()
    const { K, P } = issuer.clients
    const { id } = j.client
    const ask = (parameters: Record<string, string>, headers: Record<string, string> = {}) =>
      issuer.post('/oauth2/token', { grant_type: 'client_credentials', scope: 'read', ...parameters }, { headers })
    expectRefusedFor(issuer, await ask({ client_id: id }), 'client_auth_method')
    expectRefusedFor(issuer, await ask({ client_id: id, client_secret: 'x' }), 'client_auth_method')
    expectRefusedFor(issuer, await ask({}, { authorization: basic(id, 'x') }), 'client_auth_method')
    for (const client of [K, P]) {
      const assertion = assertionOf(issuer, { client, key: j.key })
      expectRefusedFor(issuer, await askWith(issuer, assertion), 'client_auth_method')
    }
  })

  it('B-CA-08 the same at the token, revocation and introspection endpoints', async () => {
    const { issuer, j } = await newKeyIssuer()
    const { accessToken, refreshToken } = await issuer.codeFlow({ client: j.client })
    for (const path of ['/oauth2/introspect', '/oauth2/revoke'])
      expectRefusedFor(
        issuer,
        await issuer.post(path, { token: accessToken, client_id: j.client.id }),
        'client_auth_method',
      )
    expect((await issuer.introspect(j.client, accessToken)).json['active']).toBe(true)
    const next = await issuer.refreshed({ client: j.client, refreshToken })
    expect((await issuer.revoke(j.client, next.accessToken)).status).toBe(200)
    expect((await issuer.introspect(j.client, next.accessToken)).json).toEqual({ active: false })
  })
})

describe('what a failure shows and costs', () => {
  const failures = async (issuer: TestIssuer) => {
    const j = await addKeyClient(issuer)
    const disabled = await addKeyClient(issuer)
    await issuer.changeClient(disabled.client, { disabledAt: issuer.clock.now() })
    const used = assertionOf(issuer, j)
    await askWith(issuer, used)
    const stranger = createClientKey()
    return [
      used,
      assertionOf(issuer, j, { sub: 'client_unknown', iss: 'client_unknown' }),
      assertionOf(issuer, { client: j.client, key: stranger }),
      assertionOf(issuer, j, { exp: 1 }),
      assertionOf(issuer, disabled),
      assertionOf(issuer, { client: issuer.clients.K, key: stranger }),
      'x.y.z',
    ]
  }

  it('B-CA-09 a bad signature asks the store for the same things as an unknown client does', async () => {
    const { issuer, j } = await newKeyIssuer()
    const unknown = assertionOf(issuer, j, { sub: 'client_AAAAAAAAAAAAAAAAAAAAAA' })
    const forged = assertionOf(issuer, { client: j.client, key: createClientKey() })
    const calls = []
    for (const assertion of [unknown, forged]) {
      issuer.clock.advance(2)
      issuer.store.forgetCalls()
      expect((await askWith(issuer, assertion)).status).toBe(401)
      calls.push([...issuer.store.calls])
    }
    expect(calls[0]).toEqual(['findClient', 'appendEvents', 'count', 'count'])
    expect(calls[1]).toEqual(calls[0])
  })

  it('B-CA-09 every failure has the same body', async () => {
    const issuer = await newIssuer()
    const answers = []
    for (const assertion of await failures(issuer)) answers.push(await askWith(issuer, assertion))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  })

  it('B-CA-12 a failure spends no code and no refresh token', async () => {
    const { issuer, j } = await newKeyIssuer()
    const authorized = await issuer.authorize({ client: j.client })
    const bad = { client_assertion: assertionOf(issuer, j, { aud: 'x' }) }
    expectRefusal(await issuer.redeem(authorized, bad), 'invalid_client', 401)
    const answer = await issuer.redeem(authorized)
    expectTokens(answer)
    const refreshToken = String(answer.json['refresh_token'])
    expectRefusal(await issuer.refresh({ client: j.client, refreshToken }, bad), 'invalid_client', 401)
    expectTokens(await issuer.refresh({ client: j.client, refreshToken }))
  })

  it('B-CA-12 too many failures pause one network for one client', async () => {
    const { issuer, j } = await newKeyIssuer()
    const from = { remoteAddress: '203.0.113.8' }
    for (let attempt = 0; attempt < 10; attempt++)
      expectRefusal(await askWith(issuer, assertionOf(issuer, j, { aud: 'x' }), {}, from), 'invalid_client', 401)
    const paused = await askWith(issuer, assertionOf(issuer, j), {}, from)
    expect([paused.status, paused.headers['retry-after']]).toEqual([429, '60'])
    expectTokens(await askWith(issuer, assertionOf(issuer, j), {}, { remoteAddress: '203.0.113.9' }))
  })

  it('A-GOV-03 a client with a key is counted as one', async () => {
    const { issuer, j } = await newKeyIssuer()
    expectTokens(await askWith(issuer, assertionOf(issuer, j)))
    await issuer.server.maintain()
    const { items } = await issuer.store.usage.list({ clientId: j.client.id }, undefined, 10)
    expect(items[0]?.counts).toEqual({ bearer_tokens: 1, authenticated_by_key: 1, client_credentials: 1 })
  })
})
