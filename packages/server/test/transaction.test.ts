import { headerOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack, expectErrorPage, expectEvent, expectTokens, newIssuer } from './fixtures.ts'

describe('the transaction belongs to one browser', () => {
  it('A-AUTHZ-14 it is known by a 256-bit id and a __Host- cookie of its own', async () => {
    const issuer = await newIssuer()
    const { visit, browser } = await issuer.begin()
    expect(new URL(visit.url).searchParams.get('interaction')).toMatch(/^[\w-]{43}$/)
    expect(headerOf(visit.hops[0]!, 'set-cookie')).toMatch(
      /^__Host-sallyport-browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    )
    expect(browser.jar.names).toEqual(['__Host-sallyport-browser'])
  })

  it('A-AUTHZ-14, CS-03 its address is of no use in another browser, signed in or not, at any step', async () => {
    const issuer = await newIssuer()
    const { browser: signedIn } = await issuer.authorize({ person: issuer.bob, remember: true })
    const begun = await issuer.begin()
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const id = new URL(consent.url).searchParams.get('interaction')
    for (const stranger of [issuer.browser(), signedIn])
      for (const path of ['/login', '/consent', '/account-choice', '/oauth2/resume']) {
        issuer.forget()
        expectErrorPage(await stranger.get(`${path}?interaction=${id}`), 'browser_binding', 403)
        expectEvent(issuer, 'authz.request.rejected', { reason: 'browser_binding' })
      }
    const finished = await issuer.finish({ ...begun, visit: consent })
    expectTokens(await issuer.redeem(finished))
  })

  it('CS-02 a consent form posted from another browser changes nothing', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin()
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const fields = { ...consent.forms[0]?.fields, decision: 'allow' }
    const { browser: bobs } = await issuer.authorize({ person: issuer.bob })
    expectErrorPage(await bobs.post('/consent', fields), 'browser_binding', 403)
    const guessed = { ...fields, interaction: issuer.random.handle() }
    expectErrorPage(await bobs.post('/consent', guessed), 'interaction_unknown')
    expect((await issuer.finish({ ...begun, visit: consent })).code).not.toBe('')
  })

  it('A-AUTHZ-14 an expired transaction is over', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin()
    issuer.clock.advance(601)
    const { visit } = await issuer.finish(begun)
    expectErrorPage(visit.answer, 'interaction_unknown')
  })

  it.for(['', 'x', 'a'.repeat(44), '../../etc/passwd', '%', '__proto__'])(
    'A-AUTHZ-14 the id %j is no id',
    async (interaction) => {
      const issuer = await newIssuer()
      const { browser } = await issuer.begin()
      for (const path of ['/login', '/consent', '/oauth2/resume'])
        expectErrorPage(
          await browser.get(`${path}?interaction=${encodeURIComponent(interaction)}`),
          'interaction_unknown',
        )
    },
  )
})

describe('the transaction is used once', () => {
  it('A-AUTHZ-15, CS-17 the consent form cannot be posted again', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin()
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const done = await begun.browser.submit(consent, 'consent-form', { decision: 'allow' })
    expect(done.answer.parameters.get('code')).not.toBeNull()
    const again = await begun.browser.submit(consent, 'consent-form', { decision: 'allow' })
    expectErrorPage(again.answer, 'interaction_consumed')
    const resumed = await begun.browser.get(`/oauth2/resume${new URL(consent.url).search}`)
    expectErrorPage(resumed, 'interaction_consumed')
  })

  it('CS-17 of two submits before the redirect was followed only one is taken', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin()
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const fields = { ...consent.forms[0]?.fields, decision: 'allow' }
    const [first, second] = [await begun.browser.post('/consent', fields), await begun.browser.post('/consent', fields)]
    expect(first.status).toBe(303)
    expectErrorPage(second, 'csrf', 403)
  })

  it('CS-17 parallel resumes of one transaction give one code', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin()
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const { location } = await begun.browser.post('/consent', { ...consent.forms[0]?.fields, decision: 'allow' })
    const answers = await Promise.all(Array.from({ length: 10 }, () => begun.browser.get(location ?? '')))
    expect(answers.filter((answer) => answer.parameters.has('code'))).toHaveLength(1)
    const rest = answers.filter((answer) => !answer.parameters.has('code'))
    expect(new Set(rest.map((answer) => answer.status))).toEqual(new Set([400]))
  })

  it('A-AUTHZ-15, CS-04 hidden fields added to the consent form have no effect', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin({ parameters: { scope: 'openid read' } })
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const done = await begun.browser.submit(consent, 'consent-form', {
      decision: 'allow',
      scope: 'openid read write offline_access',
      approved: 'openid read write offline_access',
      redirect_uri: 'https://evil.test/cb',
      client_id: issuer.clients.E.id,
      code_challenge: 'x'.repeat(43),
    })
    expect(done.leftFor?.startsWith('https://web.test/cb?code=')).toBe(true)
    const code = done.answer.parameters.get('code') ?? ''
    const answer = await issuer.redeem({
      ...begun,
      visit: done,
      response: done.answer.parameters,
      code,
      error: undefined,
    })
    expect(answer.json).toMatchObject({ scope: 'read' })
    expect(answer.json['refresh_token']).toBeUndefined()
    expect(eventsOf(issuer, 'consent.granted')[0]?.detail['scope']).toBe('openid read')
  })

  it('CS-04 the person may approve less than was asked', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin({ parameters: { scope: 'openid read write' } })
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    const done = await begun.browser.submit(consent, 'consent-form', { decision: 'allow', approved: 'openid write' })
    const code = done.answer.parameters.get('code') ?? ''
    const answer = await issuer.redeem({
      ...begun,
      visit: done,
      response: done.answer.parameters,
      code,
      error: undefined,
    })
    expect(answer.json['scope']).toBe('write')
  })

  it('CS-16 two requests in two tabs of one browser, finished crosswise, both complete', async () => {
    const issuer = await newIssuer()
    const { K, P } = issuer.clients
    const browser = issuer.browser()
    const one = await issuer.begin({ client: K, browser, parameters: { scope: 'openid read', state: 'one' } })
    const two = await issuer.begin({ client: P, browser, parameters: { scope: 'openid write', state: 'two' } })
    const second = await issuer.finish(two)
    const first = await issuer.finish(one)
    expect([first.response.get('state'), second.response.get('state')]).toEqual(['one', 'two'])
    expect((await issuer.redeem(first)).json['scope']).toBe('read')
    expect((await issuer.redeem(second)).json['scope']).toBe('write')
  })
})

describe('remembered consent', () => {
  it('A-AUTHZ-16, CS-07 loopback and private-scheme clients are always asked again', async () => {
    const issuer = await newIssuer()
    const client = issuer.clients.N
    for (const redirect_uri of ['http://127.0.0.1:5000/cb', 'com.example.app:/cb']) {
      const parameters = { redirect_uri }
      const { browser } = await issuer.authorize({ client, remember: true, parameters })
      const again = await issuer.begin({ client, browser, parameters })
      expect(again.visit.forms[0]?.id).toBe('consent-form')
      expect(again.visit.forms[0]?.names).not.toContain('remember')
      expectBack(
        await issuer.authorize({ client, browser, parameters: { ...parameters, prompt: 'none' } }),
        'consent_required',
      )
    }
  })

  it('A-AUTHZ-16 a ticked box that was not on the page is not believed', async () => {
    const issuer = await newIssuer()
    const client = issuer.clients.N
    const { browser } = await issuer.authorize({ client, remember: true })
    const again = await issuer.begin({ client, browser })
    expect(again.visit.forms[0]?.id).toBe('consent-form')
  })

  it.for(['K', 'P', 'post'] as const)(
    'A-AUTHZ-16 client %s with an exact https address is remembered',
    async (kind) => {
      const issuer = await newIssuer()
      const client = issuer.clients[kind]
      const { browser } = await issuer.authorize({ client, remember: true })
      const { code, visit } = await issuer.authorize({ client, browser })
      expect([code === '', visit.hops.length]).toEqual([false, 1])
      issuer.clock.advance(181 * 86_400)
      const { browser: later } = await issuer.authorize({ client: issuer.clients.E })
      expect((await issuer.begin({ client, browser: later })).visit.forms[0]?.id).toBe('consent-form')
    },
  )

  it('CS-06 more scope, another resource or another claim asks again, and prompt=none says so', async () => {
    const issuer = await newIssuer()
    const first = { scope: 'openid read', resource: 'https://rs1.test' }
    const { browser } = await issuer.authorize({ remember: true, parameters: first })
    const more = [
      { scope: 'openid read write' },
      { scope: 'openid read profile' },
      { resource: ['https://rs1.test', 'https://rs2.test'] },
      { claims: '{"userinfo":{"email":null}}' },
    ]
    for (const change of more) {
      const parameters = { ...first, ...change }
      expect((await issuer.begin({ browser, parameters })).visit.forms[0]?.id).toBe('consent-form')
      expectBack(await issuer.authorize({ browser, parameters: { ...parameters, prompt: 'none' } }), 'consent_required')
    }
    expect((await issuer.authorize({ browser, parameters: { ...first, scope: 'read' } })).visit.hops).toHaveLength(1)
  })

  it('CS-05 prompt=none never shows a page', async () => {
    const issuer = await newIssuer()
    const parameters = { prompt: 'none' }
    expectBack(await issuer.authorize({ parameters }), 'login_required')
    const { browser } = await issuer.authorize()
    expectBack(await issuer.authorize({ browser, parameters }), 'consent_required')
    issuer.clock.advance(8 * 86_400)
    expectBack(await issuer.authorize({ browser, parameters }), 'login_required')
  })
})
