import { headerOf, type Answer, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectErrorPage, expectEvent, expectPage, newIssuer } from './fixtures.ts'

/** Every HTML page there is, errors included. */
async function everyPage(issuer: TestIssuer): Promise<readonly Answer[]> {
  await issuer.authorize({ parameters: { prompt: 'login consent select_account' } })
  await issuer.authorize({ parameters: { response_mode: 'form_post' } })
  const { browser } = await issuer.authorize()
  await browser.submit(await browser.open('/oauth2/logout'), 'logout-form')
  await issuer.authorize({ parameters: { client_id: 'unknown' } })
  await issuer.authorize({ parameters: { redirect_uri: 'https://evil.test/cb' } })
  await browser.get('/login?interaction=x')
  await browser.get('/consent?return_to=//evil.test')
  await issuer.send({ method: 'PUT', path: '/oauth2/authorize' })
  await issuer.get('/nowhere', { accept: 'text/html' })
  await issuer.get('/oauth2/logout?id_token_hint=forged')
  return issuer.records.exchanges
    .map(({ response }) => ({ ...response, text: String(response.body) }) as unknown as Answer)
    .filter((answer) => String(answer.headers['content-type']).startsWith('text/html'))
}

describe('headers', () => {
  it('A-UI-01, CS-08 no page can be framed', async () => {
    const pages = await everyPage(await newIssuer())
    expect(pages.length).toBeGreaterThan(12)
    for (const page of pages) {
      expect(headerOf(page, 'x-frame-options')).toBe('DENY')
      expect(headerOf(page, 'content-security-policy')).toMatch(/; frame-ancestors 'none';/)
    }
  })

  it('A-UI-02 the policy allows what a page needs and nothing else', async () => {
    const pages = await everyPage(await newIssuer())
    const common = `style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'`
    // The one page with a script is that of form_post, whose form goes to the application alone.
    const shapes = [
      new RegExp(`^default-src 'none'; ${common}; form-action 'self'(?: https://web\\.test)?$`),
      new RegExp(`^default-src 'none'; script-src 'nonce-[\\w-]{22}'; ${common}; form-action https://web\\.test$`),
    ]
    const policies = pages.map((page) => headerOf(page, 'content-security-policy') ?? '')
    for (const policy of policies) expect([policy, shapes.some((shape) => shape.test(policy))]).toEqual([policy, true])
    expect(policies.filter((policy) => policy.includes('script-src')).length).toBeGreaterThan(0)
  })

  it.for([
    ['https://web.test/cb', 'https://web.test'],
    ['https://web.test:8443/cb?x=1', 'https://web.test:8443'],
    ['http://127.0.0.1:5000/cb', 'http://127.0.0.1:5000'],
    ['com.example.app:/cb', 'com.example.app:'],
  ] as const)('A-UI-02 a consent page for %s may post to %s alone', async ([redirect_uri, source]) => {
    const issuer = await newIssuer()
    const type = redirect_uri.startsWith('https') ? 'web' : 'native'
    const registered = redirect_uri.replace(':5000', '')
    const client = await issuer.addClient({ type, name: 'C', redirectUris: [registered], scope: 'openid' })
    const begun = await issuer.begin({ client, parameters: { redirect_uri, scope: 'openid', resource: undefined } })
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect(headerOf(consent.answer, 'content-security-policy')).toMatch(
      new RegExp(`form-action 'self' ${source.replaceAll('.', '\\.')}$`),
    )
  })

  it('A-UI-02 nothing of a redirect URI can widen the policy', async () => {
    const issuer = await newIssuer()
    const registered = "https://web.test/cb;script-src'unsafe-inline'"
    const client = await issuer.addClient({ type: 'web', name: 'C', redirectUris: [registered], scope: 'openid' })
    const { visit } = await issuer.begin({ client, parameters: { scope: 'openid', resource: undefined } })
    expect(headerOf(visit.answer, 'content-security-policy')).toMatch(/form-action 'self' https:\/\/web\.test$/)
  })

  it('A-UI-03, A-UI-04 no referrer, no cache, no guessing of types, transport security, no name of the software', async () => {
    const pages = await everyPage(await newIssuer())
    for (const page of pages) {
      expect(page.headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'cross-origin-opener-policy': 'same-origin',
      })
      expect(headerOf(page, 'permissions-policy')).toContain('camera=()')
      for (const name of ['server', 'x-powered-by']) expect(page.headers).not.toHaveProperty(name)
      expect(page.text).not.toMatch(/(?:src|href)="https?:/)
    }
  })
})

describe('cookies', () => {
  it('A-UI-05, CS-15 all are __Host-, Secure, HttpOnly, SameSite=Lax, for the whole host, and opaque', async () => {
    const issuer = await newIssuer()
    await everyPage(issuer)
    const cookies = issuer.records.exchanges.flatMap(({ response }) => response.headers['set-cookie'] ?? [])
    expect(cookies.length).toBeGreaterThan(4)
    for (const cookie of cookies)
      expect(cookie).toMatch(
        /^__Host-sallyport-(?:browser|session)=(?:[\w-]{43})?; Path=\/; HttpOnly; SameSite=Lax; Secure(?:; Max-Age=\d+)?$/,
      )
  })

  it('A-UI-05 a loopback issuer for development has no Secure and no prefix', async () => {
    const issuer = await newIssuer({ issuer: 'http://localhost:7636' })
    await issuer.authorize()
    const cookies = issuer.records.exchanges.flatMap(({ response }) => response.headers['set-cookie'] ?? [])
    for (const cookie of cookies)
      expect(cookie).toMatch(/^sallyport-\w+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax(?:; Max-Age=\d+)?$/)
  })

  it('A-UI-07, CS-09 a planted session cookie is dead after the sign-in, and every sign-in makes a new one', async () => {
    const issuer = await newIssuer()
    const browser = issuer.browser()
    const name = '__Host-sallyport-session'
    browser.jar.set(name, issuer.random.handle())
    const planted = browser.jar.get(name) ?? ''
    const seen = [planted]
    for (let round = 0; round < 3; round++) {
      await issuer.authorize({ browser, parameters: { prompt: 'login' } })
      seen.push(browser.jar.get(name) ?? '')
    }
    expect(new Set(seen).size).toBe(4)
    for (const old of seen.slice(0, 3)) {
      const other = issuer.browser()
      other.jar.set(name, old)
      expect((await issuer.begin({ browser: other })).visit.forms[0]?.id).toBe('login-form')
    }
    expect(browser.jar.get('__Host-sallyport-browser')).not.toBe(browser.jar.get(name))
  })

  it('A-UI-07 sessions end when idle and in any case after a week', async () => {
    const issuer = await newIssuer()
    const { browser } = await issuer.authorize({ remember: true })
    const signedIn = async () => (await issuer.begin({ browser })).visit.leftFor !== undefined
    issuer.clock.advance(12 * 3600 - 1)
    expect(await signedIn()).toBe(true)
    issuer.clock.advance(12 * 3600)
    expect(await signedIn()).toBe(false)
    const { browser: busy } = await issuer.authorize({ remember: true })
    // A browser that keeps its cookies for ever: the server's own clock has to end the session.
    for (const name of busy.jar.names) busy.jar.set(name, busy.jar.get(name) ?? '')
    let hours = 0
    while (hours < 200 && (await issuer.begin({ browser: busy })).visit.leftFor !== undefined) {
      issuer.clock.advance(11 * 3600)
      hours += 11
    }
    expect(hours).toBe(176)
  })
})

describe('forms', () => {
  it.for(['/login', '/consent', '/account-choice'])(
    'A-UI-06, CS-01, CS-02 %s wants its token, once, from its own page',
    async (path) => {
      const issuer = await newIssuer()
      const prompt = path === '/login' ? undefined : 'consent select_account'
      const browser = issuer.browser()
      if (path !== '/login') await issuer.authorize({ browser })
      const begun = await issuer.begin({ browser, parameters: { prompt } })
      const kept =
        path === '/consent' ? await browser.submit(begun.visit, 'account-form', { decision: 'keep' }) : begun.visit
      const { username, password } = issuer.alice
      const answers: Record<string, string> =
        path === '/login' ? { username, password } : { decision: path === '/consent' ? 'allow' : 'keep' }
      const good = { ...kept.forms[0]?.fields, ...answers }
      const other = await issuer.begin()
      const foreignToken = other.visit.forms[0]?.fields['csrf'] ?? ''
      const attempts: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
        [{ ...good, csrf: '' }, {}],
        [{ ...good, csrf: foreignToken }, {}],
        [{ ...good, csrf: `${good['csrf']}x` }, {}],
        [good, { origin: 'https://evil.test' }],
        [good, { origin: 'https://as.test.evil.test' }],
        [good, { 'sec-fetch-site': 'same-site' }],
      ]
      const before = browser.jar.header(true)
      for (const [fields, headers] of attempts) {
        issuer.forget()
        expectErrorPage(await browser.post(path, fields, headers), 'csrf', 403)
        expectEvent(issuer, 'csrf.rejected', {
          reason: 'csrf',
          detail: expect.objectContaining({ surface: path.slice(1) }) as never,
        })
      }
      expect(browser.jar.header(true)).toBe(before)
      expect((await browser.post(path, good)).status).toBe(303)
      expect((await browser.post(path, good)).status).toBe(403)
    },
  )

  it('A-UI-06, CS-12 the sign-out form wants its token too', async () => {
    const issuer = await newIssuer()
    const { browser } = await issuer.authorize({ remember: true })
    const visit = await browser.open('/oauth2/logout')
    const fields = { ...visit.forms[0]?.fields }
    expectErrorPage(await browser.post('/oauth2/logout', { ...fields, csrf: 'x' }), 'csrf', 403)
    expectErrorPage(await browser.post('/oauth2/logout', fields, { origin: 'https://evil.test' }), 'csrf', 403)
    expect((await issuer.begin({ browser })).visit.leftFor).toBeDefined()
    expect((await browser.post('/oauth2/logout', fields)).status).toBe(200)
    expect((await issuer.begin({ browser })).visit.leftFor).toBeUndefined()
  })

  it.for([
    'return_to=//evil.test',
    'next=/%5Cevil.test',
    'return_to=%09//evil.test',
    'redirect_to=https:evil.test',
    'url=javascript:alert(1)',
    'continue=/.//evil.test',
    'goto=/%2f%2fevil.test',
    'RETURN_TO=x',
    'returnUrl=x',
  ])('A-UI-08, CS-10 ?%s leads nowhere', async (query) => {
    const issuer = await newIssuer()
    const { browser, visit } = await issuer.begin()
    const address = new URL(visit.url)
    const answer = await browser.get(`${address.pathname}${address.search}&${query}`)
    expectErrorPage(answer, 'return_to')
    expect(answer.text).not.toContain('evil.test')
    expectEvent(issuer, 'http.request.rejected', { reason: 'return_to' })
  })

  it('A-UI-11, CS-18 the password is posted once: POST, 303 to a GET inside, 303 to the client', async () => {
    const issuer = await newIssuer()
    await issuer.authorize()
    const posts = issuer.records.exchanges.filter(({ request }) => request.method === 'POST')
    for (const { request, response } of posts) {
      expect(response.status).toBe(303)
      expect(String(response.headers['location'])).toMatch(
        /^https:\/\/as\.test\/oauth2\/resume\?interaction=[\w-]{43}$/,
      )
      expect(request.path).toMatch(/^\/(?:login|consent)$/)
    }
    expect(posts).toHaveLength(2)
  })

  it('A-UI-12 an error page names the request and the reason, and the client only when it was found', async () => {
    const issuer = await newIssuer()
    const unknown = await issuer.authorize({ parameters: { client_id: 'client_secretive', state: 'raw-parameter' } })
    expectPage(unknown, 'client_unknown')
    expect(unknown.visit.answer.text).toContain(
      `id="request-id">${String(unknown.visit.answer.headers['x-request-id'])}<`,
    )
    expect(unknown.visit.answer.text).not.toMatch(/client_secretive|raw-parameter|id="client"/)
    const mismatch = await issuer.authorize({ parameters: { redirect_uri: 'https://evil.test/cb' } })
    expect(mismatch.visit.answer.text).toContain(`id="client">${issuer.clients.K.record.name}<`)
    expect(mismatch.visit.answer.text).not.toContain('evil.test')
  })
})
