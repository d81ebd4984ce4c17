import { afterAll, beforeAll, expect, it } from 'vitest'
import { createScratch, freePort, installationIn, type Installation } from './cli.ts'
import { browserOf } from './real-browser.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

const scratch = createScratch()
const password = 'seven lanterns by the lake'
const resource = 'https://api.example.com'
let place: Installation
let daemon: RunningDaemon
let origin: string
let clients: Readonly<Record<'service' | 'other' | 'device' | 'tablet' | 'api', { id: string; secret: string }>>

const create = async (type: string, more: readonly string[]): Promise<{ id: string; secret: string }> => {
  const made = await place.json(['client', 'create', '--type', type, '--name', 'App', ...more])
  return { id: String(made['client_id']), secret: String(made['client_secret']) }
}

beforeAll(async () => {
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  place = installationIn(scratch.folder)
  await place.json(['migrate', '--issuer', origin])
  await place.json(['resource', 'create', resource, '--name', 'API', '--scope', 'read=Read'])
  for (const username of ['alice', 'bob'])
    await place.json(['user', 'create', '--username', username, '--password-stdin'], { input: password })
  const machine = ['--scope', 'read', '--resource', resource]
  clients = {
    service: await create('service', machine),
    other: await create('service', machine),
    device: await create('device', ['--scope', 'openid']),
    tablet: await create('device', ['--scope', 'openid']),
    api: await create('service', ['--resource-server-of', resource]),
  }
  daemon = await startDaemon(place, ['--port', String(port)], {
    env: {
      SALLYPORT_HTTP__TRUSTED_PROXIES: '127.0.0.1',
      SALLYPORT_REGISTRATION__MODE: 'open',
      SALLYPORT_REGISTRATION__PER_NETWORK: '5',
      SALLYPORT_POLICY__DEVICE_GRANT: 'true',
      SALLYPORT_POLICY__TOKEN_REQUESTS_PER_MINUTE: '60',
      SALLYPORT_POLICY__INTROSPECTION_REQUESTS_PER_MINUTE: '60',
      SALLYPORT_POLICY__DEVICE_REQUESTS_PER_MINUTE: '10',
      SALLYPORT_POLICY__DEVICE_REQUESTS_PER_NETWORK: '5',
    },
  })
})
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

type Asked = { readonly body: string | URLSearchParams; readonly from: string; readonly basic?: string }

const post = (path: string, { body, from, basic }: Asked): Promise<Response> =>
  fetch(`${origin}${path}`, {
    method: 'POST',
    body,
    headers: {
      'x-forwarded-for': from,
      ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      ...(basic === undefined ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
    },
  })

const form = (fields: Record<string, string>): URLSearchParams => new URLSearchParams(fields)

/**
 * Asks until the answer is 429 and gives how often it was another one. Windows begin at whole minutes of a clock that nobody
 * stops, so a burst may be as long as two of them.
 */
async function passedUntilLimited(limit: number, ask: () => Promise<Response>): Promise<number> {
  for (let passed = 0; passed <= 2 * limit; passed++) {
    const answer = await ask()
    if (answer.status !== 429) {
      await answer.arrayBuffer()
      continue
    }
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const text = await answer.text()
    if (answer.headers.get('content-type') === 'application/json')
      expect(JSON.parse(text)).toMatchObject({ error: 'temporarily_unavailable' })
    return passed
  }
  throw new Error(`more than ${2 * limit} were answered`)
}

const credentials = form({ grant_type: 'client_credentials', scope: 'read', resource })
const asClient = ({ id, secret }: { id: string; secret: string }, from: string) => ({
  body: credentials,
  from,
  basic: `${id}:${secret}`,
})

it('A-RATE-03 tokens: a client, wherever it asks from, and no other client', async () => {
  let host = 0
  const ask = () => post('/oauth2/token', asClient(clients.service, `192.0.2.${(host++ % 250) + 1}`))
  expect(await passedUntilLimited(60, ask)).toBeGreaterThanOrEqual(60)
  expect((await post('/oauth2/token', asClient(clients.other, '192.0.2.1'))).status).toBe(200)
})

it('A-RATE-01 secrets: a client and network, and neither alone', async () => {
  const wrong = { ...clients.other, secret: 'wrong' }
  expect(
    await passedUntilLimited(10, () => post('/oauth2/token', asClient(wrong, '192.0.2.10'))),
  ).toBeGreaterThanOrEqual(10)
  expect((await post('/oauth2/token', asClient(clients.other, '192.0.2.10'))).status).toBe(429)
  expect((await post('/oauth2/token', asClient(clients.other, '192.0.2.11'))).status).toBe(200)
})

it('A-RATE-03 introspection: a client', async () => {
  const { id, secret } = clients.api
  const ask = (basic: string) => post('/oauth2/introspect', { body: form({ token: 'x' }), from: '192.0.2.20', basic })
  expect(await passedUntilLimited(60, () => ask(`${id}:${secret}`))).toBeGreaterThanOrEqual(60)
  expect((await ask(`${clients.other.id}:${clients.other.secret}`)).status).toBe(200)
})

it('A-DEV-13, A-RATE-03, A-RATE-04 device codes: a network, an IPv6 one by its first half, and a client', async () => {
  const ask = (client: { id: string }, from: string) =>
    post('/oauth2/device_authorization', { body: form({ client_id: client.id, scope: 'openid' }), from })
  let host = 0
  const sameNetwork = () => ask(clients.tablet, `2001:db8::${(++host).toString(16)}`)
  expect(await passedUntilLimited(5, sameNetwork)).toBeGreaterThanOrEqual(5)
  expect((await ask(clients.tablet, '2001:db8:0:1::1')).status).toBe(200)
  const everywhere = () => ask(clients.device, `198.51.100.${++host}`)
  expect(await passedUntilLimited(10, everywhere)).toBeGreaterThanOrEqual(10)
  expect((await ask(clients.tablet, '198.51.100.250')).status).toBe(200)
})

it('B-REG-11, A-RATE-03 registration: a network', async () => {
  const body = JSON.stringify({ client_name: 'Tool', redirect_uris: ['https://tool.example/cb'] })
  const ask = (from: string) => post('/oauth2/register', { body, from })
  expect(await passedUntilLimited(5, () => ask('192.0.2.30'))).toBe(5)
  expect((await ask('192.0.2.31')).status).toBe(201)
})

it('A-RATE-02 signing in: an account from a network, and not the account elsewhere', async () => {
  const attempt = async (from: string, username: string, typed: string) => {
    const browser = browserOf(origin, origin, { 'x-forwarded-for': from })
    const login = await browser.open('/device')
    return (await browser.submit(login, 'login-form', { username, password: typed })).answer
  }
  const statuses: number[] = []
  for (let tries = 0; tries < 8; tries++) statuses.push((await attempt('192.0.2.40', 'alice', 'wrong')).status)
  expect(statuses).toContain(429)
  const throttled = await attempt('192.0.2.40', 'alice', password)
  expect(throttled.status).toBe(429)
  expect(Number(throttled.headers['retry-after'])).toBeGreaterThanOrEqual(1)
  expect((await attempt('192.0.2.41', 'alice', password)).status).not.toBe(429)
  expect((await attempt('192.0.2.40', 'bob', password)).status).not.toBe(429)
})

it('A-DEV-05 user codes: an account, whatever its browser and network', async () => {
  const statuses: number[] = []
  for (let round = 0; round < 4; round++) {
    const browser = browserOf(origin, origin, { 'x-forwarded-for': `192.0.2.${50 + round}` })
    let visit = await browser.submit(await browser.open('/device'), 'login-form', { username: 'bob', password })
    for (let tries = 0; tries < 2; tries++) {
      if (visit.forms.length === 0) visit = await browser.open('/device')
      visit = await browser.submit(visit, 'device-form', { user_code: 'BBBB-BBBB' })
      statuses.push(visit.answer.status)
      if (visit.answer.status === 429) expect(Number(visit.answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    }
  }
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429, 429])
})
