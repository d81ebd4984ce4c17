import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer, request as secureRequest } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import {
  createIntrospector,
  createResourceMetadata,
  createVerifier,
  protect,
  type BearerReason,
  type CertificateOptions,
  type ProtectOptions,
  type Verifier,
} from '@sallyport/resource'
import { createTestAuthority, type TestCertificate } from '@sallyport/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { dpopOptions, goodProof, prover } from './bound-api.ts'
import { audience, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start } from './issuer.ts'

const authority = createTestAuthority('Authority')
const own = authority.issue('client')
const other = authority.issue('other')
const renewed = authority.issue('client', { key: own.privateKey })
const serverCertificate = authority.issue('localhost', { usage: 'server', names: [{ dns: 'localhost' }] })
const key = await makeKey('k1')
const bound = await sign(key, { claims: { cnf: { 'x5t#S256': own.thumbprint } } })
const bearer = await sign(key)
const proven = await sign(key, { claims: { cnf: { jkt: prover.jkt } } })

let reasons: BearerReason[] = []
let untrusted: string[] = []

const header = ({ der }: TestCertificate): string => `:${Buffer.from(der).toString('base64')}:`
const given = ({ der }: TestCertificate) => ({ certificate: { der, chain: [] } })

const verifierWith = (certificates?: CertificateOptions, dpop = false): Verifier =>
  createVerifier({
    issuer,
    audience,
    fetch: issuerDocuments(jwksAnswer([key])).fetcher,
    now: () => start,
    dpop: dpop ? dpopOptions() : undefined,
    certificates: certificates && { ...certificates, onUntrusted: (peer) => untrusted.push(peer) },
    onRejected: (reason) => reasons.push(reason),
  })

const opened: Server[] = []
afterAll(() => {
  for (const server of opened) server.close()
})

async function listen(verifier: Verifier, tls: boolean, options: ProtectOptions = {}): Promise<number> {
  const listener = protect(verifier, options).node((_req, res, token) => {
    res.end(token.certificateThumbprint ?? 'unbound')
  }) as RequestListener
  const { certificate: cert, key: serverKey } = serverCertificate
  const server = tls
    ? createSecureServer({ cert, key: serverKey, requestCert: true, rejectUnauthorized: false }, listener)
    : createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push(server)
  return (server.address() as AddressInfo).port
}

type Answer = { readonly status: number; readonly text: string; readonly challenge: string }

/** A call over TLS, with a certificate or without. */
const call = (port: number, token: string, certificate?: TestCertificate, headers: object = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    reasons = []
    untrusted = []
    const identity = certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }
    const to = { host: '127.0.0.1', port, servername: 'localhost', ca: authority.certificate, agent: false }
    const sent = secureRequest(
      { ...to, ...identity, headers: { authorization: `Bearer ${token}`, ...headers } },
      (answer: IncomingMessage) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, text, challenge: answer.headers['www-authenticate'] ?? '' })
        })
      },
    )
    sent.on('error', reject).end()
  })

describe('an API that sees the certificates of its connections', () => {
  it('B-MTLS-07, MT-05 takes a bound token with its certificate, and with no other, nor a renewed one, nor none', async () => {
    const port = await listen(verifierWith({ from: 'socket' }), true)
    expect(await call(port, bound, own)).toMatchObject({ status: 200, text: own.thumbprint })
    for (const [certificate, reason] of [
      [undefined, 'certificate_missing'],
      [other, 'certificate_mismatch'],
      [renewed, 'certificate_mismatch'],
    ] as const) {
      const refused = await call(port, bound, certificate)
      expect([refused.status, reasons]).toEqual([401, [reason]])
      expect(refused.challenge).toMatch(/^Bearer .*error="invalid_token"/)
    }
    const spoofed = await call(port, bound, undefined, { 'client-cert': header(own) })
    expect([spoofed.status, reasons]).toEqual([401, ['certificate_missing']])
    expect(await call(port, bearer)).toMatchObject({ status: 200, text: 'unbound' })
  })

  it('B-ATJ-08, B-MTLS-07 an API that looks at no certificates takes no token that is bound to one', async () => {
    const port = await listen(verifierWith(), true)
    expect((await call(port, bound, own)).status).toBe(401)
    expect(reasons).toEqual(['cnf'])
  })

  it('B-DPOP-30 a token is taken in the way in which it is bound, where both are', async () => {
    const port = await listen(verifierWith({ from: 'socket' }, true), true)
    expect((await call(port, proven, own)).status).toBe(401)
    expect(reasons).toEqual(['cnf'])
    const authorization = `DPoP ${bound}`
    expect((await call(port, bound, own, { authorization, dpop: await goodProof() })).status).toBe(401)
    expect(reasons).toEqual(['cnf'])
    expect((await call(port, bound, own)).status).toBe(200)
  })

  it('B-MTLS-08 may take no other tokens', async () => {
    const port = await listen(verifierWith({ from: 'socket' }, true), true, { requireCertificate: true })
    expect((await call(port, bound, own)).status).toBe(200)
    expect((await call(port, bearer, own)).status).toBe(401)
    expect(reasons).toEqual(['certificate_unbound'])
    const authorization = `DPoP ${proven}`
    expect((await call(port, proven, own, { authorization, dpop: await goodProof() })).status).toBe(401)
    expect(reasons).toEqual(['certificate_unbound'])
  })
})

describe('an API behind a proxy', () => {
  const ask = async (port: number, headers: Record<string, string>): Promise<number> => {
    reasons = []
    untrusted = []
    const url = `http://127.0.0.1:${port}/`
    return (await fetch(url, { headers: { authorization: `Bearer ${bound}`, ...headers } })).status
  }

  it('B-MTLS-11, B-MTLS-12 believes its header, in the one form that it was told about', async () => {
    const port = await listen(verifierWith({ from: 'rfc9440', trustedProxies: ['127.0.0.0/8'] }), false)
    expect(await ask(port, { 'client-cert': header(own) })).toBe(200)
    expect([await ask(port, { 'client-cert': header(other) }), reasons]).toEqual([401, ['certificate_mismatch']])
    expect([await ask(port, {}), reasons]).toEqual([401, ['certificate_missing']])
    const escaped = { 'ssl-client-cert': encodeURIComponent(own.certificate) }
    expect([await ask(port, escaped), reasons]).toEqual([401, ['certificate_missing']])
    const nginx = await listen(verifierWith({ from: 'nginx', trustedProxies: ['127.0.0.1'] }), false)
    expect(await ask(nginx, escaped)).toBe(200)
  })

  it.each([
    ['two', `${header(own)}, ${header(own)}`],
    ['PEM', own.certificate.replaceAll('\n', ' ')],
    ['junk', ':AAAA:'],
    ['one cut short', header({ ...own, der: own.der.slice(0, -4) })],
  ])('B-MTLS-12, MT-02 refuses %s', async (_what, value) => {
    const port = await listen(verifierWith({ from: 'rfc9440', trustedProxies: ['127.0.0.1'] }), false)
    expect([await ask(port, { 'client-cert': value }), reasons]).toEqual([401, ['certificate_syntax']])
  })

  it('MT-01 ignores the header of anybody else, and tells', async () => {
    const port = await listen(verifierWith({ from: 'rfc9440', trustedProxies: ['192.0.2.1'] }), false)
    expect([await ask(port, { 'client-cert': header(own) }), reasons]).toEqual([401, ['certificate_missing']])
    expect(untrusted).toEqual(['127.0.0.1'])
  })

  it('MT-01 is not made without proxies that are known, or with a form that nobody knows', () => {
    expect(() => verifierWith({ from: 'rfc9440' })).toThrow(/trustedProxies/)
    expect(() => verifierWith({ from: 'nginx', trustedProxies: ['proxy.example'] })).toThrow(/proxy\.example/)
    expect(() => verifierWith({ from: 'envoy' as 'nginx', trustedProxies: ['127.0.0.1'] })).toThrow(/envoy/)
    expect(() => protect(verifierWith(), { requireCertificate: true })).toThrow(/certificates/)
    const both = { requireCertificate: true, requireDpop: true }
    expect(() => protect(verifierWith({ from: 'socket' }, true), both)).toThrow(/one way/)
  })
})

describe('other doors', () => {
  it('B-MTLS-07 a host that speaks Request and Response says which certificate there was', async () => {
    const handle = protect(verifierWith({ from: 'socket' })).fetch(
      (_request, { certificateThumbprint = '' }) => new Response(certificateThumbprint),
    )
    const request = (): Request =>
      new Request('https://api.test/orders', {
        headers: { authorization: `Bearer ${bound}`, 'client-cert': header(own) },
      })
    expect(await (await handle(request(), given(own))).text()).toBe(own.thumbprint)
    for (const info of [undefined, {}, given(other)]) expect((await handle(request(), info)).status).toBe(401)
  })

  it('B-MTLS-07, B-MTLS-08 introspection tells the binding, and it is checked in the same way', async () => {
    const answer = {
      active: true,
      sub: 'user_1',
      client_id: 'client_1',
      aud: audience,
      exp: start + 60,
      token_type: 'Bearer',
    }
    const verify = (cnf: unknown): Verifier['verify'] =>
      createIntrospector({
        issuer,
        audience,
        clientId: 'api',
        clientSecret: 'secret',
        introspectionEndpoint: `${issuer}/oauth2/introspect`,
        now: () => start,
        certificates: { from: 'socket' },
        fetch: () => Promise.resolve(Response.json({ ...answer, cnf })),
      }).verify
    const good = { 'x5t#S256': own.thumbprint }
    expect(await verify(good)('handle', given(own).certificate)).toMatchObject({
      certificateThumbprint: own.thumbprint,
    })
    await expect(verify(good)('handle')).rejects.toThrow('certificate_missing')
    await expect(verify(good)('handle', given(other).certificate)).rejects.toThrow('certificate_mismatch')
    for (const cnf of [{ ...good, jkt: prover.jkt }, { 'x5t#S256': 'x' }, {}, null])
      await expect(verify(cnf)('handle', given(own).certificate)).rejects.toThrow('cnf')
  })

  it('A-PRM-02 the document of the API says so', () => {
    const about = { resource: audience, authorizationServers: [issuer], name: 'API', scopes: [] }
    expect(JSON.parse(createResourceMetadata({ ...about, certificates: true }).body)).toMatchObject({
      tls_client_certificate_bound_access_tokens: true,
    })
    expect(createResourceMetadata(about).body).not.toContain('tls_client')
  })
})
