import { deepEqual } from 'node:assert/strict'
import { retention, type SecurityEvent } from '@sallyport/server/model'
import { together, type ContractPart } from './assertions.ts'
import { client, event, later, start } from './records.ts'

const audited = (ts = start): SecurityEvent => event({ event: 'client.updated', ts })

/** The audit trail is one chain, whatever happens at once, and stays one when its old end is swept. */
export const auditContract: ContractPart = ({ describe, it }, withStore) => {
  describe('the audit trail', () => {
    it(
      'A-LOG-04 is whole when events come one by one, twice, at once and with a change',
      withStore(async ({ admin, appendEvents }) => {
        deepEqual(await admin.verifyAudit(), { checked: 0, brokenAt: undefined })
        const first = audited()
        await appendEvents([first, event(), audited()])
        await appendEvents([first])
        await together(10, () => appendEvents([audited(), event()]))
        await admin.createClient(client(), [event({ event: 'client.registered' })])
        deepEqual(await admin.verifyAudit(), { checked: 13, brokenAt: undefined })
      }),
    )
    it(
      'A-LOG-04 is cut by the sweep at its old end only',
      withStore(async (store) => {
        const old = start
        const fresh = later(10)
        const events = [audited(old), audited(fresh), audited(old), event({ ts: old }), audited(fresh)]
        await store.appendEvents(events)
        await store.sweep(later(retention.event + 1), 100)
        deepEqual(await store.admin.verifyAudit(), { checked: 3, brokenAt: undefined })
        await store.sweep(later(retention.event + 11), 100)
        await store.appendEvents([audited(), audited()])
        deepEqual(await store.admin.verifyAudit(), { checked: 2, brokenAt: undefined })
      }),
    )
  })
}
