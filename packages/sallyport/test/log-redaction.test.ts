import { readFileSync, readdirSync } from 'node:fs'
import { systemRandom } from '@sallyport/protocol'
import { pkcePair, type Visit } from '@sallyport/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, issuer, prepare, type Installation } from './cli.ts'
import { browserOf } from './real-browser.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

const scratch = createScratch()
const redirectUri = 'http://127.0.0.1:9/callback'
const password = 'canary-password-of-alice'
let place: Installation
let daemon: RunningDaemon
let client: { id: string; secret: string }

/** Every secret that went through, by what it is. */
const canaries = new Map<string, string>()

beforeAll(async () => {
  place = await prepare(scratch.folder)
  await place.json(['user', 'create', '--username', 'alice', '--password-stdin'], { input: password })
  const scope = 'openid offline_access'
  const made = await place.json([
    ...['client', 'create', '--type', 'web', '--name', 'App', '--redirect-uri', redirectUri, '--scope', scope],
  ])
  client = { id: String(made['client_id']), secret: String(made['client_secret']) }
  canaries.set('password', password).set('client secret', client.secret)
  canaries.set('master key', readFileSync(`${place.data}/master.key`, 'utf8').trim())
  daemon = await startDaemon(place, ['--log-level', 'debug'])
  await everyFlow()
  await daemon.stop()
})
afterAll(() => {
  scratch.remove()
})

const token = (parameters: Record<string, string>): Promise<Response> =>
  fetch(`${daemon.url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
    body: new URLSearchParams(parameters),
  })

/** Signs in, agrees and comes back with a code. */
async function authorize(challenge: string): Promise<string> {
  const browser = browserOf(daemon.url)
  const state = 'canary-state-0123456789'
  const request = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    state,
    nonce: 'canary-nonce-0123456789',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    prompt: 'consent',
  }
  const login = await browser.open(`${issuer}/oauth2/authorize?${new URLSearchParams(request).toString()}`)
  note(login, 'login')
  const wrong = await browser.submit(login, 'login-form', { username: 'alice', password: 'canary-wrong-password' })
  const consent = await browser.submit(wrong, 'login-form', { username: 'alice', password })
  note(consent, 'consent')
  const end = await browser.submit(consent, 'consent-form', { decision: 'allow' })
  for (const name of browser.jar.names) canaries.set(`cookie ${name}`, browser.jar.get(name) ?? '')
  return new URL(end.leftFor ?? '').searchParams.get('code') ?? ''
}

function note({ url, forms }: Visit, name: string): void {
  canaries.set(`${name} interaction`, new URL(url).searchParams.get('interaction') ?? '')
  canaries.set(`${name} form token`, forms[0]?.fields['csrf'] ?? '')
}

async function everyFlow(): Promise<void> {
  canaries.set('state', 'canary-state-0123456789').set('nonce', 'canary-nonce-0123456789')
  canaries.set('wrong password', 'canary-wrong-password')
  const pair = pkcePair(systemRandom())
  const code = await authorize(pair.challenge)
  canaries.set('code', code).set('verifier', pair.verifier)
  const redemption = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: pair.verifier }
  const tokens = (await (await token(redemption)).json()) as Record<string, string>
  for (const name of ['access_token', 'refresh_token', 'id_token']) canaries.set(name, tokens[name] ?? '')
  const refresh = { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '' }
  const next = (await (await token(refresh)).json()) as Record<string, string>
  canaries.set('next refresh token', next['refresh_token'] ?? '')
  await token(redemption)
  await token(refresh)
  await token({ ...redemption, code: 'canary-code-of-nobody', client_secret: client.secret })
  canaries.set('unknown code', 'canary-code-of-nobody')
  const access = tokens['access_token'] ?? ''
  await fetch(`${daemon.url}/oauth2/userinfo`, { headers: { authorization: `Bearer ${access}` } })
  await fetch(`${daemon.url}/oauth2/userinfo?access_token=${access}`)
  await fetch(`${daemon.url}/oauth2/token?client_secret=canary-in-query`, { method: 'POST' })
  canaries.set('secret in a query', 'canary-in-query')
  await fetch(`${daemon.url}/oauth2/authorize?id_token_hint=${tokens['id_token'] ?? ''}&client_id=${client.id}`)
}

const forms = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64url'),
  Buffer.from(secret).toString('hex'),
]

describe('logs at level debug', () => {
  it('were written while every secret went through', () => {
    for (const [name, secret] of canaries) expect(secret.length, name).toBeGreaterThan(10)
    const output = daemon.output()
    expect(output).toContain('"msg":"request"')
    for (const event of ['login.failed', 'login.succeeded', 'consent.granted', 'token.code.replayed'])
      expect(output).toContain(event)
  })

  it('A-LOG-02, AR-04 hold none of the secrets, in no form, and no query', () => {
    const output = daemon.output()
    for (const [name, secret] of canaries)
      for (const form of forms(secret)) expect(output.includes(form), `${name} in the log`).toBe(false)
    expect(output).not.toMatch(/[?&](code|state|interaction|access_token|id_token_hint)=/)
  })

  it('A-LOG-06 have one line for each request, with how long it took and the id of its events', () => {
    const requests = daemon.lines().filter(({ msg }) => msg === 'request')
    const [first] = requests.filter(({ path }) => path === '/oauth2/token')
    expect(first).toMatchObject({ method: 'POST', status: 200, path: '/oauth2/token', level: 'debug' })
    for (const { duration_ms: duration, request_id: id } of requests) {
      expect(Number(duration)).toBeGreaterThan(0)
      expect(String(id)).toMatch(/^[\w-]{16}$/)
    }
    const ids = new Set(requests.map(({ request_id: id }) => id))
    const events = daemon.lines().filter(({ event, request_id: id }) => event !== undefined && id !== undefined)
    expect(events.filter(({ request_id: id }) => !ids.has(id))).toEqual([])
  })

  it('AR-01 neither does the store', () => {
    for (const name of readdirSync(scratch.folder).filter((one) => one.startsWith('store.db'))) {
      const bytes = readFileSync(scratch.path(name)).toString('latin1')
      for (const [what, secret] of canaries) {
        // What a person sees in the address bar on the way is no credential.
        if (['state', 'nonce'].includes(what)) continue
        expect(bytes.includes(secret), `${what} in ${name}`).toBe(false)
      }
    }
  })

  it('A-LOG-01 name the person by a pseudonym only', () => {
    const line = daemon.lines().find(({ event }) => event === 'login.succeeded')
    expect(line).toMatchObject({ sub_hash: expect.stringMatching(/^[0-9a-f]{16}$/) as string, ip_prefix: '127.0.0.1' })
    expect(daemon.output()).not.toMatch(/user_[\w-]{22}/)
  })
})
