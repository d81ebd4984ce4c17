import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { expectPageOf, newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const session = '__Host-sallyport-session'
const plain = { scope: 'openid read' }

describe('session fixation', () => {
  it.for(['A'.repeat(43), 'short', '../../etc', "x' OR 1=1--"])(
    'CS-09 a planted cookie %j is never adopted',
    async (planted) => {
      const issuer = await newRealIssuer()
      const victim = issuer.browser()
      victim.jar.set(session, planted)
      const { browser } = await signedIn(issuer, { browser: victim, parameters: plain })
      expect(browser.jar.get(session)).not.toBe(planted)
      const attacker = issuer.browser()
      attacker.jar.set(session, planted)
      expect((await issuer.authorize({ browser: attacker, parameters: { ...plain, prompt: 'none' } })).error).toBe(
        'login_required',
      )
      expect(eventsOf(issuer, 'session.rotated')).toHaveLength(1)
    },
  )

  it('CS-09 the session of an attacker, planted in the browser of alice, does not become hers', async () => {
    const issuer = await newRealIssuer()
    const attacker = await signedIn(issuer, { person: issuer.bob, parameters: plain })
    const planted = attacker.browser.jar.get(session) ?? ''
    const victim = issuer.browser()
    victim.jar.set(session, planted)
    await issuer.authorize({ browser: victim, person: issuer.alice, parameters: { ...plain, prompt: 'login' } })
    expect(victim.jar.get(session)).not.toBe(planted)
    const after = await issuer.authorize({ browser: attacker.browser, parameters: { ...plain, prompt: 'none' } })
    expect(after.error).toBe('login_required')
    expect(eventsOf(issuer, 'session.ended', 'other_account')).toHaveLength(1)
  })

  it('CS-09 signing in again gives a new identifier, and the old one is dead', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const before = browser.jar.get(session) ?? ''
    await issuer.authorize({ browser, parameters: { ...plain, prompt: 'login' } })
    expect(browser.jar.get(session)).not.toBe(before)
    const thief = issuer.browser()
    thief.jar.set(session, before)
    expect((await issuer.authorize({ browser: thief, parameters: { ...plain, prompt: 'none' } })).error).toBe(
      'login_required',
    )
    const rotated = eventsOf(issuer, 'session.rotated').map(({ detail }) => detail['reauthentication'])
    expect(rotated).toEqual([false, true])
  })

  it('CS-09 a planted cookie of an unfinished request is replaced, and one of our own is kept', async () => {
    const issuer = await newRealIssuer()
    const name = '__Host-sallyport-browser'
    const own = (await issuer.begin()).browser.jar.get(name) ?? ''
    const planted = [
      'A'.repeat(43),
      issuer.random.handle(),
      `${own.slice(0, -1)}${own.endsWith('A') ? 'B' : 'A'}`,
      'B' + own.slice(1),
    ]
    for (const value of planted.filter((one) => one !== own)) {
      const browser = issuer.browser()
      browser.jar.set(name, value)
      await issuer.begin({ browser })
      expect(browser.jar.get(name)).not.toBe(value)
      expect(browser.jar.get(name)).toMatch(/^[\w-]{43}$/)
    }
    const again = issuer.browser()
    again.jar.set(name, own)
    await issuer.begin({ browser: again })
    expect(again.jar.get(name)).toBe(own)
  })

  it('CS-09, CS-15 the cookie of an unfinished request is not that of the session', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await issuer.begin()
    expect(browser.jar.names).toEqual(['__Host-sallyport-browser'])
    await signedIn(issuer, { browser })
    expect(new Set(browser.jar.names.map((name) => browser.jar.get(name))).size).toBe(3)
  })
})

describe('a return address from outside', () => {
  const targets = [
    '//evil.test',
    '/\\evil.test',
    '\t//evil.test',
    'https:evil.test',
    '/%2f%2fevil.test',
    '/.//evil.test',
    'javascript:alert(1)',
    'https://as.test/consent',
  ]
  it.for(targets)('CS-10 %j is an error page', async (target) => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await issuer.begin()
    for (const name of ['return_to', 'next', 'continue', 'redirect_to'])
      for (const path of [visit.url, visit.url.replace('/login', '/oauth2/resume')]) {
        const answer = await browser.get(`${path}&${name}=${encodeURIComponent(target)}`)
        expectPageOf(answer, 'return_to')
        expect(answer.text).not.toContain('evil.test')
      }
    expect(eventsOf(issuer, 'http.request.rejected', 'return_to')).toHaveLength(8)
  })

  it('CS-10 in a posted form it has no effect', async () => {
    const issuer = await newRealIssuer()
    const begun = await issuer.begin()
    const { username, password } = issuer.alice
    const extra = { return_to: 'https://evil.test', next: '//evil.test', redirect: 'https://evil.test' }
    const visit = await begun.browser.submit(begun.visit, 'login-form', { username, password, ...extra })
    expect([placeOf(visit), visit.answer.text.includes('evil.test')]).toEqual(['consent', false])
  })
})

describe('a new sign-in that is asked for', () => {
  const mfa = JSON.stringify({ id_token: { acr: { essential: true, value: 'urn:mfa' } } })
  const asks: [string, Record<string, string>][] = [
    ['max_age=1', { max_age: '1' }],
    ['max_age=0', { max_age: '0' }],
    ['prompt=login', { prompt: 'login' }],
  ]
  it.for(asks)('CS-13 %s: no continuation gets around it, and auth_time is fresh', async ([, more]) => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    issuer.clock.advance(600)
    const begun = await issuer.begin({
      browser,
      parameters: { ...plain, claims: '{"id_token":{"auth_time":null}}', ...more },
    })
    for (const path of ['/oauth2/resume', '/consent', '/account-choice'])
      expect([path, placeOf(await browser.open(begun.visit.url.replace('/login', path)))]).not.toEqual([path, 'client'])
    expect(placeOf(await browser.open(begun.visit.url.replace('/login', '/oauth2/resume')))).toBe('login')
    issuer.forget()
    const { json } = await issuer.redeem(await issuer.finish(begun))
    expect(decodeJwt(String(json['id_token'])).claims['auth_time']).toBe(issuer.clock.now())
    expect(eventsOf(issuer, 'login.succeeded').map(({ detail }) => detail['reauth'])).toEqual([true])
  })

  it('CS-13 an essential level that is out of reach fails, whatever page is opened', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const result = await issuer.authorize({ browser, parameters: { ...plain, claims: mfa } })
    expect(result.error).toBe('unmet_authentication_requirements')
  })

  it('CS-13 the right password of somebody else is a new sign-in of somebody else', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    const begun = await issuer.begin({ browser, parameters: { ...plain, prompt: 'login' } })
    const { json } = await issuer.redeem(await issuer.finish(begun, { person: issuer.bob }))
    expect(decodeJwt(String(json['id_token'])).claims['sub']).toBe(issuer.bob.subject)
  })
})

describe('two tabs', () => {
  it('CS-16 a request of K and one of P finish in crossed order, each with its own', async () => {
    const issuer = await newRealIssuer()
    const browser = issuer.browser()
    const k = await issuer.begin({ browser, parameters: plain })
    const p = await issuer.begin({ browser, client: issuer.clients.P, parameters: { scope: 'openid write' } })
    const { username, password } = issuer.alice
    const first = await browser.submit(k.visit, 'login-form', { username, password })
    const second = await browser.submit(p.visit, 'login-form', { username, password })
    expect([placeOf(first), placeOf(second)]).toEqual(['consent', 'consent'])
    // The page shown first is answered although the person signed in again meanwhile.
    const done = { p: await issuer.finish({ ...p, visit: second }), k: await issuer.finish({ ...k, visit: first }) }
    for (const [begun, result, scope] of [
      [k, done.k, 'read'],
      [p, done.p, 'write'],
    ] as const) {
      expect(result.response.get('state')).toBe(begun.sent['state'])
      const { json } = await issuer.redeem(result)
      expect(json['scope']).toBe(scope)
      expect(decodeJwt(String(json['id_token'])).claims['aud']).toBe(begun.client.id)
    }
  })

  it('CS-16 after a sign-in in one tab the other one can still use its form', async () => {
    const issuer = await newRealIssuer()
    const browser = issuer.browser()
    const begun = await Promise.all([issuer.begin({ browser }), issuer.begin({ browser: issuer.browser() })])
    const second = await issuer.begin({ browser })
    await issuer.finish(begun[0])
    expect((await issuer.finish(second)).code).not.toBe('')
    expect((await issuer.finish(begun[1])).code).not.toBe('')
  })

  it('CS-16 no in one tab leaves the other alone', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid' } })
    const [one, two] = [await issuer.begin({ browser }), await issuer.begin({ browser })]
    expect((await issuer.finish(one, { decision: 'deny' })).error).toBe('access_denied')
    expect((await issuer.finish(two)).code).not.toBe('')
  })
})
