import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, freePort, installationIn, run, startProcess, type Installation, type Outcome } from './cli.ts'
import { browserOf } from './real-browser.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

const scratch = createScratch()
const password = 'seven lanterns by the lake'
let place: Installation
let daemon: RunningDaemon
let origin: string

beforeAll(async () => {
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  place = installationIn(scratch.folder)
  await place.json(['migrate', '--issuer', origin])
  await place.json(['user', 'create', '--username', 'alice', '--password-stdin'], { input: password })
  daemon = await startDaemon(place, ['--port', String(port)], {
    env: { SALLYPORT_POLICY__DEVICE_GRANT: 'true' },
  })
})
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

const create = async (type: string, more: readonly string[]): Promise<{ id: string; secret: string }> => {
  const made = await place.json(['client', 'create', '--type', type, '--name', 'App', ...more])
  return { id: String(made['client_id']), secret: String(made['client_secret']) }
}

type Flow = { readonly address: URL; readonly end: Promise<Outcome> }

/** Starts `flow code` and waits for the address to open. */
async function startFlow(words: readonly string[]): Promise<Flow> {
  const child = startProcess(['flow', 'code', '--issuer', origin, '--json', ...words])
  child.stdin?.end()
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const end = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
  for (let waited = 0; waited < 5000; waited += 20) {
    const address = /^ {2}(http\S+)$/m.exec(stderr)?.[1]
    if (address !== undefined) return { address: new URL(address), end }
    await pause(20)
  }
  throw new Error(`no address:\n${stderr}`)
}

/** Does what a person does in a browser, up to the address of the application. */
async function signIn(address: URL): Promise<string> {
  const browser = browserOf(origin, origin)
  const login = await browser.open(address.href)
  const consent = await browser.submit(login, 'login-form', { username: 'alice', password })
  return (await browser.submit(consent, 'consent-form', { decision: 'allow' })).leftFor ?? ''
}

type Rogue = { readonly origin: string; stop(): void }

/** A server of somebody else that answers every request with one JSON document. */
async function startServer(answer: (req: IncomingMessage, self: string) => object): Promise<Rogue> {
  let self = ''
  const server = createServer((req, res) => {
    res
      .writeHead(200, { 'content-type': 'application/json', connection: 'close' })
      .end(JSON.stringify(answer(req, self)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  self = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin: self, stop: () => server.close() }
}

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  code_challenge_methods_supported: ['S256'],
})

describe('flow code', () => {
  it('A-REDIR-05 signs in over a free loopback port with a fresh verifier, and prints the tokens', async () => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id, '--scope', 'openid'])
    expect(flow.address.searchParams.get('code_challenge_method')).toBe('S256')
    expect(flow.address.searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/)
    const answer = await fetch(await signIn(flow.address))
    expect(answer.status).toBe(200)
    const { code, stdout } = await flow.end
    expect(code).toBe(0)
    const tokens = JSON.parse(stdout) as { id_token_claims: object; access_token_claims: object }
    expect(tokens).toMatchObject({ schema_version: 1, access_token: expect.any(String) as string })
    expect(tokens.id_token_claims).toMatchObject({ iss: origin, aud: id })
  })

  it('B-PAR-01, B-PAR-07, B-PAR-09 pushes its request on demand, also of a client that has to', async () => {
    const words = ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid', '--require-pushed-requests']
    const { id } = await create('native', words)
    const flow = await startFlow(['--client-id', id, '--scope', 'openid', '--push'])
    expect([...flow.address.searchParams.keys()]).toEqual(['client_id', 'request_uri'])
    await fetch(await signIn(flow.address))
    const { code, stdout, stderr } = await flow.end
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { id_token_claims: { aud: id } }])
    expect(stderr).toContain('good for 60 seconds')
    const beyond = ['flow', 'code', '--issuer', origin, '--client-id', id, '--scope', 'admin', '--push']
    const refused = await run(beyond)
    expect([refused.code, refused.stderr]).toEqual([
      4,
      expect.stringContaining('the request was not taken: invalid_scope'),
    ])
  })

  it('B-PAR-09 pushes without being told where the server demands it, and says so where it cannot', async () => {
    const asked: string[] = []
    const demanding = await startServer((req, self) => {
      asked.push(`${req.method} ${req.url}`)
      const demand = {
        require_pushed_authorization_requests: true,
        pushed_authorization_request_endpoint: `${self}/par`,
      }
      return { ...metadataOf(self), ...demand }
    })
    const refused = await run(['flow', 'code', '--issuer', demanding.origin, '--client-id', 'x', '--no-open'])
    demanding.stop()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('the request was not taken')
    expect(asked.at(-1)).toBe('POST /par')
    const without = await startServer((_req, self) => metadataOf(self))
    const unable = await run(['flow', 'code', '--issuer', without.origin, '--client-id', 'x', '--no-open', '--push'])
    without.stop()
    expect([unable.code, unable.stderr]).toEqual([1, expect.stringContaining('takes no pushed requests')])
  })

  it.each([
    ['A-ISS-02 another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['A-ISS-02 no issuer', (url: URL) => url.searchParams.delete('iss')],
  ])('%s in the answer ends it without a token', async (_, spoil) => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id])
    const url = new URL(await signIn(flow.address))
    spoil(url)
    await fetch(url)
    const { code, stdout, stderr } = await flow.end
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/no tokens|its code was not used/)
  })

  it('A-REDIR-16, A-AUTHZ-10 lets answers with another state pass, and ends with the one that has its own', async () => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id])
    const own = await signIn(flow.address)
    for (const spoil of [
      (url: URL) => url.searchParams.set('state', 'another'),
      (url: URL) => url.searchParams.append('state', 'another'),
      (url: URL) => url.searchParams.delete('state'),
      (url: URL) => (url.search = '?error=access_denied'),
    ]) {
      const url = new URL(own)
      spoil(url)
      const { status } = await fetch(url, { redirect: 'manual' })
      expect(status).toBe(400)
    }
    expect((await fetch(own)).status).toBe(200)
    expect((await flow.end).code).toBe(0)
  })

  it('A-REDIR-16 gives up where answers with another state do not end', async () => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id])
    const url = `${flow.address.searchParams.get('redirect_uri') ?? ''}?code=x&state=`
    for (let number = 0; number < 21; number++) await fetch(`${url}${number}`)
    const { code, stdout, stderr } = await flow.end
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('more than 20 answers with another state')
  })

  it('A-REDIR-16 listens on the loopback interface only, and no longer than for one answer', async () => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id])
    const { port } = new URL(flow.address.searchParams.get('redirect_uri') ?? '')
    const wanted = `:${Number(port).toString(16).toUpperCase().padStart(4, '0')} `
    const sockets = `${readFileSync('/proc/net/tcp', 'utf8')}${readFileSync('/proc/net/tcp6', 'utf8')}`
    const listening = sockets.split('\n').filter((line) => / 0A /.test(line) && line.slice(0, 50).includes(wanted))
    expect(listening.map((line) => line.trim().split(/\s+/)[1]?.split(':')[0])).toEqual(['0100007F'])
    await fetch(await signIn(flow.address))
    expect((await flow.end).code).toBe(0)
    await expect(fetch(`http://127.0.0.1:${port}/callback`)).rejects.toThrow()
  })

  it('A-REDIR-17 sends the browser on to an address without the code, and leaks it to nobody', async () => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id])
    const answer = await fetch(await signIn(flow.address), { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/callback'])
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    const last = await fetch(new URL('/callback', answer.url))
    expect(last.headers.get('referrer-policy')).toBe('no-referrer')
    expect(await last.text()).not.toMatch(/src=|href=/)
    expect((await flow.end).code).toBe(0)
  })

  it('A-ISS-03 asks no token endpoint but that of the issuer it began with', async () => {
    const asked: string[] = []
    const attacker = await startServer((req) => {
      asked.push(req.url ?? '')
      return {}
    })
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id])
    const url = new URL(await signIn(flow.address))
    url.searchParams.set('iss', attacker.origin)
    await fetch(url)
    expect(await flow.end).toMatchObject({ code: 1, stdout: '' })
    expect(asked).toEqual([])
    attacker.stop()
  })

  it.each([
    ['without S256', { code_challenge_methods_supported: ['plain'] }],
    ['without any method', { code_challenge_methods_supported: undefined }],
  ])('A-PKCE-14 starts nothing at a server that announces PKCE %s', async (_, change) => {
    const other = await startServer((_req, self) => ({ ...metadataOf(self), ...change }))
    const outcome = await run(['flow', 'code', '--issuer', other.origin, '--client-id', 'client_x', '--timeout', '1'])
    expect(outcome).toMatchObject({ code: 1, stdout: '' })
    expect(outcome.stderr).toContain('does not announce PKCE with S256')
    other.stop()
  })

  it('A-META-08, A-META-03 believes no metadata that is in the name of another issuer', async () => {
    const other = await startServer((_req, self) => ({ ...metadataOf(self), issuer: origin }))
    const outcome = await run(['flow', 'code', '--issuer', other.origin, '--client-id', 'client_x', '--timeout', '1'])
    expect(outcome).toMatchObject({ code: 5, stdout: '' })
    other.stop()
  })

  it('ends with 4 and the address of the help page when the server refuses', async () => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startFlow(['--client-id', id, '--scope', 'openid orders'])
    const browser = browserOf(origin, origin)
    await fetch((await browser.open(flow.address.href)).leftFor ?? '')
    const { code, stderr } = await flow.end
    expect(code).toBe(4)
    expect(stderr).toContain('invalid_scope')
    expect(stderr).toContain('/docs/errors/scope')
  })

  it('waits no longer than it was told', async () => {
    const words = ['flow', 'code', '--issuer', origin, '--client-id', 'client_x', '--timeout', '1']
    const { code, stderr } = await run(words)
    expect(code).toBe(1)
    expect(stderr).toContain('did not come back within 1 seconds')
  })
})

/** Starts `flow device` and waits for the code it shows. */
async function startDevice(words: readonly string[]): Promise<{ shown: string; end: Promise<Outcome> }> {
  const child = startProcess(['flow', 'device', '--issuer', origin, '--json', ...words])
  child.stdin?.end()
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const end = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
  for (let waited = 0; waited < 5000 && !stderr.includes('Waiting up to'); waited += 20) await pause(20)
  return { shown: stderr, end }
}

async function answerDevice(userCode: string, decision: 'allow' | 'deny'): Promise<void> {
  const browser = browserOf(origin, origin)
  const login = await browser.open(`${origin}/device`)
  const entry = await browser.submit(login, 'login-form', { username: 'alice', password })
  const asked = await browser.submit(entry, 'device-form', { user_code: userCode })
  await browser.submit(asked, 'decision-form', { decision })
}

const userCodeIn = (text: string): string => /^ {2}([A-Z]{4}-[A-Z]{4})$/m.exec(text)?.[1] ?? ''

describe('flow device', () => {
  it('A-DEV-03, A-DEV-12 shows code, address and QR code, waits for the person, and prints the tokens', async () => {
    const { id } = await create('device', ['--scope', 'openid offline_access'])
    const flow = await startDevice(['--client-id', id, '--scope', 'openid offline_access', '--qr'])
    expect(flow.shown).toContain(`  ${origin}/device\n`)
    expect(flow.shown).toMatch(/█▀▀▀▀▀█/)
    await answerDevice(userCodeIn(flow.shown), 'allow')
    const { code, stdout } = await flow.end
    expect(code).toBe(0)
    const tokens = JSON.parse(stdout) as { id_token_claims: object }
    expect(tokens).toMatchObject({ schema_version: 1, refresh_token: expect.any(String) as string })
    expect(tokens.id_token_claims).toMatchObject({ iss: origin, aud: id })
  })

  it('A-DEV-12 stops when the person says no', async () => {
    const { id } = await create('device', ['--scope', 'openid'])
    const flow = await startDevice(['--client-id', id])
    expect(flow.shown).not.toMatch(/█/)
    await answerDevice(userCodeIn(flow.shown), 'deny')
    const { code, stdout, stderr } = await flow.end
    expect([code, stdout]).toEqual([4, ''])
    expect(stderr).toContain('access_denied')
    expect(stderr).toContain('/docs/errors/device-code')
  })

  it('A-DEV-02 ends with 4 when the client may not, and shows no code', async () => {
    const { id } = await create('native', ['--redirect-uri', 'http://127.0.0.1/callback', '--scope', 'openid'])
    const flow = await startDevice(['--client-id', id])
    const { code, stderr } = await flow.end
    expect(code).toBe(4)
    expect(stderr).toContain('unauthorized_client')
    expect(userCodeIn(stderr)).toBe('')
  })

  it('A-DEV-12 shows nothing that a server could steer the terminal with, and starts nothing where there is no grant', async () => {
    const other = await startServer((req, self) =>
      req.url?.startsWith('/.well-known') === true
        ? { ...metadataOf(self), device_authorization_endpoint: `${self}/device` }
        : { device_code: 'x', user_code: '\u001b[2J', verification_uri: 'https://x.example', expires_in: 60 },
    )
    const words = ['flow', 'device', '--client-id', 'client_x', '--issuer']
    const outcome = await run([...words, other.origin])
    expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining('cannot be shown')])
    expect(outcome.stderr).not.toContain('\u001b')
    other.stop()
    const without = await startServer((_req, self) => metadataOf(self))
    const refused = await run([...words, without.origin])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('offers no grant for devices')])
    without.stop()
  })
})

describe('flow m2m', () => {
  it('A-CC-01 gets a token for a service', async () => {
    const { id, secret } = await create('service', ['--scope', 'jobs'])
    const words = ['flow', 'm2m', '--issuer', origin, '--client-id', id, '--client-secret-stdin', '--scope', 'jobs']
    const { code, stdout } = await run([...words, '--json'], { input: secret })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ access_token_claims: { sub: id, client_id: id, scope: 'jobs' } })
    const wrong = await run(words, { input: 'wrong' })
    expect(wrong.code).toBe(4)
    expect(wrong.stderr).toContain('client authentication failed')
  })

  it('ends with 5 when nobody answers', async () => {
    const words = ['flow', 'm2m', '--issuer', `http://127.0.0.1:${await freePort()}`, '--client-id', 'client_x']
    expect((await run(words)).code).toBe(5)
  })
})

describe('doctor', () => {
  it('finds nothing in a sound installation that runs', async () => {
    const { code, stdout } = await place.run(['doctor', '--json'])
    const report = JSON.parse(stdout) as { healthy: boolean; checks: { check: string; state: string }[] }
    expect(report.checks.filter(({ state }) => state !== 'ok')).toEqual([])
    const looked = new Set(report.checks.map(({ check }) => check))
    const all = [
      'clock',
      'configuration',
      'disk',
      'issuer',
      'keys',
      'permissions',
      'pkce',
      'proof',
      'secrets',
      'store',
      'tightenings',
    ]
    expect([...looked].sort()).toEqual(all)
    expect([report.healthy, code]).toEqual([true, 0])
  })
})
