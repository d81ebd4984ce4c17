import { deepEqual, equal } from 'node:assert/strict'
import { exceptionCoolingOff, retention, type PkceException } from '@sallyport/server/model'
import { everyPage, exactlyOne, sameRecord, together, type ContractPart } from './assertions.ts'
import { ground, issue, records } from './ground.ts'
import { event, later, start, unique } from './records.ts'

const day = 86_400

export const exception = (clientId: string, more: Partial<PkceException> = {}): PkceException => ({
  id: unique('exception'),
  clientId,
  owner: 'Team A',
  reason: 'the library is replaced',
  ticket: 'OPS-1',
  compensatingControl: 'only from the office network',
  acceptedBy: 'Ms B',
  createdAt: start,
  deadline: later(30 * day),
  renewedAt: undefined,
  revokedAt: undefined,
  uses: 0,
  lastUsedAt: undefined,
  ...more,
})

const without = { codeChallenge: undefined }

/** Dated exceptions: one at a time, counted, and dead on the second. */
export const exceptionContract: ContractPart = ({ describe, it }, withStore) => {
  describe('exceptions from PKCE', () => {
    it(
      'A-GOV-02 keeps one in force per client, whatever comes at once',
      withStore(async ({ admin, exceptions, ...store }) => {
        const on = await ground({ admin, exceptions, ...store })
        equal(await exceptions.create(exception('client_of_nobody'), []), 'client_unknown')
        const made = await together(10, () => exceptions.create(exception(on.client.id), [event()]))
        exactlyOne(made, (outcome) => outcome === 'created')
        equal(made.filter((outcome) => outcome === 'in_force').length, 9)
        equal((await everyPage((after, limit) => exceptions.list(after, limit))).length, 1)
        equal((await admin.listEvents({}, undefined, 10)).items.length, 1)
      }),
    )
    it(
      'A-GOV-01 issues and redeems without a challenge until the second of the deadline, and counts',
      withStore(async (store) => {
        const on = await ground(store)
        const made = exception(on.client.id, { deadline: later(100) })
        await store.exceptions.create(made, [])
        const code = { ...without, exceptionId: made.id }
        const first = issue(on, { code })
        const second = issue(on, { code })
        equal(await store.issueCode(first, later(10)), 'issued')
        equal(await store.issueCode(second, later(99)), 'issued')
        equal((await store.findAuthorizationCode(first.code.digest))?.code.exceptionId, made.id)
        equal(await store.issueCode(issue(on, { code }), later(100)), 'exception_ended')
        const redeem = (digest: string, delta: number): Promise<boolean> =>
          store.redeem({ kind: 'authorization_code', digest }, records(undefined), later(delta))
        equal(await redeem(second.code.digest, 100), false)
        equal(await redeem(first.code.digest, 99), true)
        equal(await redeem(first.code.digest, 99), false)
        sameRecord(await store.exceptions.find(made.id), { ...made, uses: 2, lastUsedAt: later(99) })
        equal(await store.exceptions.inForce(on.client.id, later(100)), undefined)
      }),
    )
    it(
      'A-GOV-01 serves its own client alone, and ends at once when it is revoked',
      withStore(async (store) => {
        const on = await ground(store)
        const other = await ground(store)
        const made = exception(on.client.id)
        await store.exceptions.create(made, [])
        const code = { ...without, exceptionId: made.id }
        equal(await store.issueCode(issue(other, { code }), start), 'exception_ended')
        equal(
          await store.issueCode(issue(on, { code: { ...without, exceptionId: 'nothing' } }), start),
          'exception_ended',
        )
        const waiting = issue(on, { code })
        equal(await store.issueCode(waiting, start), 'issued')
        exactlyOne(await together(5, () => store.exceptions.revoke(made.id, later(1), [event()])), Boolean)
        equal(await store.issueCode(issue(on, { code }), later(1)), 'exception_ended')
        const redemption = { kind: 'authorization_code', digest: waiting.code.digest } as const
        equal(await store.redeem(redemption, records(undefined), later(1)), false)
        equal((await store.exceptions.find(made.id))?.uses, 1)
      }),
    )
    it(
      'A-GOV-02 is renewed once, while it is in force',
      withStore(async (store) => {
        const on = await ground(store)
        const made = exception(on.client.id, { deadline: later(10) })
        await store.exceptions.create(made, [])
        const renewal = { acceptedBy: 'Mr C', deadline: later(50) }
        equal(await store.exceptions.renew(made.id, renewal, later(10), []), false)
        exactlyOne(await together(5, () => store.exceptions.renew(made.id, renewal, later(5), [])), Boolean)
        equal(await store.exceptions.renew(made.id, { ...renewal, deadline: later(90) }, later(20), []), false)
        sameRecord(await store.exceptions.find(made.id), { ...made, ...renewal, renewedAt: later(5) })
      }),
    )
    it(
      'A-GOV-02 is not followed by another one soon after it was used, and stays on record for two years',
      withStore(async (store) => {
        const on = await ground(store)
        const made = exception(on.client.id, { deadline: later(100) })
        await store.exceptions.create(made, [])
        await store.issueCode(issue(on, { code: { ...without, exceptionId: made.id } }), start)
        const next = (delta: number): PkceException =>
          exception(on.client.id, { createdAt: later(delta), deadline: later(delta + 10) })
        equal(await store.exceptions.create(next(100), []), 'cooling_off')
        equal(await store.exceptions.create(next(99 + exceptionCoolingOff), []), 'cooling_off')
        const unused = next(100 + exceptionCoolingOff)
        equal(await store.exceptions.create(unused, []), 'created')
        equal(await store.exceptions.create(next(110 + exceptionCoolingOff), []), 'created')
        await store.sweep(later(99 + retention.exception), 100)
        equal((await store.exceptions.find(made.id))?.uses, 1)
        await store.sweep(later(100 + retention.exception), 100)
        deepEqual(await store.exceptions.find(made.id), undefined)
      }),
    )
  })
}
