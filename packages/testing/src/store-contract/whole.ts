import { equal, notEqual, rejects } from 'node:assert/strict'
import { StoreUnavailable, type Store } from '@sallyport/server/model'
import { sameRecord, sizes, type ContractPart } from './assertions.ts'
import { family, ground, issue, records, refreshToken } from './ground.ts'
import { event, start } from './records.ts'

/** What is stored belongs to the store: nobody can reach it from outside. */
export const aliasContract: ContractPart = ({ describe, it }, withStore) => {
  describe('records', () => {
    it(
      'A-AUTHZ-15 are not shared with whoever gave or got them',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on, { events: [event()] })
        await store.issueCode(issued, start)
        const expected = structuredClone(issued.authorization)
        try {
          Object.assign(issued.authorization, { subject: 'somebody else', offline: false })
        } catch {
          // A frozen record is as good.
        }
        const view = await store.findAuthorizationCode(issued.code.digest)
        sameRecord(view?.authorization, expected)
        try {
          Object.assign(view?.authorization ?? {}, { subject: 'somebody else' })
        } catch {
          // As above.
        }
        sameRecord((await store.findAuthorizationCode(issued.code.digest))?.authorization, expected)
      }),
    )
  })
}

/** What a durable store keeps when it is closed and opened again. */
export const reopenContract =
  (reopen: (store: Store) => Promise<Store>): ContractPart =>
  ({ describe, it }, withStore) => {
    describe('a store that is opened again', () => {
      it(
        'FT-03 has everything that was acknowledged',
        withStore(async (store) => {
          const on = await ground(store)
          const { authorization, code, token } = await family(store, on, { events: [event()] })
          const next = refreshToken(authorization, { sequence: 1, sealedAnswer: new Uint8Array([5]) })
          await store.redeem({ kind: 'refresh_token', digest: token.digest }, records(next), start)
          const before = await sizes(store)
          const again = await reopen(store)
          try {
            sameRecord(await sizes(again), before)
            equal((await again.findAuthorizationCode(code.digest))?.state, 'redeemed')
            equal((await again.findRefreshToken(token.digest))?.successor?.digest, next.digest)
            equal(
              await again.redeem({ kind: 'authorization_code', digest: code.digest }, records(undefined), start),
              false,
            )
            equal(await again.redeem({ kind: 'refresh_token', digest: token.digest }, records(undefined), start), false)
            notEqual(await again.findSession(on.session.digest, start), undefined)
          } finally {
            await again.close()
          }
        }),
      )
      it(
        'FT-16 finishes what was asked before it closed and refuses what comes after',
        withStore(async (store) => {
          const asked = Array.from({ length: 20 }, () => event())
          const writes = asked.map((each) => store.appendEvents([each]))
          await store.close()
          await Promise.all(writes)
          await rejects(store.appendEvents([event()]), StoreUnavailable)
          await rejects(store.findClient('client'), StoreUnavailable)
          const again = await reopen(store)
          equal((await sizes(again))['events'], 20)
          await again.close()
        }),
      )
    })
  }
