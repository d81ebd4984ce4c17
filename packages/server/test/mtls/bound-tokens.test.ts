import {
  createTestAuthority,
  decodeJwt,
  headerOf,
  standardResources,
  thumbprintOf,
  tokensOf,
  type Answer,
  type TestCertificate,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { key, proven } from '../dpop/proofs.ts'
import { expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { openIssuer, outcome, plain, register } from '../registration/registrations.ts'

const authority = createTestAuthority('Client authority')
const one = authority.issue('one')
const other = authority.issue('other')
const renewed = authority.issue('one', { key: one.privateKey })

const connection = ({ der }: TestCertificate) => ({ certificate: { der, chain: [] } })

const mutual = (more: Parameters<typeof newIssuer>[0] = {}) => newIssuer({ mutualTls: {}, ...more })

/** A client all of whose tokens are bound to its certificate. */
async function bind(issuer: TestIssuer, client: TestClient): Promise<TestClient> {
  const record = { ...client.record, certificateBoundAccessTokens: true, version: client.record.version + 1 }
  expect(await issuer.store.admin.updateClient(record, [])).toBe(true)
  issuer.clock.advance(2)
  return { ...client, record }
}

const service = (issuer: TestIssuer, client: TestClient, options = {}, parameters = {}): Promise<Answer> =>
  issuer.clientCredentials(client, { scope: 'read', resource: 'https://rs1.test', ...parameters }, options)

const confirmation = (answer: Answer): unknown => decodeJwt(String(answer.json['access_token'])).claims['cnf']

const mtlsResources = standardResources.map((resource) => ({ ...resource, binding: 'mtls' as const }))

describe('access tokens that are bound to a certificate', () => {
  it('B-MTLS-06, B-MTLS-08 carry its thumbprint, in the token and at introspection, and are sent as bearer tokens', async () => {
    const issuer = await mutual()
    const client = await bind(issuer, issuer.clients.S)
    const answer = await service(issuer, client, connection(one))
    expectTokens(answer)
    expect([answer.json['token_type'], confirmation(answer)]).toEqual(['Bearer', { 'x5t#S256': one.thumbprint }])
    const { json } = await issuer.introspect(issuer.clients.RS1, String(answer.json['access_token']))
    expect(json).toMatchObject({ active: true, token_type: 'Bearer', cnf: { 'x5t#S256': one.thumbprint } })
  })

  it('B-MTLS-08 are the only ones of a client that wants them: without a certificate it gets none', async () => {
    const issuer = await mutual()
    const client = await bind(issuer, issuer.clients.S)
    expectRefusal(await service(issuer, client), 'invalid_request')
    expect(issuer.records.events.at(-1)).toMatchObject({ reason: 'certificate_missing', clientId: client.id })
    const bound = await bind(issuer, issuer.clients.P)
    const authorized = await issuer.authorize({ client: bound, parameters: { scope: 'openid offline_access' } })
    expectRefusal(await issuer.redeem(authorized), 'invalid_request')
    // The code was not spent by that.
    expectTokens(await issuer.redeem(authorized, {}, connection(one)))
  })

  it('B-MTLS-08 are not given to clients that only happen to come with a certificate', async () => {
    const issuer = await mutual()
    const answer = await service(issuer, issuer.clients.S, connection(one))
    expect(confirmation(answer)).toBeUndefined()
    const off = await newIssuer()
    expectRefusal(await service(off, await bind(off, off.clients.S), connection(one)), 'invalid_request')
  })

  it('B-ATJ-08, B-DPOP-36 are bound in one way: no proof beside the certificate, and none in its place', async () => {
    const issuer = await mutual()
    const client = await bind(issuer, issuer.clients.S)
    const both = { ...proven(issuer), ...connection(one) }
    expectRefusal(await service(issuer, client, both), 'invalid_request')
    expectRefusal(await service(issuer, client, proven(issuer)), 'invalid_request')
    // A client that asks for neither has what it proves itself, and never both.
    const answer = await service(issuer, issuer.clients.E, { ...proven(issuer), ...connection(one) })
    expect([answer.json['token_type'], confirmation(answer)]).toEqual(['DPoP', { jkt: thumbprintOf(key) }])
  })

  it('B-MTLS-07, MT-05 open UserInfo on a connection with that certificate alone', async () => {
    const issuer = await mutual()
    const client = await bind(issuer, issuer.clients.P)
    const authorized = await issuer.authorize({ client, parameters: { resource: undefined, scope: 'openid profile' } })
    const { accessToken } = tokensOf(client, await issuer.redeem(authorized, {}, connection(one)))
    const ask = (headers: Record<string, string>, certificate?: TestCertificate): Promise<Answer> =>
      issuer.userinfo(accessToken, headers, certificate && connection(certificate).certificate)
    expect((await ask({}, one)).status).toBe(200)
    for (const certificate of [undefined, other, renewed]) {
      const refused = await ask({}, certificate)
      expect([refused.status, refused.json['error']]).toEqual([401, 'invalid_token'])
      expect(headerOf(refused, 'www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/)
      expect(issuer.records.events.at(-1)).toMatchObject({ event: 'jwt.rejected', reason: 'cnf' })
    }
    expect((await ask({ authorization: `DPoP ${accessToken}` }, one)).status).toBe(401)
    const header = { 'client-cert': `:${Buffer.from(one.der).toString('base64')}:` }
    expect((await ask(header)).status).toBe(401)
  })

  it('B-MTLS-06 can be opaque as well', async () => {
    const resources = standardResources.map((resource) => ({ ...resource, format: 'opaque' as const }))
    const issuer = await mutual({ resources })
    const answer = await service(issuer, await bind(issuer, issuer.clients.S), connection(one))
    const { json } = await issuer.introspect(issuer.clients.RS1, String(answer.json['access_token']))
    expect(json['cnf']).toEqual({ 'x5t#S256': one.thumbprint })
  })
})

describe('refresh tokens', () => {
  const begin = async (issuer: TestIssuer, client: TestClient) => {
    const authorized = await issuer.authorize({ client, parameters: { scope: 'openid offline_access read' } })
    return tokensOf(client, await issuer.redeem(authorized, {}, connection(one)))
  }

  it('B-MTLS-09, MT-06 of a public client are bound to the certificate: with another nothing is given and nothing spent', async () => {
    const issuer = await mutual()
    const client = await bind(issuer, issuer.clients.P)
    const tokens = await begin(issuer, client)
    for (const certificate of [other, renewed]) {
      expectRefusal(await issuer.refresh(tokens, {}, connection(certificate)), 'invalid_grant')
      const event = { event: 'token.refresh.client_mismatch', severity: 'high', clientId: client.id }
      expect(issuer.records.events.at(-1)).toMatchObject(event)
    }
    expectRefusal(await issuer.refresh(tokens), 'invalid_request')
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer)), 'invalid_request')
    const again = await issuer.refresh(tokens, {}, connection(one))
    expect(confirmation(again)).toEqual({ 'x5t#S256': one.thumbprint })
    // A lost answer is given again to the same certificate, and to no other.
    expect((await issuer.refresh(tokens, {}, connection(one))).json['refresh_token']).toBe(again.json['refresh_token'])
    expectRefusal(await issuer.refresh(tokens, {}, connection(other)), 'invalid_grant')
  })

  it('B-MTLS-09 stay bound where nobody wants bound tokens any more', async () => {
    const issuer = await mutual()
    const client = await bind(issuer, issuer.clients.P)
    const tokens = await begin(issuer, client)
    const record = { ...client.record, certificateBoundAccessTokens: false, version: client.record.version + 1 }
    await issuer.store.admin.updateClient(record, [])
    issuer.clock.advance(2)
    expectRefusal(await issuer.refresh(tokens), 'invalid_request')
    expectRefusal(await issuer.refresh(tokens, {}, connection(other)), 'invalid_grant')
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer)), 'invalid_request')
    expectTokens(await issuer.refresh(tokens, {}, connection(one)))
  })

  it('B-MTLS-14 of a client that authenticates take a renewed certificate, and the next token is bound to that', async () => {
    const issuer = await mutual()
    const client = await bind(issuer, issuer.clients.K)
    const tokens = await begin(issuer, client)
    const next = await issuer.refresh(tokens, {}, connection(renewed))
    expect(confirmation(next)).toEqual({ 'x5t#S256': renewed.thumbprint })
  })

  it('A-RT-04 a lost answer is given again to a client whose certificate binds nothing', async () => {
    const issuer = await mutual()
    const tokens = await begin(issuer, issuer.clients.K)
    const first = await issuer.refresh(tokens, {}, connection(one))
    const second = await issuer.refresh(tokens, {}, connection(renewed))
    expect(second.json['refresh_token']).toBe(first.json['refresh_token'])
    expect(confirmation(second)).toBeUndefined()
  })
})

describe('APIs and operators that want certificates', () => {
  it('B-MTLS-08, A-RES-02 no token for an API with the binding mtls but one that is bound to a certificate', async () => {
    const issuer = await mutual({ resources: mtlsResources })
    expectRefusal(await service(issuer, issuer.clients.S), 'invalid_request')
    expectRefusal(await service(issuer, issuer.clients.S, proven(issuer)), 'invalid_request')
    expect(confirmation(await service(issuer, issuer.clients.S, connection(one)))).toEqual({
      'x5t#S256': one.thumbprint,
    })
  })

  it('B-DPOP-33, A-RES-02 a certificate is no proof for an API that wants proofs', async () => {
    const resources = standardResources.map((resource) => ({ ...resource, binding: 'dpop' as const }))
    const issuer = await mutual({ resources })
    expectRefusal(await service(issuer, issuer.clients.S, connection(one)), 'invalid_request')
    expectTokens(await service(issuer, issuer.clients.S, { ...proven(issuer), ...connection(one) }))
  })

  it('B-FAPI-02, A-GOV-04 a certificate is enough where every token has to be bound', async () => {
    const issuer = await mutual({ policy: { stages: { requireSenderConstraint: 'enforce' } } })
    expectRefusal(await service(issuer, issuer.clients.S), 'invalid_request')
    expect(confirmation(await service(issuer, issuer.clients.S, connection(one)))).toEqual({
      'x5t#S256': one.thumbprint,
    })
  })

  it('A-GOV-03 tokens that are bound to a certificate count as bound', async () => {
    const issuer = await mutual({ resources: mtlsResources })
    await service(issuer, issuer.clients.S, connection(one))
    expect(issuer.records.measures).toContainEqual({
      name: 'tokens_issued',
      labels: { grant_type: 'client_credentials', binding: 'mtls' },
    })
  })
})

describe('what the server says of itself', () => {
  const discovery = async (issuer: TestIssuer) => (await issuer.get('/.well-known/oauth-authorization-server')).json

  it('B-MTLS-08, B-MTLS-10 names what it does, and the endpoints on the host that asks for certificates', async () => {
    const off = await discovery(await newIssuer())
    expect(Object.keys(off).filter((name) => /mtls|tls_client/.test(name))).toEqual([])
    const here = await discovery(await mutual())
    expect(here).toMatchObject({ tls_client_certificate_bound_access_tokens: true })
    expect(here).not.toHaveProperty('mtls_endpoint_aliases')
    const there = await discovery(await mutual({ mutualTls: { url: 'https://mtls.as.test' } }))
    expect(there['mtls_endpoint_aliases']).toEqual({
      token_endpoint: 'https://mtls.as.test/oauth2/token',
      pushed_authorization_request_endpoint: 'https://mtls.as.test/oauth2/par',
      introspection_endpoint: 'https://mtls.as.test/oauth2/introspect',
      revocation_endpoint: 'https://mtls.as.test/oauth2/revoke',
      userinfo_endpoint: 'https://mtls.as.test/oauth2/userinfo',
    })
    expect(there['authorization_endpoint']).toBe('https://as.test/oauth2/authorize')
  })

  it('B-MTLS-10, HH-01 that host has those endpoints alone, also where unknown hosts are refused', async () => {
    const issuer = await mutual({ mutualTls: { url: 'https://mtls.as.test' }, policy: { refuseUnknownHosts: true } })
    const at = (path: string, host: string) => issuer.send({ path, headers: { host } })
    for (const [path, status] of Object.entries({
      '/oauth2/authorize': 404,
      '/oauth2/jwks': 404,
      '/oauth2/userinfo': 401,
    }))
      expect([path, (await at(path, 'MTLS.as.test')).status]).toEqual([path, status])
    expect((await at('/oauth2/jwks', 'as.test')).status).toBe(200)
    expect((await at('/oauth2/jwks', 'evil.test')).status).toBe(421)
  })

  it('B-DPOP-09 a proof may name the endpoint by its alias', async () => {
    const issuer = await mutual({ mutualTls: { url: 'https://mtls.as.test' } })
    const uri = (host: string) => proven(issuer, key, { claims: { htu: `https://${host}/oauth2/token` } })
    expectTokens(await service(issuer, issuer.clients.S, uri('mtls.as.test')))
    expectTokens(await service(issuer, issuer.clients.S, uri('as.test')))
    expectRefusal(await service(issuer, issuer.clients.S, uri('evil.test')), 'invalid_dpop_proof')
  })

  it('A-GEN-06 does not start with an address that is more than an origin, or not https', async () => {
    for (const url of ['https://mtls.as.test/path', 'http://mtls.as.test', 'mtls.as.test', 'https://user@mtls.as.test'])
      await expect(newIssuer({ mutualTls: { url } })).rejects.toThrow(/mutualTls\.url/)
  })

  it('A-PRM-02 the document of an API that wants certificates says so', async () => {
    const own = { ...mtlsResources[0], id: 'https://as.test/api' } as (typeof mtlsResources)[number]
    const issuer = await mutual({ resources: [own] })
    const { json } = await issuer.get('/.well-known/oauth-protected-resource/api')
    expect(json['tls_client_certificate_bound_access_tokens']).toBe(true)
  })
})

describe('clients that register themselves', () => {
  it('B-MTLS-08, B-MTLS-10, A-DCR-09 say that they want bound tokens, where there are certificates', async () => {
    const wanted = { ...plain, tls_client_certificate_bound_access_tokens: true, use_mtls_endpoint_aliases: true }
    const issuer = await openIssuer({}, { mutualTls: {} })
    const answer = await register(issuer, wanted)
    expect(answer.json).toMatchObject({
      tls_client_certificate_bound_access_tokens: true,
      use_mtls_endpoint_aliases: true,
    })
    const record = await issuer.store.findClient(String(answer.json['client_id']))
    expect(record?.certificateBoundAccessTokens).toBe(true)
    expect(outcome(await register(await openIssuer(), wanted))).toBe('400 invalid_client_metadata')
    const both = { ...wanted, dpop_bound_access_tokens: true }
    expect(outcome(await register(issuer, both))).toBe('400 invalid_client_metadata')
  })
})

describe('a certificate that cannot be read', () => {
  it('B-MTLS-12, MT-02, MT-07 is refused at every endpoint where clients prove who they are', async () => {
    const issuer = await mutual()
    for (const certificate of ['multiple', 'syntax'] as const) {
      const refused = await service(issuer, issuer.clients.S, { certificate })
      expectRefusal(refused, 'invalid_client', 401)
      const name = certificate === 'multiple' ? 'mtls.header.untrusted' : 'client.auth.failed'
      const event = { event: name, reason: `cert_${certificate}` }
      expect(issuer.records.events.at(-1)).toMatchObject(event)
      expectRefusal(await issuer.introspect(issuer.clients.RS1, 'x', { certificate }), 'invalid_client', 401)
    }
    const ignored = await newIssuer()
    expectTokens(await service(ignored, ignored.clients.S, { certificate: 'syntax' }))
  })
})
