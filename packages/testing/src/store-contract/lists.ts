import { deepEqual, equal } from 'node:assert/strict'
import { everyPage, sameRecord, type ContractPart } from './assertions.ts'
import { ground, issue } from './ground.ts'
import { client, event, later, session, start, unique } from './records.ts'

/** Lists are whole, in order and in pages. */
export const listContract: ContractPart = ({ describe, it }, withStore) => {
  describe('lists', () => {
    it(
      'AD-06 gives every client once, page by page',
      withStore(async (store) => {
        const all = Array.from({ length: 7 }, () => client())
        await Promise.all(all.map((one) => store.admin.createClient(one, [])))
        const listed = await everyPage((after, limit) => store.admin.listClients(after, limit), 3)
        deepEqual(
          listed.map(({ id }) => id),
          all.map(({ id }) => id).sort(),
        )
        equal((await store.admin.listClients(undefined, 7)).next, undefined)
        equal((await store.admin.listClients(undefined, 0)).items.length, 1)
      }),
    )
    it(
      'AD-06 gives at most 200 rows a page',
      withStore(async (store) => {
        await store.appendEvents(Array.from({ length: 205 }, () => event()))
        equal((await store.admin.listEvents({}, undefined, 1000)).items.length, 200)
        equal((await everyPage((after, limit) => store.admin.listEvents({}, after, limit), 50)).length, 205)
      }),
    )
    it(
      'AD-06 lists live sessions, of one person where asked',
      withStore(async (store) => {
        const one = session()
        const all = [one, session({ subject: one.subject }), session(), session({ expiresAt: later(1) })]
        for (const each of all) await store.startSession(each, undefined, [])
        const list = (subject?: string) =>
          everyPage((after, limit) => store.admin.listSessions({ subject }, after, limit, later(1)), 1)
        deepEqual(
          (await list()).map(({ id }) => id),
          all
            .slice(0, 3)
            .map(({ id }) => id)
            .sort(),
        )
        deepEqual(
          (await list(one.subject)).map(({ id }) => id),
          all
            .slice(0, 2)
            .map(({ id }) => id)
            .sort(),
        )
      }),
    )
    it(
      'A-REV-07 lists authorizations by person and by client',
      withStore(async (store) => {
        const [one, two] = [await ground(store), await ground(store)]
        const crossed = { client: two.client, session: one.session }
        const all = [issue(one), issue(two), issue(crossed), issue(one)]
        for (const issued of all) await store.issueCode(issued, start)
        const ids = async (filter: {
          subject?: string
          clientId?: string
        }): Promise<readonly (number | undefined)[]> => {
          const items = await everyPage((after, limit) => store.admin.listAuthorizations(filter, after, limit), 1)
          return items.map(({ authorization }) =>
            all.findIndex((issued) => issued.authorization.id === authorization.id),
          )
        }
        deepEqual(await ids({}), [0, 1, 2, 3])
        deepEqual(await ids({ subject: one.session.subject }), [0, 2, 3])
        deepEqual(await ids({ clientId: two.client.id }), [1, 2])
        deepEqual(await ids({ subject: one.session.subject, clientId: two.client.id }), [2])
        const [first] = (await store.admin.listAuthorizations({}, undefined, 1)).items
        sameRecord(first, { authorization: all[0]?.authorization })
      }),
    )
    it(
      'AR-08 stores an event once and finds it by request, client and name',
      withStore(async (store) => {
        const requestId = unique('request')
        const all = [
          event({
            requestId,
            clientId: 'one',
            event: 'token.revoked',
            reason: 'why',
            class: 'expired',
            subject: 'user',
          }),
          event({ requestId, clientId: 'two' }),
          event({ clientId: 'one', severity: 'high', count: 12, authorizationId: 'a' }),
          event({ requestId: undefined, network: undefined, detail: {} }),
        ]
        await store.appendEvents(all)
        await store.appendEvents(all.slice(0, 2))
        const find = async (filter: Parameters<typeof store.admin.listEvents>[0]): Promise<readonly number[]> => {
          const items = await everyPage((after, limit) => store.admin.listEvents(filter, after, limit), 1)
          return items.map((item) => all.findIndex(({ id }) => id === item.id))
        }
        deepEqual(await find({}), [0, 1, 2, 3])
        deepEqual(await find({ requestId }), [0, 1])
        deepEqual(await find({ clientId: 'one' }), [0, 2])
        deepEqual(await find({ event: 'token.revoked' }), [0])
        deepEqual(await find({ requestId, clientId: 'two', event: 'token.revoked' }), [])
        sameRecord((await store.admin.listEvents({}, undefined, 10)).items, all)
        const last = await store.admin.lastEvents(2)
        sameRecord(last, { items: all.slice(2), next: all[3]?.id })
        await store.appendEvents([event()])
        equal((await store.admin.listEvents({}, last.next, 10)).items.length, 1)
      }),
    )
  })
}
