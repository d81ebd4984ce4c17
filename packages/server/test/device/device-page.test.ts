import { readUserCode } from '@sallyport/protocol'
import type { TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectErrorPage, expectEvent, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { dumpOf, found } from '../faults/at-rest.ts'
import { openFile } from '../stores.ts'
import { deviceIssuer } from './fixtures.ts'

const signedIn = async (issuer: TestIssuer, person = issuer.alice) => {
  const browser = issuer.browser()
  const login = await browser.open('/device')
  const { username, password } = person
  return { browser, entry: await browser.submit(login, 'login-form', { username, password }) }
}

const wrongCode = 'BBBB-BBBB'

describe('entering a code', () => {
  it('A-DEV-05 the person signs in first, and the code of the link is still there afterwards', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const browser = issuer.browser()
    const login = await browser.open(String(begun.answer.json['verification_uri_complete']))
    expect(login.url).toMatch(/^https:\/\/as\.test\/login\?interaction=[\w-]{43}$/)
    const { username, password } = issuer.alice
    const entry = await browser.submit(login, 'login-form', { username, password })
    expect(entry.url).toBe(`https://as.test/device?user_code=${begun.userCode}`)
    expect(entry.answer.text).toContain(`value="${begun.userCode}"`)
    expect(eventsOf(issuer, 'login.failed')).toEqual([])
  })

  it('A-DEV-08, DV-01 the link decides nothing, not even for somebody who is signed in', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const { browser } = await signedIn(issuer)
    const entry = await browser.open(String(begun.answer.json['verification_uri_complete']))
    expect(entry.forms.map(({ id }) => id)).toEqual(['device-form'])
    expect(entry.answer.text).toContain(begun.userCode)
    expectRefusal(await issuer.poll(begun), 'authorization_pending')
    const asked = await browser.submit(entry, 'device-form', { user_code: begun.userCode })
    expect(asked.forms.map(({ id }) => id)).toEqual(['decision-form'])
    expect(asked.answer.text).toContain(begun.userCode)
    issuer.clock.advance(5)
    expectRefusal(await issuer.poll(begun), 'authorization_pending')
    await browser.submit(asked, 'decision-form', { decision: 'allow' })
    expectTokens(await issuer.poll(begun))
  })

  it('A-DEV-04 whatever the spelling', async () => {
    const issuer = await deviceIssuer()
    const { browser } = await signedIn(issuer)
    for (const spell of [
      (code: string) => code.toLowerCase(),
      (code: string) => code.replace('-', ' '),
      (code: string) => ` ${code.replace('-', '')}. `,
    ]) {
      const { userCode } = await issuer.beginDevice()
      const { visit } = await issuer.enterCode(spell(userCode), { browser })
      expect(visit.answer.text).toContain(`<li>${userCode}</li>`)
    }
  })

  it('A-DEV-05 unknown, expired, used and somebody else’s codes look the same', async () => {
    const issuer = await deviceIssuer()
    const [used, late, taken] = [await issuer.beginDevice(), await issuer.beginDevice(), await issuer.beginDevice()]
    await issuer.answerDevice(used)
    await issuer.enterCode(taken.userCode, { person: issuer.bob })
    const look = async (userCode: string) => {
      const { visit } = await issuer.enterCode(userCode)
      const { status, text } = visit.answer
      return { status, text: text.replaceAll(/name="csrf" value="[^"]*"|value="[A-Z]{4}-[A-Z]{4}"/g, '') }
    }
    const unknown = await look(wrongCode)
    expect(unknown.status).toBe(400)
    expect(unknown.text).toContain('<p id="problem">code</p>')
    expect(await look(used.userCode)).toEqual(unknown)
    expect(await look(taken.userCode)).toEqual(unknown)
    issuer.clock.advance(600)
    expect(await look(late.userCode)).toEqual(unknown)
  })

  it('A-CORS-01, A-UI-01 the page is framed by nobody, kept by nobody and read by no other origin', async () => {
    const issuer = await deviceIssuer()
    const { entry, browser } = await signedIn(issuer)
    const again = await browser.get(entry.url, { origin: 'https://app.test' })
    expect(again.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(again.headers).toMatchObject({ 'x-frame-options': 'DENY', 'cache-control': 'no-store' })
    expect(Object.keys(again.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('A-DEV-02 there is no page where the policy does not offer the grant', async () => {
    const issuer = await newIssuer()
    const browser = issuer.browser()
    expectErrorPage(await browser.get('/device'), 'path', 404)
    expectErrorPage(await browser.post('/device', { user_code: wrongCode }), 'path', 404)
  })
})

describe('what the page shows', () => {
  it('A-DEV-07 who asks, for what, from where, and the code', async () => {
    const issuer = await deviceIssuer()
    const { userCode } = await issuer.beginDevice({
      remoteAddress: '203.0.113.9',
      headers: { 'user-agent': `<script>${'x'.repeat(300)}` },
    })
    const { text } = (await issuer.enterCode(userCode)).visit.answer
    for (const fact of ['Television', userCode, '203.0.113.9', 'far', 'offline_access', 'read', 'First API'])
      expect(text).toContain(`<li>${fact}</li>`)
    expect(text).toContain(`<li>&lt;script&gt;${'x'.repeat(192)}</li>`)
    const near = await issuer.beginDevice({ remoteAddress: '192.0.2.10' })
    expect((await issuer.enterCode(near.userCode)).visit.answer.text).toContain('<li>near</li>')
  })

  it('A-DEV-14 each device is asked about anew', async () => {
    const issuer = await deviceIssuer()
    const browser = await issuer.answerDevice(await issuer.beginDevice())
    const { visit } = await issuer.enterCode((await issuer.beginDevice()).userCode, { browser })
    expect(visit.forms.map(({ id }) => id)).toEqual(['decision-form'])
    expect(await issuer.store.listConsents(issuer.alice.subject, issuer.clock.now())).toEqual([])
  })
})

describe('the decision', () => {
  it('DV-01 allow, deny and "I did not start this" are events of the audit trail', async () => {
    const issuer = await deviceIssuer()
    const browser = await issuer.answerDevice(await issuer.beginDevice())
    expectEvent(issuer, 'device.approved', {
      clientId: issuer.clients.D.id,
      subject: issuer.alice.subject,
      severity: 'info',
      detail: {
        scope: 'openid offline_access read',
        resources: 'https://rs1.test',
        device_network: '198.51.100.20',
        same_network: false,
        age: 0,
      },
    })
    const [denied, disowned] = [await issuer.beginDevice(), await issuer.beginDevice()]
    await issuer.answerDevice(denied, { browser, decision: 'deny' })
    await issuer.answerDevice(disowned, { browser, decision: 'disown' })
    expectEvent(issuer, 'device.denied', { reason: 'declined', severity: 'info' })
    expectEvent(issuer, 'device.denied', { reason: 'not_started', severity: 'high' })
    // Which node raises an alert is decided in the store, and nobody waits for that.
    await expect.poll(() => issuer.records.alerts.map(({ kind }) => kind)).toEqual(['device_not_started'])
    for (const begun of [denied, disowned]) expectRefusal(await issuer.poll(begun), 'access_denied')
    expect((await issuer.store.admin.verifyAudit()).brokenAt).toBeUndefined()
  })

  it('A-DEV-11 counts once, and a form of a request that is over says so', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const { browser, visit } = await issuer.enterCode(begun.userCode)
    await browser.submit(visit, 'decision-form', { decision: 'deny' })
    const again = await browser.submit(visit, 'decision-form', { decision: 'allow' })
    expect(again.answer.status).toBe(400)
    expect(again.answer.text).toContain('<p id="problem">over</p>')
    expectRefusal(await issuer.poll(begun), 'access_denied')
    const late = await issuer.beginDevice()
    const open = await issuer.enterCode(late.userCode, { browser })
    issuer.clock.advance(600)
    expect((await browser.submit(open.visit, 'decision-form', { decision: 'allow' })).answer.status).toBe(400)
    expectRefusal(await issuer.poll(late), 'expired_token')
  })

  it('A-DEV-07 a form without a decision decides nothing', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const { browser, visit } = await issuer.enterCode(begun.userCode)
    for (const decision of ['', 'yes', 'ALLOW']) {
      const again = await browser.submit(visit, 'decision-form', { decision })
      expect(again.forms.map(({ id }) => id)).toEqual(['decision-form'])
    }
    expectRefusal(await issuer.poll(begun), 'authorization_pending')
  })

  it('DV-06 belongs to the session that entered the code', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const alice = await issuer.enterCode(begun.userCode)
    const bob = await signedIn(issuer, issuer.bob)
    const fields = alice.visit.forms[0]?.fields ?? {}
    for (const decision of ['allow', 'deny', 'disown']) {
      expectErrorPage(await bob.browser.post('/device', { ...fields, decision }), 'csrf', 403)
    }
    const [first] = eventsOf(issuer, 'csrf.rejected')
    expect(first?.detail['surface']).toBe('device')
    expect(eventsOf(issuer, 'csrf.rejected')).toHaveLength(3)
    // Entering the same code at his own browser does not help him either.
    const entered = await issuer.enterCode(begun.userCode, { browser: bob.browser })
    expect(entered.visit.answer.status).toBe(400)
    expectRefusal(await issuer.poll(begun), 'authorization_pending')
    await alice.browser.submit(alice.visit, 'decision-form', { decision: 'allow' })
    expectTokens(await issuer.poll(begun))
  })

  it('A-UI-06 no form works without its token, from another origin, or with the token of another request', async () => {
    const issuer = await deviceIssuer()
    const [one, two] = [await issuer.beginDevice(), await issuer.beginDevice()]
    const { browser, visit } = await issuer.enterCode(one.userCode)
    const other = await issuer.enterCode(two.userCode, { browser })
    const fields = { ...visit.forms[0]?.fields, decision: 'allow' }
    const post = (more: Record<string, string>, headers?: Record<string, string>) =>
      browser.post('/device', { ...fields, ...more }, headers)
    expectErrorPage(await post({ csrf: '' }), 'csrf', 403)
    expectErrorPage(await post({ csrf: other.visit.forms[0]?.fields['csrf'] ?? '' }), 'csrf', 403)
    expectErrorPage(await post({ user_code: two.userCode }), 'csrf', 403)
    expectErrorPage(await post({}, { origin: 'https://evil.test' }), 'csrf', 403)
    expectErrorPage(await post({}, { 'sec-fetch-site': 'cross-site' }), 'csrf', 403)
    const entry = await browser.open('/device')
    const stale = entry.forms[0]?.fields['csrf'] ?? ''
    expectErrorPage(await browser.post('/device', { user_code: two.userCode }), 'csrf', 403)
    await browser.submit(entry, 'device-form', { user_code: wrongCode })
    expectErrorPage(await browser.post('/device', { user_code: two.userCode, csrf: stale }), 'csrf', 403)
    for (const begun of [one, two]) expectRefusal(await issuer.poll(begun), 'authorization_pending')
  })

  it('B-CX-16 without offline access what the device got ends with the session, with it not', async () => {
    const issuer = await deviceIssuer()
    const [short, long] = [
      await issuer.beginDevice({ parameters: { scope: 'read' } }),
      await issuer.beginDevice({ parameters: { scope: 'offline_access read' } }),
    ]
    const browser = await issuer.answerDevice(short)
    await issuer.answerDevice(long, { browser })
    await browser.submit(await browser.open('/oauth2/logout'), 'logout-form')
    expectRefusal(await issuer.poll(short), 'invalid_grant')
    expectTokens(await issuer.poll(long))
  })

  it('A-REV-07 is taken back on the page of connected applications', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    await issuer.answerDevice(begun)
    const token = String((await issuer.poll(begun)).json['access_token'])
    expect(await issuer.isAlive(token)).toBe(true)
    await issuer.store.withdrawConsent(issuer.alice.subject, begun.client.id, issuer.clock.now(), [])
    expect(await issuer.isAlive(token)).toBe(false)
  })
})

describe('signing in for the page', () => {
  it('A-AUTHZ-14 works in the browser that began it, and once', async () => {
    const issuer = await deviceIssuer()
    const browser = issuer.browser()
    const login = await browser.open('/device')
    expectErrorPage(await issuer.browser().get(login.url), 'browser_binding', 403)
    const { username, password } = issuer.alice
    await browser.submit(login, 'login-form', { username, password })
    expectErrorPage(await browser.get(login.url), 'interaction_consumed')
    const id = new URL(login.url).searchParams.get('interaction') ?? ''
    expectErrorPage(await browser.get(`/oauth2/resume?interaction=${id}`), 'interaction_consumed')
  })

  it('A-AUTHZ-14 can be given up, and serves no page of an application', async () => {
    const issuer = await deviceIssuer()
    const browser = issuer.browser()
    const login = await browser.open('/device')
    const id = new URL(login.url).searchParams.get('interaction') ?? ''
    for (const page of ['consent', 'account-choice'])
      expectErrorPage(await browser.get(`/${page}?interaction=${id}`), 'interaction_unknown')
    const cancelled = await browser.submit(login, 'login-cancel-form', { decision: 'cancel' })
    expectErrorPage(cancelled.answer, 'user_denied', 403)
    expectErrorPage(await browser.get(login.url), 'interaction_consumed')
  })

  it('AR-01 the code of the link does not lie open in the meantime', async () => {
    const file = await openFile()
    const issuer = await deviceIssuer({ store: file.store })
    const { userCode } = await issuer.beginDevice()
    const login = await issuer.browser().open(`/device?user_code=${userCode}`)
    expect(login.forms[0]?.id).toBe('login-form')
    const dump = dumpOf(file.directory)
    expect(found(dump, [userCode, readUserCode(userCode) ?? ''])).toEqual([])
    await file.discard()
  })
})

describe('guessing', () => {
  it('A-DEV-05, DV-05 the sixth wrong code of a session waits, the right one too, with an event and an alert', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const { browser } = await signedIn(issuer)
    for (let attempt = 0; attempt < 5; attempt++)
      expect((await issuer.enterCode(wrongCode, { browser })).visit.answer.status).toBe(400)
    for (const code of [wrongCode, begun.userCode]) {
      const { answer } = (await issuer.enterCode(code, { browser })).visit
      expect(answer.status).toBe(429)
      expect(answer.headers['retry-after']).toBe('600')
    }
    expect(eventsOf(issuer, 'device.code.guess_limit').map(({ reason }) => reason)).toEqual(['session', 'session'])
    expect(issuer.records.alerts.map(({ kind }) => kind)).toEqual(['device_code_guessing'])
    issuer.clock.advance(600)
    expect((await issuer.enterCode(wrongCode, { browser })).visit.answer.status).toBe(400)
  })

  it('DV-05 signing in anew does not help: the account counts as well', async () => {
    const issuer = await deviceIssuer()
    for (let attempt = 0; attempt < 5; attempt++)
      expect((await issuer.enterCode(wrongCode)).visit.answer.status).toBe(400)
    expect((await issuer.enterCode(wrongCode)).visit.answer.status).toBe(429)
    expectEvent(issuer, 'device.code.guess_limit', { reason: 'account', subject: issuer.alice.subject })
    expect((await issuer.enterCode(wrongCode, { person: issuer.bob })).visit.answer.status).toBe(400)
  })

  it('DV-05 nor do many accounts of one network, and a right code in between resets nothing', async () => {
    const issuer = await deviceIssuer()
    for (let index = 0; index < 5; index++) {
      const person = await issuer.addPerson(`person${index}`)
      const { browser } = await signedIn(issuer, person)
      for (let attempt = 0; attempt < 4; attempt++)
        expect((await issuer.enterCode(wrongCode, { browser })).visit.answer.status).toBe(400)
      if (index < 4) await issuer.answerDevice(await issuer.beginDevice(), { browser })
    }
    expect((await issuer.enterCode(wrongCode, { person: issuer.bob })).visit.answer.status).toBe(429)
    expectEvent(issuer, 'device.code.guess_limit', { reason: 'network' })
    const elsewhere = issuer.browser({ remoteAddress: '203.0.113.1' })
    expect((await issuer.enterCode(wrongCode, { browser: elsewhere })).visit.answer.status).toBe(400)
  })

  it('DV-05 right codes alone never wait', async () => {
    const issuer = await deviceIssuer()
    const { browser } = await signedIn(issuer)
    for (let round = 0; round < 12; round++) await issuer.answerDevice(await issuer.beginDevice(), { browser })
    expect(eventsOf(issuer, 'device.code.guess_limit')).toEqual([])
  })

  it('DV-05 wrong codes at the same moment do not pass together', async () => {
    const issuer = await deviceIssuer()
    const { browser, entry } = await signedIn(issuer)
    const fields = entry.forms[0]?.fields ?? {}
    const posts = Array.from({ length: 40 }, () => browser.post('/device', { ...fields, user_code: wrongCode }))
    const statuses = (await Promise.all(posts)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 400)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(35)
  })
})

describe('alerts', () => {
  it('A-DEV-13 many codes asked for, and many let in from afar', async () => {
    const issuer = await deviceIssuer({ policy: { deviceRequestsPerNetwork: 50 } })
    const begun = []
    for (let index = 0; index < 10; index++) begun.push(await issuer.beginDevice())
    const { browser } = await signedIn(issuer)
    for (const device of begun.slice(0, 9)) await issuer.answerDevice(device, { browser })
    expect(issuer.records.alerts).toEqual([])
    for (const device of begun.slice(9)) await issuer.answerDevice(device, { browser })
    expectEvent(issuer, 'device.approved', { reason: 'many_from_afar', severity: 'medium' })
    for (let index = 0; index < 60; index++) await issuer.askDevice()
    const alerts = issuer.records.alerts.map(({ kind, clientId }) => `${kind} ${clientId}`)
    const { id } = issuer.clients.D
    expect(alerts).toEqual([`device_approvals_from_afar ${id}`, `device_codes_many ${id}`])
  })
})
