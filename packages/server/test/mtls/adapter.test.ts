import { Agent as HttpsAgent, createServer, request, type Agent } from 'node:https'
import { createServer as createPlain, request as plainRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nodeListener, type NodeAdapterOptions } from '@sallyport/server/adapters/node'
import { fetchHandler } from '@sallyport/server/adapters/fetch'
import type { ClientCertificate } from '@sallyport/protocol'
import type { HttpRequest, Server } from '@sallyport/server'
import { createTestAuthority, selfSignedCertificate, type TestCertificate } from '@sallyport/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'

const authority = createTestAuthority('Authority of the adapter')
const below = authority.authority('Authority below')
const serverCertificate = authority.issue('localhost', { usage: 'server', names: [{ dns: 'localhost' }] })
const client = below.issue('client')
const alone = selfSignedCertificate('alone')

let seen: HttpRequest[] = []
let ignored: string[] = []

/** The server with somebody who watches what an adapter made of a request. */
async function watched(): Promise<Server> {
  const { server } = await newIssuer({ mutualTls: {} })
  return {
    ...server,
    handle: (record) => {
      seen.push(record)
      return server.handle(record)
    },
  }
}

const opened: (() => void)[] = []
afterAll(() => {
  for (const close of opened) close()
})

async function listen(options: NodeAdapterOptions, tls: boolean): Promise<number> {
  const listener = nodeListener(await watched(), { ...options, onCertificateIgnored: (peer) => ignored.push(peer) })
  const { certificate: cert, key } = serverCertificate
  const server = tls
    ? createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, listener)
    : createPlain(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

const drained = (answer: IncomingMessage, then: () => void): void => {
  answer.resume()
  answer.on('end', then)
}

type Sent = { readonly headers?: Record<string, string | string[]>; readonly agent?: Agent }

/** The record that the server got. */
async function ask(port: number, tls: boolean, { headers = {}, agent }: Sent = {}): Promise<HttpRequest> {
  seen = []
  ignored = []
  await new Promise<void>((resolve, reject) => {
    const to = { host: '127.0.0.1', port, path: '/oauth2/jwks', headers }
    const sent = tls
      ? request({ ...to, agent, servername: 'localhost', ca: authority.certificate }, (answer) =>
          drained(answer, resolve),
        )
      : plainRequest({ ...to, agent: false }, (answer) => drained(answer, resolve))
    sent.on('error', reject).end()
  })
  const [record] = seen
  if (record === undefined) throw new Error('nothing arrived')
  return record
}

const agentFor = ({ certificate, key }: TestCertificate, chain = ''): Agent => {
  const agent = new HttpsAgent({ keepAlive: true, cert: `${certificate}${chain}`, key, ca: authority.certificate })
  opened.push(() => agent.destroy())
  return agent
}

const header = ({ der }: TestCertificate): string => `:${Buffer.from(der).toString('base64')}:`

describe('certificates of TLS connections', () => {
  let port: number
  beforeAll(async () => {
    port = await listen({ certificates: 'socket' }, true)
  })

  it('B-MTLS-05, B-MTLS-06 are those of the handshake, with what was sent along, the same object for every request', async () => {
    const agent = agentFor(client, below.certificate)
    const first = await ask(port, true, { agent })
    expect(first.certificate).toMatchObject({ der: Buffer.from(client.der) })
    expect((first.certificate as ClientCertificate).chain[0]).toEqual(Buffer.from(below.der))
    expect((await ask(port, true, { agent })).certificate).toBe(first.certificate)
    const own = await ask(port, true, { agent: agentFor(alone) })
    expect(own.certificate).toEqual({ der: Buffer.from(alone.der), chain: [] })
  })

  it('B-MTLS-11, MT-01 are not there without one, whatever a header says', async () => {
    const { certificate } = await ask(port, true, { headers: { 'client-cert': header(client) } })
    expect([certificate, ignored]).toEqual([undefined, ['127.0.0.1']])
    expect((await ask(port, true)).certificate).toBeUndefined()
    expect(ignored).toEqual([])
  })
})

describe('certificates that a proxy passes on', () => {
  const spoofed = ['client-cert', 'ssl-client-cert', 'x-client-cert', 'x-forwarded-client-cert']

  it('B-MTLS-11, B-MTLS-12 count from a configured proxy, in the one form that was configured', async () => {
    const port = await listen({ certificates: 'rfc9440', trustedProxies: ['127.0.0.1'] }, false)
    const headers = { 'client-cert': header(client), 'client-cert-chain': header(below) }
    const { certificate } = await ask(port, false, { headers })
    expect(certificate).toEqual({ der: Buffer.from(client.der), chain: [Buffer.from(below.der)] })
    const escaped = { 'ssl-client-cert': encodeURIComponent(client.certificate) }
    expect((await ask(port, false, { headers: escaped })).certificate).toBeUndefined()
    const twice = { 'client-cert': [header(client), header(alone)] }
    expect((await ask(port, false, { headers: twice })).certificate).toBe('multiple')
    const nginx = await listen({ certificates: 'nginx', trustedProxies: ['127.0.0.0/8'] }, false)
    expect((await ask(nginx, false, { headers: escaped })).certificate).toEqual({
      der: Buffer.from(client.der),
      chain: [],
    })
  })

  it.each(spoofed)('MT-01 is passed over in %s from anybody else, and told', async (name) => {
    for (const trustedProxies of [[], ['192.0.2.1']]) {
      const port = await listen({ certificates: name.startsWith('ssl') ? 'nginx' : 'rfc9440', trustedProxies }, false)
      const value = name.startsWith('ssl') ? encodeURIComponent(client.certificate) : header(client)
      const { certificate } = await ask(port, false, { headers: { [name]: value } })
      expect([certificate, ignored]).toEqual([undefined, ['127.0.0.1']])
    }
  })

  it('MT-01 means nothing where no certificates were asked for', async () => {
    const port = await listen({ trustedProxies: ['127.0.0.1'] }, false)
    expect((await ask(port, false, { headers: { 'client-cert': header(client) } })).certificate).toBeUndefined()
  })

  it('B-MTLS-11 comes from the host in the adapter for fetch, and never from the request', async () => {
    seen = []
    const handle = fetchHandler(await watched())
    const asked = new Request('https://as.test/oauth2/jwks', { headers: { 'client-cert': header(client) } })
    await handle(asked, { remoteAddress: '192.0.2.1' })
    const given = { der: client.der, chain: [] }
    await handle(new Request('https://as.test/oauth2/jwks'), { remoteAddress: '192.0.2.1', certificate: given })
    expect(seen.map(({ certificate }) => certificate)).toEqual([undefined, given])
  })
})
