import { createVerifier, protect, type RequestParts } from '@sallyport/resource'
import { leftHalfHash } from '@sallyport/protocol'
import { decodeJwt, standardResources, type CodeFlow, type TestIssuer } from '@sallyport/testing'
import { compactVerify, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { expectBack, expectRefusal, issuerId } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'
import { keysOf, signedByUs } from '../signed-by-us.ts'

const rs1 = 'https://rs1.test'

/** The guard an API would use, fed with the issuer's own documents. */
async function guardOf(issuer: TestIssuer, scope: readonly string[] = []) {
  const keys = JSON.stringify({ keys: await keysOf(issuer) })
  const fetcher = async () => new Response(keys, { headers: { 'content-type': 'application/jwk-set+json' } })
  const options = { issuer: issuerId, audience: rs1, jwksUri: `${issuerId}/oauth2/jwks` }
  return protect(createVerifier({ ...options, fetch: fetcher, now: issuer.clock.now }), { scope })
}

const at = (token: string): RequestParts => ({
  authorization: [`Bearer ${token}`],
  query: '',
  contentType: undefined,
  formBody: async () => '',
})

describe('the JWT', () => {
  it('B-ATJ-01, B-ATJ-02 has the header and the claims of its profile, for every grant', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.codeFlow()
    const refreshed = await issuer.refreshed(flow)
    const machine = (await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: rs1 })).json
    const always = ['aud', 'client_id', 'exp', 'iat', 'iss', 'jti', 'scope', 'sub']
    const personal = [...always, 'acr', 'amr', 'auth_time'].toSorted()
    const seen = [flow.accessToken, refreshed.accessToken, String(machine['access_token'])].map(decodeJwt)
    for (const { header } of seen) {
      expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: header['kid'] })
    }
    expect(seen.map(({ claims }) => Object.keys(claims).toSorted())).toEqual([personal, personal, always])
    for (const { claims } of seen)
      expect([claims['iss'], claims['aud'], claims['scope']]).toEqual([issuerId, rs1, 'read'])
    expect(new Set(seen.map(({ claims }) => claims['jti'])).size).toBe(3)
  })

  it('B-ATJ-04 the sign-in of the person stays what it was', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.codeFlow()
    issuer.clock.advance(2)
    const [before, after] = [flow.accessToken, (await issuer.refreshed(flow)).accessToken].map(
      (token) => decodeJwt(token).claims,
    )
    for (const name of ['auth_time', 'acr', 'amr', 'sub']) expect([name, after?.[name]]).toEqual([name, before?.[name]])
    expect(after?.['iat']).toBe(Number(before?.['iat']) + 2)
  })

  it('B-ATJ-05, B-SUB-05 a token of a client for itself has the client as subject, and nothing of a person', async () => {
    const issuer = await newRealIssuer()
    const answer = await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: rs1 })
    const { claims } = decodeJwt(String(answer.json['access_token']))
    expect([claims['sub'], claims['client_id']]).toEqual([issuer.clients.S.id, issuer.clients.S.id])
    expect(String(claims['sub'])).toMatch(/^client_/)
    expect(Object.keys(answer.json).toSorted()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
    expectRefusal(await issuer.clientCredentials(issuer.clients.S, { scope: 'openid read' }), 'invalid_scope')
  })

  it('B-ATJ-09 lives 300 s, tells no one about the person, and is dead at introspection once revoked', async () => {
    const issuer = await newRealIssuer()
    const { accessToken, expiresIn } = await issuer.codeFlow({ parameters: { scope: 'openid profile email read' } })
    const { claims } = decodeJwt(accessToken)
    expect([Number(claims['exp']) - Number(claims['iat']), expiresIn]).toEqual([300, 300])
    for (const name of ['name', 'email', 'preferred_username']) expect(claims).not.toHaveProperty(name)
    await issuer.revoke(issuer.clients.K, accessToken)
    expect((await issuer.introspect(issuer.clients.RS1, accessToken)).text).toBe('{"active":false}')
  })
})

describe('the audience', () => {
  const audOf = (flow: Pick<CodeFlow, 'accessToken'>): unknown => decodeJwt(flow.accessToken).claims['aud']

  it('B-ATJ-03 is the one resource that was named, or the only granted one, or the issuer', async () => {
    const issuer = await newRealIssuer()
    expect(audOf(await issuer.codeFlow())).toBe(rs1)
    expect(audOf(await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } }))).toBe(issuerId)
    const both = { scope: 'openid read deliver', resource: [rs1, 'https://rs2.test'] }
    const authorized = await issuer.authorize({ parameters: both })
    const one = await issuer.redeem(authorized, { resource: 'https://rs2.test' })
    expect([decodeJwt(String(one.json['access_token'])).claims['aud'], one.json['scope']]).toEqual([
      'https://rs2.test',
      'deliver',
    ])
  })

  it('B-ATJ-03 several at once, none of several, and an unknown one are refused', async () => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ parameters: { resource: 'https://rs3.test' } }), 'invalid_target')
    const both = { scope: 'openid read deliver', resource: [rs1, 'https://rs2.test'] }
    for (const resource of [undefined, [rs1, 'https://rs2.test'], 'https://rs3.test', `${rs1}/x`]) {
      const authorized = await issuer.authorize({ parameters: both })
      expectRefusal(await issuer.redeem(authorized, { resource }), 'invalid_target')
    }
  })
})

describe('the verifiers', () => {
  const changes: Record<string, { claims?: object; header?: object }> = {
    'another issuer': { claims: { iss: 'https://other.test' } },
    'another audience': { claims: { aud: 'https://rs2.test' } },
    'no audience': { claims: { aud: undefined } },
    'an expiry that is over': { claims: { exp: 1_799_999_000 } },
    'no expiry': { claims: { exp: undefined } },
    'no subject': { claims: { sub: undefined } },
    'no client': { claims: { client_id: undefined } },
    'no jti': { claims: { jti: undefined } },
    'the type of an ID Token': { header: { typ: 'JWT' } },
    'no type': { header: { typ: undefined } },
    'a critical extension': { header: { crit: ['b64'], b64: true } },
    'a key confirmation of an unknown kind': { claims: { cnf: { kid: 'x' } } },
    'an empty confirmation': { claims: { cnf: {} } },
    'a confirmation by something that is no thumbprint': {
      claims: { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4' } },
    },
    'two confirmations': { claims: { cnf: { jkt: 'x', 'x5t#S256': 'y' } } },
    'a confirmation that is null': { claims: { cnf: null } },
  }

  it.for(Object.entries(changes))(
    'B-ATJ-06, B-ATJ-08, TX-02, TX-03 %s is refused by all of them',
    async ([, change]) => {
      const issuer = await newRealIssuer()
      const guard = await guardOf(issuer)
      const forApi = decodeJwt((await issuer.codeFlow()).accessToken).claims
      const { accessToken } = await issuer.codeFlow({ parameters: { scope: 'openid', resource: undefined } })
      const forUs = decodeJwt(accessToken).claims
      const make = (claims: object): Promise<string> =>
        signedByUs(issuer, { header: { ...change.header }, claims: { ...claims, ...change.claims } })
      expect(await guard.check(at(await signedByUs(issuer, { claims: forApi })))).toMatchObject({
        subject: issuer.alice.subject,
      })
      expect((await issuer.userinfo(await signedByUs(issuer, { claims: forUs }))).status).toBe(200)
      expect(await guard.check(at(await make(forApi)))).toMatchObject({ status: 401 })
      expect((await issuer.userinfo(await make(forUs))).json['error']).toBe('invalid_token')
      expect((await issuer.introspect(issuer.clients.RS1, await make(forApi))).text).toBe('{"active":false}')
    },
  )

  it('B-ATJ-06 the long form of the type is the same type', async () => {
    const issuer = await newRealIssuer()
    const { claims } = decodeJwt((await issuer.codeFlow()).accessToken)
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/AT+jwt'])
      expect(
        await (await guardOf(issuer)).check(at(await signedByUs(issuer, { header: { typ }, claims }))),
      ).toHaveProperty('id')
  })

  it('B-ATJ-07, TX-13 a good token without the scope is answered 403 with the scope that is needed', async () => {
    const issuer = await newRealIssuer()
    const { accessToken } = await issuer.codeFlow()
    const refusal = await (await guardOf(issuer, ['read', 'write'])).check(at(accessToken))
    expect(refusal).toMatchObject({ status: 403 })
    expect(JSON.stringify(refusal)).toContain('scope=\\"read write\\"')
  })
})

describe('what an API has its tokens signed with', () => {
  const algorithms = ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const
  it.for(algorithms)('B-CX-20, B-JWK-04 %s, which it verifies and introspection and the library know', async (alg) => {
    const resources = standardResources.map((one) => (one.id === rs1 ? { ...one, signingAlgorithm: alg } : one))
    const issuer = await newRealIssuer({ resources })
    const { accessToken, idToken } = await issuer.codeFlow()
    const { alg: named, kid } = decodeJwt(accessToken).header
    expect(named).toBe(alg)
    const jwk = (await keysOf(issuer)).find((key) => key['kid'] === kid)
    await compactVerify(accessToken, await importJWK({ ...jwk }, alg))
    expect(decodeJwt(idToken).claims['at_hash']).toBe(leftHalfHash('RS256', accessToken))
    expect((await issuer.introspect(issuer.clients.RS1, accessToken)).json['active']).toBe(true)
    const guard = await guardOf(issuer)
    // RS256 has to be named by the API that wants it.
    const found = await guard.check(at(accessToken))
    if (alg === 'RS256') expect(found).toMatchObject({ status: 401 })
    else expect(found).toHaveProperty('id')
    // Tokens of the server itself stay as they are.
    const own = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid' } })
    expect(decodeJwt(own.accessToken).header['alg']).toBe('ES256')
    expect((await issuer.userinfo(own.accessToken)).status).toBe(200)
  })
})
