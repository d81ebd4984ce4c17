import { createClientKey } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { asTestClient, clientCount, openIssuer, outcome, plain, redirectUri, register } from './registrations.ts'

const native = { application_type: 'native', token_endpoint_auth_method: 'none' }

describe('redirect URIs', () => {
  const refused = [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'http://example.com/cb',
    'http://localhost.evil.test/cb',
    'https://*.example.com/cb',
    'https://tool.example/*',
    'https://tool.example/cb#x',
    'https://user@tool.example/cb',
    'https://user:pass@tool.example/cb',
    'https://tool.example',
    'https://TOOL.example/cb',
    'https://tool.example/a/../cb',
    'https://192.0.2.7/cb',
    'https://192.0.2.7:8443/cb',
    'https://[2001:db8::1]/cb',
    '/cb',
    '//tool.example/cb',
    'tool.example/cb',
    'https://tool.example/c b',
    '',
  ]
  it('A-DCR-05, B-REG-04 are complete, exact and of a kind that can be owned', async () => {
    const issuer = await openIssuer()
    for (const uri of refused)
      for (const kind of [{}, native]) {
        const answer = await register(issuer, { ...kind, redirect_uris: [redirectUri, uri] })
        expect([uri, outcome(answer)]).toEqual([uri, '400 invalid_redirect_uri'])
      }
    for (const uris of [undefined, [], Array.from({ length: 21 }, (_, index) => `https://tool.example/${index}`)])
      expect(outcome(await register(issuer, { redirect_uris: uris }))).toBe('400 invalid_redirect_uri')
    expect(await clientCount(issuer)).toBe(0)
  })

  it('A-DCR-14, B-REG-04 of a loopback address or an own scheme are for native clients, and the answer says so', async () => {
    const issuer = await openIssuer()
    for (const uri of ['http://127.0.0.1:4000/cb', 'http://localhost/cb', 'http://[::1]/cb', 'com.example.app:/cb']) {
      const document = { redirect_uris: [uri], token_endpoint_auth_method: 'none' }
      const answer = await register(issuer, document)
      expect(outcome(answer)).toBe('400 invalid_redirect_uri')
      expect(answer.json['error_description']).toContain('application_type native')
      expect(outcome(await register(issuer, { ...document, application_type: 'native' }))).toBe('201')
    }
    expect(outcome(await register(issuer, { ...native, redirect_uris: [redirectUri] }))).toBe('201')
  })
})

describe('metadata', () => {
  it.for([
    [{ scope: 'openid  profile' }, 'single spaces'],
    [{ scope: 'openid admin' }, 'none beyond what a client may register'],
    [{ default_acr_values: Array.from({ length: 1001 }, () => 'x') }, 'at most 1000 members and entries'],
  ] as const)('A-DCR-04 is refused in words that fit: %o', async ([more, words]) => {
    const issuer = await openIssuer()
    const answer = await register(issuer, { ...plain, ...more })
    expect(outcome(answer)).toBe('400 invalid_client_metadata')
    expect(answer.json['error_description']).toContain(words)
  })

  it.for([
    { grant_types: ['implicit'], response_types: ['token'] },
    { grant_types: ['password'] },
    { grant_types: ['client_credentials'] },
    { grant_types: ['authorization_code', 'client_credentials'], token_endpoint_auth_method: 'none' },
    { grant_types: ['urn:ietf:params:oauth:grant-type:token-exchange'] },
    { grant_types: ['refresh_token'] },
    { grant_types: [] },
    { response_types: ['token'] },
    { response_types: ['code', 'id_token'] },
    { response_types: [] },
    { grant_types: ['refresh_token'], response_types: ['code'] },
  ])('A-DCR-06, B-REG-06 refuses %o', async (more) => {
    const issuer = await openIssuer()
    expect(outcome(await register(issuer, { ...plain, ...more }))).toBe('400 invalid_client_metadata')
  })

  it('A-DCR-07, B-REG-06 takes only methods there are, and none for software on devices', async () => {
    const issuer = await openIssuer()
    for (const method of ['private_key_jwt', 'client_secret_jwt', 'tls_client_auth', 'NONE', ''])
      expect(outcome(await register(issuer, { ...plain, token_endpoint_auth_method: method }))).toBe(
        '400 invalid_client_metadata',
      )
    const secret = { application_type: 'native', token_endpoint_auth_method: 'client_secret_basic' }
    expect(outcome(await register(issuer, { ...plain, ...secret }))).toBe('400 invalid_client_metadata')
    const quiet = await register(issuer, { ...plain, application_type: 'native' })
    expect(quiet.json['token_endpoint_auth_method']).toBe('none')
  })

  const { jwk: publicKey } = createClientKey('ES256', '1')
  it.for([
    { jwks: { keys: [publicKey] }, jwks_uri: 'https://tool.example/jwks' },
    { jwks: { keys: [{ ...publicKey, d: 'private' }] } },
    { jwks: { keys: [{ kty: 'oct', k: 'symmetric' }] } },
    { jwks: { keys: [] } },
    { jwks: [] },
    { jwks_uri: 'http://tool.example/jwks' },
    { jwks_uri: 'file:///jwks' },
  ])('A-DCR-08 refuses the keys %o', async (more) => {
    const issuer = await openIssuer()
    expect(outcome(await register(issuer, { ...plain, ...more }))).toBe('400 invalid_client_metadata')
  })

  it.for([
    { require_pkce: false },
    { pkce_required: false },
    { require_proof_key: false },
    { allow_plain_pkce: true },
    { code_challenge_method: 'plain' },
    { code_challenge_methods_supported: ['S256', 'plain'] },
    { code_challenge_methods: [] },
    { pkce: 'optional' },
  ])('A-DCR-09, B-REG-05 refuses %o instead of ignoring it', async (more) => {
    const issuer = await openIssuer()
    const answer = await register(issuer, { ...plain, ...more })
    expect(outcome(answer)).toBe('400 invalid_client_metadata')
    expect(answer.json['error_description']).toContain('PKCE with S256')
  })

  it.each([{ tls_client_certificate_bound_access_tokens: true }])(
    'A-DCR-09 tells a client that asks for %o that it would not get it',
    async (more) => {
      const issuer = await openIssuer()
      expect(outcome(await register(issuer, { ...plain, ...more }))).toBe('400 invalid_client_metadata')
      const [member = ''] = Object.keys(more)
      expect((await register(issuer, { ...plain, [member]: false })).status).toBe(201)
      expect(await clientCount(issuer)).toBe(1)
    },
  )

  it('A-DCR-09, B-REG-06 ignores what it does not know, and says nothing of it', async () => {
    const issuer = await openIssuer()
    const more = {
      future_member: { a: 1 },
      contacts: ['a@tool.example'],
      require_pkce: true,
      toString: 'x',
      __proto__: { x: 1 },
    }
    const answer = await register(issuer, { ...plain, ...more })
    expect(outcome(answer)).toBe('201')
    for (const member of ['future_member', 'contacts', 'require_pkce', 'toString'])
      expect(Object.hasOwn(answer.json, member)).toBe(false)
  })

  it('DC-09 gives no privilege to whoever asks for one', async () => {
    const issuer = await openIssuer()
    const greedy = {
      ...plain,
      skip_consent: true,
      first_party: true,
      firstParty: true,
      trusted: true,
      resourceServerOf: ['https://rs1.test'],
      resource_server_of: ['https://rs1.test'],
      allowed_origins: ['https://evil.test'],
      allowedOrigins: ['https://evil.test'],
      sessionRefreshTokens: true,
      channel: 'managed',
      roles: ['admin'],
      accessTokenLifetime: 3600,
    }
    const { record } = await asTestClient(issuer, await register(issuer, greedy))
    expect(record).toMatchObject({
      channel: 'dynamic',
      firstParty: false,
      resourceServerOf: [],
      allowedOrigins: [],
      sessionRefreshTokens: false,
    })
    expect(record.accessTokenLifetime).toBeUndefined()
    for (const document of [{ scope: 'admin' }, { scope: 'openid admin' }, { default_max_age: -1 }])
      expect(outcome(await register(issuer, { ...plain, ...document }))).toBe('400 invalid_client_metadata')
  })

  it('A-DCR-13 leaves scopes that were not given to this door to an administrator', async () => {
    const issuer = await openIssuer()
    for (const scope of ['admin', 'read', 'openid read', ' openid', 'open"id'])
      expect([scope, outcome(await register(issuer, { ...plain, scope }))]).toEqual([
        scope,
        '400 invalid_client_metadata',
      ])
    expect((await register(issuer, { ...plain, scope: 'openid email' })).json['scope']).toBe('openid email')
  })
})

describe('what people get to see', () => {
  const members = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri', 'logo_uri#fr', 'tos_uri#de']
  const unused = ['jwks_uri', 'initiate_login_uri', 'backchannel_logout_uri', 'frontchannel_logout_uri']
  it.for([...members, ...unused])('DC-01, A-DCR-11, B-REG-07 %s is https or refused', async (member) => {
    const issuer = await openIssuer()
    for (const uri of [
      'javascript:alert(1)',
      'data:text/html,<script>alert(1)</script>',
      'http://tool.example/',
      'file:///etc/passwd',
      'https://user@tool.example/',
      'https://tool.example/"><script>',
      ' https://tool.example/',
      'https://',
      '',
      7,
      null,
      `https://tool.example/${'x'.repeat(3000)}`,
    ]) {
      const answer = await register(issuer, { ...plain, [member]: uri })
      expect([uri, outcome(answer)]).toEqual([uri, '400 invalid_client_metadata'])
    }
    expect(outcome(await register(issuer, { ...plain, [member]: 'https://tool.example/page' }))).toBe('201')
  })

  it('A-DCR-12, B-REG-07 comes in languages, and is told again as it was sent', async () => {
    const issuer = await openIssuer()
    const spoken = {
      'client_name#de': 'Ein Werkzeug',
      'client_name#ja-Hani-JP': '道具',
      'client_uri#de': 'https://tool.example/de',
    }
    expect((await register(issuer, { ...plain, ...spoken })).json).toMatchObject(spoken)
    for (const bad of [{ 'client_name#': 'x' }, { 'client_name#de_DE': 'x' }, { 'client_name#de': 'x\u202ey' }])
      expect(outcome(await register(issuer, { ...plain, ...bad }))).toBe('400 invalid_client_metadata')
  })

  it.for(['Tool\u202Egpj', 'Tool\u0000', 'To\u200Bol', 'T'.repeat(101), ' ', '\u2066Tool'])(
    'A-DCR-12 refuses the name %j',
    async (name) => {
      const issuer = await openIssuer()
      expect(outcome(await register(issuer, { ...plain, client_name: name }))).toBe('400 invalid_client_metadata')
    },
  )

  it.for([
    'Example Bank',
    'EXAMPLE  BANK',
    'Exаmple Bank',
    'Examp1e B4nk',
    'Example-Bank Support',
    'Ｅxample Bank',
    'Exarnple Bank',
  ])('A-DCR-12, DC-14 refuses %s beside the reserved name Example Bank', async (name) => {
    const issuer = await openIssuer({ reservedNames: ['Example Bank', 'IDP'] })
    expect(outcome(await register(issuer, { ...plain, client_name: name }))).toBe('400 invalid_client_metadata')
    expect(outcome(await register(issuer, { ...plain, 'client_name#de': name }))).toBe('400 invalid_client_metadata')
    expect(outcome(await register(issuer, { ...plain, client_name: 'Bank of Examples' }))).toBe('201')
    expect(outcome(await register(issuer, { ...plain, client_name: 'i.d.p.' }))).toBe('400 invalid_client_metadata')
    expect(outcome(await register(issuer, { ...plain, client_name: 'Rapid pages' }))).toBe('201')
  })
})
