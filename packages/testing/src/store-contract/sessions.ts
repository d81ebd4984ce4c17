import { deepEqual, equal } from 'node:assert/strict'
import { exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { family, ground, issue, records, refreshToken } from './ground.ts'
import { consent, digest, event, interaction, later, session, start, unique } from './records.ts'

/** Signed-in browsers and what ends with them. */
export const sessionContract: ContractPart = ({ describe, it }, withStore) => {
  describe('sessions', () => {
    it(
      'B-LOG-15 keeps a session until it expires and notes its use',
      withStore(async (store) => {
        const one = session()
        await store.startSession(one, undefined, [event()])
        sameRecord(await store.findSession(one.digest, start), { session: one, subjectActive: true })
        await store.touchSession(one.id, later(100))
        await store.touchSession(one.id, later(50))
        await store.touchSession(unique('session'), later(50))
        sameRecord((await store.findSession(one.digest, start))?.session, { ...one, seenAt: later(100) })
        equal(await store.findSession(one.digest, one.expiresAt), undefined)
        equal(await store.findSession(digest(), start), undefined)
      }),
    )
    it(
      'CS-09 gives a person who signs in again a new handle and lets the old one die',
      withStore(async (store) => {
        const on = await ground(store)
        const { authorization, token } = await family(store, on, { authorization: { offline: false } })
        const renewed = { ...on.session, digest: digest() }
        await store.startSession(renewed, on.session.id, [])
        equal(await store.findSession(on.session.digest, start), undefined)
        sameRecord((await store.findSession(renewed.digest, start))?.session, renewed)
        const next = refreshToken(authorization, { sequence: 1 })
        equal(await store.redeem({ kind: 'refresh_token', digest: token.digest }, records(next), start), true)
        equal((await sizes(store))['sessions'], 1)
      }),
    )
    it(
      'A-UI-07 gives a session that was raised a new handle once, and never one that has ended',
      withStore(async (store) => {
        const on = await ground(store)
        const raised = () => ({
          ...on.session,
          digest: digest(),
          authentication: { time: start, acr: 'x', amr: ['otp'] },
        })
        const tried = Array.from({ length: 16 }, raised)
        const answers = await together(16, (index) =>
          store.raiseSession(tried[index] ?? on.session, on.session.digest, [event()]),
        )
        const winner = tried[exactlyOne(answers, (answer) => answer)] ?? on.session
        equal(await store.findSession(on.session.digest, start), undefined)
        sameRecord((await store.findSession(winner.digest, start))?.session, winner)
        equal((await sizes(store))['events'], 1)
        await store.endSession(winner.id, start, [])
        equal(await store.raiseSession(raised(), winner.digest, [event()]), false)
        deepEqual(await sizes(store), { clients: 1, sessions: 0, authorizations: 0, events: 1 })
      }),
    )
    it(
      'CS-16 lets a code live on whose session row was replaced by that of another sign-in',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on)
        await store.issueCode(issued, start)
        await store.startSession(session(), on.session.id, [])
        equal(await store.findSession(on.session.digest, start), undefined)
        equal(
          await store.redeem({ kind: 'authorization_code', digest: issued.code.digest }, records(undefined), start),
          true,
        )
      }),
    )
    it(
      'B-LOG-07 ends the session, its requests and its unredeemed codes',
      withStore(async (store) => {
        const on = await ground(store)
        const [issued, stranger] = [issue(on), issue(await ground(store))]
        await store.issueCode(issued, start)
        await store.issueCode(stranger, start)
        const mine = interaction(on.client.id, { loginSessionId: on.session.id })
        const other = interaction(on.client.id)
        await store.saveInteraction(mine)
        await store.saveInteraction(other)
        const answers = await together(8, () => store.endSession(on.session.id, start, [event()]))
        exactlyOne(answers, (answer) => answer)
        equal(await store.findSession(on.session.digest, start), undefined)
        equal(await store.findInteraction(mine.digest, start), undefined)
        sameRecord(await store.findInteraction(other.digest, start), other)
        const view = await store.findAuthorizationCode(issued.code.digest)
        equal(view === undefined || view.state === 'destroyed' || view.ended !== undefined, true)
        equal(
          await store.redeem({ kind: 'authorization_code', digest: issued.code.digest }, records(undefined), start),
          false,
        )
        equal(
          await store.redeem({ kind: 'authorization_code', digest: stranger.code.digest }, records(undefined), start),
          true,
        )
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'B-LOG-11, A-RT-11 ends families with the session unless they are offline and of no browser-based client',
      withStore(async (store) => {
        const on = await ground(store)
        const spa = {
          client: (await ground(store, { type: 'spa', authenticationMethod: 'none' })).client,
          session: on.session,
        }
        const bound = await family(store, on, { authorization: { offline: false } })
        const offline = await family(store, on)
        const browser = await family(store, spa)
        equal(await store.endSession(on.session.id, later(1), []), true)
        const ended = await Promise.all(
          [bound, offline, browser].map(({ token }) => store.findRefreshToken(token.digest)),
        )
        deepEqual(
          ended.map((view) => view?.ended),
          ['session_ended', undefined, 'session_ended'],
        )
        for (const [of, lives] of [
          [bound, false],
          [offline, true],
          [browser, false],
        ] as const) {
          const next = refreshToken(of.authorization, { sequence: 1 })
          equal(await store.redeem({ kind: 'refresh_token', digest: of.token.digest }, records(next), later(2)), lives)
        }
      }),
    )
    it(
      'RT-19 says of an unknown or expired session that it was not alive',
      withStore(async (store) => {
        const one = session()
        await store.startSession(one, undefined, [])
        equal(await store.endSession(unique('session'), start, [event()]), false)
        equal(await store.endSession(one.id, one.expiresAt, [event()]), false)
        equal((await sizes(store))['events'], 0)
      }),
    )
    it(
      'B-LOG-16 ends every session and request of a person who is disabled',
      withStore(async (store) => {
        const one = session()
        const two = session({ subject: one.subject })
        const other = session()
        for (const each of [one, two, other]) await store.startSession(each, undefined, [])
        const open = interaction('client', { loginSessionId: two.id })
        await store.saveInteraction(open)
        await together(4, () => store.setSubjectActive(one.subject, false, start, [event()]))
        for (const { digest: key } of [one, two]) equal(await store.findSession(key, start), undefined)
        equal(await store.findInteraction(open.digest, start), undefined)
        equal((await store.findSession(other.digest, start))?.subjectActive, true)
        await store.startSession(one, undefined, [])
        equal((await store.findSession(one.digest, start))?.subjectActive, false)
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'B-LOG-16 counts people it never heard of as active',
      withStore(async (store) => {
        equal(await store.subjectActive(unique('stranger')), true)
        await store.setSubjectActive(unique('stranger'), true, start, [event()])
        equal((await sizes(store))['events'], 0)
      }),
    )
    it(
      'CS-06 forgets an agreement and says whether there was one',
      withStore(async (store) => {
        const agreed = consent(unique('user'), unique('client'))
        const on = await ground(store)
        await store.issueCode(issue(on, { consent: agreed }), start)
        deepEqual(await store.listConsents(agreed.subject, start), [agreed])
        deepEqual(await store.listConsents('somebody else', start), [])
        deepEqual(await store.listConsents(agreed.subject, agreed.expiresAt), [])
        equal(await store.withdrawConsent(agreed.subject, agreed.clientId, start, []), true)
        deepEqual(await store.listConsents(agreed.subject, start), [])
        equal(await store.findConsent(agreed.subject, agreed.clientId, start), undefined)
        equal(await store.withdrawConsent(agreed.subject, agreed.clientId, start, []), false)
      }),
    )
  })
}
