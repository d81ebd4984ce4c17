import { type Browser, type TestIssuer, type Visit } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { expectPageOf, newRealIssuer, placeOf, signedIn, toldOf } from '../real-pages.ts'

const foreign = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
const session = '__Host-sallyport-session'

/** What a form sends, with the button that was pressed. */
const fieldsOf = (visit: Visit, id: string, decision?: string): Record<string, string> => ({
  ...visit.forms.find((form) => form.id === id)?.fields,
  ...(decision === undefined ? {} : { decision }),
})

/** Cookies as an old browser would send them along, which knows no SameSite. */
const cookiesOf = (browser: Browser): string => browser.jar.header(true) ?? ''

const surfaces = (issuer: TestIssuer) => toldOf(issuer, 'csrf.rejected').map(({ detail }) => detail['surface'])

/** A browser with alice signed in, resting at a consent page. */
async function atConsent(issuer: TestIssuer, options: Parameters<TestIssuer['begin']>[0] = {}) {
  const { browser } = await signedIn(issuer, { remember: false })
  const begun = await issuer.begin({ browser, ...options })
  expect(placeOf(begun.visit)).toBe('consent')
  return begun
}

describe('the sign-in form', () => {
  it('CS-01, B-OIDC-36 credentials posted by another site sign nobody in', async () => {
    const issuer = await newRealIssuer()
    const victim = await issuer.begin()
    const attacker = await issuer.begin()
    const own = fieldsOf(victim.visit, 'login-form')
    const bob = { username: 'bob', password: issuer.bob.password }
    const cookie = cookiesOf(victim.browser)
    const stolen = fieldsOf(attacker.visit, 'login-form')
    const tries: [Record<string, string>, Record<string, string>][] = [
      [
        { ...own, ...bob },
        { ...foreign, cookie },
      ],
      [
        { ...own, ...bob },
        { 'sec-fetch-site': 'cross-site', cookie },
      ],
      [
        { ...own, ...bob },
        { 'sec-fetch-site': 'same-site', cookie },
      ],
      [{ ...own, ...bob, csrf: '' }, {}],
      [{ ...own, ...bob, csrf: stolen['csrf'] ?? '' }, {}],
      [{ ...own, ...bob, csrf: 'A'.repeat(43) }, {}],
    ]
    for (const [fields, headers] of tries)
      expectPageOf(await victim.browser.post('/login', fields, headers), 'csrf', 403)
    // Without cookies, as SameSite=Lax has it, and with the attacker's whole form.
    expectPageOf(await victim.browser.post('/login', { ...stolen, ...bob }, foreign), 'csrf', 403)
    expectPageOf(await victim.browser.post('/login', { ...stolen, ...bob }), 'browser_binding', 403)
    expect(victim.browser.jar.get(session)).toBeUndefined()
    expect(surfaces(issuer)).toEqual(Array.from({ length: 7 }, () => 'login'))
    expect(issuer.store.calls).not.toContain('startSession')
    // The victim can still sign in: nothing was used up.
    expect((await issuer.finish(victim)).code).not.toBe('')
  })
})

describe('the consent form', () => {
  it('CS-02, B-OIDC-36 a post of another site changes nothing, whether the interaction exists or not', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit, ...begun } = await atConsent(issuer)
    const fields = fieldsOf(visit, 'consent-form', 'allow')
    issuer.store.forgetCalls()
    for (const interaction of [fields['interaction'] ?? '', 'B'.repeat(43), '', '1'])
      for (const cookie of [cookiesOf(browser), ''])
        expectPageOf(await browser.post('/consent', { ...fields, interaction }, { ...foreign, cookie }), 'csrf', 403)
    expectPageOf(await browser.post('/consent', { ...fields, csrf: '' }), 'csrf', 403)
    expect(surfaces(issuer)).toEqual(Array.from({ length: 9 }, () => 'consent'))
    expect(issuer.store.calls.filter((verb) => /^(?:advance|issue|end)/.test(verb))).toEqual([])
    expect((await issuer.finish({ ...begun, browser, visit })).code).not.toBe('')
  })

  it('CS-02, CS-03, B-OIDC-36 the interaction of alice is worth nothing in the browser of bob', async () => {
    const issuer = await newRealIssuer()
    const { visit } = await atConsent(issuer)
    const bob = await signedIn(issuer, { person: issuer.bob })
    const fields = fieldsOf(visit, 'consent-form', 'allow')
    expectPageOf(await bob.browser.post('/consent', fields), 'browser_binding', 403)
    for (const path of ['/login', '/consent', '/account-choice', '/oauth2/resume']) {
      const answer = await bob.browser.get(`${path}?interaction=${fields['interaction'] ?? ''}`)
      expectPageOf(answer, 'browser_binding', 403)
    }
    expect(eventsOf(issuer, 'authz.request.rejected', 'browser_binding')).toHaveLength(5)
  })

  it('CS-03 the address after an attacker agreed leads a victim nowhere', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await atConsent(issuer, { client: issuer.clients.E })
    const next = await browser.post('/consent', { ...fieldsOf(visit, 'consent-form'), decision: 'allow' })
    expect(next.location).toMatch(/\/oauth2\/resume\?interaction=/)
    const victim = await signedIn(issuer, { person: issuer.bob })
    issuer.store.forgetCalls()
    expectPageOf(await victim.browser.get(next.location ?? ''), 'browser_binding', 403)
    expect(issuer.store.calls).not.toContain('issueCode')
  })

  it('CS-02 what alice was shown and bob posts, in the same browser, is refused', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await atConsent(issuer)
    const fields = fieldsOf(visit, 'consent-form', 'allow')
    await issuer.authorize({ browser, person: issuer.bob, parameters: { prompt: 'login' } })
    issuer.store.forgetCalls()
    expectPageOf(await browser.post('/consent', fields), 'csrf', 403)
    expect(issuer.store.calls).not.toContain('issueCode')
    // Asked again, bob decides for himself, and the page says that it is him.
    const again = await browser.open(visit.url)
    expect(again.answer.text).toContain('>bob<')
    expect((await browser.submit(again, 'consent-form', { decision: 'allow' })).leftFor).toContain('code=')
  })

  it('CS-02 what alice agreed to is not what bob agreed to, though only the last step was missing', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await atConsent(issuer)
    const next = await browser.post('/consent', fieldsOf(visit, 'consent-form', 'allow'))
    await issuer.authorize({ browser, person: issuer.bob, parameters: { prompt: 'login' } })
    issuer.store.forgetCalls()
    expect(placeOf(await browser.open(next.location ?? ''))).toBe('consent')
    expect(issuer.store.calls).not.toContain('issueCode')
  })

  it('CS-04 the server keeps the request: what else is posted has no effect', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit, ...begun } = await atConsent(issuer, { parameters: { scope: 'openid read' } })
    const extra = {
      scope: 'openid read write offline_access',
      approved: 'openid read write',
      client_id: issuer.clients.E.id,
      redirect_uri: 'https://evil.test/cb',
      state: 'other',
      resource: 'https://rs2.test',
      code_challenge: 'A'.repeat(43),
    }
    const done = await browser.submit(visit, 'consent-form', { decision: 'allow', ...extra })
    expect(done.leftFor).toMatch(/^https:\/\/web\.test\/cb\?/)
    const response = done.answer.parameters
    expect(response.get('state')).toBe(begun.sent['state'])
    const code = response.get('code') ?? ''
    const { json } = await issuer.redeem({ ...begun, browser, visit: done, response, code, error: undefined })
    expect(json).toMatchObject({ scope: 'read' })
    expect(json).not.toHaveProperty('refresh_token')
    const [granted] = eventsOf(issuer, 'consent.granted').slice(-1)
    expect(granted?.detail).toMatchObject({ scope: 'openid read', requested_scope: 'openid read' })
  })

  it.for(['', 'yes', 'Allow', 'allow ', 'deny,allow'])('CS-04 %j is neither yes nor no', async (decision) => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await atConsent(issuer)
    const { answer, leftFor } = await browser.submit(visit, 'consent-form', { decision })
    expect([answer.status, leftFor]).toEqual([400, undefined])
  })
})

describe('one interaction, one code', () => {
  it('CS-17 a form that was sent twice counts once', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await atConsent(issuer)
    expect((await browser.submit(visit, 'consent-form', { decision: 'allow' })).leftFor).toContain('code=')
    const again = await browser.submit(visit, 'consent-form', { decision: 'allow' })
    expectPageOf(again.answer, 'interaction_consumed')
    expect(eventsOf(issuer, 'authz.request.rejected', 'interaction_consumed')).toHaveLength(1)
    expect(eventsOf(issuer, 'consent.granted')).toHaveLength(2)
  })

  it('CS-17 twenty posts and twenty continuations at once make one code', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await atConsent(issuer)
    const fields = fieldsOf(visit, 'consent-form', 'allow')
    const twenty = Array.from({ length: 20 })
    const posts = await Promise.all(twenty.map(() => browser.post('/consent', fields)))
    const accepted = posts.filter(({ status }) => status === 303)
    expect(accepted).toHaveLength(1)
    for (const { status } of posts.filter((post) => !accepted.includes(post))) expect([400, 403]).toContain(status)
    const next = accepted[0]?.location ?? ''
    const answers = await Promise.all(twenty.map(() => browser.get(next)))
    const codes = answers.filter(({ location }) => location?.includes('code=') === true)
    expect(codes).toHaveLength(1)
    for (const answer of answers) if (!codes.includes(answer)) expect(answer.status).toBe(400)
    expect(eventsOf(issuer, 'authz.request.rejected', 'interaction_consumed').length).toBeGreaterThan(0)
  })

  it('CS-17 two tabs of one interaction: the later one gets an error page', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await atConsent(issuer)
    const tab = await browser.open(visit.url)
    expect((await browser.submit(tab, 'consent-form', { decision: 'deny' })).leftFor).toContain('error=access_denied')
    expectPageOf((await browser.submit(visit, 'consent-form', { decision: 'allow' })).answer, 'interaction_consumed')
  })

  it('A-UI-06, CS-17 of two posts of one sign-in form one signs in', async () => {
    const issuer = await newRealIssuer()
    const { browser, visit } = await issuer.begin()
    const { username, password } = issuer.alice
    const fields = { ...fieldsOf(visit, 'login-form'), username, password }
    const answers = await Promise.all([1, 2, 3].map(() => browser.post('/login', fields)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 400, 400])
    expect(issuer.store.calls.filter((verb) => verb === 'startSession')).toHaveLength(1)
  })
})
