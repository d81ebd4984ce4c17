import { equal, notEqual } from 'node:assert/strict'
import { retention } from '@sallyport/server/model'
import { sameRecord, sizes, type ContractPart } from './assertions.ts'
import { family, ground, issue, records, refreshToken } from './ground.ts'
import { consent, event, interaction, later, session, start, unique } from './records.ts'

const day = 86_400

/** What is over goes; what a decision may still need stays. */
export const sweepContract: ContractPart = ({ describe, it }, withStore) => {
  describe('sweep', () => {
    it(
      'FT-21 removes no row that is in use',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on, { consent: consent(on.session.subject, on.client.id) })
        await store.issueCode(issued, start)
        const { token } = await family(store, on)
        const open = interaction(on.client.id)
        await store.saveInteraction(open)
        await store.denyAccessToken('denied', later(300), [event()])
        await store.rememberOnce('mark', later(300), start)
        await store.count('counter', 300, start)
        const before = await sizes(store)
        const swept = await store.sweep(later(59), 1000)
        equal(
          Object.values(swept).every((count) => count === 0),
          true,
        )
        sameRecord(await sizes(store), before)
        equal((await store.findAuthorizationCode(issued.code.digest))?.state, 'issued')
        equal((await store.findRefreshToken(token.digest))?.state, 'current')
        sameRecord(await store.findInteraction(open.digest, later(59)), open)
        equal(await store.rememberOnce('mark', later(300), later(59)), false)
        equal(await store.count('counter', 300, later(59)), 2)
        notEqual(await store.findConsent(on.session.subject, on.client.id, later(59)), undefined)
      }),
    )
    it(
      'FT-21 removes what has expired, a bounded number at a time',
      withStore(async (store) => {
        for (let index = 0; index < 7; index++) {
          await store.saveInteraction(interaction('client', { expiresAt: later(index) }))
          await store.startSession(session({ expiresAt: later(index) }), undefined, [])
          await store.rememberOnce(unique('mark'), later(index), start)
          await store.count(unique('counter'), index, start)
          await store.denyAccessToken(unique('jti'), later(index), [])
        }
        const names = ['interactions', 'sessions', 'once_marks', 'counters', 'denied_tokens']
        const now = later(3 + retention.session)
        const first = await store.sweep(now, 3)
        for (const name of names) equal(first[name], 3, name)
        const second = await store.sweep(now, 3)
        equal(second['interactions'], 3)
        equal(second['sessions'], 1)
        const third = await store.sweep(now, 3)
        equal(third['interactions'], 1)
        equal(third['sessions'], 0)
      }),
    )
    it(
      'CO-05 removes a code that was never redeemed after its memory, and an expired one looks the same before',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on)
        await store.issueCode(issued, start)
        await store.sweep(later(retention.code - 1), 1000)
        equal((await store.findAuthorizationCode(issued.code.digest))?.state, 'issued')
        equal((await store.sweep(later(retention.code), 1000))['authorizations'], 1)
        equal(await store.findAuthorizationCode(issued.code.digest), undefined)
        equal(await store.challengeUsed(on.client.id, issued.code.codeChallenge ?? ''), false)
        equal((await sizes(store))['authorizations'], 0)
      }),
    )
    it(
      'A-RT-03 keeps a family and its redeemed code until the authorization is over, so that reuse is noticed to the end',
      withStore(async (store) => {
        const on = await ground(store)
        const { authorization, code, token } = await family(store, on)
        const next = refreshToken(authorization, { sequence: 1 })
        await store.redeem({ kind: 'refresh_token', digest: token.digest }, records(next), start)
        await store.sweep(later(40 * day - 1), 1000)
        equal((await store.findRefreshToken(token.digest))?.state, 'rotated')
        equal((await store.findAuthorizationCode(code.digest))?.state, 'redeemed')
        await store.sweep(later(40 * day), 1000)
        equal(await store.findAuthorizationCode(code.digest), undefined)
        equal(await store.findRefreshToken(token.digest), undefined)
        equal((await store.sweep(later(42 * day), 1000))['authorizations'], 0)
        equal(await store.findRefreshToken(next.digest), undefined)
        equal(
          await store.tokenStands({ jti: 'j', authorizationId: authorization.id, clientId: on.client.id }, start),
          false,
        )
      }),
    )
    it(
      'A-REV-07 keeps a revoked authorization for the lists until it is over',
      withStore(async (store) => {
        const on = await ground(store)
        const { authorization } = await family(store, on)
        await store.revokeAuthorization(authorization.id, 'administrator', start, [])
        await store.sweep(later(40 * day - 1), 1000)
        equal((await sizes(store))['authorizations'], 1)
      }),
    )
    it(
      'AR-08 keeps events for ninety days',
      withStore(async (store) => {
        await store.appendEvents([event(), event({ ts: later(day) })])
        equal((await store.sweep(later(90 * day - 1), 1000))['events'], 0)
        equal((await store.sweep(later(90 * day), 1000))['events'], 1)
        equal((await sizes(store))['events'], 1)
      }),
    )
  })
}
