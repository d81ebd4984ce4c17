import type * as Argon2 from '@node-rs/argon2'
import { seconds, type Seconds } from '@sallyport/protocol'
import { networkOf } from '@sallyport/server'
import type { HttpRequest, HttpResponse, OpenInteraction } from '@sallyport/server/model'
import { createMemoryStore } from '@sallyport/server/store'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createAccounts, type AccountsOptions } from '../src/create-accounts.ts'
import { openInteraction, session, start, type OpenChanges } from './fixtures.ts'
import { createHost, pageRequest } from './host.ts'

const cheap = { memory: 64, passes: 1, lanes: 1 }
const password = 'seven oak doors'
const verifications = vi.hoisted(() => ({ count: 0 }))

vi.mock('@node-rs/argon2', async (original) => {
  const real = await original<typeof Argon2>()
  return {
    ...real,
    verify: (...given: Parameters<typeof real.verify>) => (verifications.count++, real.verify(...given)),
  }
})

async function setUp(changes: OpenChanges = {}, options: Partial<AccountsOptions> = {}) {
  const store = createMemoryStore()
  const clock: { now: Seconds } = { now: start }
  const now = (): Seconds => clock.now
  const made = createAccounts({ store, now, hashing: { cost: cheap }, ...options })
  const { user } = await made.people.create({ username: 'alice', password, claims: { name: 'Alice Example' } })
  const open: { current: OpenInteraction } = { current: openInteraction(changes) }
  const { host, calls } = createHost(() => open.current, now)
  const call = async (path: string, request: HttpRequest): Promise<HttpResponse> => {
    const route = made.routes.find((candidate) => candidate.path === path)
    const handler = route?.methods[request.method === 'POST' ? 'POST' : 'GET']
    if (handler === undefined) throw new Error(`no ${request.method} ${path}`)
    return handler({ ...host, network: networkOf(request.remoteAddress) }, request)
  }
  const login = (username: string, secret: string, more: Parameters<typeof pageRequest>[1] = {}) =>
    call('/login', pageRequest({ username, password: secret, csrf: 'csrf-token' }, more))
  return { ...made, user, store, clock, open, host, calls, call, login }
}

const cookieOf = (response: HttpResponse): string =>
  [response.headers['set-cookie'] ?? []].flat().find((cookie) => cookie.includes('sallyport-device')) ?? ''

afterEach(() => {
  verifications.count = 0
})

describe('login', () => {
  it('B-OIDC-20 reports the method that was really used', async () => {
    const { login, calls, user } = await setUp()
    expect((await login('Alice', password)).status).toBe(303)
    expect(calls.logins).toEqual([{ subject: user?.id, amr: ['pwd'], acr: 'urn:sallyport:acr:pwd' }])
  })

  it('CS-13 writes login.succeeded and whether the person signed in again', async () => {
    const { login, calls, open, user } = await setUp()
    await login('alice', password)
    open.current = openInteraction({ session: { ...session, subject: user?.id ?? '' } })
    await login('alice', password)
    expect(calls.events).toMatchObject([
      { event: 'login.succeeded', subject: user?.id, detail: { method: 'pwd', reauth: false } },
      { event: 'login.succeeded', subject: user?.id, detail: { method: 'pwd', reauth: true } },
    ])
  })

  it('BF-05 answers an unknown name, a wrong password and a disabled person alike, each after one hash', async () => {
    const answers: HttpResponse[] = []
    for (const [name, secret, disabled] of [
      ['nobody', password, false],
      ['alice', 'wrong password', false],
      ['alice', password, true],
    ] as const) {
      const { login, people, calls } = await setUp()
      if (disabled) await people.disable('alice')
      verifications.count = 0
      answers.push(await login(name, secret))
      expect(verifications.count).toBe(1)
      expect(calls.renewed).toBe(1)
      expect(calls.logins).toEqual([])
    }
    const [unknown, ...others] = answers.map(({ status, headers, body }) => ({
      status,
      headers,
      body: String(body).replaceAll('nobody', 'alice'),
    }))
    expect(unknown?.status).toBe(403)
    for (const other of others) expect(other).toEqual(unknown)
  })

  it('A-LOG-02 writes login.failed with a reason and neither password nor typed name', async () => {
    const { login, calls, user } = await setUp()
    await login('canary-name', 'canary-password')
    await login('alice', 'canary-password')
    expect(calls.events).toMatchObject([
      { event: 'login.failed', reason: 'user_unknown', subject: undefined },
      { event: 'login.failed', reason: 'password_wrong', subject: user?.id },
    ])
    expect(JSON.stringify(calls.events)).not.toContain('canary')
  })

  it('BF-01 throttles one account from one network with 429 and Retry-After, and not from another', async () => {
    const { login, calls, clock } = await setUp()
    const statuses: number[] = []
    for (let attempt = 0; attempt < 20; attempt++) statuses.push((await login('alice', 'wrong password')).status)
    expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(5)
    expect(statuses.indexOf(429)).toBeLessThanOrEqual(10)
    const refused = await login('alice', password)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(String(refused.body)).toContain('Too many attempts')
    expect(calls.events.at(-1)).toMatchObject({ event: 'login.throttled', reason: 'account' })
    expect((await login('alice', password, { address: '198.51.100.7' })).status).toBe(303)
    expect(clock.now).toBe(start)
  })

  it('BF-01 counts every spelling of a name that finds the same person as one', async () => {
    const { login } = await setUp()
    const spellings = ['alice', 'ALICE', 'Alice', ' alice ', 'ａｌｉｃｅ', 'ＡＬＩＣＥ']
    const statuses: number[] = []
    for (let attempt = 0; attempt < 20; attempt++) {
      statuses.push((await login(spellings[attempt % spellings.length] ?? '', 'wrong password')).status)
    }
    expect(statuses.filter((status) => status === 403).length).toBeLessThanOrEqual(6)
  })

  it('BF-01 opens again by itself after the delay', async () => {
    const { login, clock } = await setUp()
    for (let attempt = 0; attempt < 8; attempt++) await login('alice', 'wrong password')
    const refused = await login('alice', password)
    clock.now = seconds(clock.now + Number(refused.headers['retry-after']))
    expect((await login('alice', password)).status).toBe(303)
  })

  it('BF-02 lets no more than the limit of 200 parallel guesses reach the hash', async () => {
    const { login } = await setUp({}, { hashing: { cost: cheap, limits: { running: 2, waiting: 500 } } })
    await Promise.all(Array.from({ length: 200 }, () => login('alice', 'wrong password')))
    expect(verifications.count).toBeLessThanOrEqual(6)
  })

  it('BF-03 lets a known device in while its network is delayed, and marks it with an opaque cookie', async () => {
    const { login } = await setUp()
    const cookie = cookieOf(await login('alice', password))
    expect(cookie).toMatch(
      /^__Host-sallyport-device=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=7776000$/,
    )
    for (let attempt = 0; attempt < 20; attempt++) await login('alice', 'wrong password')
    expect((await login('alice', password)).status).toBe(429)
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    expect((await login('alice', password, { headers })).status).toBe(303)
  })

  it('CS-09 adopts no mark of a device that was planted', async () => {
    const { login } = await setUp()
    const planted = 'p'.repeat(43)
    const cookie = cookieOf(
      await login('alice', password, { headers: { cookie: `__Host-sallyport-device=${planted}` } }),
    )
    expect(cookie).not.toBe('')
    expect(cookie).not.toContain(planted)
  })

  it('A-RATE-04 counts an IPv6 address by its first 64 bits', async () => {
    const { login } = await setUp()
    for (let attempt = 0; attempt < 20; attempt++)
      await login('alice', 'wrong password', { address: `2001:db8::${attempt + 1}` })
    expect((await login('alice', password, { address: '2001:db8::ffff' })).status).toBe(429)
    expect((await login('alice', password, { address: '2001:db8:0:1::1' })).status).toBe(303)
  })

  it('BF-12 answers 400 to a name or password that is too long, before anything is hashed or counted', async () => {
    const { login, calls } = await setUp()
    for (let attempt = 0; attempt < 20; attempt++) {
      expect((await login('alice', 'x'.repeat(1025))).status).toBe(400)
      expect((await login('x'.repeat(257), password)).status).toBe(400)
      expect((await login('', password)).status).toBe(400)
      expect((await login('alice', '')).status).toBe(400)
    }
    expect(verifications.count).toBe(0)
    expect(calls.renewed).toBe(0)
    expect((await login('alice', password)).status).toBe(303)
  })

  it('BF-12 refuses with overload when too many passwords wait', async () => {
    const { login } = await setUp({}, { hashing: { cost: cheap, limits: { running: 1, waiting: 1 } } })
    const answers = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) => login(`person-${index}`, 'wrong password')),
    )
    const refused = answers.filter((answer) => answer.status === 'rejected').map((answer) => String(answer.reason))
    expect(refused.length).toBeGreaterThanOrEqual(1)
    expect(new Set(refused)).toEqual(new Set(['OAuthError: overload']))
  })

  it('A-RATE-02 renews a hash that was made with less effort', async () => {
    const { login, store, people } = await setUp()
    const before = (await people.find('alice'))?.passwordHash
    const strong = createAccounts({ store, now: () => start, hashing: { cost: { ...cheap, passes: 2 } } })
    const route = strong.routes.find(({ path }) => path === '/login')
    const { host } = createHost(
      () => openInteraction(),
      () => start,
    )
    expect((await route?.methods.POST?.(host, pageRequest({ username: 'alice', password })))?.status).toBe(303)
    const after = (await people.find('alice'))?.passwordHash
    expect(after).not.toBe(before)
    expect(after).toContain('t=2')
    expect((await login('alice', password)).status).toBe(303)
    expect((await people.find('alice'))?.passwordHash).toBe(after)
  })

  it('B-OIDC-42 gives up when the person cancels', async () => {
    const { call, calls } = await setUp()
    expect((await call('/login', pageRequest({ decision: 'cancel' }))).status).toBe(303)
    expect(calls).toMatchObject({ cancelled: 1, logins: [], events: [] })
  })

  it('B-OIDC-30 fills in the hint alike for known and unknown people, and drops one that is too long', async () => {
    const pages: string[] = []
    for (const loginHint of ['alice', 'nobody', 'x'.repeat(300)]) {
      const { call } = await setUp({ request: { loginHint } })
      pages.push(
        String((await call('/login', pageRequest(undefined))).body).replaceAll(`value="${loginHint}"`, 'value="?"'),
      )
    }
    expect(pages[0]).toContain('value="?"')
    expect(pages[1]).toBe(pages[0])
    expect(pages[2]).not.toContain('xxx')
  })

  it('B-OIDC-28 speaks the language of ui_locales, then that of the browser', async () => {
    const headers = { 'accept-language': 'de-AT,de;q=0.9' }
    const german = await setUp()
    expect(String((await german.call('/login', pageRequest(undefined, { headers }))).body)).toContain(
      '<h1>Anmelden</h1>',
    )
    const english = await setUp({ request: { uiLocales: ['en'] } })
    expect(String((await english.call('/login', pageRequest(undefined, { headers }))).body)).toContain(
      '<h1>Sign in</h1>',
    )
  })

  it('A-UI-02 lets forms end at the redirect address of the request and nowhere else', async () => {
    const { call, calls } = await setUp()
    await call('/login', pageRequest(undefined))
    expect(calls.pages).toEqual([{ formAction: 'https://prints.example' }])
  })
})

describe('consent', () => {
  const asking: OpenChanges = { step: 'consent', session }

  it('CS-04 takes the decision from the form and the scope from the server', async () => {
    const { call, calls } = await setUp(asking)
    await call(
      '/consent',
      pageRequest({ decision: 'allow', scope: 'openid admin', client_id: 'other', remember: 'yes' }),
    )
    await call('/consent', pageRequest({ decision: 'deny' }))
    expect(calls.decisions).toEqual([
      { allow: true, scope: ['openid'], remember: true, withoutDetails: [] },
      { allow: false, scope: ['openid'], remember: false, withoutDetails: [] },
    ])
  })

  it('CS-07 remembers nothing where that is not offered', async () => {
    const { call, calls } = await setUp({ ...asking, mayRemember: false })
    await call('/consent', pageRequest({ decision: 'allow', remember: 'yes' }))
    expect(calls.decisions).toMatchObject([{ remember: false }])
  })

  it('A-AUTHZ-12 takes no other answer for a yes or a no', async () => {
    const { call, calls } = await setUp(asking)
    for (const decision of ['', 'ALLOW', 'yes']) {
      expect((await call('/consent', pageRequest({ decision }))).status).toBe(400)
    }
    expect(calls.decisions).toEqual([])
  })

  it('A-UI-09 names the person who is signed in', async () => {
    const { call, open, user } = await setUp(asking)
    open.current = openInteraction({ ...asking, session: { ...session, subject: user?.id ?? '' } })
    const page = String((await call('/consent', pageRequest(undefined))).body)
    expect(page).toContain('Alice Example')
    expect(page).toContain('180 days')
  })

  it('CS-18 sends the browser with 303 to the page that comes first', async () => {
    for (const [changes, location] of [
      [{ step: 'login' }, '/login?interaction=interaction-handle'],
      [{ step: 'consent' }, '/login?interaction=interaction-handle'],
      [{ step: 'account', session }, '/account-choice?interaction=interaction-handle'],
    ] as const) {
      const { call } = await setUp(changes)
      expect(await call('/consent', pageRequest(undefined))).toMatchObject({ status: 303, headers: { location } })
    }
  })
})

describe('an issuer with a path', () => {
  it('A-GEN-06 links every page, form and file below it', async () => {
    const { call, pages } = await setUp({ step: 'consent', session }, { issuer: 'https://as.example/tenant' })
    const shown = [
      String((await call('/login', pageRequest(undefined))).body),
      String((await call('/consent', pageRequest(undefined))).body),
      String((await call('/account-choice', pageRequest(undefined))).body),
      pages.signedOut({ notice: undefined, frames: [], continueTo: undefined, uiLocales: [] }),
    ]
    for (const [, address] of shown.join('').matchAll(/(?:href|action)="([^"]+)"/g))
      expect(address).toMatch(/^\/tenant\//)
  })
})

describe('account choice', () => {
  const choosing: OpenChanges = { step: 'account', session }

  it('B-OIDC-14 keeps the account, takes another or gives up', async () => {
    const { call, calls } = await setUp(choosing)
    expect((await call('/account-choice', pageRequest(undefined))).status).toBe(200)
    await call('/account-choice', pageRequest({ decision: 'keep' }))
    await call('/account-choice', pageRequest({ decision: 'cancel' }))
    await call('/account-choice', pageRequest({ decision: 'other' }))
    expect((await call('/account-choice', pageRequest({ decision: '?' }))).status).toBe(400)
    expect(calls).toMatchObject({ kept: 1, added: 1, cancelled: 1 })
  })

  it('B-OIDC-14 takes an account that stands aside, and none that does not', async () => {
    const aside = [{ ...session, id: 'session-2' }]
    const { call, calls } = await setUp({ step: 'account', session: undefined, aside })
    expect(String((await call('/account-choice', pageRequest(undefined))).body)).toContain('value="session-2"')
    await call('/account-choice', pageRequest({ account: 'session-2' }))
    for (const fields of [{ account: 'session' }, { decision: 'keep' }])
      expect((await call('/account-choice', pageRequest(fields))).status).toBe(400)
    expect(calls).toMatchObject({ kept: 0, taken: ['session-2'] })
  })
})

describe('assets', () => {
  it('HH-04 lets the versioned style sheet be kept for good and answers 304 to its tag', async () => {
    const { call } = await setUp()
    const page = String((await call('/login', pageRequest(undefined))).body)
    const query = /sallyport\.css\?([^"]+)"/.exec(page)?.[1] ?? ''
    const sheet = await call('/assets/sallyport.css', pageRequest(undefined, { query }))
    expect(sheet).toMatchObject({ status: 200, headers: { 'content-type': 'text/css; charset=utf-8' } })
    expect(sheet.headers['cache-control']).toContain('immutable')
    const tag = String(sheet.headers['etag'])
    const again = await call('/assets/sallyport.css', pageRequest(undefined, { headers: { 'if-none-match': tag } }))
    expect(again).toMatchObject({ status: 304, body: '' })
    expect(again.headers['cache-control']).toBe('public, max-age=300')
    expect((await call('/assets/sallyport.svg', pageRequest(undefined))).body).not.toContain('currentColor')
  })
})

describe('accounts', () => {
  it('B-UI-12 knows no claims of a person who is gone or disabled', async () => {
    const { accounts, people, user } = await setUp()
    expect(await accounts.findClaims(user?.id ?? '')).toMatchObject({
      name: 'Alice Example',
      preferred_username: 'alice',
    })
    await people.disable('alice')
    expect(await accounts.findClaims(user?.id ?? '')).toBeUndefined()
    expect(await accounts.findClaims('user_nobody')).toBeUndefined()
  })

  it('B-OIDC-28 refuses a default language that has no catalogue', () => {
    expect(() => createAccounts({ store: createMemoryStore(), now: () => start, defaultLanguage: 'fr' })).toThrow(
      RangeError,
    )
  })
})
