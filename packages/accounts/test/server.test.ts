import {
  createTestIssuer,
  decodeJwt,
  headerOf,
  type PeopleFacts,
  type TestIssuerOptions,
  type TestPeople,
  type Visit,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { createAccounts } from '../src/create-accounts.ts'
import { demoClaims } from '../src/demo-person.ts'

const cheap = { memory: 64, passes: 1, lanes: 1 }

/** The people of this package, as a test issuer wants them. */
const passwordPeople =
  (issuer?: string) =>
  ({ store, now, random }: PeopleFacts): TestPeople & ReturnType<typeof createAccounts> => {
    const made = createAccounts({ store, now, random, issuer, hashing: { cost: cheap } })
    return {
      ...made,
      add: async (username, { password = `${username} horse battery`, claims = demoClaims }) => {
        const { user } = await made.people.create({
          username,
          password,
          claims: { ...claims, name: `The ${username}` },
        })
        if (user === undefined) throw new Error(`no ${username}`)
        return { subject: user.id, username, password }
      },
    }
  }

async function setUp(options: TestIssuerOptions = {}) {
  let made: ReturnType<ReturnType<typeof passwordPeople>> | undefined
  const issuer = await createTestIssuer({
    ...options,
    people: (facts) => (made = passwordPeople(options.issuer)(facts)),
  })
  if (made === undefined) throw new Error('no people')
  const events = (name: string) => issuer.records.events.filter(({ event }) => event === name)
  return { issuer, people: made.people, events }
}

describe('a whole flow', () => {
  it('B-OIDC-20 signs in with a password, asks for consent and tells the client how', async () => {
    const { issuer, events } = await setUp()
    const { idToken, authorized } = await issuer.codeFlow({ parameters: { acr_values: 'urn:sallyport:acr:pwd' } })
    expect(decodeJwt(idToken).claims).toMatchObject({
      sub: issuer.alice.subject,
      amr: ['pwd'],
      acr: 'urn:sallyport:acr:pwd',
    })
    expect(authorized.visit.hops.every(({ status }) => status === 303)).toBe(true)
    expect(events('login.succeeded')).toMatchObject([{ subject: issuer.alice.subject, clientId: issuer.clients.K.id }])
    expect(issuer.records.faults).toEqual([])
  })

  it('A-GEN-06 works below the path of an issuer as well', async () => {
    const { issuer } = await setUp({ issuer: 'https://as.test/tenant' })
    const { authorized, idToken } = await issuer.codeFlow()
    expect(authorized.code).not.toBe('')
    expect(decodeJwt(idToken).claims['iss']).toBe('https://as.test/tenant')
  })

  it('A-AUTHZ-12 ends with access_denied when the person denies or cancels', async () => {
    const { issuer } = await setUp()
    const denied = await issuer.authorize({ decision: 'deny' })
    expect(denied.error).toBe('access_denied')
    const begun = await issuer.begin()
    const cancelled = await begun.browser.submit(begun.visit, 'login-cancel-form', { decision: 'cancel' })
    const response = new URL(cancelled.leftFor ?? '').searchParams
    expect([response.get('error'), response.get('state'), response.get('iss')]).toEqual([
      'access_denied',
      begun.sent['state'],
      'https://as.test',
    ])
  })

  it('CS-06 asks once when the person wants that, and again for more', async () => {
    const { issuer } = await setUp()
    const parameters = { scope: 'openid read' }
    const first = await issuer.authorize({ remember: true, parameters })
    const again = await issuer.begin({ browser: first.browser, parameters })
    expect(again.visit.leftFor).toContain('code=')
    const more = await issuer.begin({ browser: first.browser, parameters: { scope: 'openid read write' } })
    expect(more.visit.answer.text).toContain('Change your documents')
  })

  it('CS-07 asks a program on the device every time and offers no remembering', async () => {
    const { issuer } = await setUp()
    const options = { client: issuer.clients.N, parameters: { redirect_uri: 'http://127.0.0.1:4711/cb' } }
    const first = await issuer.authorize(options)
    expect(first.code).not.toBe('')
    const again = await issuer.begin({ ...options, browser: first.browser })
    expect(again.visit.answer.text).toContain('127.0.0.1:4711')
    expect(again.visit.answer.text).toContain('id="warning"')
    expect(again.visit.answer.text).not.toContain('name="remember"')
  })

  it('B-OIDC-14 lets the person choose another account', async () => {
    const { issuer } = await setUp()
    const { browser } = await issuer.authorize()
    const begun = await issuer.begin({ browser, parameters: { prompt: 'select_account' } })
    expect(begun.visit.answer.text).toContain('Go on as The alice')
    const visit = await browser.submit(begun.visit, 'account-form', { decision: 'other' })
    const finished = await issuer.finish({ ...begun, visit }, { person: issuer.bob })
    const { idToken } = { idToken: (await issuer.redeem(finished)).json['id_token'] }
    expect(decodeJwt(String(idToken)).claims['sub']).toBe(issuer.bob.subject)
  })

  it('B-OIDC-12 asks a person who is signed in to show up again, by name', async () => {
    const { issuer, events } = await setUp()
    const { browser } = await issuer.authorize()
    const begun = await issuer.begin({ browser, parameters: { prompt: 'login' } })
    expect(begun.visit.answer.text).toContain('value="alice"')
    expect((await issuer.finish(begun)).code).not.toBe('')
    expect(events('login.succeeded').map(({ detail }) => detail['reauth'])).toEqual([false, true])
  })
})

describe('refused forms', () => {
  it('CS-01 signs nobody in without the token of this browser or from another site', async () => {
    const { issuer, events } = await setUp()
    const begun = await issuer.begin()
    const other = await issuer.begin()
    const fields = { ...begun.visit.forms[0]?.fields, username: 'alice', password: issuer.alice.password }
    const csrf = other.visit.forms[0]?.fields['csrf'] ?? ''
    for (const [changes, headers] of [
      [{ csrf: '' }, {}],
      [{ csrf }, {}],
      [{}, { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
    ] as const) {
      const answer = await begun.browser.post('/login', { ...fields, ...changes }, headers)
      expect(answer.status).toBe(403)
      expect(answer.text).toContain('The form is out of date')
      expect(answer.cookies).toEqual([])
    }
    expect(events('csrf.rejected')).toHaveLength(3)
    expect(events('login.failed')).toHaveLength(0)
  })

  it('A-UI-06 spends the token of a refused sign-in and gives the page a new one', async () => {
    const { issuer } = await setUp()
    const begun = await issuer.begin()
    const wrong = await begun.browser.submit(begun.visit, 'login-form', {
      username: 'alice',
      password: 'wrong password',
    })
    expect(wrong.answer.status).toBe(403)
    expect(wrong.answer.text).toContain('That did not work')
    const credentials = { username: 'alice', password: issuer.alice.password }
    expect((await begun.browser.submit(begun.visit, 'login-form', credentials)).answer.status).toBe(403)
    expect((await begun.browser.submit(wrong, 'login-form', credentials)).answer.text).toContain('consent-form')
  })

  it('CS-17 takes a consent once', async () => {
    const { issuer } = await setUp()
    const begun = await issuer.begin()
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect((await begun.browser.submit(consent, 'consent-form', { decision: 'allow' })).leftFor).toContain('code=')
    const again = await begun.browser.submit(consent, 'consent-form', { decision: 'allow' })
    expect(again.leftFor).toBeUndefined()
    expect(again.answer.status).toBeGreaterThanOrEqual(400)
  })

  it('CS-03 shows no page of an interaction to another browser', async () => {
    const { issuer } = await setUp()
    const begun = await issuer.begin()
    const answer = await issuer.browser().get(begun.visit.url)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('This belongs to another browser')
  })
})

describe('guessing', () => {
  it('BF-01 throttles one network and lets alice in from another, without a lock', async () => {
    const { issuer, events } = await setUp()
    const statuses: number[] = []
    const attacker = issuer.browser({ remoteAddress: '203.0.113.66' })
    for (let attempt = 0; attempt < 20; attempt++) {
      const begun = await issuer.begin({ browser: attacker })
      const answer = await attacker.submit(begun.visit, 'login-form', { username: 'alice', password: 'wrong password' })
      statuses.push(answer.answer.status)
      if (answer.answer.status === 429) expect(headerOf(answer.answer, 'retry-after')).toMatch(/^[1-9]\d*$/)
    }
    expect(statuses.indexOf(429)).toBeGreaterThanOrEqual(5)
    expect(statuses.indexOf(429)).toBeLessThanOrEqual(10)
    expect(events('login.throttled')[0]).toMatchObject({ network: '203.0.113.66', reason: 'account' })
    expect((await issuer.authorize({ browser: issuer.browser({ remoteAddress: '198.51.100.9' }) })).code).not.toBe('')
  })

  it('HH-03 counts all addresses of one IPv6 network together, in every spelling', async () => {
    const { issuer } = await setUp()
    const statuses: number[] = []
    for (let attempt = 1; attempt <= 12; attempt++) {
      const address = attempt % 2 === 0 ? `2001:db8::${attempt}` : `2001:0DB8:0:0::${attempt}`
      const browser = issuer.browser({ remoteAddress: address })
      const begun = await issuer.begin({ browser })
      statuses.push(
        (await browser.submit(begun.visit, 'login-form', { username: 'alice', password: 'wrong' })).answer.status,
      )
    }
    expect(statuses).toContain(429)
  })

  it('BF-05 answers known and unknown names with the same status, headers and page', async () => {
    const { issuer } = await setUp()
    const answers: unknown[] = []
    for (const username of ['alice', 'nobody']) {
      const begun = await issuer.begin()
      const { answer } = await begun.browser.submit(begun.visit, 'login-form', { username, password: 'wrong password' })
      const { 'x-request-id': _id, ...headers } = answer.headers
      const handle = new URL(begun.visit.url).searchParams.get('interaction') ?? ''
      const text = answer.text
        .replaceAll(username, 'NAME')
        .replaceAll(handle, 'HANDLE')
        .replace(/name="csrf" value="[^"]+"/g, 'CSRF')
      answers.push({ status: answer.status, headers, cookies: answer.cookies, text })
    }
    expect(answers[0]).toEqual(answers[1])
  })

  it('A-LOG-02 lets no password and no typed name into events', async () => {
    const { issuer } = await setUp()
    const begun = await issuer.begin()
    await begun.browser.submit(begun.visit, 'login-form', { username: 'canary-name', password: 'canary-password' })
    await issuer.authorize()
    const log = JSON.stringify([issuer.records.events, issuer.records.measures, issuer.records.faults])
    expect(log).toContain('login.failed')
    expect(log).not.toContain('canary')
    expect(log).not.toContain(issuer.alice.password)
  })
})

describe('people', () => {
  it('RT-12 ends tokens and sign-in of a disabled person at once', async () => {
    const { issuer, people } = await setUp()
    const tokens = await issuer.codeFlow({ parameters: { scope: 'openid offline_access', resource: undefined } })
    expect((await issuer.userinfo(tokens.accessToken)).json).toMatchObject({ sub: issuer.alice.subject })
    await people.disable('alice')
    expect((await issuer.userinfo(tokens.accessToken)).status).toBe(401)
    expect((await issuer.refresh(tokens)).json['error']).toBe('invalid_grant')
    expect((await issuer.authorize({ browser: tokens.authorized.browser })).code).toBe('')
  })

  it('RT-18 ends sessions and refresh tokens with the old password', async () => {
    const { issuer, people } = await setUp()
    const tokens = await issuer.codeFlow()
    await people.resetPassword('alice', 'eight iron gates')
    expect((await issuer.refresh(tokens)).json['error']).toBe('invalid_grant')
    expect((await issuer.authorize()).code).toBe('')
    expect((await issuer.authorize({ password: 'eight iron gates' })).code).not.toBe('')
  })

  it('B-OIDC-25 tells the claims of a scope at UserInfo, with exact types', async () => {
    const { issuer } = await setUp()
    const parameters = { scope: 'openid profile email', resource: undefined }
    const { accessToken } = await issuer.codeFlow({ parameters })
    const claims = (await issuer.userinfo(accessToken)).json
    expect(claims).toMatchObject({ name: 'The alice', email_verified: true, website: 'https://demo.example.org/' })
    expect(typeof claims['updated_at']).toBe('number')
  })
})

describe('every page of the server', () => {
  it('CS-08 carries the headers that forbid frames, caching and foreign content', async () => {
    const { issuer } = await setUp({ issuer: 'https://as.test' })
    await issuer.authorize({ parameters: { prompt: 'consent' } })
    const begun = await issuer.begin()
    await begun.browser.submit(begun.visit, 'login-form', { username: 'alice', password: 'wrong password' })
    await issuer.browser().get('/oauth2/authorize?client_id=nobody')
    await begun.browser.get('/oauth2/logout')
    const pages = issuer.records.exchanges.filter(({ response }) =>
      String(response.headers['content-type']).startsWith('text/html'),
    )
    expect(pages.length).toBeGreaterThan(5)
    for (const { response, request } of pages) {
      const policy = String(response.headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(response.headers).toMatchObject({
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      })
      if (['/login', '/consent'].includes(request.path)) expect(policy).toContain("form-action 'self' https://web.test")
    }
  })

  it('B-OIDC-28 speaks German when asked to', async () => {
    const { issuer } = await setUp()
    const { visit } = await issuer.begin({ parameters: { ui_locales: 'se xx-invalid de' } })
    expect(visit.answer.text).toContain('<html lang="de"')
  })

  it('XS-01 shows hostile names, hints and claims as text', async () => {
    const { issuer } = await setUp()
    const hostile = '"><img src=x onerror=alert(1)>'
    const client = await issuer.addClient({
      type: 'web',
      name: hostile,
      redirectUris: ['https://hostile.test/cb'],
      scope: 'openid',
    })
    const parameters = {
      scope: 'openid',
      login_hint: hostile,
      resource: undefined,
      claims: JSON.stringify({ userinfo: { [hostile]: null } }),
    }
    const begun = await issuer.begin({ client, parameters })
    const { username, password } = issuer.alice
    const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect(consent.answer.text).toContain('consent-form')
    for (const { text } of [begun.visit.answer, consent.answer]) {
      expect(text).not.toContain('<img')
      expect(text).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;')
    }
  })

  it('A-UI-12 explains an unknown client without leading anywhere', async () => {
    const { issuer } = await setUp()
    const answer = await issuer
      .browser()
      .get('/oauth2/authorize?client_id=nobody&redirect_uri=https%3A%2F%2Fevil.test%2F')
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('The application is not known here')
    expect(answer.text).toContain(String(answer.headers['x-request-id']))
    expect(answer.text).not.toContain('evil.test')
  })

  it('A-REDIR-01 shows developers the two addresses side by side, and nobody else', async () => {
    for (const [address, development] of [
      ['http://127.0.0.1:7636', true],
      ['https://as.test', false],
    ] as const) {
      const { issuer } = await setUp({ issuer: address, development })
      const { visit } = await issuer.begin({ parameters: { redirect_uri: 'https://web.test/cB' } })
      expect(visit.answer.status).toBe(400)
      expect(visit.answer.text.includes('https://web.test/c<mark>B</mark>')).toBe(development)
      expect(visit.answer.text.includes('https://web.test/c<mark>b</mark>')).toBe(development)
    }
  })

  it('B-LOG-02 asks before it signs out, and says when it is done', async () => {
    const { issuer } = await setUp()
    const { browser } = await issuer.authorize()
    const asked = await browser.open('/oauth2/logout')
    expect(asked.answer.text).toContain('Do you want to sign out?')
    const done = await browser.submit(asked, 'logout-form')
    expect(done.answer.text).toContain('You are signed out')
    expect((await issuer.begin({ browser })).visit.answer.text).toContain('login-form')
  })
})

describe('connected applications', () => {
  const withdrawForms = (visit: Visit) => visit.forms.filter(({ id }) => id?.startsWith('withdraw-'))

  it('A-REV-07, A-LOG-04 a person sees what each application holds, and takes it back', async () => {
    const { issuer, events } = await setUp()
    const flow = await issuer.codeFlow({ remember: true })
    const { browser } = flow.authorized
    const other = await issuer.codeFlow({ client: issuer.clients.P, browser })
    const visit = await browser.open('/account/apps')
    expect(visit.answer.status).toBe(200)
    expect(withdrawForms(visit)).toHaveLength(2)
    expect(visit.answer.text).toContain('Connected applications')
    const form = visit.forms.find(({ fields }) => fields['client_id'] === flow.client.id)
    const after = await browser.submit(visit, form?.id ?? '', {})
    expect(after.hops.map(({ status }) => status)).toEqual([303, 200])
    expect(after.answer.text).toContain('The access was taken back')
    expect(withdrawForms(after)).toHaveLength(1)
    expect((await issuer.refresh(flow)).status).toBe(400)
    expect(await issuer.isAlive(flow.accessToken)).toBe(false)
    expect(await issuer.isAlive(other.accessToken)).toBe(true)
    expect(events('consent.revoked')).toMatchObject([
      { clientId: flow.client.id, subject: issuer.alice.subject, reason: 'consent_withdrawn' },
    ])
    expect((await issuer.begin({ browser })).visit.forms[0]?.id).toBe('consent-form')
  })

  it('A-UI-06 the form works once, in its own browser, for what it shows', async () => {
    const { issuer, events } = await setUp()
    const flow = await issuer.codeFlow({ remember: true })
    const { browser } = flow.authorized
    const visit = await browser.open('/account/apps')
    const [form] = withdrawForms(visit)
    const stranger = issuer.browser()
    await issuer.codeFlow({ person: issuer.bob, browser: stranger })
    const fields = visit.forms.find(({ id }) => id === form?.id)?.fields ?? {}
    expect((await stranger.post('/account/apps', fields)).status).toBe(403)
    expect((await browser.post('/account/apps', { ...fields, csrf: 'x' })).status).toBe(403)
    expect((await browser.post('/account/apps', { ...fields, client_id: issuer.clients.P.id })).status).toBe(403)
    expect((await browser.post('/account/apps', fields, { origin: 'https://evil.test' })).status).toBe(403)
    expect(events('consent.revoked')).toEqual([])
    expect((await browser.post('/account/apps', fields)).status).toBe(303)
    expect((await browser.post('/account/apps', fields)).status).toBe(403)
    expect(events('consent.revoked')).toHaveLength(1)
  })

  it('A-REV-07 shows nothing where nobody is signed in', async () => {
    const { issuer } = await setUp()
    await issuer.codeFlow()
    const answer = await issuer.browser().get('/account/apps')
    expect([answer.status, answer.text.includes('Nobody is signed in')]).toEqual([200, true])
    expect(answer.text).not.toContain('<form')
  })
})
