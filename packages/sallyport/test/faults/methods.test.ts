import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, prepare } from '../cli.ts'
import { exchange, openSocket, statuses } from '../raw-socket.ts'
import { startDaemon, type RunningDaemon } from '../running-daemon.ts'

const scratch = createScratch()
let daemon: RunningDaemon
beforeAll(async () => {
  daemon = await startDaemon(await prepare(scratch.folder))
})
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

const head = (line: string, ...headers: readonly string[]): string =>
  [line, 'Host: as.test', ...headers, '', ''].join('\r\n')
/** What must never be answered: a request behind one after which the connection ends. */
const behind = head('GET /oauth2/jwks HTTP/1.1')

const field = (text: string, name: string): string | undefined => new RegExp(`^${name}: (.*?)\r$`, 'im').exec(text)?.[1]
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4)

/** The line of the log that has the id of an answer. */
async function eventOf(text: string): Promise<Readonly<Record<string, unknown>>> {
  const id = field(text, 'x-request-id')
  expect(id).toMatch(/^[\w-]{10,}$/)
  return daemon.line(({ request_id: other }) => other === id)
}

async function expectRefused(text: string, status: number, reason: string): Promise<void> {
  expect(statuses(text)).toEqual([status])
  expect(field(text, 'connection')).toBe('close')
  expect(field(text, 'content-length')).toBe(String(Buffer.byteLength(bodyOf(text), 'latin1')))
  expect(await eventOf(text)).toMatchObject({ event: 'http.request.rejected', reason, ip_prefix: '127.0.0.1' })
}

describe('methods that the parser does not know', () => {
  it.each(['FOO', 'get', 'BREW', 'ANNOUNCE', "!#$%&'*+-.^_`|~9"])(
    'IN-10 %s at the token endpoint: 405 with Allow, as JSON, with an id that leads to the event',
    async (method) => {
      const text = await exchange(daemon.port, head(`${method} /oauth2/token HTTP/1.1`) + behind)
      await expectRefused(text, 405, 'method')
      expect(field(text, 'allow')).toBe('POST')
      expect(field(text, 'content-type')).toBe('application/json')
      expect(JSON.parse(bodyOf(text))).toMatchObject({ error: 'invalid_request' })
    },
  )

  it('IN-10 at a page it is a page, in the language of the person', async () => {
    const text = await exchange(daemon.port, head('FOO /oauth2/authorize?a=b HTTP/1.1', 'Accept-Language: de') + behind)
    await expectRefused(text, 405, 'method')
    expect(field(text, 'allow')).toBe('GET, POST')
    expect(field(text, 'content-type')).toBe('text/html; charset=utf-8')
    expect(bodyOf(text)).toMatch(/<html[^>]* lang="de"/)
    expect(bodyOf(text)).not.toMatch(/Hier ist nichts/)
  })

  it('HH-08 where nothing is, 404 comes first', async () => {
    await expectRefused(await exchange(daemon.port, head('FOO /nothing HTTP/1.1') + behind), 404, 'path')
  })

  it('IN-10 in parts as small as they come, also behind an answered request', async () => {
    const raw = await openSocket(daemon.port)
    raw.send(head('GET /oauth2/jwks HTTP/1.1'))
    while (!raw.received().includes('keys')) await pause(5)
    for (const byte of head('FOO /oauth2/token HTTP/1.1')) {
      raw.send(byte)
      await pause(1)
    }
    const { text } = await raw.end()
    expect(statuses(text)).toEqual([200, 405])
    expect(field(text.slice(text.indexOf(' 405 ')), 'allow')).toBe('POST')
  })

  it.each([
    ['no host', 'FOO /oauth2/token HTTP/1.1\r\n\r\n'],
    ['two hosts', head('FOO /oauth2/token HTTP/1.1', 'Host: b')],
    ['a folded header', head('FOO /oauth2/token HTTP/1.1', 'X-A: one\r\n two')],
    ['a space before the colon', head('FOO /oauth2/token HTTP/1.1', 'X-A : one')],
    ['another version', head('FOO /oauth2/token HTTP/2.0')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no address', head('FOO HTTP/1.1')],
    ['a control character in the address', head('FOO /oauth2/\u0001 HTTP/1.1')],
    ['a method in parts whose second part is another method', ''],
  ])('HH-07 the rest of the head has to be right: %s', async (_, bytes) => {
    const raw = await openSocket(daemon.port)
    if (bytes === '') {
      raw.send('P')
      await pause(100)
    }
    raw.send((bytes === '' ? head('GET /oauth2/jwks HTTP/1.1') : bytes) + behind)
    expect(statuses((await raw.end()).text)).toEqual([400])
  })

  // Of a packet that holds several requests only the parser knows where each begins.
  it.each([
    ['FOO /oauth2/token HTTP/1.1', 400],
    ['CONNECT /oauth2/token HTTP/1.1', 405],
    ['FOO HTTP/1.1', 400],
  ])('HH-07 %s behind requests that wait for their answers is answered in its turn', async (line, status) => {
    const first = head('POST /oauth2/token HTTP/1.1', 'Content-Length: 3') + 'a=b'
    const text = await exchange(daemon.port, head('GET /none HTTP/1.1') + first + head(line) + behind)
    expect(statuses(text)).toEqual([404, 400, status])
  })

  it('IN-04 holds no head longer than 16 KiB', async () => {
    const raw = await openSocket(daemon.port)
    raw.send('FOO /oauth2/token HTTP/1.1\r\nHost: as.test\r\nX-A: ')
    for (let sent = 0; sent < 40 && !raw.socket.closed; sent++) {
      raw.send('a'.repeat(1000))
      await pause(5)
    }
    expect(statuses((await raw.end()).text)).toEqual([431])
  })

  it('IN-04 takes no more than 100 headers with it', async () => {
    const headers = Array.from({ length: 101 }, (_, index) => `X-${index}: a`)
    expect(statuses(await exchange(daemon.port, head('FOO /oauth2/token HTTP/1.1', ...headers)))).toEqual([431])
  })

  it('IN-05 closes after 10 s when the head does not come to an end', async () => {
    const raw = await openSocket(daemon.port)
    raw.send('FOO /oauth2/token HTTP/1.1\r\nHost: as.test\r\n')
    expect(statuses((await raw.end()).text)).toEqual([408])
  })
})

describe('CONNECT', () => {
  it('HH-08 is answered 405 at an endpoint', async () => {
    const text = await exchange(daemon.port, head('CONNECT /oauth2/token HTTP/1.1') + behind)
    await expectRefused(text, 405, 'method')
    expect(field(text, 'allow')).toBe('POST')
  })

  it('HH-08 opens no tunnel to anywhere: 404', async () => {
    await expectRefused(await exchange(daemon.port, head('CONNECT as.test:443 HTTP/1.1') + behind), 404, 'path')
  })
})

describe('expectations', () => {
  it.each(['foo', '100-continue, foo'])('HH-08 Expect: %s is answered 417 with an id and an event', async (value) => {
    const text = await exchange(
      daemon.port,
      head('POST /oauth2/token HTTP/1.1', `Expect: ${value}`, 'Content-Length: 0') + behind,
    )
    const last = text.slice(text.lastIndexOf('HTTP/1.1'))
    await expectRefused(last, 417, 'expectation')
    expect(JSON.parse(bodyOf(last))).toMatchObject({ error: 'invalid_request' })
  })

  it('HH-08 an expectation on a page is refused with a page', async () => {
    const text = await exchange(daemon.port, head('GET /oauth2/authorize HTTP/1.1', 'Expect: foo') + behind)
    await expectRefused(text, 417, 'expectation')
    expect(field(text, 'content-type')).toBe('text/html; charset=utf-8')
  })

  it('HH-08 100-continue is met', async () => {
    const raw = await openSocket(daemon.port)
    raw.send(
      head('POST /oauth2/token HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 3', 'Connection: close') + 'a=b',
    )
    expect(statuses((await raw.end()).text)).toEqual([100, 400])
  })
})

describe('HEAD', () => {
  it.each([
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/oauth2/jwks',
    '/assets/sallyport.css',
    '/docs',
    '/docs/errors/http-request.md',
  ])('IN-10 %s has the length of the GET and no body', async (path) => {
    const ask = (method: string): Promise<string> =>
      exchange(daemon.port, head(`${method} ${path} HTTP/1.1`, 'Connection: close'))
    const [got, text] = [await ask('GET'), await ask('HEAD')]
    expect(statuses(got)).toEqual([200])
    expect(statuses(text)).toEqual([200])
    expect(bodyOf(text)).toBe('')
    expect(field(text, 'content-length')).toBe(field(got, 'content-length'))
    expect(Number(field(text, 'content-length'))).toBe(bodyOf(got).length)
  })

  it('IN-10 a refused HEAD has a length and no body as well', async () => {
    const text = await exchange(daemon.port, head('HEAD /oauth2/token HTTP/1.1', 'Connection: close'))
    expect([statuses(text), bodyOf(text)]).toEqual([[405], ''])
    expect(Number(field(text, 'content-length'))).toBeGreaterThan(10)
  })
})
