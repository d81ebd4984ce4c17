import { ClientMetadataError, createManagedClient, registerClient, type ClientRegistration } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { seconds, systemRandom } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { expectBack, expectPage, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const context = { development: false, now: seconds(1_800_000_000), random: systemRandom(), secretLifetime: 86_400 }
const web: ClientRegistration = { type: 'web', name: 'Web', redirectUris: ['https://c.test/cb'], scope: 'openid' }
const native: ClientRegistration = { ...web, type: 'native', name: 'Native' }

/** The members that are at fault. */
function faultsOf(registration: ClientRegistration): readonly string[] {
  try {
    registerClient(registration, context)
    return []
  } catch (error) {
    if (error instanceof ClientMetadataError) return error.faults.map((fault) => fault.member)
    throw error
  }
}

const refused = (uri: string, type: 'web' | 'native' | 'spa'): readonly string[] =>
  faultsOf({ ...web, type, redirectUris: [uri] })

describe('registration', () => {
  it.for([
    'https://c.test',
    'https://c.test?x=1',
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://c.test/x',
    'about:blank',
    'ws://c.test/cb',
    'wss://c.test/cb',
    'ftp://c.test/cb',
    'mailto:a@c.test',
    'intent:x',
    '/cb',
    '//c.test/cb',
    'cb',
    '',
    'https://c.test/cb#',
    'https://c.test/cb#x',
    'https://user@c.test/cb',
    'https://user:pass@c.test/cb',
    'https://*.c.test/cb',
    'https://c.test/*',
    'http://c.test/cb',
    'https://c.test/cb\u0000',
    'https://c.test/c b',
    ' https://c.test/cb',
    'https://c.test/\tcb',
    'https://ç.test/cb',
    'https://C.test/cb',
    'HTTPS://c.test/cb',
    'https://c.test/../cb',
    'https://c.test/%2e%2e/cb',
    'https://c.test\\cb',
    'https:///cb',
    'https://c.test:99999/cb',
    `https://c.test/${'a'.repeat(100_000)}`,
  ])('RU-04, A-REDIR-02, A-REDIR-03, A-REDIR-04, A-REDIR-08 %j is refused for every type', (uri) => {
    for (const type of ['web', 'spa', 'native'] as const) expect(refused(uri, type)).toContain('redirectUris')
  })

  it.for(['http://127.0.0.1/cb', 'http://[::1]/cb', 'http://localhost/cb', 'com.example.app:/cb'])(
    'A-REDIR-04, A-REDIR-06, A-REDIR-08 %s is for native clients only',
    (uri) => {
      expect(refused(uri, 'native')).toEqual([])
      for (const type of ['web', 'spa'] as const) expect(refused(uri, type)).toEqual(['redirectUris'])
    },
  )

  it.for([
    'myapp://cb',
    'myapp:/cb',
    'com.example.app://cb',
    'com.example.app:cb',
    'COM.example.app:/cb',
    'com.example.app:/cb#x',
  ])('A-REDIR-08 the private-use form %s is refused', (uri) => {
    expect(refused(uri, 'native')).toEqual(['redirectUris'])
  })

  it.for([
    'http://127.0.0.1:0/cb',
    'http://127.0.0.1:65536/cb',
    'http://127.0.0.1:080/cb',
    'http://127.1/cb',
    'http://127.0.0.2/cb',
    'http://[::ffff:127.0.0.1]/cb',
  ])('A-REDIR-05, A-REDIR-07 the loopback form %s is refused', (uri) => {
    expect(refused(uri, 'native')).toEqual(['redirectUris'])
  })

  it('A-REDIR-02 a client that uses redirects needs one', () => {
    expect(faultsOf({ ...web, redirectUris: [] })).toEqual(['redirectUris'])
    expect(faultsOf({ type: 'spa', name: 'x', scope: 'openid' })).toEqual(['redirectUris'])
  })

  it('A-REDIR-09 a native client may claim an https address', () => {
    expect(faultsOf(native)).toEqual([])
  })

  it('A-REDIR-10, A-REDIR-11 native and browser-based clients cannot be given a shared secret', () => {
    for (const type of ['native', 'spa', 'device'] as const)
      for (const authenticationMethod of ['client_secret_basic', 'client_secret_post'] as const)
        expect(faultsOf({ ...web, type, authenticationMethod })).toContain('authenticationMethod')
    expect(registerClient(native, context).secret).toBeUndefined()
  })

  it('A-REDIR-13 an https redirect URI belongs to one managed client unless that is overridden', async () => {
    const { admin } = createMemoryStore()
    const eventOf = () => {
      throw new Error('not reached')
    }
    await admin.createClient(registerClient(web, context).client, [])
    const options = { allowSharedRedirectUri: false, eventOf }
    await expect(createManagedClient(admin, web, context, options)).rejects.toThrow('belongs to')
    const other = { ...web, redirectUris: ['https://d.test/cb', 'https://c.test/cb'] }
    await expect(createManagedClient(admin, other, context, options)).rejects.toThrow(ClientMetadataError)
  })
})

describe('matching', () => {
  it('A-REDIR-05, RU-03 any port of a loopback address, or none, and nothing else', async () => {
    const issuer = await newIssuer()
    const redirectUris = ['http://127.0.0.1/cb', 'http://[::1]/cb']
    const client = await issuer.addClient({ ...native, redirectUris, scope: 'openid' })
    const result = (redirect_uri: string) =>
      issuer.authorize({ client, parameters: { redirect_uri, scope: 'openid', resource: undefined } })
    for (const host of ['127.0.0.1', '[::1]'])
      for (const port of ['', ':1', ':51004', ':65535']) {
        const uri = `http://${host}${port}/cb`
        expect((await result(uri)).visit.leftFor?.startsWith(`${uri}?`)).toBe(true)
      }
    const strangers = [
      '127.0.0.2',
      '127.1',
      '0x7f.1',
      '2130706433',
      '0177.0.0.1',
      '[::ffff:127.0.0.1]',
      '[0:0:0:0:0:0:0:1]',
      'localhost',
    ]
    for (const host of strangers) expectPage(await result(`http://${host}/cb`), 'redirect_uri_mismatch')
    for (const uri of [
      'http://127.0.0.1:49152/other',
      'https://127.0.0.1/cb',
      'http://127.0.0.1:49152/cb?x',
      'http://127.0.0.1:/cb',
    ])
      expectPage(await result(uri), 'redirect_uri_mismatch')
  })

  it('A-REDIR-06 localhost works on any port where it is registered, and is no other name for the address', async () => {
    const issuer = await newIssuer()
    const client = await issuer.addClient({ ...native, redirectUris: ['http://localhost/cb'] })
    const result = (redirect_uri: string) =>
      issuer.authorize({ client, parameters: { redirect_uri, scope: 'openid', resource: undefined } })
    expect((await result('http://localhost:7777/cb')).code).not.toBe('')
    expectPage(await result('http://127.0.0.1:7777/cb'), 'redirect_uri_mismatch')
    expectPage(await result('http://LOCALHOST/cb'), 'redirect_uri_mismatch')
  })

  it.for([':0', ':65536', ':99999', ':007', ':1a', ':-1', ':80:80'])(
    'A-REDIR-07 port %s does not exist',
    async (port) => {
      const issuer = await newIssuer()
      const parameters = { redirect_uri: `http://127.0.0.1${port}/cb` }
      expectPage(await issuer.authorize({ client: issuer.clients.N, parameters }), 'redirect_uri_mismatch')
    },
  )

  it('A-REDIR-07 https://localhost keeps its port', async () => {
    const issuer = await newIssuer()
    const client = await issuer.addClient({ ...native, redirectUris: ['https://localhost:8443/cb'] })
    const scope = { scope: 'openid', resource: undefined }
    expect((await issuer.authorize({ client, parameters: scope })).code).not.toBe('')
    for (const redirect_uri of ['https://localhost/cb', 'https://localhost:8444/cb'])
      expectPage(await issuer.authorize({ client, parameters: { ...scope, redirect_uri } }), 'redirect_uri_mismatch')
  })

  it('RU-03 a web client gets no tolerance, not even in a development issuer', async () => {
    const issuer = await newIssuer({ issuer: 'http://localhost:7636', development: true })
    const client = await issuer.addClient({ ...web, redirectUris: ['http://127.0.0.1:3000/cb'] })
    const parameters = { scope: 'openid', resource: undefined, redirect_uri: 'http://127.0.0.1:3001/cb' }
    expectPage(await issuer.authorize({ client, parameters }), 'redirect_uri_mismatch')
  })

  it('A-REDIR-03 response parameters are appended to a registered query', async () => {
    const issuer = await newIssuer()
    for (const [registered, start] of [
      ['https://q.test/cb?x=1', 'https://q.test/cb?x=1&'],
      ['https://q.test/cb?', 'https://q.test/cb?'],
      ['https://q.test/cb?a=%20b', 'https://q.test/cb?a=%20b&'],
    ] as const) {
      const client = await issuer.addClient({ ...web, redirectUris: [registered] })
      const { visit } = await issuer.authorize({ client, parameters: { scope: 'openid', resource: undefined } })
      expect(visit.leftFor?.startsWith(`${start}code=`)).toBe(true)
      expect(visit.leftFor?.split('?')).toHaveLength(2)
    }
  })

  it('A-REDIR-09 a public native client with an https URI sends no secret and cannot do without PKCE', async () => {
    const issuer = await newIssuer()
    const client = await issuer.addClient(native)
    const scope = { scope: 'openid', resource: undefined }
    expectTokens(await issuer.redeem(await issuer.authorize({ client, parameters: scope })))
    expectBack(
      await issuer.authorize({ client, parameters: { ...scope, code_challenge: undefined } }),
      'invalid_request',
    )
  })

  it('A-REDIR-11 a secret from a public client proves nothing and is refused', async () => {
    const issuer = await newIssuer()
    const { P } = issuer.clients
    const authorized = await issuer.authorize({ client: P })
    expectRefusal(await issuer.redeem(authorized, { client_secret: 'shipped in the app' }), 'invalid_client', 401)
    const authorization = `Basic ${Buffer.from(`${P.id}:shipped`).toString('base64')}`
    const inHeader = await issuer.redeem(authorized, { client_id: undefined }, { headers: { authorization } })
    expectRefusal(inHeader, 'invalid_client', 401)
    expectTokens(await issuer.redeem(authorized))
  })
})
