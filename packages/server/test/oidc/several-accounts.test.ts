import { decodeJwt, type Browser, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack } from '../fixtures.ts'
import { expectPageOf, newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const plain = { scope: 'openid read' }
const choose = { ...plain, prompt: 'select_account' }
const silent = { ...plain, prompt: 'none' }
const aside = '__Host-sallyport-accounts'

type People = { readonly issuer: TestIssuer; readonly browser: Browser }

/** Alice signs in, and bob beside her, through the account page. Bob is in use then. */
async function twoAccounts(): Promise<People & { readonly hints: Record<'alice' | 'bob', string> }> {
  const issuer = await newRealIssuer()
  const alice = await issuer.codeFlow({ remember: true, parameters: plain })
  const { browser } = alice.authorized
  const begun = await issuer.begin({ browser, parameters: choose })
  const visit = await browser.submit(begun.visit, 'account-form', { decision: 'other' })
  expect(placeOf(visit)).toBe('login')
  const second = await issuer.finish({ ...begun, visit }, { person: issuer.bob, remember: true })
  const bob = String((await issuer.redeem(second)).json['id_token'])
  return { issuer, browser, hints: { alice: alice.idToken, bob } }
}

const subjectOf = async (issuer: TestIssuer, authorized: Parameters<TestIssuer['redeem']>[0]): Promise<unknown> =>
  decodeJwt(String((await issuer.redeem(authorized)).json['id_token'])).claims['sub']

/** The session ids that the account page offers beside the account in use. */
const offered = (page: string): string[] =>
  [...page.matchAll(/name="account" value="([^"]+)"/g)].map(([, id]) => id ?? '')

describe('several accounts at one browser', () => {
  it('B-OIDC-14 two sessions: the second is picked, and sub changes', async () => {
    const { issuer, browser } = await twoAccounts()
    expect(eventsOf(issuer, 'session.ended')).toHaveLength(0)
    const begun = await issuer.begin({ browser, parameters: choose })
    const [alice = ''] = offered(begun.visit.answer.text)
    const visit = await browser.submit(begun.visit, 'account-form', { account: alice })
    expect(await subjectOf(issuer, await issuer.finish({ ...begun, visit }))).toBe(issuer.alice.subject)
    // She is in use from now on, and bob stands aside.
    const kept = await issuer.finish(await issuer.begin({ browser, parameters: choose }))
    expect(await subjectOf(issuer, kept)).toBe(issuer.alice.subject)
    expect(browser.jar.get(aside)).toMatch(/^[\w-]{43}$/)
  })

  it('B-OIDC-10 several sessions: account_selection_required, and nothing is shown', async () => {
    const { issuer, browser } = await twoAccounts()
    expectBack(await issuer.authorize({ browser, parameters: silent }), 'account_selection_required')
  })

  it('B-OIDC-10 the hint of one of them settles it, whoever is in use', async () => {
    const { issuer, browser, hints } = await twoAccounts()
    for (const name of ['alice', 'bob', 'alice'] as const) {
      const answer = await issuer.authorize({ browser, parameters: { ...silent, id_token_hint: hints[name] } })
      expect(await subjectOf(issuer, answer)).toBe(issuer[name].subject)
    }
  })

  it('B-OIDC-14 an account of another browser cannot be taken, not even by the id of its session', async () => {
    const { issuer, browser } = await twoAccounts()
    const stranger = await issuer.begin({ browser, parameters: choose })
    const [id = ''] = offered(stranger.visit.answer.text)
    const own = await signedIn(issuer, { person: issuer.bob, parameters: plain })
    const begun = await issuer.begin({ browser: own.browser, parameters: choose })
    const page = await own.browser.submit(begun.visit, 'account-form', { account: id })
    expect(page.answer.status).toBe(400)
    expect(placeOf(page)).toBe('account')
  })

  it('CS-02 the choice needs the token of its own page', async () => {
    const { issuer, browser } = await twoAccounts()
    const begun = await issuer.begin({ browser, parameters: choose })
    const account = offered(begun.visit.answer.text)[0] ?? ''
    const fields = { ...begun.visit.forms[0]?.fields, csrf: 'x'.repeat(43), account }
    expect((await browser.post('/account-choice', fields)).status).toBe(403)
  })

  it('B-OIDC-12 prompt=login signs in again and asks for no choice first', async () => {
    const { issuer, browser } = await twoAccounts()
    const begun = await issuer.begin({ browser, parameters: { ...plain, prompt: 'login' } })
    expect(placeOf(begun.visit)).toBe('login')
    const before = browser.jar.get(aside)
    expect(await subjectOf(issuer, await issuer.finish(begun, { person: issuer.alice }))).toBe(issuer.alice.subject)
    // Alice is in use now and bob stands aside: each of them once.
    expect(browser.jar.get(aside)).not.toBe(before)
    const page = await issuer.begin({ browser, parameters: choose })
    expect(offered(page.visit.answer.text)).toHaveLength(1)
  })

  it('CS-12 the hint of one signs out that one alone', async () => {
    const { issuer, browser, hints } = await twoAccounts()
    await browser.open(`/oauth2/logout?id_token_hint=${hints.alice}`)
    expect(eventsOf(issuer, 'session.ended').map(({ subject }) => subject)).toEqual([issuer.alice.subject])
    expect(await subjectOf(issuer, await issuer.authorize({ browser, parameters: silent }))).toBe(issuer.bob.subject)
  })

  it('B-OIDC-14 when the account in use has left, the person says which of the others is meant', async () => {
    const { issuer, browser, hints } = await twoAccounts()
    await browser.open(`/oauth2/logout?id_token_hint=${hints.bob}`)
    expectBack(await issuer.authorize({ browser, parameters: silent }), 'account_selection_required')
    const begun = await issuer.begin({ browser, parameters: plain })
    expect(placeOf(begun.visit)).toBe('account')
    expect(begun.visit.answer.text).not.toContain('value="keep"')
    const visit = await browser.submit(begun.visit, 'account-form', {
      account: offered(begun.visit.answer.text)[0] ?? '',
    })
    expect(await subjectOf(issuer, await issuer.finish({ ...begun, visit }))).toBe(issuer.alice.subject)
  })

  it('B-LOG-02 the sign-out page of the server leaves nobody behind', async () => {
    const { issuer, browser } = await twoAccounts()
    const asked = await browser.open('/oauth2/logout')
    await browser.submit(asked, 'logout-form', { decision: 'logout' })
    expect(eventsOf(issuer, 'session.ended')).toHaveLength(2)
    expect([browser.jar.get(aside), browser.jar.get('__Host-sallyport-session')]).toEqual([undefined, undefined])
    expectBack(await issuer.authorize({ browser, parameters: silent }), 'login_required')
  })

  it('B-OIDC-14 five people at most; the session that stood aside longest ends', async () => {
    const { issuer, browser } = await twoAccounts()
    for (let n = 3; n <= 6; n++) {
      const person = await issuer.addPerson(`person${n}`)
      const begun = await issuer.begin({ browser, parameters: choose })
      const visit = await browser.submit(begun.visit, 'account-form', { decision: 'other' })
      await issuer.finish({ ...begun, visit }, { person })
    }
    expect(browser.jar.get(aside)?.split('.')).toHaveLength(4)
    expect(eventsOf(issuer, 'session.ended', 'other_account').map(({ subject }) => subject)).toEqual([
      issuer.alice.subject,
    ])
  })

  it('CS-15 a cookie that is not as the server writes it counts as none', async () => {
    const { issuer, browser, hints } = await twoAccounts()
    const handle = browser.jar.get(aside) ?? ''
    for (const value of ['x', `${handle}.`, `${handle}.x`, Array(5).fill(handle).join('.'), 'A'.repeat(43)]) {
      browser.jar.set(aside, value)
      expect(await subjectOf(issuer, await issuer.authorize({ browser, parameters: silent }))).toBe(issuer.bob.subject)
    }
    const answer = await issuer.authorize({ browser, parameters: { ...silent, id_token_hint: hints.alice } })
    expectBack(answer, 'login_required')
  })

  it('B-OIDC-14 the choice has to be made: an unknown button asks again', async () => {
    const { issuer, browser } = await twoAccounts()
    const begun = await issuer.begin({ browser, parameters: choose })
    const page = await browser.submit(begun.visit, 'account-form', { decision: 'x' })
    expect(page.answer.status).toBe(400)
    expectPageOf(await browser.get('/account-choice?interaction=none'), 'interaction_unknown')
  })
})
