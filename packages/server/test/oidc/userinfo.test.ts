import { decodeJwt, headerOf, type Answer, type TestIssuer } from '@sallyport/testing'
import { compactVerify, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { eventsOf, issuerId, machineToken, newIssuer } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'
import { keysOf } from '../signed-by-us.ts'

const document = `resource_metadata="${issuerId}/.well-known/oauth-protected-resource/oauth2/userinfo"`
const bare = `Bearer realm="${issuerId}", ${document}, DPoP realm="${issuerId}", algs="ES256 PS256 EdDSA Ed25519", ${document}`

const own = { scope: 'openid profile email', resource: undefined }

const tokenOf = async (issuer: TestIssuer, options: Parameters<TestIssuer['codeFlow']>[0] = {}): Promise<string> =>
  (await issuer.codeFlow({ parameters: own, ...options })).accessToken

const challengeOf = (answer: Answer): [number, string | undefined] => [
  answer.status,
  headerOf(answer, 'www-authenticate'),
]

describe('a good token', () => {
  it('B-UI-01 GET and POST give the same answer, in any spelling of the scheme', async () => {
    const issuer = await newRealIssuer()
    const token = await tokenOf(issuer)
    const answers = []
    for (const method of ['GET', 'POST'])
      for (const scheme of ['Bearer', 'bearer', 'bEaReR'])
        answers.push(
          await issuer.send({ method, path: '/oauth2/userinfo', headers: { authorization: `${scheme} ${token}` } }),
        )
    for (const { status, text } of answers) expect([status, text]).toEqual([200, answers[0]?.text])
  })

  it.for(['PUT', 'DELETE', 'PATCH', 'HEAD', 'TRACE'])(
    'B-UI-01, TX-19 %s is answered 405 without claims',
    async (method) => {
      const issuer = await newRealIssuer()
      const authorization = `Bearer ${await tokenOf(issuer)}`
      const answer = await issuer.send({ method, path: '/oauth2/userinfo', headers: { authorization } })
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, POST'])
      expect(answer.text).not.toContain('demo')
    },
  )

  it('B-UI-06, B-UI-07 sub is that of the ID Token, and nobody may keep the JSON', async () => {
    const issuer = await newRealIssuer()
    const tokens = await issuer.codeFlow({ parameters: own })
    const answer = await issuer.userinfo(tokens.accessToken)
    expect(answer.json['sub']).toBe(decodeJwt(tokens.idToken).claims['sub'])
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  })

  it('B-UI-07 follows the agreement at the time of the call', async () => {
    const issuer = await newRealIssuer()
    const token = await tokenOf(issuer)
    await issuer.store.withdrawConsent(issuer.alice.subject, issuer.clients.K.id, issuer.clock.now(), [])
    expect((await issuer.userinfo(token)).json['error']).toBe('invalid_token')
  })
})

describe('a signed answer', () => {
  it.for(['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const)(
    'B-UI-08 with %s is a JWS of the issuer for the client',
    async (userinfoAlgorithm) => {
      const issuer = await newRealIssuer()
      const client = await issuer.changeClient(issuer.clients.K, { userinfoAlgorithm })
      const answer = await issuer.userinfo(await tokenOf(issuer, { client }))
      expect(answer.headers).toMatchObject({ 'content-type': 'application/jwt', 'cache-control': 'no-store' })
      const { header, claims } = decodeJwt(answer.text)
      expect(header['alg']).toBe(userinfoAlgorithm)
      expect(claims).toMatchObject({ iss: issuerId, aud: client.id, sub: issuer.alice.subject, name: 'Demo Person' })
      for (const absent of ['nonce', 'exp', 'at_hash']) expect(claims).not.toHaveProperty(absent)
      const jwk = (await keysOf(issuer)).find(({ kid }) => kid === header['kid'])
      await compactVerify(answer.text, await importJWK(jwk ?? {}, userinfoAlgorithm))
    },
  )
})

describe('no or bad credentials', () => {
  it('B-UI-02 without credentials the challenge has no error', async () => {
    const issuer = await newIssuer()
    const requests = [{}, { authorization: 'Basic Zm9vOmJhcg==' }, { cookie: 'access_token=x' }, { authorization: '' }]
    for (const headers of requests)
      expect(challengeOf(await issuer.get('/oauth2/userinfo', headers))).toEqual([401, bare])
  })

  const bad: Record<string, (issuer: TestIssuer) => Promise<string>> = {
    unknown: async () => 'unheard-of',
    malformed: async () => 'a.b.c',
    expired: async (issuer) => {
      const token = await tokenOf(issuer)
      issuer.clock.advance(300)
      return token
    },
    revoked: async (issuer) => {
      const token = await tokenOf(issuer)
      expect((await issuer.revoke(issuer.clients.K, token)).status).toBe(200)
      return token
    },
    'of another issuer': async () => tokenOf(await newIssuer({ issuer: 'https://other.test' })),
    'for another audience': async (issuer) => (await issuer.codeFlow()).accessToken,
  }
  it.for(Object.entries(bad))('B-UI-03, TX-19 a token that is %s is invalid_token', async ([, make]) => {
    const issuer = await newRealIssuer()
    const token = await make(issuer)
    const answer = await issuer.userinfo(token)
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_token'])
    expect(headerOf(answer, 'www-authenticate')).toMatch(/^Bearer realm="https:\/\/as\.test", error="invalid_token"/)
    expect(eventsOf(issuer, 'jwt.rejected')).toHaveLength(1)
  })

  it('B-UI-04, TX-13 a token without openid, or of nobody, lacks scope', async () => {
    const issuer = await newRealIssuer()
    const personal = await tokenOf(issuer, { parameters: { scope: 'profile', resource: undefined } })
    for (const token of [personal, await machineToken(issuer)]) {
      const answer = await issuer.userinfo(token)
      expect([answer.status, answer.json['error']]).toEqual([403, 'insufficient_scope'])
      expect(headerOf(answer, 'www-authenticate')).toMatch(
        /error="insufficient_scope".*, scope="openid", resource_metadata="/,
      )
    }
  })
})

describe('a token in the wrong place', () => {
  it('B-UI-05, B-CX-10 in address or form it counts for nothing; beside the header it spoils the request', async () => {
    const issuer = await newRealIssuer()
    const token = await tokenOf(issuer)
    const path = '/oauth2/userinfo'
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = Buffer.from(`access_token=${token}`)
    const authorization = `Bearer ${token}`
    const alone = [
      await issuer.send({ path, query: `access_token=${token}` }),
      await issuer.send({ path, method: 'POST', headers: form, body }),
    ]
    for (const answer of alone) expect(challengeOf(answer)[1]).toBe(bare)
    const both = [
      await issuer.send({ path, query: `access_token=${token}`, headers: { authorization } }),
      await issuer.send({ path, method: 'POST', headers: { ...form, authorization }, body }),
    ]
    for (const answer of both) expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request'])
    // What was sent stands in no event: the fixtures look for every credential of every request.
    expect(eventsOf(issuer, 'http.request.rejected', 'query_credential')).toHaveLength(2)
  })
})

describe('other origins', () => {
  it('B-UI-11 may call with a token from where the client is registered, and never with cookies', async () => {
    const issuer = await newRealIssuer()
    const { P } = issuer.clients
    const authorization = `Bearer ${await tokenOf(issuer, { client: P })}`
    const origin = 'https://app.test'
    const preflight = await issuer.send({ path: '/oauth2/userinfo', method: 'OPTIONS', headers: { origin } })
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'Authorization, Content-Type, DPoP',
      'access-control-allow-methods': 'GET, POST',
    })
    for (const headers of [{ origin, authorization }, { origin, authorization: 'Bearer x.y.z' }, { origin }]) {
      const answer = await issuer.get('/oauth2/userinfo', headers)
      expect(answer.headers['access-control-allow-origin']).toBe(origin)
      expect(answer.headers['access-control-expose-headers']).toBe('WWW-Authenticate, DPoP-Nonce, Retry-After')
      expect(answer.headers['vary']).toBe('Origin')
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
    }
  })
})

describe('people and grants that ended', () => {
  type End = (issuer: TestIssuer) => Promise<unknown>
  const ends: Record<string, End> = {
    'the person is disabled': ({ store, alice, clock }) =>
      store.setSubjectActive(alice.subject, false, clock.now(), []),
    'the password was replaced': ({ store, alice, clock }) =>
      store.accounts.replacePassword(alice.subject, '$argon2id$v=19$m=64,t=1,p=1$x$x', clock.now()),
    'an administrator ended everything': ({ store, alice, clock }) =>
      store.endSubject(alice.subject, 'administrator', clock.now(), []),
    'the client is disabled': (issuer) => issuer.changeClient(issuer.clients.K, { disabledAt: issuer.clock.now() }),
    'the session ended': async ({ store, clock }) => {
      const { items } = await store.admin.listSessions({}, undefined, 10, clock.now())
      for (const { id } of items) await store.endSession(id, clock.now(), [])
    },
  }
  it.for(Object.entries(ends))('B-UI-12, TX-19 when %s the token is dead at once', async ([, end]) => {
    const issuer = await newRealIssuer()
    const token = await tokenOf(issuer)
    expect((await issuer.userinfo(token)).status).toBe(200)
    await end(issuer)
    expect((await issuer.userinfo(token)).json['error']).toBe('invalid_token')
  })
})
