import { decodeJwt, type Browser, type TestIssuer, type Visit } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack } from '../fixtures.ts'
import { placeOf } from '../real-pages.ts'
import { enrol, factorIssuer, keyOn, openSecurity, recoveryOn, securityUrl, stepNow, totp } from '../second-factor.ts'

const [pwd, mfa] = ['urn:sallyport:acr:pwd', 'urn:sallyport:acr:mfa']
const anyLevel = { acr_values: `${mfa} ${pwd}` }

/** Goes to the page that asks for a code, with the right password. */
async function atCode(issuer: TestIssuer, options: Parameters<TestIssuer['begin']>[0] = {}) {
  const begun = await issuer.begin({ parameters: anyLevel, ...options })
  const { alice } = issuer
  const { browser } = begun
  const visit = await browser.submit(begun.visit, 'login-form', { username: alice.username, password: alice.password })
  return { begun, browser, visit }
}

const type = ({ browser, visit }: { browser: Browser; visit: Visit }, code: string): Promise<Visit> =>
  browser.submit(visit, 'factor-form', { code })

const amrOf = async (issuer: TestIssuer, options: Parameters<TestIssuer['codeFlow']>[0]) => {
  const { claims } = decodeJwt((await issuer.codeFlow({ parameters: anyLevel, ...options })).idToken)
  return [claims['acr'], claims['amr']]
}

const reasons = (issuer: TestIssuer, event: string) => eventsOf(issuer, event).map(({ reason }) => reason)

describe('signing in with a code', () => {
  it('B-OIDC-20, B-OIDC-18 tells both methods, and mfa only with two', async () => {
    const issuer = await factorIssuer()
    expect(await amrOf(issuer, {})).toEqual([pwd, ['pwd']])
    const { code } = await enrol(issuer)
    expect(await amrOf(issuer, { code })).toEqual([mfa, ['pwd', 'otp', 'mfa']])
    expect(await amrOf(issuer, { person: issuer.bob })).toEqual([pwd, ['pwd']])
    expect(eventsOf(issuer, 'mfa.enrolled')).toMatchObject([{ subject: issuer.alice.subject, severity: 'info' }])
    expect(eventsOf(issuer, 'login.succeeded').map(({ detail }) => detail['method'])).toContain('pwd otp')
  })

  it('BF-06 takes a code once, in every browser, and none from before it', async () => {
    const issuer = await factorIssuer()
    const { code } = await enrol(issuer)
    const used = code()
    expect(await amrOf(issuer, { code: () => used })).toEqual([mfa, ['pwd', 'otp', 'mfa']])
    const here = await atCode(issuer)
    const again = await type(here, used)
    expect([again.answer.status, placeOf(again)]).toEqual([403, 'factor'])
    expect((await type({ ...here, visit: again }, code(-1))).answer.status).toBe(403)
    expect(reasons(issuer, 'mfa.code_replayed')).toEqual(['code_replayed', 'code_replayed'])
    expect(eventsOf(issuer, 'mfa.code_replayed')[0]?.severity).toBe('high')
    issuer.clock.advance(30)
    expect(await amrOf(issuer, { code })).toEqual([mfa, ['pwd', 'otp', 'mfa']])
  })

  it('BF-06, BF-02 lets one of eight in who come with the same code at the same moment', async () => {
    const issuer = await factorIssuer()
    const { code } = await enrol(issuer)
    const waiting = await Promise.all(Array.from({ length: 4 }, () => atCode(issuer)))
    const used = code()
    const answers = await Promise.all(waiting.map((one) => type(one, used)))
    expect(answers.map((visit) => placeOf(visit)).toSorted()).toEqual(['consent', 'factor', 'factor', 'factor'])
  })

  it('BF-07 takes the code of the step before and after, and of no other', async () => {
    for (const [steps, place] of [
      [-2, 'factor'],
      [-1, 'consent'],
      [1, 'consent'],
      [2, 'factor'],
    ] as const) {
      const issuer = await factorIssuer()
      const { code } = await enrol(issuer)
      issuer.clock.advance(60)
      expect([steps, placeOf(await type(await atCode(issuer), code(steps)))]).toEqual([steps, place])
    }
  })

  it('BF-07 after five wrong codes the sign-in begins again with the password', async () => {
    const issuer = await factorIssuer()
    const { code } = await enrol(issuer)
    const here = await atCode(issuer)
    let { visit } = here
    for (let attempt = 1; attempt <= 5; attempt++) {
      visit = await type({ ...here, visit }, '000000')
      expect([attempt, visit.answer.status, placeOf(visit)]).toEqual([attempt, 403, attempt < 5 ? 'factor' : 'login'])
    }
    expect(reasons(issuer, 'mfa.failed')).toEqual(Array.from({ length: 5 }, () => 'code_wrong'))
    const { username, password } = issuer.alice
    expect(placeOf(await here.browser.open(here.visit.url))).toBe('login')
    const next = await here.browser.submit(visit, 'login-form', { username, password })
    expect(placeOf(await type({ ...here, visit: next }, code()))).toBe('consent')
  })

  it('BF-07 twenty wrong codes in a day are enough, and the right one has to wait; a browser that is known has its own', async () => {
    const issuer = await factorIssuer()
    const { code } = await enrol(issuer)
    const known = issuer.browser()
    await issuer.codeFlow({ browser: known, code })
    for (let round = 0; round < 4; round++) {
      const here = await atCode(issuer)
      for (let attempt = 0, { visit } = here; attempt < 5; attempt++) visit = await type({ ...here, visit }, '000000')
    }
    issuer.clock.advance(30)
    const stopped = await type(await atCode(issuer), code())
    expect(stopped.answer.status).toBe(429)
    expect(Number(stopped.answer.headers['retry-after'])).toBeGreaterThan(0)
    expect(reasons(issuer, 'login.throttled')).toEqual(['factor'])
    expect(await amrOf(issuer, { browser: known, code, parameters: { ...anyLevel, prompt: 'login' } })).toEqual([
      mfa,
      ['pwd', 'otp', 'mfa'],
    ])
  })

  it('BF-07 refuses everything that is no code without a fault', async () => {
    const issuer = await factorIssuer()
    await enrol(issuer)
    for (const typed of ['', '12345', '1234567', 'abcdef', '00000-00000', '0'.repeat(2000), '१२३४५६'])
      expect([typed, (await type(await atCode(issuer), typed)).answer.status]).toEqual([typed, 403])
  })
})

describe('half a sign-in', () => {
  it('BF-08 is no session: nothing is open to it but the next step', async () => {
    const issuer = await factorIssuer()
    await enrol(issuer)
    const { browser, visit } = await atCode(issuer)
    expect(placeOf(visit)).toBe('factor')
    expect(browser.jar.get('__Host-sallyport-session')).toBeUndefined()
    expectBack(await issuer.authorize({ browser, parameters: { prompt: 'none' } }), 'login_required')
    const id = new URL(visit.url, 'https://as.test').searchParams.get('interaction') ?? ''
    expect(placeOf(await browser.open(`/oauth2/resume?interaction=${id}`))).toBe('login')
    expect(placeOf(await browser.open(`/consent?interaction=${id}`))).not.toBe('consent')
    expect(placeOf(await browser.open(securityUrl))).toBe('login')
    expect((await browser.open('/account/apps')).answer.text).not.toContain(issuer.alice.username)
  })

  it('BF-08 the page for codes gives nothing to those who passed nothing', async () => {
    const issuer = await factorIssuer()
    const { code } = await enrol(issuer)
    const begun = await issuer.begin()
    const { browser } = begun
    const at = begun.visit.url.replace('/login?', '/login/code?')
    expect(placeOf(await browser.open(at))).toBe('login')
    const [form] = begun.visit.forms
    const aimed = { ...begun.visit, forms: form === undefined ? [] : [{ ...form, action: '/login/code' }] }
    expect(placeOf(await browser.submit(aimed, 'login-form', { code: code() }))).toBe('login')
    expect(reasons(issuer, 'mfa.failed')).toEqual(['premature'])
    // The code was not looked at, so it is still good.
    expect(await amrOf(issuer, { code })).toEqual([mfa, ['pwd', 'otp', 'mfa']])
  })

  it('BF-08 is over after five minutes, and with a new password', async () => {
    const issuer = await factorIssuer()
    const { code } = await enrol(issuer)
    const late = await atCode(issuer)
    issuer.clock.advance(301)
    expect(placeOf(await type(late, code()))).toBe('login')
    const changed = await atCode(issuer)
    issuer.clock.advance(1)
    await issuer.store.accounts.replacePassword(issuer.alice.subject, 'x', issuer.clock.now())
    expect(placeOf(await type(changed, code()))).toBe('login')
  })

  it('BF-08 is worth nothing to another browser', async () => {
    const issuer = await factorIssuer()
    const { code } = await enrol(issuer)
    const { visit } = await atCode(issuer)
    const other = await issuer.browser().submit(visit, 'factor-form', { code: code() })
    expect([other.answer.status, placeOf(other)]).toEqual([403, 'error'])
  })
})

describe('recovery codes', () => {
  it('BF-13 stand in for the device, each once, in any spelling, and are shown once', async () => {
    const issuer = await factorIssuer()
    const { recovery, browser } = await enrol(issuer)
    expect(new Set(recovery).size).toBe(10)
    const [first = '', second = ''] = recovery
    expect(await amrOf(issuer, { code: () => first.toUpperCase().replace('-', ' ') })).toEqual([
      mfa,
      ['pwd', 'otp', 'mfa'],
    ])
    const here = await atCode(issuer)
    const again = await type(here, first)
    expect(again.answer.status).toBe(403)
    expect(placeOf(await type({ ...here, visit: again }, second))).toBe('consent')
    const page = await browser.open(securityUrl)
    expect(recoveryOn(page)).toEqual([])
    for (const code of recovery) expect(page.answer.text).not.toContain(code)
  })

  it('BF-13 let one in of four that come with the same one at the same moment', async () => {
    const issuer = await factorIssuer()
    const { recovery } = await enrol(issuer)
    const waiting = await Promise.all(Array.from({ length: 4 }, () => atCode(issuer)))
    const answers = await Promise.all(waiting.map((one) => type(one, recovery[0] ?? '')))
    expect(answers.filter((visit) => placeOf(visit) === 'consent')).toHaveLength(1)
  })

  it('BF-13 are all replaced by new ones, which a code of the app buys', async () => {
    const issuer = await factorIssuer()
    const { recovery, browser, code } = await enrol(issuer)
    const page = await browser.open(securityUrl)
    expect((await browser.submit(page, 'codes-form', { code: '000000' })).answer.status).toBe(400)
    const next = recoveryOn(await browser.submit(await browser.open(securityUrl), 'codes-form', { code: code() }))
    expect(next).toHaveLength(10)
    expect((await type(await atCode(issuer), recovery[0] ?? '')).answer.status).toBe(403)
    expect(await amrOf(issuer, { code: () => next[0] ?? '' })).toEqual([mfa, ['pwd', 'otp', 'mfa']])
    expect(reasons(issuer, 'credential.reset')).toEqual(['recovery_codes'])
  })
})

describe('the page where people add an app', () => {
  it('BF-10 wants a sign-in from just now', async () => {
    const issuer = await factorIssuer()
    const browser = issuer.browser()
    await issuer.codeFlow({ browser })
    expect(keyOn(await browser.open(securityUrl))).not.toBe('')
    issuer.clock.advance(301)
    const visit = await browser.open(securityUrl)
    expect(placeOf(visit)).toBe('login')
    const { username, password } = issuer.alice
    const page = await browser.submit(visit, 'login-form', { username, password })
    expect(keyOn(page)).not.toBe('')
    issuer.clock.advance(901)
    const late = await browser.submit(page, 'enrol-form', { code: totp(keyOn(page), stepNow(issuer)) })
    expect(placeOf(late)).toBe('login')
    expect(await issuer.store.factors.find(issuer.alice.subject)).toBeUndefined()
  })

  it('BF-10 adds nothing before the app has shown a code, and then the key that was shown', async () => {
    const issuer = await factorIssuer()
    const browser = issuer.browser()
    const page = await openSecurity(browser, issuer.alice)
    const wrong = await browser.submit(page, 'enrol-form', { code: '000000' })
    expect([wrong.answer.status, keyOn(wrong)]).toEqual([400, keyOn(page)])
    expect(await issuer.store.factors.find(issuer.alice.subject)).toBeUndefined()
    const done = await browser.submit(wrong, 'enrol-form', { code: totp(keyOn(page), stepNow(issuer)) })
    expect(recoveryOn(done)).toHaveLength(10)
  })

  it('BF-10 takes neither the key of another person, nor a second app, nor a form from elsewhere', async () => {
    const issuer = await factorIssuer()
    const [alice, bob] = [issuer.browser(), issuer.browser()]
    const [ofAlice, ofBob] = [await openSecurity(alice, issuer.alice), await openSecurity(bob, issuer.bob)]
    const fieldsOf = (visit: Visit) => visit.forms.find(({ id }) => id === 'enrol-form')?.fields ?? {}
    const code = totp(keyOn(ofBob), stepNow(issuer))
    const planted = await alice.submit(ofAlice, 'enrol-form', { key: fieldsOf(ofBob)['key'] ?? '', code })
    expect(recoveryOn(planted)).toEqual([])
    const forged = await alice.submit(ofAlice, 'enrol-form', { csrf: fieldsOf(ofBob)['csrf'] ?? '', code })
    expect(forged.answer.status).toBe(403)
    expect(await issuer.store.factors.find(issuer.alice.subject)).toBeUndefined()
    await alice.submit(ofAlice, 'enrol-form', { code: totp(keyOn(ofAlice), stepNow(issuer)) })
    const twice = await alice.submit(ofAlice, 'enrol-form', { code: totp(keyOn(ofAlice), stepNow(issuer)) })
    expect([recoveryOn(twice), keyOn(twice)]).toEqual([[], ''])
  })

  it('BF-10 takes the app away for a code and not for a password', async () => {
    const issuer = await factorIssuer()
    const { browser, code } = await enrol(issuer)
    const page = await browser.open(securityUrl)
    expect((await browser.submit(page, 'remove-form', { code: issuer.alice.password })).answer.status).toBe(400)
    const done = await browser.submit(await browser.open(securityUrl), 'remove-form', { code: code() })
    expect(keyOn(done)).not.toBe('')
    expect(await amrOf(issuer, {})).toEqual([pwd, ['pwd']])
    expect(reasons(issuer, 'credential.reset')).toEqual(['second_factor'])
  })

  it('AR-01 the key and the codes lie in the store only sealed and as keyed digests', async () => {
    const issuer = await factorIssuer()
    const { key } = await enrol(issuer)
    const view = await issuer.store.factors.find(issuer.alice.subject)
    expect(view?.recoveryLeft).toBe(10)
    const bytes = Buffer.from(view?.factor.seed ?? [])
    const bits = [...key.replaceAll(' ', '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter))
    const seed = Buffer.from(
      (
        bits
          .map((five) => five.toString(2).padStart(5, '0'))
          .join('')
          .match(/.{8}/g) ?? []
      ).map((byte) => Number.parseInt(byte, 2)),
    )
    expect(seed).toHaveLength(20)
    expect(bytes.includes(seed)).toBe(false)
    expect(JSON.stringify(issuer.records.events)).not.toContain(key.replaceAll(' ', ''))
  })
})

describe('asking for a code only where it matters', () => {
  const onDemand = { secondFactor: 'on_demand' } as const

  it('B-STEP-02, CS-13 asks somebody who is signed in for the missing factor alone, and keeps the time of the sign-in', async () => {
    const issuer = await factorIssuer(onDemand)
    const { code } = await enrol(issuer)
    const browser = issuer.browser()
    const weak = await issuer.codeFlow({ browser })
    const before = decodeJwt(weak.accessToken).claims
    expect(before['acr']).toBe(pwd)
    const session = browser.jar.get('__Host-sallyport-session')
    issuer.clock.advance(45)
    const options = { browser, code, parameters: { acr_values: mfa, max_age: '60' } }
    const begun = await issuer.begin(options)
    expect(placeOf(begun.visit)).toBe('factor')
    const authorized = await issuer.finish(begun, options)
    const strong = decodeJwt(String((await issuer.redeem(authorized)).json['access_token'])).claims
    expect([strong['acr'], strong['amr']]).toEqual([mfa, ['pwd', 'otp', 'mfa']])
    expect(strong['auth_time']).toBe(before['auth_time'])
    // A-UI-07: the handle changes, and the one before is worth nothing.
    expect(browser.jar.get('__Host-sallyport-session')).not.toBe(session)
    const thief = issuer.browser()
    thief.jar.set('__Host-sallyport-session', session ?? '')
    expect(placeOf((await issuer.begin({ browser: thief })).visit)).toBe('login')
  })

  it('B-STEP-02, CS-13 asks for everything where the sign-in is too old', async () => {
    const issuer = await factorIssuer(onDemand)
    const { code } = await enrol(issuer)
    const browser = issuer.browser()
    await issuer.codeFlow({ browser })
    issuer.clock.advance(90)
    const options = { browser, code, parameters: { acr_values: mfa, max_age: '60' } }
    const begun = await issuer.begin(options)
    expect(placeOf(begun.visit)).toBe('login')
    const strong = decodeJwt(
      String((await issuer.redeem(await issuer.finish(begun, options))).json['access_token']),
    ).claims
    expect([strong['acr'], strong['auth_time']]).toEqual([mfa, Math.floor(issuer.clock.now())])
  })

  it('B-OIDC-18 lets the person go on without what is only wished for, and tells the truth', async () => {
    const issuer = await factorIssuer(onDemand)
    await enrol(issuer)
    const browser = issuer.browser()
    await issuer.codeFlow({ browser })
    const begun = await issuer.begin({ browser, parameters: { acr_values: mfa } })
    const visit = await browser.submit(begun.visit, 'factor-without-form', { decision: 'without' })
    const authorized = await issuer.finish({ ...begun, visit })
    const claims = decodeJwt(String((await issuer.redeem(authorized)).json['id_token'])).claims
    expect([claims['acr'], claims['amr']]).toEqual([pwd, ['pwd']])
  })

  it('B-OIDC-19 lets nobody go on without what is essential', async () => {
    const issuer = await factorIssuer(onDemand)
    await enrol(issuer)
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: mfa } } })
    const begun = await issuer.begin({ parameters: { claims } })
    const { browser } = begun
    const { username, password } = issuer.alice
    const visit = await browser.submit(begun.visit, 'login-form', { username, password })
    expect(visit.forms.map(({ id }) => id)).toEqual(['factor-form', 'factor-cancel-form'])
    const forced = await browser.submit(visit, 'factor-form', { decision: 'without' })
    expect([forced.answer.status, placeOf(forced)]).toEqual([403, 'factor'])
    const left = await browser.submit(forced, 'factor-cancel-form', { decision: 'cancel' })
    expectBack({ ...begun, visit: left, response: left.answer.parameters, code: '', error: undefined }, 'access_denied')
  })

  it('B-OIDC-19 whoever has no app is told at once, and is not asked in vain', async () => {
    const issuer = await factorIssuer(onDemand)
    const browser = issuer.browser()
    await issuer.codeFlow({ browser })
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: mfa } } })
    const refused = await issuer.authorize({ browser, parameters: { claims } })
    expectBack(refused, 'unmet_authentication_requirements')
    expect(refused.visit.hops).toHaveLength(1)
    expect(placeOf((await issuer.begin({ browser, parameters: { acr_values: mfa } })).visit)).not.toBe('factor')
  })

  it('A-UI-07 a session that ended while somebody typed is not raised from the dead', async () => {
    const issuer = await factorIssuer(onDemand)
    const { code } = await enrol(issuer)
    const browser = issuer.browser()
    await issuer.codeFlow({ browser })
    const { visit } = await issuer.begin({ browser, parameters: { acr_values: mfa } })
    const page = await issuer.store.admin.listSessions(
      { subject: issuer.alice.subject },
      undefined,
      10,
      issuer.clock.now(),
    )
    for (const { id } of page.items) await issuer.store.endSession(id, issuer.clock.now(), [])
    expect(placeOf(await type({ browser, visit }, code()))).not.toBe('consent')
    expect(placeOf((await issuer.begin({ browser })).visit)).toBe('login')
  })
})

describe('levels', () => {
  it('B-OIDC-18, B-STEP-04 are named and ordered by the operator, and tell what was performed', async () => {
    const levels = [
      { acr: 'gold', amr: ['pwd', 'otp', 'mfa'] },
      { acr: 'silver', amr: ['pwd'] },
    ]
    const issuer = await factorIssuer({ levels })
    const metadata = (await issuer.get('/.well-known/openid-configuration')).json
    expect(metadata['acr_values_supported']).toEqual(['gold', 'silver'])
    const parameters = { acr_values: 'gold silver' }
    expect((await amrOf(issuer, { parameters }))[0]).toBe('silver')
    const { code } = await enrol(issuer)
    expect((await amrOf(issuer, { code, parameters }))[0]).toBe('gold')
  })

  it('B-OIDC-18 that nobody comes up to are not claimed', async () => {
    const issuer = await factorIssuer({ levels: [{ acr: 'gold', amr: ['pwd', 'otp'] }] })
    const { idToken } = await issuer.codeFlow({ parameters: { acr_values: 'gold' } })
    expect(decodeJwt(idToken).claims).not.toHaveProperty('acr')
  })

  it.each([
    [],
    [{ acr: '', amr: ['pwd'] }],
    [{ acr: 'a', amr: [] }],
    [{ acr: 'a', amr: ['hwk'] }],
    [
      { acr: 'a', amr: ['pwd'] },
      { acr: 'a', amr: ['pwd'] },
    ],
    [
      { acr: 'a', amr: ['otp'] },
      { acr: 'b', amr: ['pwd'] },
    ],
  ])('B-OIDC-18 the list %j stops the start', async (...levels) => {
    await expect(factorIssuer({ levels })).rejects.toThrow(RangeError)
  })
})
