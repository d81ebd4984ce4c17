import { deepEqual, equal } from 'node:assert/strict'
import type { RefreshToken, Store } from '@sallyport/server/model'
import { exactlyOne, knownTokens, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { family, ground, records, refreshToken } from './ground.ts'
import { event, later, start, unique, user } from './records.ts'

const rotate = (store: Store, from: RefreshToken, to: RefreshToken): Promise<boolean> =>
  store.redeem({ kind: 'refresh_token', digest: from.digest }, records(to), start)

/** Rotation of refresh tokens and the end of families. */
export const refreshContract: ContractPart = ({ describe, it }, withStore) => {
  describe('redeem, for a refresh token', () => {
    it(
      'A-RT-13 finds a token with its family, and nothing under another digest',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        sameRecord(await store.findRefreshToken(token.digest), { token, state: 'current', authorization })
        const near = { ...token, digest: `${token.digest.slice(0, -1)}y` }
        equal(await store.findRefreshToken(near.digest), undefined)
        equal(await rotate(store, near, refreshToken(authorization, { sequence: 1 })), false)
      }),
    )
    it(
      'A-RT-05 lets one of 64 parallel rotations win; the rest write nothing',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const next = Array.from({ length: 64 }, () => refreshToken(authorization, { sequence: 1 }))
        const redemption = { kind: 'refresh_token', digest: token.digest } as const
        const answers = await together(64, (index) =>
          store.redeem(redemption, records(next[index], [event()]), later(5)),
        )
        const winner = exactlyOne(answers, (answer) => answer)
        deepEqual(await knownTokens(store, next), [next[winner]])
        equal((await sizes(store))['events'], 1)
        const spent = await store.findRefreshToken(token.digest)
        equal(spent?.state, 'rotated')
        equal(spent?.rotatedAt, later(5))
        equal(spent?.successor?.digest, next[winner]?.digest)
        equal(spent?.successor?.state, 'current')
      }),
    )
    it(
      'RT-02 leaves one live member however often a family rotates',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const members = [token]
        for (let sequence = 1; sequence <= 5; sequence++) {
          const [from] = members.slice(-1)
          const tries = Array.from({ length: 8 }, () => refreshToken(authorization, { sequence }))
          const answers = await together(8, (index) => rotate(store, from ?? token, tries[index] ?? token))
          members.push(tries[exactlyOne(answers, (answer) => answer)] ?? token)
        }
        const views = await Promise.all(members.map(({ digest }) => store.findRefreshToken(digest)))
        deepEqual(
          views.map((view) => view?.state),
          [...Array<string>(5).fill('rotated'), 'current'],
        )
      }),
    )
    it(
      'RT-04 keeps the sealed answer beside the successor',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const sealedAnswer = new Uint8Array([7, 0, 255, 9])
        const next = refreshToken(authorization, { sequence: 1, sealedAnswer })
        equal(await rotate(store, token, next), true)
        sealedAnswer.fill(0)
        const answer = (await store.findRefreshToken(token.digest))?.successor?.sealedAnswer
        deepEqual([...(answer ?? [])], [7, 0, 255, 9])
      }),
    )
    it(
      'RT-07 forgets the sealed answer in the same write in which the successor is used',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const next = refreshToken(authorization, { sequence: 1, sealedAnswer: new Uint8Array([1]) })
        const third = refreshToken(authorization, { sequence: 2 })
        await rotate(store, token, next)
        await rotate(store, next, third)
        const view = await store.findRefreshToken(token.digest)
        sameRecord(view?.successor, { digest: next.digest, state: 'rotated' })
      }),
    )
    it(
      'RT-08 forgets sealed answers once no grace can be left',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const next = refreshToken(authorization, { sequence: 1, sealedAnswer: new Uint8Array([1]) })
        await rotate(store, token, next)
        await store.sweep(later(30), 1000)
        equal((await store.findRefreshToken(token.digest))?.successor?.sealedAnswer?.length, 1)
        await store.sweep(later(31), 1000)
        sameRecord((await store.findRefreshToken(token.digest))?.successor, { digest: next.digest, state: 'current' })
      }),
    )
    it(
      'A-RT-02 spends a token without a successor where none is issued',
      withStore(async (store) => {
        const { token } = await family(store, await ground(store))
        equal(await store.redeem({ kind: 'refresh_token', digest: token.digest }, records(undefined), start), true)
        const view = await store.findRefreshToken(token.digest)
        equal(view?.state, 'rotated')
        equal(view?.successor, undefined)
      }),
    )
    it(
      'B-CX-04, B-FAPI-05 uses a token that is kept as often as it stands, and it never goes idle sooner',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const use = (idleExpiresAt: typeof start, of = token) =>
          store.redeem({ kind: 'kept_refresh_token', digest: of.digest, idleExpiresAt }, records(undefined), start)
        const idle = async (): Promise<unknown> => (await store.findRefreshToken(token.digest))?.token.idleExpiresAt
        const answers = await together(8, (index) => use(later(10_000_000 + index)))
        deepEqual(answers, Array<boolean>(8).fill(true))
        equal(await idle(), later(10_000_007))
        equal(await use(later(1)), true)
        equal(await idle(), later(10_000_007))
        equal((await store.findRefreshToken(token.digest))?.state, 'current')
        equal(await use(later(1), { ...token, digest: unique('digest') }), false)
        // What was spent before stays spent, and what was revoked is over.
        const next = refreshToken(authorization, { sequence: 1, sealedAnswer: new Uint8Array([1]) })
        equal(await rotate(store, token, next), true)
        equal(await use(later(2)), false)
        equal(await use(later(2), next), true)
        equal((await store.findRefreshToken(token.digest))?.successor?.sealedAnswer, undefined)
        equal(await store.revokeAuthorization(authorization.id, 'refresh_reuse', later(1), []), true)
        equal(await use(later(3), next), false)
      }),
    )
    it(
      'A-RT-14 keeps the old token when the new one cannot be stored',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const orphan = refreshToken({ ...authorization, id: unique('authorization') }, { sequence: 1 })
        const outcome = await Promise.allSettled([rotate(store, token, orphan)])
        equal(outcome[0].status, 'rejected')
        equal((await store.findRefreshToken(token.digest))?.state, 'current')
        equal(await rotate(store, token, refreshToken(authorization, { sequence: 1 })), true)
      }),
    )
    it(
      'A-RT-03 refuses every member of a revoked family',
      withStore(async (store) => {
        const { token, authorization } = await family(store, await ground(store))
        const next = refreshToken(authorization, { sequence: 1 })
        await rotate(store, token, next)
        equal(await store.revokeAuthorization(authorization.id, 'refresh_reuse', later(1), []), true)
        for (const member of [token, next]) {
          equal(await rotate(store, member, refreshToken(authorization, { sequence: 2 })), false)
          equal((await store.findRefreshToken(member.digest))?.ended, 'authorization_revoked')
        }
      }),
    )
    it(
      'A-RT-05 decides between rotation and revocation in the same moment so that nothing lives on',
      withStore(async (store) => {
        const on = await ground(store)
        for (let round = 0; round < 20; round++) {
          const { token, authorization } = await family(store, on)
          const next = refreshToken(authorization, { sequence: 1 })
          const calls = [
            () => rotate(store, token, next),
            () => store.revokeAuthorization(authorization.id, 'refresh_reuse', start, []),
          ]
          await Promise.all((round % 2 === 0 ? calls : calls.reverse()).map((call) => call()))
          equal(await rotate(store, next, refreshToken(authorization, { sequence: 2 })), false)
          equal(await rotate(store, token, refreshToken(authorization, { sequence: 2 })), false)
        }
      }),
    )
    it(
      'RT-12 ends families when the person is disabled, and enabling revives none',
      withStore(async (store) => {
        const on = await ground(store)
        const { token, authorization } = await family(store, on)
        await store.setSubjectActive(on.session.subject, false, later(1), [event()])
        equal(await store.subjectActive(on.session.subject), false)
        equal((await store.findRefreshToken(token.digest))?.ended, 'subject_inactive')
        equal(await rotate(store, token, refreshToken(authorization, { sequence: 1 })), false)
        await store.setSubjectActive(on.session.subject, true, later(2), [event()])
        equal(await store.subjectActive(on.session.subject), true)
        equal((await store.findRefreshToken(token.digest))?.ended, 'subject_inactive')
        equal(await rotate(store, token, refreshToken(authorization, { sequence: 1 })), false)
        equal((await sizes(store))['events'], 2)
      }),
    )
    it(
      'A-RT-12 refuses when the person came into the store disabled',
      withStore(async (store) => {
        const on = await ground(store)
        const { token, authorization } = await family(store, on)
        await store.accounts.createUser(user({ id: on.session.subject, disabledAt: start }))
        equal((await store.findRefreshToken(token.digest))?.ended, 'subject_inactive')
        equal(await rotate(store, token, refreshToken(authorization, { sequence: 1 })), false)
        const access = { jti: unique('jti'), authorizationId: authorization.id, clientId: on.client.id }
        equal(await store.tokenStands(access, start), false)
      }),
    )
    it(
      'RT-17 ends families of the person with the client when the agreement is withdrawn',
      withStore(async (store) => {
        const on = await ground(store)
        const other = await ground(store)
        const { token, authorization } = await family(store, on)
        const kept = await family(store, { client: other.client, session: on.session })
        equal(await store.withdrawConsent(on.session.subject, on.client.id, later(1), [event()]), true)
        equal(await store.withdrawConsent(on.session.subject, on.client.id, later(1), [event()]), false)
        equal(await rotate(store, token, refreshToken(authorization, { sequence: 1 })), false)
        equal(await rotate(store, kept.token, refreshToken(kept.authorization, { sequence: 1 })), true)
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'RT-18 ends everything of a person at once after a change of credentials',
      withStore(async (store) => {
        const on = await ground(store)
        const { token, authorization } = await family(store, on)
        await store.endSubject(on.session.subject, 'credential_change', later(1), [event()])
        equal(await store.findSession(on.session.digest, start), undefined)
        equal((await store.findRefreshToken(token.digest))?.ended, 'authorization_revoked')
        equal(await rotate(store, token, refreshToken(authorization, { sequence: 1 })), false)
        equal(await store.subjectActive(on.session.subject), true)
      }),
    )
    it(
      'A-CC-02 answers for a grant that redeems nothing, and stores what events come with it',
      withStore(async (store) => {
        equal(await store.redeem({ kind: 'none' }, records(undefined), start), true)
        equal(await store.redeem({ kind: 'none' }, records(undefined, [event()]), start), true)
        equal((await sizes(store))['events'], 1)
      }),
    )
  })
}
