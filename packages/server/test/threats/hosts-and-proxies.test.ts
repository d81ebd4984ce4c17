import { createServer as createHttpServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkOf, type HttpRequest } from '@sallyport/server'
import { nodeListener } from '@sallyport/server/adapters/node'
import type { TestIssuer } from '@sallyport/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'

describe('the name of the host', () => {
  const lies = {
    host: 'evil.test',
    'x-forwarded-host': 'evil.test',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '81',
    forwarded: 'host=evil.test;proto=http',
    'x-host': 'evil.test',
    'x-original-url': '/admin',
    'x-rewrite-url': '/admin',
  }

  it('HH-01, A-GEN-06 nothing the server says depends on what a request calls it', async () => {
    const issuer = await newRealIssuer()
    const same: [string, HttpRequest['headers']][] = [
      ['honest', {}],
      ['lying', lies],
    ]
    const bodies = []
    for (const [, headers] of same) {
      const { browser, visit } = await issuer.begin()
      const login = await browser.get(visit.url, headers as Record<string, string>)
      const metadata = await issuer.get('/.well-known/openid-configuration', headers)
      const error = await issuer.post('/oauth2/token', {}, { headers })
      bodies.push([metadata.text, error.text, /action="([^"]*)"/.exec(login.text)?.[1]])
    }
    expect(bodies[0]).toEqual(bodies[1])
    const browser = issuer.browser()
    const query = new URLSearchParams((await issuer.begin()).sent as Record<string, string>).toString()
    const begun = await browser.get(`/oauth2/authorize?${query}`, lies)
    expect(begun.location).toMatch(/^https:\/\/as\.test\/login\?/)
    expect(begun.cookies.join()).toMatch(/^__Host-.*Secure/)
    for (const { response } of issuer.records.exchanges) expect(JSON.stringify(response)).not.toContain('evil.test')
  })

  it('HH-01 an unknown host is answered with 421 where the operator wants that', async () => {
    const issuer = await newRealIssuer({ policy: { refuseUnknownHosts: true } })
    const path = '/.well-known/openid-configuration'
    for (const host of ['evil.test', 'as.test:8443', 'as.test.evil.test', '', undefined]) {
      const answer = await issuer.get(path, host === undefined ? {} : { host })
      expect([host, answer.status, answer.json['error']]).toEqual([host, 421, 'invalid_request'])
    }
    expect(eventsOf(issuer, 'http.request.rejected', 'host')).toHaveLength(5)
    for (const host of ['as.test', 'AS.test']) expect((await issuer.get(path, { host })).status).toBe(200)
  })
})

describe('forwarded addresses, on real sockets', () => {
  const open: { close(): void }[] = []
  afterEach(() => {
    for (const server of open.splice(0)) server.close()
  })

  async function networkSeen(issuer: TestIssuer, trustedProxies: readonly string[], headers: Record<string, string>) {
    const ignored: string[] = []
    const server = createHttpServer(
      nodeListener(issuer.server, { trustedProxies, onForwardedIgnored: (peer) => ignored.push(peer) }),
    )
    open.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise<void>((resolve, reject) => {
      const sent = httpRequest({ port, host: '127.0.0.1', path: '/nothing', headers, agent: false }, (answer) => {
        answer.resume().on('end', resolve)
      })
      sent.on('error', reject).end()
    })
    return { network: eventsOf(issuer, 'http.request.rejected').at(-1)?.network, ignored }
  }

  const cases: [string, readonly string[], Record<string, string>, string, number][] = [
    ['of a stranger are ignored', [], { 'x-forwarded-for': '203.0.113.9' }, '127.0.0.1', 1],
    [
      'with other headers of a stranger too',
      [],
      { 'x-forwarded-proto': 'https', forwarded: 'for=203.0.113.9' },
      '127.0.0.1',
      1,
    ],
    ['are ignored when another proxy is trusted', ['10.0.0.1'], { 'x-forwarded-for': '203.0.113.9' }, '127.0.0.1', 1],
    ['of a trusted proxy count', ['127.0.0.1'], { 'x-forwarded-for': '203.0.113.9' }, '203.0.113.9', 0],
    [
      'count from the right',
      ['127.0.0.1', '10.0.0.0/8'],
      { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.2.3.4' },
      '203.0.113.9',
      0,
    ],
    ['that are no address are dropped', ['127.0.0.1'], { 'x-forwarded-for': 'evil.test' }, '127.0.0.1', 0],
    ['are not there at all', [], {}, '127.0.0.1', 0],
  ]
  it.for(cases)('HH-02 %s', async ([, trusted, headers, network, ignored]) => {
    const seen = await networkSeen(await newRealIssuer(), trusted, headers)
    expect([seen.network, seen.ignored.length]).toEqual([network, ignored])
  })
})

describe('the network a request is counted under', () => {
  const alike: [string, string[]][] = [
    ['192.0.2.1', ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:192.0.2.1']],
    [
      '2001:db8:1:2::/64',
      ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::', '2001:0db8:0001:0002::5', '2001:db8:1:2:0:0:0:9%eth0'],
    ],
    ['unknown', ['', 'localhost', '1.2.3', '1.2.3.4.5', 'x:y::1']],
  ]
  it.for(alike)('HH-03 %s is one, however its addresses are written', ([network, addresses]) => {
    expect(addresses.map(networkOf)).toEqual(addresses.map(() => network))
  })

  it('HH-03 rotating within one IPv6 network or the header buys no further guesses', async () => {
    const issuer = await newRealIssuer()
    const { K } = issuer.clients
    const statuses = []
    for (let guess = 0; guess < 12; guess++) {
      const headers = { 'x-forwarded-for': `203.0.113.${guess}` }
      const remoteAddress = `2001:db8:0:1::${guess.toString(16)}`
      const answer = await issuer.token(K, { grant_type: 'x' }, { secret: `guess-${guess}`, headers, remoteAddress })
      statuses.push(answer.status)
    }
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401))
    expect(statuses.slice(10)).toEqual([429, 429])
  })
})
