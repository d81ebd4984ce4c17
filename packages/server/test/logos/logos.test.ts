import { Duplex } from 'node:stream'
import type { Connect } from '@sallyport/server'
import type { Answer, TestClient, TestIssuer, TestIssuerOptions } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, newIssuer } from '../fixtures.ts'
import { newRealIssuer, signedIn } from '../real-pages.ts'
import { readRaster } from '../../src/clients/raster.ts'
import { jpeg, png, webp } from './pictures.ts'

const logoUri = 'https://pictures.example/logo.png'

type Host = { status: string; headers: string[]; body: Buffer; readonly requests: string[] }

function connectionTo(host: Host): Duplex {
  let seen = ''
  const stream: Duplex = new Duplex({
    read: () => undefined,
    write: (part: Buffer, _, done) => {
      seen += part.toString('latin1')
      done()
      if (!seen.includes('\r\n\r\n')) return
      host.requests.push(seen)
      const head = [`HTTP/1.1 ${host.status}`, ...host.headers, `content-length: ${host.body.length}`]
      stream.push(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), host.body]))
    },
  })
  return stream
}

const newHost = (): Host => ({ status: '200 OK', headers: ['content-type: image/png'], body: png(), requests: [] })

const network = (host: Host, addresses = ['93.184.215.14']): TestIssuerOptions['outbound'] => ({
  connect: (() => Promise.resolve(connectionTo(host))) satisfies Connect,
  resolve: () => Promise.resolve(addresses),
})

async function pictured(addresses?: string[]) {
  const host = newHost()
  const issuer = await newIssuer({ outbound: network(host, addresses) })
  const client = await issuer.changeClient(issuer.clients.P, { logoUri })
  return { issuer, host, client, look: () => lookAt(issuer, client) }
}

const lookAt = (issuer: TestIssuer, { id }: Pick<TestClient, 'id'>): Promise<Answer> =>
  issuer.get(`/oauth2/client-logo?${new URLSearchParams({ client_id: id }).toString()}`)

describe('the picture of a client', () => {
  it('A-DCR-11, A-CIMD-12, DC-13 comes from our own origin, as nothing but a picture', async () => {
    const { issuer, host, client } = await pictured()
    host.headers.push('set-cookie: track=1', 'refresh: 0;url=https://evil.test/')
    const query = new URLSearchParams({ client_id: client.id }).toString()
    const response = await issuer.handle({
      ...{ method: 'GET', path: '/oauth2/client-logo', query, headers: {}, body: undefined },
      remoteAddress: '198.51.100.20',
    })
    expect(response.status).toBe(200)
    expect(Buffer.from(response.body)).toEqual(readRaster(png())?.bytes)
    expect(response.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(response.headers).not.toHaveProperty('set-cookie')
    expect(response.headers).not.toHaveProperty('access-control-allow-origin')
    expect(host.requests[0]).toMatch(/^GET \/logo\.png HTTP\/1\.1\r\n/)
    expect(host.requests[0]).not.toMatch(/^(?:cookie|authorization|referer):/im)
  })

  it('DC-13 is fetched once, however often and wherever it is looked at, and does not change meanwhile', async () => {
    const { issuer, host, client, look } = await pictured()
    for (const { status } of await Promise.all([look(), look(), look()])) expect(status).toBe(200)
    host.body = png(7, 7)
    const node = await issuer.startNode()
    const query = new URLSearchParams({ client_id: client.id }).toString()
    const there = await issuer.send({ path: '/oauth2/client-logo', query }, node)
    expect([there.status, (await look()).text]).toEqual([200, there.text])
    issuer.clock.advance(29 * 86_400)
    expect((await look()).status).toBe(200)
    expect(host.requests).toHaveLength(1)
    issuer.clock.advance(86_400)
    expect((await look()).text).not.toBe(there.text)
    expect(host.requests).toHaveLength(2)
  })

  it('A-DCR-11 follows the address that the client names', async () => {
    const { issuer, host, client, look } = await pictured()
    expect((await look()).status).toBe(200)
    await issuer.changeClient(client, { logoUri: 'https://pictures.example/new.jpeg' })
    Object.assign(host, { body: jpeg, headers: ['content-type: image/jpeg'] })
    expect((await look()).headers['content-type']).toBe('image/jpeg')
    await issuer.changeClient(client, { logoUri: 'https://pictures.example/new.webp' })
    Object.assign(host, { body: webp, headers: ['content-type: image/webp'] })
    expect((await look()).headers['content-type']).toBe('image/webp')
    expect(host.requests).toHaveLength(3)
  })

  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
  const bad: readonly (readonly [string, Partial<Host>])[] = [
    ['that is SVG', { body: svg, headers: ['content-type: image/svg+xml'] }],
    ['that is SVG under another name', { body: svg }],
    ['that is a page', { body: Buffer.from('<!doctype html>'), headers: ['content-type: text/html'] }],
    ['that is called something else', { headers: ['content-type: image/jpeg'] }],
    ['that is called nothing', { headers: [] }],
    ['that is too large', { body: Buffer.concat([png(), Buffer.alloc(102_400)]) }],
    ['that is vast', { body: png(5000, 5000) }],
    ['that leads elsewhere', { status: '302 Found', headers: ['location: https://evil.test/logo.png'] }],
    ['that is not there', { status: '404 Not Found' }],
  ]
  it.for(bad)('DC-13, B-JWK-10 a picture %s is not shown, and not asked for again at once', async ([, what]) => {
    const { issuer, host, look } = await pictured()
    Object.assign(host, what)
    for (let index = 0; index < 3; index++) expect((await look()).status).toBe(404)
    expect(host.requests).toHaveLength(1)
    Object.assign(host, newHost(), { requests: host.requests })
    issuer.clock.advance(599)
    expect((await look()).status).toBe(404)
    issuer.clock.advance(1)
    expect((await look()).status).toBe(200)
  })

  it('DC-13, DC-02 inside the network nothing is fetched', async () => {
    const { issuer, host, look } = await pictured(['10.0.0.1'])
    expect((await look()).status).toBe(404)
    expect(host.requests).toEqual([])
    expect(eventsOf(issuer, 'fetch.blocked', 'address')).toMatchObject([{ detail: { purpose: 'logo' } }])
  })

  it('A-DCR-11 for a client that is unknown, disabled or has none there is nothing, and nothing is fetched', async () => {
    const { issuer, host, client } = await pictured()
    await issuer.changeClient(client, { disabledAt: issuer.clock.now() })
    const answers = [
      await lookAt(issuer, client),
      await lookAt(issuer, { id: 'client_AAAAAAAAAAAAAAAAAAAAAA' }),
      await lookAt(issuer, { id: 'x'.repeat(600) }),
      await lookAt(issuer, issuer.clients.K),
      await issuer.get('/oauth2/client-logo'),
      await issuer.get('/oauth2/client-logo?client_id=a&client_id=b'),
    ]
    expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => [404, '']))
    expect(host.requests).toEqual([])
  })
})

describe('the consent page', () => {
  it('A-DCR-11, B-REG-07, DC-13 shows the picture from our own origin and names the client’s host for none', async () => {
    const host = newHost()
    const issuer = await newRealIssuer({ outbound: network(host) })
    const client = await issuer.changeClient(issuer.clients.P, { logoUri, channel: 'dynamic' })
    const asked = { scope: 'openid', resource: undefined, prompt: 'consent' }
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid', resource: undefined } })
    const { visit } = await issuer.begin({ client, browser, parameters: asked })
    const [, src = ''] = /<img class="logo" id="logo" src="([^"]*)" alt=""/.exec(visit.answer.text) ?? []
    expect(src).toMatch(/^\/oauth2\/client-logo\?client_id=/)
    expect(visit.answer.text).not.toContain('pictures.example')
    expect(visit.answer.headers['content-security-policy']).toContain("img-src 'self'")
    expect(host.requests).toEqual([])
    expect((await issuer.get(src.replaceAll('&amp;', '&'))).status).toBe(200)
    expect(host.requests).toHaveLength(1)
    const without = await issuer.begin({ client: issuer.clients.K, browser, parameters: asked })
    expect(without.visit.answer.text).toContain('consent-form')
    expect(without.visit.answer.text).not.toContain('id="logo"')
  })
})
