import type { Browser, TestIssuer, Visit } from '@sallyport/testing'
import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf } from '../fixtures.ts'
import { expectPageOf, newRealIssuer } from '../real-pages.ts'
import { later, networkOf, relyingParty } from './relying-party.ts'

const path = '/account/sessions'
const endForms = ({ forms }: Visit) => forms.filter(({ id }) => id?.startsWith('end-') && id !== 'end-others-form')

const isSignedIn = async (issuer: TestIssuer, browser: Browser): Promise<boolean> =>
  (await issuer.authorize({ browser, parameters: { scope: 'openid read', prompt: 'none' } })).code !== ''

/** Alice in three browsers and Bob in one, each with the application that hears of ended sessions. */
async function signedInOften() {
  const party = await relyingParty('shop.example')
  const issuer = await newRealIssuer({ outbound: networkOf(party) })
  const client = await issuer.changeClient(issuer.clients.K, {
    backchannelLogoutUri: party.logoutUri,
    backchannelLogoutSessionRequired: true,
    sessionRefreshTokens: true,
  })
  const signIn = async (person = issuer.alice) => {
    issuer.clock.advance(10)
    return issuer.codeFlow({ client, person, remember: true, parameters: { scope: 'openid read' } })
  }
  const flows = [await signIn(), await signIn(), await signIn()] as const
  return { party, issuer, flows, bob: await signIn(issuer.bob) }
}

describe('where a person is signed in', () => {
  it('B-LOG-16 each browser with its times and network, and nobody else', async () => {
    const { issuer, flows, bob } = await signedInOften()
    const { browser } = flows[0].authorized
    const visit = await browser.open(path)
    expect([visit.answer.status, endForms(visit).length]).toEqual([200, 2])
    expect(visit.answer.text).toContain('this browser')
    expect(visit.answer.text).toContain('192.0.2.10')
    expect(visit.answer.text.match(/Signed in January 15, 2027 at \d+:\d\d\sAM UTC\./g)).toHaveLength(3)
    expect(endForms(await bob.authorized.browser.open(path))).toHaveLength(0)
    const stranger = await issuer.browser().open(path)
    expect([stranger.answer.text.includes('Nobody is signed in'), stranger.forms]).toEqual([true, []])
  })

  it('B-LOG-16, B-LOG-11, B-LOG-10 one of them is ended from another, and its application hears of it', async () => {
    const { issuer, flows, party } = await signedInOften()
    const [here, newer, newest] = flows
    const visit = await here.authorized.browser.open(path)
    // The one that was used last stands first.
    const done = await here.authorized.browser.submit(visit, endForms(visit)[0]?.id ?? '')
    expect(done.hops.map(({ status }) => status)).toEqual([303, 200])
    expect(done.answer.text).toContain('Applications that were used there hear of it')
    expect(endForms(done)).toHaveLength(1)
    await later(issuer, 0)
    expect(party.told().map(({ sid }) => sid)).toEqual([decodeJwt(newest.idToken).claims['sid']])
    expect((await issuer.refresh(newest)).json['error']).toBe('invalid_grant')
    const alive = await Promise.all(flows.map(({ authorized }) => isSignedIn(issuer, authorized.browser)))
    expect(alive).toEqual([true, true, false])
    expect((await issuer.refresh(newer)).status).toBe(200)
    expect(eventsOf(issuer, 'session.ended')).toMatchObject([
      { reason: 'other_browser', subject: issuer.alice.subject },
    ])
  })

  it('B-LOG-16 all others at once', async () => {
    const { issuer, flows, bob, party } = await signedInOften()
    const { browser } = flows[1].authorized
    const done = await browser.submit(await browser.open(path), 'end-others-form')
    expect([endForms(done).length, done.answer.text.includes('signed in nowhere else')]).toEqual([0, true])
    await later(issuer, 0)
    expect(party.posts).toHaveLength(2)
    const alive = await Promise.all([...flows, bob].map(({ authorized }) => isSignedIn(issuer, authorized.browser)))
    expect(alive).toEqual([false, true, false, true])
  })

  it('A-UI-06, CS-01 a form works in its own browser, for its own session, and from our own page', async () => {
    const { issuer, flows, bob } = await signedInOften()
    const { browser } = flows[0].authorized
    const visit = await browser.open(path)
    const [fields = {}, others = {}] = [endForms(visit)[0], endForms(visit)[1]].map((form) => form?.fields)
    const bobs = (
      await issuer.store.admin.listSessions({ subject: issuer.bob.subject }, undefined, 9, issuer.clock.now())
    ).items[0]?.id
    const all = visit.forms.find(({ id }) => id === 'end-others-form')?.fields ?? {}
    const refused: readonly (readonly [Browser, Record<string, string>, Record<string, string>?])[] = [
      [browser, { ...fields, csrf: 'x' }],
      [browser, { ...fields, session: others['session'] ?? '' }],
      [browser, { ...fields, session: bobs ?? '' }],
      [browser, { csrf: fields['csrf'] ?? '' }],
      [browser, { ...all, session: fields['session'] ?? '' }],
      [browser, fields, { origin: 'https://evil.test' }],
      [browser, fields, { origin: 'null', 'sec-fetch-site': 'cross-site', cookie: browser.jar.header(true) ?? '' }],
      [flows[1].authorized.browser, fields],
      [bob.authorized.browser, fields],
      [issuer.browser(), fields],
      [issuer.browser(), all],
    ]
    for (const [by, sent, headers] of refused) expectPageOf(await by.post(path, sent, headers), 'csrf', 403)
    expect(eventsOf(issuer, 'session.ended')).toEqual([])
    expect((await browser.post(path, fields)).status).toBe(303)
    expectPageOf(await browser.post(path, fields), 'csrf', 403)
  })

  it('B-LOG-15 a session beyond its idle limit is not shown', async () => {
    const { issuer, flows } = await signedInOften()
    const { browser } = flows[0].authorized
    for (const _ of [1, 2]) {
      issuer.clock.advance(7 * 3600)
      expect(await isSignedIn(issuer, browser)).toBe(true)
    }
    expect(endForms(await browser.open(path))).toEqual([])
  })
})
