import { deepEqual, equal } from 'node:assert/strict'
import { exactlyOne, sizes, together, type ContractPart } from './assertions.ts'
import { family, ground } from './ground.ts'
import { event, later, start, unique } from './records.ts'

/** What ends access tokens. */
export const standingContract: ContractPart = ({ describe, it }, withStore) => {
  describe('tokenStands', () => {
    it(
      'A-INT-04 is true while token, authorization, person and client are in force',
      withStore(async (store) => {
        const on = await ground(store)
        const { authorization } = await family(store, on)
        const token = { jti: unique('jti'), authorizationId: authorization.id, clientId: on.client.id }
        equal(await store.tokenStands(token, start), true)
        equal(await store.tokenStands(token, authorization.expiresAt), false)
        equal(await store.tokenStands({ ...token, authorizationId: unique('authorization') }, start), false)
        equal(await store.tokenStands({ ...token, clientId: (await ground(store)).client.id }, start), false)
        await store.admin.updateClient({ ...on.client, version: 2, disabledAt: start }, [])
        equal(await store.tokenStands(token, start), false)
        await store.admin.updateClient({ ...on.client, version: 3 }, [])
        equal(await store.tokenStands(token, start), true)
        await store.setSubjectActive(on.session.subject, false, start, [])
        equal(await store.tokenStands(token, start), false)
        await store.setSubjectActive(on.session.subject, true, start, [])
        equal(await store.tokenStands(token, start), false)
      }),
    )
    it(
      'A-REV-05 is false for every token of a revoked authorization, and only one call ended it',
      withStore(async (store) => {
        const on = await ground(store)
        const { authorization } = await family(store, on)
        const answers = await together(64, () =>
          store.revokeAuthorization(authorization.id, 'client_request', later(1), [event()]),
        )
        exactlyOne(answers, (answer) => answer)
        equal(
          await store.tokenStands(
            { jti: unique('jti'), authorizationId: authorization.id, clientId: on.client.id },
            start,
          ),
          false,
        )
        equal(await store.revokeAuthorization(unique('authorization'), 'client_request', start, [event()]), false)
        equal((await sizes(store))['events'], 1)
        const page = await store.admin.listAuthorizations({ subject: on.session.subject }, undefined, 10)
        deepEqual(
          page.items.map(({ revokedAt, revokedReason }) => [revokedAt, revokedReason]),
          [[later(1), 'client_request']],
        )
      }),
    )
    it(
      'A-REV-06 is false for a single token on the deny list, however often it is put there',
      withStore(async (store) => {
        const on = await ground(store)
        const { authorization } = await family(store, on)
        const denied = { jti: unique('jti'), authorizationId: authorization.id, clientId: on.client.id }
        await together(8, () => store.denyAccessToken(denied.jti, later(300), [event()]))
        equal(await store.tokenStands(denied, start), false)
        equal(await store.tokenStands({ ...denied, jti: unique('jti') }, start), true)
        equal((await sizes(store))['events'], 1)
        await store.denyAccessToken(denied.jti, later(10), [])
        await store.sweep(later(299), 100)
        equal(await store.tokenStands(denied, start), false)
      }),
    )
    it(
      'A-INT-04 asks only for token and client where there is no person',
      withStore(async (store) => {
        const on = await ground(store)
        const token = { jti: unique('jti'), authorizationId: undefined, clientId: on.client.id }
        equal(await store.tokenStands(token, start), true)
        equal(await store.tokenStands({ ...token, clientId: unique('client') }, start), false)
        await store.denyAccessToken(token.jti, later(300), [])
        equal(await store.tokenStands(token, start), false)
      }),
    )
  })
}
