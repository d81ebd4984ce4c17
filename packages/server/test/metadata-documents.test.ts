import { systemRandom } from '@sallyport/protocol'
import { changeClient } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { documentIssuer, documentRedirect, documentUrl, goodDocument } from './documents.ts'
import { eventsOf, expectBack, expectPage, expectRefusal, expectTokens } from './fixtures.ts'

const day = 86_400

describe('a client that is a document', () => {
  it('A-CIMD-03, A-CIMD-06 signs a person in, redeems with PKCE and refreshes', async () => {
    const { issuer, host, client, ask } = await documentIssuer()
    const authorized = await ask({ scope: 'openid offline_access' })
    const tokens = await issuer.redeem(authorized)
    expectTokens(tokens)
    const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens.json['refresh_token']) }
    expectTokens(await issuer.token(client, refresh))
    expect(host.requests).toEqual(['GET /client.json HTTP/1.1'])
    expect(await issuer.store.findClient(documentUrl)).toMatchObject({
      channel: 'metadata_document',
      name: 'Example App',
    })
    expect(eventsOf(issuer, 'client.registered')).toMatchObject([
      { reason: 'metadata_document', clientId: documentUrl },
    ])
  })

  it('A-CIMD-06 redeems nothing without the right verifier, and returns to no other address', async () => {
    const { issuer, ask } = await documentIssuer()
    expectRefusal(await issuer.redeem(await ask(), { code_verifier: 'x'.repeat(43) }), 'invalid_grant')
    for (const redirect_uri of [
      `${documentRedirect}/`,
      'https://app.example.com/other',
      'https://evil.example/callback',
    ])
      expectPage(await ask({ redirect_uri }), 'redirect_uri_mismatch')
  })

  it('A-CIMD-12 is said in the metadata where documents count, and nowhere else', async () => {
    const { issuer } = await documentIssuer()
    const path = '/.well-known/oauth-authorization-server'
    expect((await issuer.get(path)).json['client_id_metadata_document_supported']).toBe(true)
    const closed = await documentIssuer({ metadataDocuments: undefined })
    expect((await closed.issuer.get(path)).json).not.toHaveProperty('client_id_metadata_document_supported')
    expectPage(await closed.ask(), 'client_unknown')
    expect(closed.host.requests).toEqual([])
  })

  const urls = [
    ...['http://app.example.com/c', 'HTTPS://app.example.com/c', 'https://app.example.com', 'https://app.example.com/'],
    ...[
      'https://app.example.com/a/../c',
      'https://app.example.com/./c',
      'https://app.example.com/%2e%2E/c',
      'https://app.example.com/c/..',
    ],
    ...[
      'https://app.example.com/c#x',
      'https://app.example.com/c?x=1',
      'https://u@app.example.com/c',
      'https://u:p@app.example.com/c',
    ],
    ...[
      'https://App.example.com/c',
      'https://app.example.com./c',
      'https://localhost/c',
      'https://127.0.0.1/c',
      'https://0x7f.0x1/c',
    ],
    ...[
      'https://[::1]/c',
      'https://app.example.com:22/c',
      'https://app.example.com:0443/c',
      'https://app.example.com:65536/c',
    ],
    ...[
      'https://bücher.example/c',
      'https://app.example.com/a b',
      'https://app.example.com/%zz',
      'https://app..example.com/c',
    ],
    ...[
      'https://-app.example.com/c',
      'https://app_x.example.com/c',
      'https:app.example.com/c',
      'https://app.example.com\\c',
      'javascript:alert(1)',
    ],
    ...[`https://app.example.com/${'c'.repeat(490)}`, `https://app.example.com/${'c'.repeat(3000)}`],
  ]
  it.each(urls)('A-CIMD-01, DC-07 is not at %s, and nothing is fetched', async (url) => {
    const { ask, host, issuer } = await documentIssuer({}, url)
    expectPage(await ask(), 'document_url')
    expect(host.requests).toEqual([])
    expect(eventsOf(issuer, 'cimd.rejected', 'document_url')).toHaveLength(1)
  })

  const here = 'http://localhost:5500/client.json'
  const onThisMachine = (issuer: string, loopback: boolean, id = here) =>
    documentIssuer({ issuer, outbound: { loopback, resolve: () => Promise.resolve(['127.0.0.1']) } }, id)

  it('A-CIMD-08 is on this machine only for a server in development that was told so', async () => {
    const dev = 'http://localhost:7636'
    for (const [issuer, loopback] of [
      [dev, false],
      ['https://as.test', true],
    ] as const) {
      const { ask, host } = await onThisMachine(issuer, loopback)
      expectPage(await ask(), 'document_url')
      expect(host.requests).toEqual([])
    }
    const { issuer, host, client } = await onThisMachine(dev, true)
    const redirectUri = 'http://127.0.0.1:5500/callback'
    host.body = JSON.stringify({ ...goodDocument, client_id: here, redirect_uris: [redirectUri] })
    const authorized = await issuer.authorize({ client: { ...client, redirectUri }, parameters: { scope: 'openid' } })
    expectTokens(await issuer.redeem(authorized))
    expect(host.requests).toEqual(['GET /client.json HTTP/1.1'])
    expect(await issuer.store.findClient(here)).toMatchObject({ channel: 'metadata_document', subjectType: 'pairwise' })
  })

  it.each([
    'http://localhost/',
    'http://localhost:5500',
    'http://localhost:22/client.json',
    'http://localhost:5500/a/../client.json',
    'http://localhost:5500/%2e/client.json',
    'http://LOCALHOST:5500/client.json',
    'http://localhost.:5500/client.json',
    'http://a@localhost:5500/client.json',
    'http://127.0.0.2:5500/client.json',
    'http://127.1:5500/client.json',
    'http://app.example.com/client.json',
    'http://localhost:5500/client.json#a',
    'http://localhost:5500/client.json?a=b',
  ])('A-CIMD-01 is not at %s, in development neither', async (url) => {
    const { ask, host } = await onThisMachine('http://localhost:7636', true, url)
    expectPage(await ask(), 'document_url')
    expect(host.requests).toEqual([])
  })

  it('A-CIMD-02 is another client at another spelling of the address', async () => {
    const plain = 'https://app.example.com/client.json'
    const { issuer, host, client } = await documentIssuer()
    const spelled = 'https://app.example.com:443/client.json'
    expectTokens(await issuer.redeem(await issuer.authorize({ client })))
    expectPage(await issuer.authorize({ client: { ...client, id: spelled } }), 'document_invalid')
    host.body = JSON.stringify({ ...goodDocument, client_id: spelled })
    expectTokens(await issuer.redeem(await issuer.authorize({ client: { ...client, id: spelled } })))
    expect((await issuer.store.findClient(plain))?.id).toBe(plain)
    expect((await issuer.store.findClient(spelled))?.id).toBe(spelled)
  })

  it.each(['301 Moved', '204 No Content', '404 Not Found', '500 Oops', '201 Created'])(
    'A-CIMD-03 is not there with status %s',
    async (status) => {
      const { ask, host, issuer } = await documentIssuer()
      host.status = status
      host.headers.push('location: https://app.example.com/other')
      expectPage(await ask(), 'document_unavailable')
      expect(await issuer.store.findClient(documentUrl)).toBeUndefined()
    },
  )

  const bad: readonly (readonly [string, string | object])[] = [
    ['of another client_id', { client_id: 'https://app.example.com:443/client.json' }],
    ['without client_id', { client_id: undefined }],
    ['with client_id in capitals', { client_id: documentUrl.toUpperCase() }],
    ['with a secret', { client_secret: 'x' }],
    ['with the end of a secret', { client_secret_expires_at: 0 }],
    ['with a secret-based method', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['with client_secret_jwt', { token_endpoint_auth_method: 'client_secret_jwt' }],
    ['with a private key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'a', y: 'b', d: 'c' }] } }],
    ['with a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'c' }] } }],
    ['without redirect_uris', { redirect_uris: undefined }],
    ['with an empty list of redirect_uris', { redirect_uris: [] }],
    ['with a redirect of another origin', { redirect_uris: ['https://evil.example/callback'] }],
    ['with a redirect of another port', { redirect_uris: ['https://app.example.com:8443/callback'] }],
    ['with an http redirect', { redirect_uris: ['http://app.example.com/callback'] }],
    ['with a script for a redirect', { redirect_uris: ['javascript:alert(1)'] }],
    ['without client_name', { client_name: undefined }],
    ['with a name that turns around', { client_name: 'a\u202eb' }],
    ['with a script for a website', { client_uri: 'javascript:alert(1)' }],
    ['that wants no code', { response_types: ['token'] }],
    ['that wants no code grant', { grant_types: ['client_credentials'] }],
    ['that has something about PKCE', { require_pkce: false }],
    ['with a number for a name', { client_name: 7 }],
    ['with a text for a list', { redirect_uris: documentRedirect }],
    ['that is a list', '[]'],
    ['that is HTML', '<!doctype html>'],
    ['that says a member twice', JSON.stringify(goodDocument).replace('{', `{"client_name":"Google",`)],
    [
      'that says a member twice in other letters',
      JSON.stringify(goodDocument).replace('{', '{"client\\u005fname":"Google",'),
    ],
    ['that is deep', JSON.stringify({ ...goodDocument, x: [[[[[1]]]]] })],
    ['that is null', 'null'],
  ]
  it.each(bad)('A-CIMD-04, A-CIMD-05, DC-08 is not a document %s, and nothing is kept', async (_, document) => {
    const { ask, host, issuer } = await documentIssuer()
    host.body = typeof document === 'string' ? document : JSON.stringify({ ...goodDocument, ...document })
    expectPage(await ask(), 'document_invalid')
    expect(await issuer.store.findClient(documentUrl)).toBeUndefined()
    expect(eventsOf(issuer, 'cimd.rejected', 'document_invalid')).toHaveLength(1)
    host.body = JSON.stringify(goodDocument)
    expectTokens(await issuer.redeem(await ask()))
  })

  it.each(['text/html', 'text/json', 'application/jsonp', ''])(
    'A-CIMD-04 is not of content type "%s"',
    async (type) => {
      const { ask, host } = await documentIssuer()
      host.headers = type === '' ? [] : [`content-type: ${type}`]
      expectPage(await ask(), 'document_unavailable')
      host.headers = ['content-type: application/cimd+json; charset=utf-8']
      expect((await ask()).code).not.toBe('')
    },
  )

  it('A-CIMD-09 has at most 5120 bytes', async () => {
    const { ask, host } = await documentIssuer()
    const padded = (size: number): string => {
      const bare = JSON.stringify({ ...goodDocument, x: '' })
      return bare.replace('"x":""', `"x":"${'x'.repeat(size - bare.length)}"`)
    }
    host.body = padded(5121)
    expectPage(await ask(), 'document_unavailable')
    host.body = padded(5120)
    expect((await ask()).visit.leftFor).toContain('code=')
  })

  it('DC-09 gives itself nothing', async () => {
    const { ask, host, issuer } = await documentIssuer()
    host.body = JSON.stringify({
      ...goodDocument,
      scope: 'openid admin read',
      grant_types: ['authorization_code'],
      ...{ first_party: true, firstParty: true, skip_consent: true, trusted: true, id: 'x', channel: 'managed' },
    })
    await ask({ scope: 'openid' })
    const client = await issuer.store.findClient(documentUrl)
    expect(client).toMatchObject({
      firstParty: false,
      channel: 'metadata_document',
      grantTypes: ['authorization_code'],
    })
    expect(client?.scope).not.toContain('admin')
    expect(client?.secrets).toEqual([])
  })
})

describe('a document and the rules of those who register themselves', () => {
  const device = 'urn:ietf:params:oauth:grant-type:device_code'
  const withGrant = (grant: string) => ({ grant_types: ['authorization_code', grant] })
  const notForDocuments: readonly (readonly [string, object])[] = [
    [`grant_types has ${device}`, withGrant(device)],
    ['grant_types has client_credentials', withGrant('client_credentials')],
    ['grant_types has implicit', withGrant('implicit')],
    ['grant_types has no authorization_code', { grant_types: ['refresh_token'] }],
    ['grant_types is no list', { grant_types: 'authorization_code' }],
    ['default_max_age is no number of seconds', { default_max_age: -1 }],
    ['require_auth_time is not true or false', { require_auth_time: 'yes' }],
    ['introspection_signed_response_alg is no algorithm', { introspection_signed_response_alg: 'none' }],
    [
      'post_logout_redirect_uris has an https address of another',
      { post_logout_redirect_uris: ['https://evil.example/'] },
    ],
    ['client_name#de is no short text', { 'client_name#de': 7 }],
    ['localized: client_name#de must be', { 'client_name#de': 'a\u202eb' }],
    ['no member with a language tag', { 'client_name#': 'Beispiel' }],
  ]
  it.for(notForDocuments)('A-DCR-06, A-CIMD-04, DC-09 says why it is refused: %s', async ([why, document]) => {
    const { ask, host, issuer } = await documentIssuer()
    host.body = JSON.stringify({ ...goodDocument, ...document })
    expectPage(await ask(), 'document_invalid')
    const [event] = eventsOf(issuer, 'cimd.rejected', 'document_invalid')
    expect(event?.detail?.['reason_detail']).toContain(why)
    expect(await issuer.store.findClient(documentUrl)).toBeUndefined()
  })

  it('A-DCR-06 gets the grants of registration.grants and no others', async () => {
    const closed = await documentIssuer({ registration: { grantTypes: ['authorization_code'] } })
    expectPage(await closed.ask(), 'document_invalid')
    closed.host.body = JSON.stringify({ ...goodDocument, grant_types: undefined })
    await closed.ask()
    expect(await closed.issuer.store.findClient(documentUrl)).toMatchObject({ grantTypes: ['authorization_code'] })
  })

  it('A-CIMD-04, B-OIDC-17 gets what it asks for in its own favour', async () => {
    const { ask, host, issuer } = await documentIssuer()
    const wishes = { default_max_age: 60, require_auth_time: true, default_acr_values: ['urn:a'] }
    const texts = { 'client_name#de': 'Beispiel', post_logout_redirect_uris: ['https://app.example.com/bye'] }
    host.body = JSON.stringify({ ...goodDocument, ...wishes, ...texts })
    await ask()
    expect(await issuer.store.findClient(documentUrl)).toMatchObject({
      defaultMaxAge: 60,
      requireAuthTime: true,
      defaultAcrValues: ['urn:a'],
      localized: { 'client_name#de': 'Beispiel' },
      postLogoutRedirectUris: ['https://app.example.com/bye'],
    })
  })
})

describe('what an operator says of such a client', () => {
  const operators = {
    firstParty: true,
    owner: 'Team A',
    purpose: 'reads notes',
    defaultScope: 'openid profile',
    requireState: true,
    accessTokenLifetime: 60,
  } as const

  it('A-CIMD-10, A-GOV-05 outlives every fetch of the document', async () => {
    const { ask, host, issuer } = await documentIssuer()
    await ask()
    const now = issuer.clock.now()
    const before = await issuer.store.findClient(documentUrl)
    if (before === undefined) throw new Error('no client')
    const context = { development: false, now, random: systemRandom(), secretLifetime: 0 }
    const reviewBy = (now + 30 * day) as typeof now
    const changed = changeClient(before, { ...operators, reviewBy }, context)
    expect(await issuer.store.admin.updateClient(changed, [])).toBe(true)
    for (const [document, defaultScope] of [
      [{ client_name: 'Another App' }, ['openid', 'profile']],
      [{ scope: 'openid' }, ['openid']],
      [{ scope: 'profile', application_type: 'native' }, []],
    ] as const) {
      host.body = JSON.stringify({ ...goodDocument, ...document })
      issuer.clock.advance(61)
      await ask({ scope: document.scope ?? 'openid' })
      const client = await issuer.store.findClient(documentUrl)
      expect(client).toMatchObject({ ...operators, defaultScope, reviewBy })
      expect(client?.documentFreshUntil).toBe(issuer.clock.now() + 60)
    }
    expect(host.requests).toHaveLength(4)
  })

  const documents = [
    { name: 'Mine' },
    { redirectUris: ['https://app.example.com/other'] },
    { scope: 'openid' },
    { grantTypes: ['authorization_code'] },
    { dpopBoundAccessTokens: true },
    { mcp: false },
  ] as const
  it.for(documents)('A-CIMD-10 is refused where the document says it: %j', async (change) => {
    const { ask, issuer } = await documentIssuer()
    await ask()
    const client = await issuer.store.findClient(documentUrl)
    if (client === undefined) throw new Error('no client')
    const context = { development: false, now: issuer.clock.now(), random: systemRandom(), secretLifetime: 0 }
    expect(() => changeClient(client, change, context)).toThrow('what the document of the client says')
    expect(changeClient(client, { name: client.name, owner: 'Team A' }, context).owner).toBe('Team A')
  })
})

describe('the copy of a document', () => {
  it('A-CIMD-10 counts for a minute at least and a day at most, and failures count for nothing', async () => {
    const { ask, host, issuer } = await documentIssuer()
    const fetched = async (): Promise<number> => {
      await ask()
      return host.requests.length
    }
    host.headers.push('cache-control: max-age=0')
    expect([await fetched(), await fetched()]).toEqual([1, 1])
    issuer.clock.advance(60)
    host.headers = ['content-type: application/json', 'cache-control: public, max-age=1000000000']
    expect([await fetched(), await fetched()]).toEqual([2, 2])
    issuer.clock.advance(day - 1)
    expect(await fetched()).toBe(2)
    issuer.clock.advance(1)
    host.status = '500 Oops'
    expectPage(await ask(), 'document_unavailable')
    expectPage(await ask(), 'document_unavailable')
    host.status = '200 OK'
    expect([await fetched(), await fetched()]).toEqual([5, 5])
  })

  it('A-CIMD-10 is fetched once for many that ask at once, on any number of nodes', async () => {
    const { ask, host, issuer } = await documentIssuer()
    await Promise.all(Array.from({ length: 5 }, () => ask()))
    expect(host.requests).toHaveLength(1)
    const node = await issuer.startNode()
    const query = new URLSearchParams({ client_id: documentUrl, redirect_uri: 'https://evil.example/' }).toString()
    await issuer.send({ path: '/oauth2/authorize', query }, node)
    expect(host.requests).toHaveLength(1)
  })

  const changes = [
    { client_name: 'Another App' },
    { redirect_uris: [documentRedirect, 'https://app.example.com/second'] },
    { scope: 'openid profile' },
    { 'client_name#de': 'Eine andere' },
    { logo_uri: 'https://app.example.com/logo.png' },
    { application_type: 'native' },
  ]
  it.each(changes)('A-CIMD-11 asks people again when it changed in %j', async (change) => {
    const { host, issuer, client } = await documentIssuer()
    const browser = issuer.browser()
    const again = async (): Promise<string | undefined> =>
      (await issuer.authorize({ client, browser, parameters: { prompt: 'none', scope: 'openid' } })).response.get(
        'error',
      ) ?? undefined
    await issuer.authorize({ client, browser, remember: true, parameters: { scope: 'openid' } })
    expect(await again()).toBeUndefined()
    issuer.clock.advance(61)
    expect(await again()).toBeUndefined()
    host.body = JSON.stringify({ ...goodDocument, ...change })
    issuer.clock.advance(61)
    expect(await again()).toBe('consent_required')
  })
})

describe('whose documents count', () => {
  it('A-CIMD-12 those of listed hosts and what is below them, unless blocked', async () => {
    const listed = await documentIssuer({ metadataDocuments: { accept: 'listed', hosts: ['example.com'] } })
    expectTokens(await listed.issuer.redeem(await listed.ask()))
    for (const metadataDocuments of [
      { accept: 'listed', hosts: ['ample.com', 'example.org'] },
      { accept: 'any', blockedHosts: ['example.com'] },
      { accept: 'listed', hosts: ['app.example.com'], blockedHosts: ['app.example.com'] },
    ] as const) {
      const { ask, host } = await documentIssuer({ metadataDocuments })
      expectPage(await ask(), 'document_not_accepted')
      expect(host.requests).toEqual([])
    }
    await expect(documentIssuer({ metadataDocuments: { blockedHosts: ['*.example.com'] } })).rejects.toThrow(
      'host name',
    )
  })

  it('A-CIMD-12 others after an operator looked at them', async () => {
    const { ask, issuer } = await documentIssuer({ metadataDocuments: { accept: 'review' } })
    expectPage(await ask(), 'document_review')
    const waiting = await issuer.store.findClient(documentUrl)
    expect(waiting?.disabledAt).toBe(issuer.clock.now())
    if (waiting === undefined) return
    await issuer.store.admin.updateClient({ ...waiting, version: waiting.version + 1, disabledAt: undefined }, [])
    issuer.clock.advance(2)
    expectTokens(await issuer.redeem(await ask()))
    issuer.clock.advance(61)
    expectTokens(await issuer.redeem(await ask()))
  })

  it('B-REG-11, A-CIMD-12 a contained document stays contained, and one that waits for its review goes', async () => {
    const month = 30 * day
    const { ask, issuer } = await documentIssuer()
    expectTokens(await issuer.redeem(await ask()))
    issuer.clock.advance(1)
    await issuer.store.containment.contain(documentUrl, issuer.clock.now(), [])
    for (let months = 0; months < 2; months++) {
      issuer.clock.advance(month)
      await issuer.server.maintain()
    }
    expectPage(await ask(), 'document_review')
    const review = await documentIssuer({ metadataDocuments: { accept: 'review' } })
    expectPage(await review.ask(), 'document_review')
    review.issuer.clock.advance(month)
    await review.issuer.server.maintain()
    expect(await review.issuer.store.findClient(documentUrl)).toBeUndefined()
  })

  it('A-CIMD-12 takes the tokens of a host that was blocked later', async () => {
    const { issuer, client, ask } = await documentIssuer()
    const authorized = await ask()
    const blocked = await documentIssuer({
      store: issuer.store,
      metadataDocuments: { accept: 'any', blockedHosts: ['app.example.com'] },
      clients: ['P'],
      resources: [],
    })
    const exchange = { grant_type: 'authorization_code', code: authorized.code, code_verifier: authorized.verifier }
    expectRefusal(await blocked.issuer.token(client, exchange), 'invalid_client', 401)
    expectTokens(await issuer.redeem(authorized))
  })
})

describe('errors of a client nobody registered', () => {
  it('A-AUTHZ-13 are a page with a link, except for silent requests and clients an operator registered', async () => {
    const { ask, issuer } = await documentIssuer()
    const shown = await ask({ scope: 'bad' })
    expect(shown.visit.leftFor).toBeUndefined()
    expect(shown.visit.answer.status).toBe(400)
    expect(shown.visit.answer.location).toBeUndefined()
    const link = /href="(https:\/\/app\.example\.com\/callback[^"]*)"/.exec(shown.visit.answer.text)?.[1] ?? ''
    const target = new URL(link.replaceAll('&amp;', '&'))
    expect(target.searchParams.get('error')).toBe('invalid_scope')
    expect(target.searchParams.get('iss')).toBe(issuer.issuer)
    expectBack(await ask({ scope: 'bad', prompt: 'none' }), 'invalid_scope')
    expectBack(await issuer.authorize({ parameters: { scope: 'bad' } }), 'invalid_scope')
  })
})
