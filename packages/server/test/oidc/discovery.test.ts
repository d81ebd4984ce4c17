import { createServer, IssuerError, parseIssuer } from '@sallyport/server'
import type { JwsAlgorithm } from '@sallyport/protocol'
import { decodeJwt, headerOf, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { addKeyClient } from '../client-keys/key-client.ts'
import { newRealIssuer } from '../real-pages.ts'

const appended = '/.well-known/openid-configuration'
const metadataOf = async (issuer: TestIssuer) => (await issuer.get(appended)).json

describe('where it is', () => {
  it.for(['https://as.test', 'https://as.test/one', 'https://as.test/one/two'])(
    'B-DISC-01, B-DISC-02 %s describes itself alike at each of its addresses',
    async (id) => {
      const issuer = await newRealIssuer({ issuer: id })
      const { basePath } = issuer
      const paths = [
        `${basePath}${appended}`,
        `${appended}${basePath}`,
        `/.well-known/oauth-authorization-server${basePath}`,
      ]
      const answers = await Promise.all(paths.map((path) => issuer.send({ path })))
      for (const { status, text, headers } of answers) {
        expect([status, text]).toEqual([200, answers[0]?.text])
        expect(headers['content-type']).toBe('application/json')
      }
      expect(answers[0]?.json['issuer']).toBe(id)
    },
  )

  it('B-DISC-01 there is nothing elsewhere', async () => {
    const issuer = await newRealIssuer({ issuer: 'https://as.test/one' })
    const paths = [appended, '/one/.well-known/oauth-authorization-server', `${appended}/two`, `${appended}/one/`]
    for (const path of paths) expect([path, (await issuer.send({ path })).status]).toEqual([path, 404])
  })

  it('B-DISC-02 the issuer is the same text in tokens, answers and metadata', async () => {
    const issuer = await newRealIssuer({ issuer: 'https://as.test/one' })
    const { accessToken, idToken, authorized } = await issuer.codeFlow()
    const { issuer: told } = await metadataOf(issuer)
    const others = [accessToken, idToken].map((token) => decodeJwt(token).claims['iss'])
    expect([...others, authorized.response.get('iss')]).toEqual([told, told, told])
  })

  const bad = [
    'http://as.example',
    'https://as.test?x',
    'https://as.test#x',
    'https://u:p@as.test',
    'as.test',
    'ftp://as.test',
    'https://AS.test',
    'https://as.test:443',
    'https://as.test/a/../b',
  ]
  it.for(bad)('B-DISC-02 the issuer %s stops the start', async (issuer) => {
    expect(() => parseIssuer(issuer)).toThrow(IssuerError)
    const options = { issuer, masterKey: Buffer.alloc(32) } as unknown as Parameters<typeof createServer>[0]
    await expect(createServer(options)).rejects.toThrow(IssuerError)
  })
})

describe('what it says', () => {
  it('B-DISC-03, B-DISC-04, B-DISC-05 has every member whose absence would mislead, with its real value', async () => {
    const issuer = await newRealIssuer()
    const methods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']
    expect(await metadataOf(issuer)).toMatchObject({
      issuer: 'https://as.test',
      authorization_endpoint: 'https://as.test/oauth2/authorize',
      token_endpoint: 'https://as.test/oauth2/token',
      jwks_uri: 'https://as.test/oauth2/jwks',
      end_session_endpoint: 'https://as.test/oauth2/logout',
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post', 'query.jwt', 'form_post.jwt', 'jwt'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: methods,
      claims_parameter_supported: true,
      request_parameter_supported: true,
      request_uri_parameter_supported: false,
      require_request_uri_registration: false,
      subject_types_supported: ['public', 'pairwise'],
    })
  })

  it('B-DISC-07 lists scopes, claims, languages and classes in their written forms', async () => {
    const metadata = await metadataOf(await newRealIssuer())
    expect(metadata['scopes_supported']).toEqual(expect.arrayContaining(['openid', 'profile', 'read', 'deliver']))
    expect(metadata['claims_supported']).toEqual(expect.arrayContaining(['sub', 'auth_time', 'address', 'updated_at']))
    for (const tag of metadata['ui_locales_supported'] as string[]) expect(Intl.getCanonicalLocales(tag)).toEqual([tag])
    expect(metadata).toMatchObject({
      acr_values_supported: ['urn:sallyport:acr:mfa', 'urn:sallyport:acr:pwd'],
      claim_types_supported: ['normal'],
      display_values_supported: ['page', 'popup', 'touch', 'wap'],
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    })
  })

  it('B-DISC-06, B-DISC-08 promises nothing that is not there, and has no empty or misspelt member', async () => {
    const metadata = await metadataOf(await newRealIssuer())
    const absent = /mtls|tls_client|require_signed|authorization_details|device|registration_endpoint|check_session/
    for (const [name, value] of Object.entries(metadata)) {
      expect(name).not.toMatch(absent)
      expect(name).toMatch(/^[a-z][a-z_]*$/)
      expect([name, value]).not.toEqual([name, null])
      expect([name, Array.isArray(value) && value.length === 0]).toEqual([name, false])
    }
  })
})

describe('what it says is so', () => {
  it('B-DISC-06 every advertised algorithm, grant, method and mode works', async () => {
    const issuer = await newRealIssuer()
    const metadata = await metadataOf(issuer)
    const list = (name: string): string[] => metadata[name] as string[]
    for (const idTokenAlgorithm of list('id_token_signing_alg_values_supported') as JwsAlgorithm[]) {
      const client = await issuer.changeClient(issuer.clients.K, { idTokenAlgorithm })
      expect(decodeJwt((await issuer.codeFlow({ client })).idToken).header['alg']).toBe(idTokenAlgorithm)
    }
    const { client: keyed } = await addKeyClient(issuer)
    const clients = [issuer.clients.P, issuer.clients.K, issuer.clients.post, keyed]
    for (const method of list('token_endpoint_auth_methods_supported')) {
      const client = clients.find((one) => one.method === method)
      const tokens = await issuer.codeFlow({ client })
      expect((await issuer.refresh(tokens)).status).toBe(200)
      expect((await issuer.revoke(tokens.client, tokens.accessToken)).status).toBe(200)
    }
    for (const response_mode of list('response_modes_supported')) {
      const { code, response } = await issuer.authorize({ parameters: { response_mode } })
      const claims = response_mode.endsWith('jwt') ? decodeJwt(response.get('response') ?? '').claims : { code }
      expect(claims['code']).toMatch(/^[\w-]{43}$/)
    }
    expect((await issuer.clientCredentials(issuer.clients.S, { scope: 'read' })).status).toBe(200)
    expect(list('grant_types_supported')).toHaveLength(3)
  })

  it('B-DISC-06 every advertised endpoint answers', async () => {
    const issuer = await newRealIssuer()
    for (const [name, value] of Object.entries(await metadataOf(issuer))) {
      if (!/_endpoint$|^jwks_uri$/.test(name)) continue
      const { status } = await issuer.send({ path: new URL(String(value)).pathname })
      expect([name, status === 404]).toEqual([name, false])
    }
  })
})

describe('how it is served', () => {
  it.for([appended, '/.well-known/oauth-authorization-server', '/oauth2/jwks'])(
    'B-DISC-09, B-JWK-03 %s may be read from anywhere and kept for a while',
    async (path) => {
      const issuer = await newRealIssuer()
      const answer = await issuer.get(path, { origin: 'https://anywhere.test' })
      expect(answer.headers['access-control-allow-origin']).toBe('*')
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
      const maxAge = Number(/^public, max-age=(\d+)$/.exec(headerOf(answer, 'cache-control') ?? '')?.[1])
      // The next key is published at least ten minutes before it signs.
      expect(maxAge).toBeGreaterThan(0)
      expect(maxAge).toBeLessThanOrEqual(600)
      const known = await issuer.get(path, { 'if-none-match': headerOf(answer, 'etag') })
      expect([known.status, known.text]).toEqual([304, ''])
    },
  )

  it('B-DISC-09 every address is https', async () => {
    const metadata = await metadataOf(await newRealIssuer())
    for (const value of Object.values(metadata).flat())
      if (/^\w+:\/\//.test(String(value))) expect(value).toMatch(/^https:/)
  })
})
