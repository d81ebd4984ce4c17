import { laterResourceMembers } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { newIssuer } from './fixtures.ts'

const oauthPath = '/.well-known/oauth-authorization-server'
const openidPath = '/.well-known/openid-configuration'

describe('where the documents are', () => {
  it.for([
    ['https://as.test', '', ''],
    ['https://as.test/', '', ''],
    ['https://as.test/tenant1', '/tenant1', '/tenant1'],
    ['https://as.test/a/b', '/a/b', '/a/b'],
    ['https://as.test/tenant1/', '/tenant1', '/tenant1'],
  ] as const)('A-META-01, A-META-02 for issuer %s', async ([issuerId, inserted, appended]) => {
    const issuer = await newIssuer({ issuer: issuerId })
    const get = (path: string) => issuer.send({ path })
    const answers = [
      await get(`${oauthPath}${inserted}`),
      await get(`${openidPath}${inserted}`),
      await get(`${appended}${openidPath}`),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(answer.json['issuer']).toBe(issuerId)
      expect(answer.text).toBe(answers[0]?.text)
    }
    for (const path of [`${oauthPath}/unknown`, `${openidPath}/unknown`, `${oauthPath}${inserted}/`, `/x${openidPath}`])
      expect((await get(path)).status).toBe(404)
  })

  it('A-META-01 RFC 8414: the path of the issuer comes after the well-known part', async () => {
    const issuer = await newIssuer({ issuer: 'https://example.com/issuer1' })
    expect((await issuer.send({ path: '/.well-known/oauth-authorization-server/issuer1' })).status).toBe(200)
    expect((await issuer.send({ path: oauthPath })).status).toBe(404)
    expect((await issuer.send({ path: `/issuer1${oauthPath}` })).status).toBe(404)
  })

  it('A-META-04 GET and HEAD, JSON, cacheable for five minutes, readable for everybody', async () => {
    const issuer = await newIssuer()
    for (const path of [oauthPath, openidPath, '/oauth2/jwks']) {
      const answer = await issuer.get(path)
      expect(answer.headers).toMatchObject({
        'cache-control': 'public, max-age=300',
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
      })
      expect(answer.headers['content-type']).toBe(
        path.endsWith('jwks') ? 'application/jwk-set+json' : 'application/json',
      )
      const etag = String(answer.headers['etag'])
      expect(etag).toMatch(/^"[\w-]+"$/)
      for (const tag of [etag, `W/${etag}`, `"x", ${etag}`]) {
        const again = await issuer.get(path, { 'if-none-match': tag })
        expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag])
      }
      expect((await issuer.get(path, { 'if-none-match': '"x"' })).status).toBe(200)
      const head = await issuer.send({ method: 'HEAD', path })
      expect([head.status, head.text, head.headers['etag']]).toEqual([200, '', etag])
      expect(head.headers['content-length']).toBe(String(Buffer.byteLength(answer.text)))
      const post = await issuer.send({ method: 'POST', path })
      expect([post.status, post.headers['allow']]).toEqual([405, 'GET'])
    }
  })
})

describe('what the document says', () => {
  it('A-META-05, A-META-06, A-PKCE-13 exactly this', async () => {
    const issuer = await newIssuer()
    const { json } = await issuer.get(oauthPath)
    expect(json).toMatchObject({
      issuer: 'https://as.test',
      authorization_endpoint: 'https://as.test/oauth2/authorize',
      token_endpoint: 'https://as.test/oauth2/token',
      jwks_uri: 'https://as.test/oauth2/jwks',
      revocation_endpoint: 'https://as.test/oauth2/revoke',
      introspection_endpoint: 'https://as.test/oauth2/introspect',
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post', 'query.jwt', 'form_post.jwt', 'jwt'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'],
      revocation_endpoint_auth_methods_supported: [
        'none',
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
      ],
      revocation_endpoint_auth_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      introspection_endpoint_auth_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'],
      authorization_response_iss_parameter_supported: true,
      pushed_authorization_request_endpoint: 'https://as.test/oauth2/par',
    })
  })

  it('A-META-04, A-META-07, A-META-09 what is off is absent, and no member is null or empty', async () => {
    const issuer = await newIssuer()
    const { json } = await issuer.get(oauthPath)
    for (const name of [
      'registration_endpoint',
      'device_authorization_endpoint',
      'client_id_metadata_document_supported',
      'signed_metadata',
      'service_documentation',
    ])
      expect(json).not.toHaveProperty(name)
    for (const [name, value] of Object.entries(json))
      expect([name, value]).not.toEqual([name, expect.toSatisfy(isEmpty)])
  })

  const isEmpty = (value: unknown): boolean =>
    value === null || value === '' || (Array.isArray(value) && value.length === 0)

  it('A-META-07 every advertised endpoint answers, and scopes of new APIs appear', async () => {
    const issuer = await newIssuer({ documentationPath: '/docs' })
    const { json } = await issuer.get(oauthPath)
    for (const [name, value] of Object.entries(json)) {
      if (!name.endsWith('_endpoint') && name !== 'jwks_uri') continue
      const { pathname } = new URL(String(value))
      const statuses = await Promise.all(
        ['GET', 'POST'].map(async (method) => (await issuer.send({ method, path: pathname })).status),
      )
      expect([name, statuses.includes(404)]).toEqual([name, false])
    }
    expect(json['service_documentation']).toBe('https://as.test/docs')
    expect(json['scopes_supported']).toEqual(
      expect.arrayContaining(['openid', 'offline_access', 'read', 'write', 'deliver']),
    )
    const scopes = [{ name: 'fresh', description: 'New' }]
    await issuer.store.admin.saveResource(
      { id: 'https://rs3.test', name: 'Third', scopes, accessTokenLifetime: undefined, ...laterResourceMembers },
      [],
    )
    issuer.clock.advance(1)
    expect((await issuer.get(oauthPath)).json['scopes_supported']).toContain('fresh')
  })

  it('A-INT-10 introspection is published with the methods that work there', async () => {
    const issuer = await newIssuer()
    const { json } = await issuer.get(openidPath)
    expect(json['introspection_endpoint_auth_methods_supported']).not.toContain('none')
  })

  it('A-PKCE-13, A-PKCE-19 no policy changes the methods of PKCE', async () => {
    const issuer = await newIssuer({
      policy: { authorizationCodeLifetime: 300, refuseWebViews: true, stateLength: 4096 },
    })
    for (const path of [oauthPath, openidPath])
      expect((await issuer.get(path)).json['code_challenge_methods_supported']).toEqual(['S256'])
  })
})

describe('the issuer in authorization responses', () => {
  it('A-ISS-01, MX-01 stands in every response of every mode, byte for byte', async () => {
    for (const id of ['https://as.test', 'https://as.test/tenant%20one', 'https://as.test/']) {
      const issuer = await newIssuer({ issuer: id })
      const { browser } = await issuer.authorize()
      for (const response_mode of ['query', 'form_post']) {
        const results = [
          await issuer.authorize({ parameters: { response_mode } }),
          await issuer.authorize({ parameters: { response_mode }, decision: 'deny' }),
          await issuer.authorize({ parameters: { response_mode, prompt: 'none' } }),
          await issuer.authorize({ browser, parameters: { response_mode, prompt: 'none' } }),
          await issuer.authorize({ parameters: { response_mode, scope: 'bad' } }),
          await issuer.authorize({ parameters: { response_mode, code_challenge: undefined } }),
          await issuer.authorize({ parameters: { response_mode, resource: 'https://unknown.test' } }),
        ]
        expect(results.map(({ response }) => response.getAll('iss'))).toEqual(results.map(() => [id]))
        const errors = [
          null,
          'access_denied',
          'login_required',
          'consent_required',
          'invalid_scope',
          'invalid_request',
          'invalid_target',
        ]
        expect(results.map(({ response }) => response.get('error'))).toEqual(errors)
      }
      const metadata = await issuer.send({ path: `/.well-known/oauth-authorization-server${issuer.basePath}` })
      expect(metadata.json['issuer']).toBe(id)
    }
  })
})
