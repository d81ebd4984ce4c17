import { deepEqual, equal } from 'node:assert/strict'
import type { ClientUsage, UsageDelta } from '@sallyport/server/model'
import { isoWeek, retention } from '@sallyport/server/model'
import { everyPage, sameRecord, together, type ContractPart } from './assertions.ts'
import { client, later, start } from './records.ts'

const week = isoWeek(start)

const delta = (clientId: string, more: Partial<UsageDelta> = {}): UsageDelta => ({
  clientId,
  week,
  counts: { codes_issued: 1, codes_redeemed: 2 },
  refused: { pkce_required: 1 },
  usedAt: start,
  library: undefined,
  refusal: undefined,
  secrets: {},
  ...more,
})

/** Aggregates of use: nothing is lost, nothing is counted twice, and nothing grows for ever. */
export const usageContract: ContractPart = ({ describe, it }, withStore) => {
  describe('the use of clients', () => {
    it(
      'A-GOV-03 adds up whatever comes at once',
      withStore(async (store) => {
        const { id } = client()
        await store.admin.createClient(client({ id }), [])
        await together(20, () => store.usage.add([delta(id), delta(id, { counts: { codes_issued: 3 }, refused: {} })]))
        const { items } = await store.usage.list({}, undefined, 10)
        const expected: ClientUsage = {
          clientId: id,
          week,
          counts: { codes_issued: 80, codes_redeemed: 40 },
          refused: { pkce_required: 20 },
        }
        deepEqual(items, [expected])
      }),
    )
    it(
      'A-GOV-05 keeps the latest use, the last refusal and the last library of each client',
      withStore(async (store) => {
        const { id } = client()
        await store.admin.createClient(client({ id }), [])
        equal(await store.usage.lastUse(id), undefined)
        const refusal = { reason: 'pkce_required', at: later(5) } as const
        await store.usage.add([delta(id, { usedAt: later(9), library: 'a library/1', refusal })])
        await store.usage.add([delta(id, { usedAt: later(3), refusal: { reason: 'scope', at: later(2) } })])
        await store.usage.add([delta(id, { usedAt: undefined })])
        sameRecord(await store.usage.lastUse(id), {
          clientId: id,
          usedAt: later(9),
          library: 'a library/1',
          refusal,
          secrets: {},
        })
      }),
    )
    it(
      'A-CC-05 keeps the latest use of each secret, and of many the latest four',
      withStore(async (store) => {
        const { id } = client()
        await store.admin.createClient(client({ id }), [])
        await store.usage.add([delta(id, { secrets: { one: later(5), two: later(6) } })])
        await store.usage.add([delta(id, { secrets: { one: later(3), two: later(8) } })])
        deepEqual((await store.usage.lastUse(id))?.secrets, { one: later(5), two: later(8) })
        await store.usage.add([delta(id, { secrets: { three: later(9), four: later(10), five: later(11) } })])
        deepEqual(Object.keys((await store.usage.lastUse(id))?.secrets ?? {}).sort(), ['five', 'four', 'three', 'two'])
      }),
    )
    it(
      'A-GOV-03 knows nothing of a client that is not there, and forgets one that was removed',
      withStore(async (store) => {
        const { id } = client()
        await store.usage.add([delta(id)])
        deepEqual((await store.usage.list({}, undefined, 10)).items, [])
        await store.admin.createClient(client({ id }), [])
        await store.usage.add([delta(id)])
        await store.admin.deleteClient(id, start, [])
        await store.usage.add([delta(id)])
        deepEqual((await store.usage.list({}, undefined, 10)).items, [])
        equal(await store.usage.lastUse(id), undefined)
      }),
    )
    it(
      'A-GOV-03 lists by client and week in pages, and drops weeks that are over for long',
      withStore(async (store) => {
        const first = client({ id: 'a-client' })
        const second = client({ id: 'b-client' })
        for (const one of [first, second]) await store.admin.createClient(one, [])
        const fresh = isoWeek(later(7 * 86_400))
        for (const counted of [week, fresh])
          await store.usage.add([delta(first.id, { week: counted }), delta(second.id, { week: counted })])
        const rows = await everyPage((after) => store.usage.list({}, after, 1))
        deepEqual(
          rows.map((row) => [row.clientId, row.week]),
          [first, second].flatMap(({ id }) => [
            [id, week],
            [id, fresh],
          ]),
        )
        equal((await store.usage.list({ clientId: second.id, since: fresh }, undefined, 10)).items.length, 1)
        equal((await everyPage((after) => store.usage.list({ clientId: first.id }, after, 1))).length, 2)
        await store.sweep(later(retention.usage + 7 * 86_400), 100)
        deepEqual(
          (await store.usage.list({}, undefined, 10)).items.map((row) => row.week),
          [fresh, fresh],
        )
      }),
    )
  })
}
