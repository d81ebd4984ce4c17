import { deepEqual, equal } from 'node:assert/strict'
import { numericDate } from '@sallyport/protocol'
import type { OpaqueAccessToken, Store } from '@sallyport/server/model'
import { exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { family, ground, issue, records, type Ground } from './ground.ts'
import { digest, event, later, start, unique } from './records.ts'

const token = (clientId: string, authorizationId?: string, delta = 300): OpaqueAccessToken => ({
  digest: digest(),
  authorizationId,
  claims: {
    iss: 'https://as.test',
    sub: 'somebody',
    aud: 'https://rs1.test',
    client_id: clientId,
    iat: numericDate(start),
    exp: numericDate(later(delta)),
    jti: unique('jti'),
    scope: 'read',
    amr: ['pwd'],
  },
})

const bare = { kind: 'none' } as const
const withToken = (accessToken: OpaqueAccessToken) => ({ ...records(undefined), accessToken })

/** A family with one access token that is a handle, issued with the code. */
async function issued(store: Store, on: Ground) {
  const made = issue(on)
  const access = token(on.client.id, made.authorization.id)
  await store.issueCode(made, start)
  const code = { kind: 'authorization_code', digest: made.code.digest } as const
  equal(await store.redeem(code, withToken(access), start), true)
  return { ...made, access }
}

/** Access tokens that are handles: written with their answer or not at all, and dead with what they hang on. */
export const accessTokenContract: ContractPart = ({ describe, it }, withStore) => {
  describe('opaque access tokens', () => {
    it(
      'A-CODE-02 writes the token of the one redemption that wins, and of no other',
      withStore(async (store) => {
        const on = await ground(store)
        const made = issue(on)
        await store.issueCode(made, start)
        const tokens = Array.from({ length: 8 }, () => token(on.client.id, made.authorization.id))
        const code = { kind: 'authorization_code', digest: made.code.digest } as const
        const won = await together(8, async (index) => {
          const one = tokens[index] ?? token(on.client.id)
          return (await store.redeem(code, withToken(one), start)) ? one : undefined
        })
        exactlyOne(won, (one) => one !== undefined)
        const found = await Promise.all(tokens.map((one) => store.accessTokens.find(one.digest, start)))
        deepEqual(
          found.map((view) => view !== undefined),
          won.map((one) => one !== undefined),
        )
        sameRecord(
          found.find((view) => view !== undefined)?.token,
          won.find((one) => one !== undefined),
        )
      }),
    )
    it(
      'A-INT-04 tells that a token is over with its time, authorization, person or client',
      withStore(async (store) => {
        const standing = async (digest: string, delta = 1) =>
          (await store.accessTokens.find(digest, later(delta)))?.stands
        const one = await issued(store, await ground(store))
        equal(await standing(one.access.digest, 299), true)
        equal(await standing(one.access.digest, 300), undefined)
        equal(await standing(digest()), undefined)
        await store.revokeAuthorization(one.authorization.id, 'code_replay', start, [])
        equal(await standing(one.access.digest), false)
        const two = await issued(store, await ground(store))
        await store.setSubjectActive(two.authorization.subject, false, start, [])
        equal(await standing(two.access.digest), false)
        const on = await ground(store)
        const three = await issued(store, on)
        await store.admin.updateClient({ ...on.client, version: 2, disabledAt: start }, [])
        equal(await standing(three.access.digest), false)
      }),
    )
    it(
      'A-CC-01 keeps the token of a client for itself until the client is disabled or gone',
      withStore(async (store) => {
        const on = await ground(store)
        const own = token(on.client.id)
        equal(await store.redeem(bare, withToken(own), start), true)
        sameRecord(await store.accessTokens.find(own.digest, start), { token: own, stands: true })
        await store.admin.deleteClient(on.client.id, start, [])
        equal((await store.accessTokens.find(own.digest, start))?.stands, false)
      }),
    )
    it(
      'A-REV-05 ends one token once, and nothing beside it',
      withStore(async (store) => {
        const on = await ground(store)
        const { token: refresh, authorization } = await family(store, on)
        const [one, other] = [token(on.client.id, authorization.id), token(on.client.id, authorization.id)]
        await store.redeem(bare, withToken(one), start)
        await store.redeem(bare, withToken(other), start)
        exactlyOne(await together(8, () => store.accessTokens.revoke(one.digest, [event()])), Boolean)
        equal(await store.accessTokens.find(one.digest, start), undefined)
        equal((await store.accessTokens.find(other.digest, start))?.stands, true)
        equal((await store.findRefreshToken(refresh.digest))?.ended, undefined)
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'AR-08 sweeps tokens that have expired',
      withStore(async (store) => {
        const on = await ground(store)
        await store.redeem(bare, withToken(token(on.client.id)), start)
        await store.redeem(bare, withToken(token(on.client.id, undefined, 600)), start)
        equal((await store.sweep(later(299), 1000))['opaque_access_tokens'], 0)
        equal((await store.sweep(later(300), 1000))['opaque_access_tokens'], 1)
        equal((await store.sweep(later(600), 1000))['opaque_access_tokens'], 1)
      }),
    )
  })
}
