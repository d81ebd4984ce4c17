import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { FetchResult } from '@sallyport/server'
import { answer, lyingNetwork, type Host } from './lying-network.ts'

const url = 'https://app.example.com/client'
const fault = (result: FetchResult): string => (result.ok ? 'none' : result.fault)

describe('the guarded fetcher', () => {
  it('A-CIMD-09 sends a plain request without cookies, credentials or a wish for compression', async () => {
    const net = await lyingNetwork({
      host: answer('{"a":1}', ['content-type: Application/JSON; charset=utf-8', 'set-cookie: a=b']),
    })
    const result = await net.fetch({ url: 'https://app.example.com:8443/client?x=1' })
    expect(result).toEqual({
      ok: true,
      status: 200,
      contentType: 'application/json',
      cacheControl: '',
      body: Buffer.from('{"a":1}'),
    })
    await net.fetch({ url: 'https://app.example.com:8443/client?x=1' })
    const [request = '', again] = net.requests
    expect(again).toBe(request)
    expect(
      request
        .split('\r\n')
        .filter((line) => line !== '')
        .map((line) => line.toLowerCase())
        .sort(),
    ).toEqual([
      'accept-encoding: identity',
      'accept: application/json',
      'connection: close',
      'get /client?x=1 http/1.1',
      'host: app.example.com:8443',
      'user-agent: sallyport',
    ])
    expect(net.connections[0]).toEqual({ address: '93.184.215.14', port: 8443, host: 'app.example.com', secure: true })
  })

  it('B-JWK-10 posts what it is given', async () => {
    const net = await lyingNetwork({ host: answer('', [], '204 No Content') })
    const content = { type: 'application/x-www-form-urlencoded', body: 'a=é' }
    expect(await net.fetch({ url, content })).toMatchObject({ ok: true, status: 204 })
    expect(net.requests[0]).toMatch(/^POST \/client [^]*content-length: 4/)
  })

  const unfetched = [
    ...[
      'http://app.example.com/',
      'ftp://app.example.com/',
      'file:///etc/passwd',
      'data:text/plain,x',
      'app.example.com',
      '',
    ],
    ...[
      'https://user@app.example.com/',
      'https://@app.example.com/',
      'https://app.example.com:22/',
      'https://app.example.com:1023/',
    ],
    ...[
      'https://app.example.com/#a',
      'https://app.example.com./',
      'https://app.example.com\\@evil.example/',
      'https://app.example.com/a b',
    ],
    ...['https:app.example.com/', `https://app.example.com/${'a'.repeat(2048)}`, 'http://127.0.0.1:8080/'],
  ]
  it.each(unfetched)('B-JWK-10 fetches nothing from %s', async (bad) => {
    const net = await lyingNetwork()
    expect(await net.fetch({ url: bad })).toEqual({ ok: false, fault: 'url' })
    expect({ connections: net.connections, lookups: net.lookups }).toEqual({ connections: [], lookups: [] })
    expect(net.events).toMatchObject([{ event: 'fetch.blocked', reason: 'url' }])
  })

  it.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent Redirect'])(
    'DC-03 follows no %s',
    async (status) => {
      const net = await lyingNetwork({ host: answer('', ['location: https://127.0.0.1/'], status) })
      expect(fault(await net.fetch({ url }))).toBe('redirect')
      expect(net.connections).toHaveLength(1)
      expect(net.events).toMatchObject([{ event: 'fetch.blocked', reason: 'redirect' }])
    },
  )

  it('DC-03 takes Refresh and Alt-Svc for nothing', async () => {
    const net = await lyingNetwork({
      host: answer('{}', ['refresh: 0;url=https://127.0.0.1/', 'alt-svc: h3="127.0.0.1:443"']),
    })
    expect((await net.fetch({ url })).ok).toBe(true)
    expect((await net.fetch({ url })).ok).toBe(true)
    expect(net.connections.map(({ address }) => address)).toEqual(['93.184.215.14', '93.184.215.14'])
  })

  it('DC-04 connects to the address that was checked, and checks each time anew', async () => {
    const net = await lyingNetwork({ names: [['93.184.215.14'], ['127.0.0.1'], ['93.184.215.15']] })
    expect((await net.fetch({ url })).ok).toBe(true)
    expect(net.lookups).toEqual(['app.example.com'])
    expect(fault(await net.fetch({ url }))).toBe('address')
    expect((await net.fetch({ url })).ok).toBe(true)
    expect(net.connections.map(({ address }) => address)).toEqual(['93.184.215.14', '93.184.215.15'])
  })

  const wrong: readonly (readonly [string, Host, string])[] = [
    ['a body of one byte too many', answer('x'.repeat(5121)), 'size'],
    [
      'a body that says nothing of its size',
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(6000)}`),
      'size',
    ],
    [
      'a body that goes on in chunks',
      (socket) =>
        void socket.end(
          `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${`400\r\n${'x'.repeat(1024)}\r\n`.repeat(6)}0\r\n\r\n`,
        ),
      'size',
    ],
    [
      'a compressed body',
      answer(gzipSync('x'.repeat(100_000)).toString('latin1'), ['content-encoding: gzip']),
      'encoding',
    ],
    ['headers of 9 kB', answer('{}', [`x-a: ${'a'.repeat(9000)}`]), 'response'],
    ['something that is not HTTP', (socket) => void socket.end('hello\r\n\r\n'), 'response'],
    [
      'a body that ends too early',
      (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
      'response',
    ],
    ['nothing at all', (socket) => void socket.end(), 'response'],
  ]
  it.each(wrong)('DC-05 gives up on %s', async (_, host, expected) => {
    const net = await lyingNetwork({ host })
    expect(fault(await net.fetch({ url }))).toBe(expected)
    expect(net.events).toMatchObject([{ event: 'fetch.failed', reason: expected }])
  })

  it('A-CIMD-09 takes a body of exactly as many bytes as allowed', async () => {
    const net = await lyingNetwork({ host: answer('x'.repeat(5120)) })
    expect(await net.fetch({ url })).toMatchObject({ ok: true, status: 200 })
  })

  it('DC-05 gives up on a host that is slow, whether it answers nothing or a byte at a time', async () => {
    const drip: Host = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(timer))
    }
    for (const host of [drip, () => undefined]) {
      const net = await lyingNetwork({ host, options: { timeout: 150 } })
      expect(fault(await net.fetch({ url }))).toBe('timeout')
      expect(net.events).toMatchObject([{ event: 'fetch.failed', reason: 'timeout' }])
    }
  })

  it('DC-05 gives up on a name server and on a connection that do not come', async () => {
    const never = (): Promise<never> => new Promise(() => undefined)
    const names = await lyingNetwork({ options: { resolve: never, timeout: 100 } })
    expect(fault(await names.fetch({ url }))).toBe('timeout')
    const connections = await lyingNetwork({
      options: {
        connectTimeout: 50,
        connect: (_, signal) =>
          new Promise((__, reject) => signal.addEventListener('abort', () => reject(new Error('gave up')))),
      },
    })
    expect(fault(await connections.fetch({ url }))).toBe('timeout')
  })

  it('DC-05 says that a name does not resolve and that a certificate does not fit', async () => {
    const none = await lyingNetwork({ names: [[]] })
    expect(fault(await none.fetch({ url }))).toBe('resolve')
    const refusing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
    for (const [code, expected] of [
      ['ECONNREFUSED', 'connect'],
      ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ] as const) {
      const net = await lyingNetwork({ options: { connect: refusing(code) } })
      expect(fault(await net.fetch({ url }))).toBe(expected)
    }
  })

  it('DC-06 fetches once for a thousand that ask for the same at the same time', async () => {
    const net = await lyingNetwork()
    const results = await Promise.all(Array.from({ length: 1000 }, () => net.fetch({ url })))
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(net.connections).toHaveLength(1)
  })

  it('DC-06 runs one fetch at a time for a host and ten in all', async () => {
    const counts = { host: 0, mostOfHost: 0, all: 0, most: 0 }
    const host: Host = (socket, request) => {
      const same = request.includes('host: one.example.com')
      counts.all++
      if (same) counts.host++
      counts.most = Math.max(counts.most, counts.all)
      counts.mostOfHost = Math.max(counts.mostOfHost, counts.host)
      setTimeout(() => {
        counts.all--
        if (same) counts.host--
        answer('{}')(socket, request)
      }, 20)
    }
    const net = await lyingNetwork({ host })
    const urls = [
      ...Array.from({ length: 15 }, (_, i) => `https://one.example.com/${i}`),
      ...Array.from({ length: 30 }, (_, i) => `https://h${i}.example.com/`),
    ]
    const results = await Promise.all(urls.map((one) => net.fetch({ url: one })))
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(counts).toEqual({ host: 0, mostOfHost: 1, all: 0, most: 10 })
  })

  it('DC-06 has a budget for each host, for all together and for each network, and a minute later a new one', async () => {
    const net = await lyingNetwork()
    const many = async (count: number, of: (i: number) => string, network?: string): Promise<number> => {
      let ok = 0
      for (let i = 0; i < count; i++) {
        const source = network === undefined ? undefined : { requestId: 'r', network }
        if ((await net.fetch({ url: of(i), source })).ok) ok++
      }
      return ok
    }
    expect(await many(70, (i) => `https://one.example.com/${i}`)).toBe(60)
    expect(await many(40, (i) => `https://q${i}.example.com/`, '192.0.2.1')).toBe(30)
    expect(net.events.map(({ reason }) => reason)).toEqual([
      ...Array<string>(10).fill('budget'),
      ...Array<string>(10).fill('quota'),
    ])
    expect(await many(700, (i) => `https://m${i}.example.com/`)).toBe(510)
    net.clock.seconds += 60
    expect((await net.fetch({ url: 'https://one.example.com/' })).ok).toBe(true)
  })

  it('DC-06 refuses at once when too many wait for one host', async () => {
    const net = await lyingNetwork({
      host: (socket, request) => void setTimeout(() => answer('{}')(socket, request), 5),
    })
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, i) => net.fetch({ url: `https://one.example.com/${i}` })),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(21)
    expect(results.filter((one) => fault(one) === 'budget')).toHaveLength(19)
  })

  it('A-CIMD-08 reaches this machine itself only where the issuer is on it and a setting says so', async () => {
    const local = 'http://localhost:8080/client'
    for (const [development, loopback] of [
      [false, true],
      [true, false],
      [false, false],
    ] as const) {
      const net = await lyingNetwork({ development, options: { loopback } })
      expect((await net.fetch({ url: local })).ok).toBe(false)
      expect((await net.fetch({ url: 'https://127.0.0.1:8443/' })).ok).toBe(false)
      expect(net.connections).toEqual([])
    }
    const net = await lyingNetwork({ development: true, options: { loopback: true } })
    expect((await net.fetch({ url: local })).ok).toBe(true)
    expect(net.connections).toEqual([{ address: '127.0.0.1', port: 8080, host: 'localhost', secure: false }])
    for (const url of ['https://10.0.0.1/', 'http://app.example.com/', 'https://169.254.169.254/'])
      expect((await net.fetch({ url })).ok).toBe(false)
    expect(net.connections).toHaveLength(1)
  })
})
