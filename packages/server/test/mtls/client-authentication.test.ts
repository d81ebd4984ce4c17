import {
  createTestAuthority,
  extension,
  selfSignedCertificate,
  type Answer,
  type TestCertificate,
  type TestCertificateOptions,
  type TestClient,
  type TestIssuer,
  type TestIssuerOptions,
} from '@sallyport/testing'
import type { ClientRegistration, Connect } from '@sallyport/server'
import type { AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { openIssuer, outcome, plain, register } from '../registration/registrations.ts'

const now = Math.floor(Date.now() / 1000)
const authority = createTestAuthority('Client authority')
const below = authority.authority('Authority below', { pathLength: 0 })
const stranger = createTestAuthority('Client authority')
const app: TestCertificateOptions = {
  subject: [
    [['O', 'Example, Inc.']],
    [
      ['CN', 'app'],
      ['OU', 'Ä'],
    ],
  ],
}
const dn = 'CN=app+OU=\\C3\\84,O=Example\\, Inc.'

const day = 86_400_000
const ago = (days: number): Date => new Date(Date.now() - days * day)

type Sent = { readonly certificate: { readonly der: Uint8Array; readonly chain: readonly Uint8Array[] } }
const connection = ({ der }: TestCertificate, ...chain: readonly TestCertificate[]): Sent => ({
  certificate: { der, chain: chain.map((one) => one.der) },
})

const trusting = (more: TestIssuerOptions = {}, revocationLists?: () => string): Promise<TestIssuer> =>
  newIssuer({
    start: now,
    clients: ['K', 'RS1'],
    mutualTls: { authorities: { anchors: authority.certificate, revocationLists } },
    ...more,
  })

const vouched = (name: Partial<ClientRegistration>): ClientRegistration => ({
  ...{ type: 'service', name: 'Vouched for', scope: 'read', resources: ['https://rs1.test'] },
  authenticationMethod: 'tls_client_auth',
  ...name,
})

const jwkOf = ({ der, privateKey }: TestCertificate) => {
  const { kty = '', crv = '', x = '', y = '' } = privateKey.export({ format: 'jwk' })
  return { kty, crv, x, y, x5c: [Buffer.from(der).toString('base64')] }
}

const alone = (...certificates: readonly TestCertificate[]): ClientRegistration => ({
  ...{ type: 'service', name: 'Alone', scope: 'read', resources: ['https://rs1.test'] },
  authenticationMethod: 'self_signed_tls_client_auth',
  jwks: { keys: certificates.map(jwkOf) },
})

const ask = (issuer: TestIssuer, client: TestClient, sent: object = {}, more = {}): Promise<Answer> =>
  issuer.clientCredentials(client, { scope: 'read', resource: 'https://rs1.test', ...more }, sent)

/** What the operator sees of the last refusal. */
const seen = (issuer: TestIssuer): unknown => issuer.records.events.at(-1)?.reason

async function expectFailed(issuer: TestIssuer, answer: Answer, reason: string): Promise<void> {
  expectRefusal(answer, 'invalid_client', 401)
  expect(answer.json['error_description']).toBe('Client authentication failed')
  expect([issuer.records.events.at(-1)?.event, seen(issuer)]).toEqual(['client.auth.failed', reason])
}

describe('a certificate that an authority vouches for', () => {
  it('B-MTLS-01, B-MTLS-02 proves the client that is named beside it, at every endpoint', async () => {
    const issuer = await trusting()
    const client = await issuer.addClient(
      vouched({ tlsClientAuthSubjectDn: dn, resourceServerOf: ['https://rs1.test'] }),
    )
    const answer = await ask(issuer, client, connection(authority.issue('app', app)))
    expectTokens(answer)
    const sent = connection(below.issue('app', app), below)
    expectTokens(await ask(issuer, client, sent))
    expect((await issuer.introspect(client, String(answer.json['access_token']), sent)).json['active']).toBe(true)
    expect((await issuer.revoke(client, String(answer.json['access_token']), sent)).status).toBe(200)
    const other = await ask(issuer, client, connection(authority.issue('other')))
    await expectFailed(issuer, other, 'cert_subject')
    await expectFailed(issuer, await issuer.revoke(client, 'x'), 'cert_missing')
  })

  it('B-MTLS-01 pushes requests too', async () => {
    const issuer = await trusting()
    const web = { type: 'web', redirectUris: ['https://bank.test/cb'], tlsClientAuthSubjectDn: dn } as const
    const client = await issuer.addClient(vouched({ ...web, scope: 'openid' }))
    const request = {
      response_type: 'code',
      redirect_uri: 'https://bank.test/cb',
      scope: 'openid',
      code_challenge_method: 'S256',
    }
    const parameters = { ...request, code_challenge: 'K2-ltc83acc4h0c9w6ESC_rEMTJ3bww-uCHaoeK1t8U' }
    expect((await issuer.push(client, parameters, connection(authority.issue('app', app)))).status).toBe(201)
    await expectFailed(issuer, await issuer.push(client, parameters), 'cert_missing')
  })

  it('B-MTLS-01, CA-09 is needed, beside client_id and nothing else, by the method that was registered', async () => {
    const issuer = await trusting()
    const sent = connection(authority.issue('app', app))
    const client = await issuer.addClient(vouched({ tlsClientAuthSubjectDn: dn }))
    await expectFailed(issuer, await ask(issuer, client), 'cert_missing')
    await expectFailed(issuer, await ask(issuer, client, sent, { client_id: undefined }), 'client_auth_missing')
    await expectFailed(issuer, await ask(issuer, client, sent, { client_id: 'client_nobody' }), 'client_auth_unknown')
    await expectFailed(issuer, await ask(issuer, client, sent, { client_secret: 'x'.repeat(43) }), 'client_auth_method')
    const secret = await issuer.post(
      '/oauth2/token',
      { client_id: issuer.clients.K.id, grant_type: 'client_credentials' },
      sent,
    )
    await expectFailed(issuer, secret, 'client_auth_method')
    await issuer.changeClient(client, { disabledAt: issuer.clock.now() })
    await expectFailed(issuer, await ask(issuer, client, sent), 'client_auth_disabled')
  })

  it('B-MTLS-01 proves nobody where mutual TLS, or every authority, is left out', async () => {
    for (const mutualTls of [undefined, {}]) {
      const issuer = await trusting({ mutualTls })
      const client = await issuer.addClient(vouched({ tlsClientAuthSubjectDn: dn }))
      const answer = await ask(issuer, client, connection(authority.issue('app', app)))
      await expectFailed(issuer, answer, mutualTls === undefined ? 'client_auth_method' : 'cert_invalid')
    }
  })

  const nameConstraints = extension('2.5.29.30', true, Buffer.from('3010a00e300c820a6578616d706c652e636f', 'hex'))
  const unknownCondition = extension('1.3.6.1.4.1.99999.1', true, Buffer.from('0500', 'hex'))
  const notForSignatures = extension('2.5.29.15', true, Buffer.from('03020520', 'hex'))
  const long = authority.authority('First').authority('Second', { pathLength: 0 })
  const tooLong = long.authority('Third')
  const untrusted = stranger.authority('Authority below')
  const leaf = selfSignedCertificate('app', app)

  it.each<readonly [string, TestCertificate, readonly TestCertificate[]]>([
    ['an authority that nobody trusts, with the same name', stranger.issue('app', app), []],
    ['an authority that the client brings along', stranger.issue('app', app), [stranger]],
    ['an authority below one that nobody trusts', untrusted.issue('app', app), [untrusted, stranger]],
    ['a chain with a gap', below.issue('app', app), []],
    ['itself', leaf, []],
    ['itself, twice', leaf, [leaf]],
    [
      'a client that plays an authority',
      (() => {
        const client = authority.issue('client', app)
        return createTestAuthority('client', { ...app, key: client.privateKey, ca: false }).issue('app', app)
      })(),
      [authority.issue('client', app)],
    ],
    ['an end that is over', authority.issue('app', { ...app, notAfter: ago(0.01) }), []],
    ['a beginning that is not yet', authority.issue('app', { ...app, notBefore: ago(-0.5), notAfter: ago(-1) }), []],
    ['the purpose of servers', authority.issue('app', { ...app, usage: 'server' }), []],
    ['a key that is for no signatures', authority.issue('app', { ...app, extensions: [notForSignatures] }), []],
    ['a condition that nobody knows', authority.issue('app', { ...app, extensions: [unknownCondition] }), []],
    ...[{ notAfter: ago(0.01) }, { extensions: [nameConstraints] }, { extensions: [unknownCondition] }].map(
      (options) => {
        const unfit = authority.authority('Unfit', options)
        return [`an authority with ${Object.keys(options).join()}`, unfit.issue('app', app), [unfit]] as const
      },
    ),
    [
      'a path that is too long for one of its authorities',
      tooLong.issue('app', app),
      [tooLong, long, authority.authority('First')],
    ],
  ])('B-MTLS-02, MT-04 does not count with %s', async (_what, certificate, chain) => {
    const issuer = await trusting()
    const client = await issuer.addClient(vouched({ tlsClientAuthSubjectDn: dn }))
    await expectFailed(issuer, await ask(issuer, client, connection(certificate, ...chain)), 'cert_invalid')
  })

  it('B-MTLS-13 certificates that have signed each other lead nowhere, and cost little', async () => {
    const issuer = await trusting()
    const client = await issuer.addClient(vouched({ tlsClientAuthSubjectDn: dn }))
    const one = createTestAuthority('One')
    const other = createTestAuthority('Other')
    const crossed = [
      other.authority('One', { key: one.privateKey }),
      one.authority('Other', { key: other.privateKey }),
      one,
      other,
    ]
    await expectFailed(issuer, await ask(issuer, client, connection(one.issue('app', app), ...crossed)), 'cert_invalid')
    const many = Array.from({ length: 6 }, () => below)
    await expectFailed(issuer, await ask(issuer, client, connection(below.issue('app', app), ...many)), 'cert_invalid')
  })

  it('MT-04 ends while the connection is open', async () => {
    const issuer = await trusting()
    const client = await issuer.addClient(vouched({ tlsClientAuthSubjectDn: dn }))
    const sent = connection(authority.issue('app', { ...app, notAfter: new Date((now + 120) * 1000) }))
    expectTokens(await ask(issuer, client, sent))
    issuer.clock.advance(119)
    expectTokens(await ask(issuer, client, sent))
    issuer.clock.advance(2)
    await expectFailed(issuer, await ask(issuer, client, sent), 'cert_invalid')
  })

  it('B-MTLS-02 counts no more once it is on a list of its issuer, nor without a list in force', async () => {
    const certificate = below.issue('app', app)
    const sent = connection(certificate, below)
    const whole = (revoked: readonly TestCertificate[]): string =>
      `${authority.revocationList([])}${below.revocationList(revoked)}`
    let lists = whole([])
    const issuer = await trusting({}, () => lists)
    const client = await issuer.addClient(vouched({ tlsClientAuthSubjectDn: dn }))
    expectTokens(await ask(issuer, client, sent))
    for (const unfit of [
      whole([certificate]),
      `${authority.revocationList([below])}${below.revocationList([])}`,
      below.revocationList([]),
      `${stranger.revocationList([])}${below.revocationList([])}`,
      `${authority.revocationList([])}${below.revocationList([], ago(0.01))}`,
      'no list at all',
    ]) {
      lists = unfit
      await expectFailed(issuer, await ask(issuer, client, sent), 'cert_invalid')
    }
    lists = whole([authority.issue('another')])
    expectTokens(await ask(issuer, client, sent))
  })
})

/** An extension of authorities whose certificates are for servers alone. */
const serverPurpose = extension('2.5.29.37', false, Buffer.from('300a06082b06010505070301', 'hex'))

describe('the check of certificates and that of the TLS stack', () => {
  const root = authority
  const middle = root.authority('Middle')
  const short = root.authority('Short', { pathLength: 0 })
  const tooDeep = short.authority('Deep')
  const server = root.authority('For servers', { extensions: [serverPurpose] })
  const cases: readonly (readonly [string, TestCertificate, readonly TestCertificate[]])[] = [
    ['directly', root.issue('a'), []],
    ['through another', middle.issue('a'), [middle]],
    ['in disorder', middle.authority('Below').issue('a'), [middle]],
    ['without the link', middle.issue('a'), []],
    ['a stranger', stranger.issue('a'), [stranger]],
    ['too deep', tooDeep.issue('a'), [tooDeep, short]],
    ['deep enough', short.issue('a'), [short]],
    ['over', root.issue('a', { notAfter: ago(0.01) }), []],
    ['early', root.issue('a', { notBefore: ago(-0.5), notAfter: ago(-1) }), []],
    ['for servers', root.issue('a', { usage: 'server' }), []],
    ['for anything', root.issue('a', { usage: 'any' }), []],
    ['an authority for servers', server.issue('a'), [server]],
  ]

  it('B-MTLS-02 come to the same', async () => {
    const issuer = await trusting()
    const client = await issuer.addClient(vouched({ tlsClientAuthSubjectDn: 'CN=a' }))
    const verdicts = await openTls(root)
    for (const [what, certificate, chain] of cases) {
      const ours = (await ask(issuer, client, connection(certificate, ...chain))).status === 200
      expect([what, ours]).toEqual([what, await verdicts.of(certificate, chain)])
    }
    verdicts.close()
  })
})

/** A TLS server that trusts an authority, and says of each certificate whether it counts. */
async function openTls(root: TestCertificate) {
  const { certificate: cert, key } = authority.issue('localhost', { usage: 'server' })
  let said: ((authorized: boolean) => void) | undefined
  const server = createTlsServer(
    { cert, key, ca: root.certificate, requestCert: true, rejectUnauthorized: false },
    (socket) => {
      said?.(socket.authorized)
      socket.destroy()
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    close: () => server.close(),
    of: ({ certificate, key: own }: TestCertificate, chain: readonly TestCertificate[]): Promise<boolean> =>
      new Promise((resolve) => {
        said = resolve
        const whole = [certificate, ...chain.map((one) => one.certificate)].join('')
        connectTls({ host: '127.0.0.1', port, cert: whole, key: own, rejectUnauthorized: false }).on(
          'error',
          () => undefined,
        )
      }),
  }
}

describe('the names of a certificate', () => {
  const names = [
    { dns: 'App.Example.com' },
    { uri: 'https://app.example.com/ID' },
    { ip: '2001:db8::1' },
    { ip: '192.0.2.1' },
    { email: 'Robot@Example.com' },
  ]
  const named = authority.issue('app', { ...app, names })

  it.each<readonly [Partial<ClientRegistration>, boolean]>([
    [{ tlsClientAuthSubjectDn: dn }, true],
    [{ tlsClientAuthSubjectDn: 'ou=Ä + cn=#0c03617070 , 2.5.4.10=Example\\2c Inc.' }, true],
    [{ tlsClientAuthSubjectDn: 'O=Example\\, Inc.,CN=app+OU=Ä' }, false],
    [{ tlsClientAuthSubjectDn: 'CN=app' }, false],
    [{ tlsClientAuthSubjectDn: 'CN=app,OU=Ä,O=Example\\, Inc.' }, false],
    [{ tlsClientAuthSubjectDn: `${dn},C=DE` }, false],
    [{ tlsClientAuthSubjectDn: 'CN=APP+OU=Ä,O=Example\\, Inc.' }, false],
    [{ tlsClientAuthSubjectDn: 'CN=app.example.com' }, false],
    [{ tlsClientAuthSanDns: 'app.example.COM' }, true],
    [{ tlsClientAuthSanDns: 'example.com' }, false],
    [{ tlsClientAuthSanDns: 'app' }, false],
    [{ tlsClientAuthSanUri: 'https://app.example.com/ID' }, true],
    [{ tlsClientAuthSanUri: 'https://app.example.com/id' }, false],
    [{ tlsClientAuthSanUri: 'https://app.example.com' }, false],
    [{ tlsClientAuthSanIp: '2001:0DB8:0:0::0001' }, true],
    [{ tlsClientAuthSanIp: '192.0.2.1' }, true],
    [{ tlsClientAuthSanIp: '::ffff:192.0.2.1' }, false],
    [{ tlsClientAuthSanIp: '192.0.2.10' }, false],
    [{ tlsClientAuthSanEmail: 'Robot@example.COM' }, true],
    [{ tlsClientAuthSanEmail: 'robot@example.com' }, false],
    [{ tlsClientAuthSanDns: 'robot.example.com' }, false],
  ])('B-MTLS-04, MT-03 are compared part by part: %o', async (name, fits) => {
    const issuer = await trusting()
    const client = await issuer.addClient(vouched(name))
    const answer = await ask(issuer, client, connection(named))
    if (fits) expectTokens(answer)
    else await expectFailed(issuer, answer, 'cert_subject')
  })

  it.each<readonly [TestCertificateOptions, Partial<ClientRegistration>]>([
    [{ subject: [[['CN', 'a,O=evil']]] }, { tlsClientAuthSubjectDn: 'CN=a,O=evil' }],
    [{ subject: [[['CN', 'a']], [['O', 'evil']]] }, { tlsClientAuthSubjectDn: 'CN=a' }],
    [
      {
        subject: [
          [
            ['O', 'evil'],
            ['CN', 'a'],
          ],
        ],
      },
      { tlsClientAuthSubjectDn: 'CN=a,O=evil' },
    ],
    [{ names: [{ dns: '*.example.com' }] }, { tlsClientAuthSanDns: 'app.example.com' }],
    [{ names: [{ uri: 'app.example.com' }] }, { tlsClientAuthSanDns: 'app.example.com' }],
    [{ names: [{ dns: '192.0.2.1' }] }, { tlsClientAuthSanIp: '192.0.2.1' }],
    [{ subject: [[['CN', 'app.example.com']]] }, { tlsClientAuthSanDns: 'app.example.com' }],
    [{}, { tlsClientAuthSanEmail: 'app@example.com' }],
  ])('B-MTLS-04, MT-03 a certificate with %o is not that of %o', async (options, name) => {
    const issuer = await trusting()
    const client = await issuer.addClient(vouched(name))
    await expectFailed(issuer, await ask(issuer, client, connection(authority.issue('x', options))), 'cert_subject')
  })

  it('B-MTLS-13 are at most a hundred', async () => {
    const issuer = await trusting()
    const client = await issuer.addClient(vouched({ tlsClientAuthSanDns: 'app.example.com' }))
    const many = (count: number) => Array.from({ length: count }, (_, index) => ({ dns: `a${index}.example` }))
    const certificate = (count: number) => authority.issue('x', { names: [...many(count), { dns: 'app.example.com' }] })
    expectTokens(await ask(issuer, client, connection(certificate(99))))
    await expectFailed(issuer, await ask(issuer, client, connection(certificate(100))), 'cert_invalid')
  })
})

/** The other end of a connection to a host with keys. */
function published(host: { keys: readonly object[]; asked: number }): Duplex {
  let seen = ''
  const stream: Duplex = new Duplex({
    read: () => undefined,
    write: (part: Buffer, _, done) => {
      seen += part.toString('latin1')
      done()
      if (!seen.includes('\r\n\r\n')) return
      host.asked++
      const body = JSON.stringify({ keys: host.keys })
      const head = ['HTTP/1.1 200 OK', 'content-type: application/jwk-set+json', `content-length: ${body.length}`]
      stream.push(`${head.join('\r\n')}\r\n\r\n${body}`)
    },
  })
  return stream
}

describe('a certificate of the client itself', () => {
  const own = selfSignedCertificate('alone')
  const sameKey = selfSignedCertificate('alone', { key: own.privateKey })

  it('B-MTLS-05, MT-04 proves it when it is among its keys, whoever has signed it; the same key in another is not enough', async () => {
    const issuer = await trusting()
    const client = await issuer.addClient(alone(own, authority.issue('second')))
    expectTokens(await ask(issuer, client, connection(own)))
    await expectFailed(issuer, await ask(issuer, client, connection(sameKey)), 'cert_unknown')
    await expectFailed(issuer, await ask(issuer, client, connection(authority.issue('alone'))), 'cert_unknown')
    await expectFailed(issuer, await ask(issuer, client), 'cert_missing')
    const junk = { certificate: { der: Buffer.from('junk'), chain: [] } }
    await expectFailed(issuer, await ask(issuer, client, junk), 'cert_invalid')
  })

  it('MT-04 proves nobody before its time or after it', async () => {
    const issuer = await trusting()
    const over = selfSignedCertificate('over', { notAfter: ago(0.01) })
    const early = selfSignedCertificate('early', { notBefore: ago(-0.5), notAfter: ago(-1) })
    const client = await issuer.addClient(alone(over, early))
    for (const one of [over, early])
      await expectFailed(issuer, await ask(issuer, client, connection(one)), 'cert_invalid')
  })

  it('B-MTLS-05 a certificate that the client publishes at its address works, and so does the next one', async () => {
    const host = { keys: [jwkOf(own)], asked: 0 }
    const connect: Connect = () => Promise.resolve(published(host))
    const outbound = { connect, resolve: () => Promise.resolve(['93.184.215.14']) }
    const issuer = await trusting({ outbound })
    const client = await issuer.addClient({ ...alone(), jwks: undefined, jwksUri: 'https://keys.example/jwks' })
    expectTokens(await ask(issuer, client, connection(own)))
    const next = selfSignedCertificate('next')
    host.keys = [jwkOf(next)]
    await expectFailed(issuer, await ask(issuer, client, connection(next)), 'cert_unknown')
    issuer.clock.advance(61)
    expectTokens(await ask(issuer, client, connection(next)))
    await expectFailed(issuer, await ask(issuer, client, connection(own)), 'cert_unknown')
    issuer.clock.advance(601)
    host.keys = []
    await expectFailed(issuer, await ask(issuer, client, connection(next)), 'cert_keys')
  })

  it('B-MTLS-05 a certificate that belongs to another key than it stands beside means nothing', async () => {
    const mixed = { ...jwkOf(own), x5c: jwkOf(selfSignedCertificate('other')).x5c }
    const wrong: ClientRegistration = { ...alone(), jwks: { keys: [mixed] } }
    await expect((await trusting()).addClient(wrong)).rejects.toThrow(/x5c/)
  })
})

describe('registration', () => {
  const document = { ...plain, token_endpoint_auth_method: 'tls_client_auth' }
  const anchors = { authorities: { anchors: authority.certificate } }

  it('B-MTLS-03 wants exactly one name of the certificate', async () => {
    const issuer = await openIssuer({}, { mutualTls: anchors })
    const answer = await register(issuer, { ...document, tls_client_auth_subject_dn: dn })
    expect(answer.json).toMatchObject({ token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: dn })
    expect(answer.json).not.toHaveProperty('client_secret')
    for (const names of [
      {},
      { tls_client_auth_subject_dn: dn, tls_client_auth_san_dns: 'app.example.com' },
      { tls_client_auth_subject_dn: 'app' },
      { tls_client_auth_subject_dn: 'CN=app,' },
      { tls_client_auth_subject_dn: 'CN="app"' },
      { tls_client_auth_subject_dn: 'XX=app' },
      { tls_client_auth_subject_dn: 'CN=app\\zz' },
      { tls_client_auth_san_dns: '*.example.com' },
      { tls_client_auth_san_uri: 'app' },
      { tls_client_auth_san_ip: '192.0.2.1/32' },
      { tls_client_auth_san_email: 'example.com' },
      { tls_client_auth_san_ip: 7 },
    ])
      expect([names, outcome(await register(issuer, { ...document, ...names }))]).toEqual([
        names,
        '400 invalid_client_metadata',
      ])
    const secret = { ...plain, tls_client_auth_subject_dn: dn }
    expect(outcome(await register(issuer, secret))).toBe('400 invalid_client_metadata')
  })

  it('B-MTLS-05 wants the certificate among the keys', async () => {
    const issuer = await openIssuer({}, { mutualTls: {} })
    const own = { ...plain, token_endpoint_auth_method: 'self_signed_tls_client_auth' }
    const jwk = jwkOf(selfSignedCertificate('own'))
    expect(outcome(await register(issuer, { ...own, jwks: { keys: [jwk] } }))).toBe('201')
    const { x5c: _certificate, ...bare } = jwk
    for (const more of [{}, { jwks: { keys: [bare] } }, { jwks: { keys: [{ ...bare, x5c: ['AAAA'] }] } }])
      expect(outcome(await register(issuer, { ...own, ...more }))).toBe('400 invalid_client_metadata')
  })

  it('B-MTLS-01, A-META-05 is offered as far as there is what it needs', async () => {
    const methods = async (issuer: TestIssuer): Promise<unknown> => {
      const { json } = await issuer.get('/.well-known/oauth-authorization-server')
      return (json['token_endpoint_auth_methods_supported'] as string[]).filter((name) => name.includes('tls'))
    }
    expect(await methods(await newIssuer())).toEqual([])
    const some = await openIssuer({}, { mutualTls: {} })
    expect(await methods(some)).toEqual(['self_signed_tls_client_auth'])
    expect(outcome(await register(some, { ...document, tls_client_auth_subject_dn: dn }))).toBe(
      '400 invalid_client_metadata',
    )
    expect(await methods(await openIssuer({}, { mutualTls: anchors }))).toEqual([
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ])
  })

  it('A-GEN-06 does not start with authorities that are none', async () => {
    for (const pem of ['', 'text', authority.issue('no authority').certificate])
      await expect(newIssuer({ mutualTls: { authorities: { anchors: pem } } })).rejects.toThrow(
        /mutualTls\.authorities/,
      )
  })
})
