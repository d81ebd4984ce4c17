import { deepEqual, equal } from 'node:assert/strict'
import type { Store } from '@sallyport/server/model'
import { exactlyOne, together, type ContractPart } from './assertions.ts'
import { family, ground, issue, records, refreshToken, type Ground } from './ground.ts'
import { client, consent, digest, event, interaction, later, start, unique } from './records.ts'

/** Much of what a client can hold: a family, a code that waits, a consent, a pushed request and a page before a person. */
async function holdings(store: Store, on: Ground) {
  const tokens = await family(store, on)
  const waiting = issue(on, { consent: consent(on.session.subject, on.client.id) })
  equal(await store.issueCode(waiting, start), 'issued')
  const pushed = { digest: digest(), clientId: on.client.id, form: 'sealed parameters', expiresAt: later(60) }
  await store.pushed.create(pushed)
  const page = interaction(on.client.id)
  await store.saveInteraction(page)
  const exception = {
    ...{ id: unique('exception'), clientId: on.client.id, owner: 'Team A', reason: 'the library is replaced' },
    ...{ ticket: 'OPS-1', compensatingControl: 'only from the office network', acceptedBy: 'Ms B' },
    ...{ createdAt: start, deadline: later(86_400), renewedAt: undefined, revokedAt: undefined },
    ...{ uses: 0, lastUsedAt: undefined },
  }
  equal(await store.exceptions.create(exception, []), 'created')
  return { tokens, waiting, pushed, page, exception }
}

/** The kill switch: one transaction, whatever runs at the same time (A-GOV-05). */
export const containmentContract: ContractPart = ({ describe, it }, withStore) => {
  describe('containing a client', () => {
    it(
      'A-GOV-05 tells what a client holds, and ends all of it and nothing else',
      withStore(async (store) => {
        const on = await ground(store)
        const other = await ground(store)
        await holdings(store, other)
        const { tokens, waiting, exception } = await holdings(store, on)
        const held = { authorizations: 2, codes: 1, consents: 1, devices: 0, pushed: 1, pages: 1, exceptions: 1 }
        deepEqual(await store.containment.held(on.client.id, later(1)), held)
        equal((await store.findClient(on.client.id))?.disabledAt, undefined)
        deepEqual(await store.containment.contain(on.client.id, later(2), [event()]), held)

        equal(
          await store.redeem({ kind: 'authorization_code', digest: waiting.code.digest }, records(undefined), later(2)),
          false,
        )
        const next = refreshToken(tokens.authorization, { sequence: 1 })
        equal(
          await store.redeem({ kind: 'refresh_token', digest: tokens.token.digest }, records(next), later(2)),
          false,
        )
        equal(await store.findConsent(on.session.subject, on.client.id, later(2)), undefined)
        equal((await store.exceptions.find(exception.id))?.revokedAt, later(2))
        equal(await store.exceptions.inForce(on.client.id, later(2)), undefined)
        equal(await store.issueCode(issue(on), later(2)), 'client_disabled')
        deepEqual(await store.containment.held(other.client.id, later(2)), held)
      }),
    )
    it(
      'A-GOV-05 keeps record, authorizations and events, and enabling the client revives nothing',
      withStore(async (store) => {
        const on = await ground(store)
        const { waiting } = await holdings(store, on)
        await store.containment.contain(on.client.id, later(2), [event({ clientId: on.client.id })])
        const record = await store.findClient(on.client.id)
        deepEqual([record?.disabledAt, record?.updatedAt, record?.version], [later(2), later(2), on.client.version + 1])
        // An edit that was begun before does not undo it.
        equal(await store.admin.updateClient({ ...on.client, version: on.client.version + 1 }, []), false)
        const { items } = await store.admin.listAuthorizations({ clientId: on.client.id }, undefined, 10)
        deepEqual(
          items.map(({ revokedAt, revokedReason }) => [revokedAt, revokedReason]),
          items.map(() => [later(2), 'administrator']),
        )
        equal((await store.admin.listEvents({ clientId: on.client.id }, undefined, 10)).items.length, 1)
        const enabled = { ...on.client, version: on.client.version + 2, disabledAt: undefined }
        equal(await store.admin.updateClient(enabled, []), true)
        const redemption = { kind: 'authorization_code', digest: waiting.code.digest } as const
        equal(await store.redeem(redemption, records(undefined), later(3)), false)
        deepEqual(await store.containment.held(on.client.id, later(3)), {
          ...{ authorizations: 0, codes: 0, consents: 0, devices: 0, pushed: 0, pages: 0, exceptions: 0 },
        })
      }),
    )
    it(
      'A-GOV-05 ends what was pushed and every page before a person, and no enabling revives them',
      withStore(async (store) => {
        const on = await ground(store)
        const other = await ground(store)
        const kept = await holdings(store, other)
        const { pushed, page } = await holdings(store, on)
        const done = interaction(on.client.id)
        await store.saveInteraction(done)
        equal(await store.endInteraction(done.digest, done.version), true)
        const held = await store.containment.contain(on.client.id, later(2), [])
        deepEqual([held?.pushed, held?.pages], [1, 1])
        const enabled = { ...on.client, version: on.client.version + 2, disabledAt: undefined }
        equal(await store.admin.updateClient(enabled, []), true)
        equal(await store.pushed.find(pushed.digest, later(3)), undefined)
        equal(await store.pushed.claim(pushed.digest, digest(), later(600)), false)
        equal(await store.findInteraction(page.digest, later(3)), undefined)
        equal(await store.advanceInteraction({ ...page, version: page.version + 1 }, page.version), false)
        const answer = issue(on, { interaction: { digest: page.digest, version: page.version } })
        equal(await store.issueCode(answer, later(3)), 'interaction_consumed')
        equal(await store.findInteraction(done.digest, later(3)), 'consumed')
        equal((await store.pushed.find(kept.pushed.digest, later(3)))?.request.clientId, other.client.id)
        equal(typeof (await store.findInteraction(kept.page.digest, later(3))), 'object')
      }),
    )
    it(
      'A-GOV-05 knows no client that is not there, and then writes nothing',
      withStore(async (store) => {
        equal(await store.containment.held('client_of_nobody', start), undefined)
        equal(await store.containment.contain('client_of_nobody', start, [event()]), undefined)
        equal((await store.admin.listEvents({}, undefined, 10)).items.length, 0)
        const fresh = client()
        await store.admin.createClient(fresh, [])
        deepEqual(await store.containment.contain(fresh.id, start, []), {
          ...{ authorizations: 0, codes: 0, consents: 0, devices: 0, pushed: 0, pages: 0, exceptions: 0 },
        })
      }),
    )
    it(
      'A-GOV-05 leaves nothing alive of what is issued and redeemed at the same time',
      withStore(async (store) => {
        const on = await ground(store)
        const first = await Promise.all(Array.from({ length: 5 }, () => family(store, on)))
        const codes = Array.from({ length: 20 }, () => issue(on))
        const answers = await together(26, async (index) => {
          if (index % 5 === 4 && index < 25) {
            const at = first[(index - 4) / 5]
            if (at === undefined) return undefined
            const next = refreshToken(at.authorization, { sequence: 1 })
            return store.redeem({ kind: 'refresh_token', digest: at.token.digest }, records(next), later(1))
          }
          if (index === 12) return store.containment.contain(on.client.id, later(1), [event()])
          const issued = codes[index % codes.length]
          return issued === undefined ? undefined : store.issueCode(issued, later(1))
        })
        exactlyOne(answers, (answer) => typeof answer === 'object')
        const { items } = await store.admin.listAuthorizations({ clientId: on.client.id }, undefined, 200)
        deepEqual(
          items.filter(({ revokedAt }) => revokedAt === undefined),
          [],
        )
        deepEqual((await store.containment.held(on.client.id, later(1)))?.authorizations, 0)
      }),
    )
    it(
      'A-GOV-05 of several calls at once, one tells what ended',
      withStore(async (store) => {
        const on = await ground(store)
        await holdings(store, on)
        const all = await together(5, () => store.containment.contain(on.client.id, later(1), [event()]))
        exactlyOne(all, (held) => held?.authorizations === 2)
        equal(all.filter((held) => held?.authorizations === 0).length, 4)
      }),
    )
  })
}
