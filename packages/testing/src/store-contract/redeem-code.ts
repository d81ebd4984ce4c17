import { deepEqual, equal } from 'node:assert/strict'
import { exactlyOne, knownTokens, sizes, together, type ContractPart } from './assertions.ts'
import { ground, issue, records, refreshToken } from './ground.ts'
import { event, start, unique } from './records.ts'

/** Redemption and destruction of codes. */
export const codeContract: ContractPart = ({ describe, it }, withStore) => {
  describe('redeem, for a code', () => {
    it(
      'A-CODE-02 lets one of 64 parallel redemptions win; the rest write nothing',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on)
        await store.issueCode(issued, start)
        const tokens = Array.from({ length: 64 }, () => refreshToken(issued.authorization))
        const redemption = { kind: 'authorization_code', digest: issued.code.digest } as const
        const answers = await together(64, (index) =>
          store.redeem(redemption, records(tokens[index], [event()]), start),
        )
        const winner = exactlyOne(answers, (answer) => answer)
        deepEqual(await knownTokens(store, tokens), [tokens[winner]])
        equal((await sizes(store))['events'], 1)
        equal((await store.findAuthorizationCode(issued.code.digest))?.state, 'redeemed')
      }),
    )
    it(
      'CO-02 keeps many codes apart that are redeemed in the same moment',
      withStore(async (store) => {
        const on = await ground(store)
        const all = Array.from({ length: 20 }, () => issue(on))
        await Promise.all(all.map((issued) => store.issueCode(issued, start)))
        const answers = await together(100, (index) => {
          const { code, authorization } = all[index % 20] ?? issue(on)
          return store.redeem(
            { kind: 'authorization_code', digest: code.digest },
            records(refreshToken(authorization)),
            start,
          )
        })
        for (let code = 0; code < 20; code++)
          exactlyOne(
            answers.filter((_, index) => index % 20 === code),
            (answer) => answer,
          )
      }),
    )
    it(
      'CO-07 finds nothing under a digest that differs in one place',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on)
        await store.issueCode(issued, start)
        const near = `${issued.code.digest.slice(0, -1)}y`
        equal(await store.findAuthorizationCode(near), undefined)
        equal(await store.redeem({ kind: 'authorization_code', digest: near }, records(undefined), start), false)
        equal(await store.destroyAuthorizationCode(near, start, []), false)
        equal(
          await store.redeem({ kind: 'authorization_code', digest: issued.code.digest }, records(undefined), start),
          true,
        )
      }),
    )
    it(
      'A-PKCE-08 never redeems a code that was stored without a challenge, and leaves it as it is',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on, { code: { codeChallenge: undefined } })
        const another = issue(on, { code: { codeChallenge: undefined } })
        equal(await store.issueCode(issued, start), 'issued')
        equal(await store.issueCode(another, start), 'issued')
        equal(
          await store.redeem({ kind: 'authorization_code', digest: issued.code.digest }, records(undefined), start),
          false,
        )
        const view = await store.findAuthorizationCode(issued.code.digest)
        equal(view?.state, 'issued')
        equal(view?.code.codeChallenge, undefined)
      }),
    )
    it(
      'A-CODE-05 destroys an issued code once, and a redeemed one never',
      withStore(async (store) => {
        const on = await ground(store)
        const [open, spent] = [issue(on), issue(on)]
        await store.issueCode(open, start)
        await store.issueCode(spent, start)
        await store.redeem({ kind: 'authorization_code', digest: spent.code.digest }, records(undefined), start)
        const answers = await together(64, () => store.destroyAuthorizationCode(open.code.digest, start, [event()]))
        exactlyOne(answers, (answer) => answer)
        equal((await store.findAuthorizationCode(open.code.digest))?.state, 'destroyed')
        equal(
          await store.redeem({ kind: 'authorization_code', digest: open.code.digest }, records(undefined), start),
          false,
        )
        equal(await store.destroyAuthorizationCode(spent.code.digest, start, [event()]), false)
        equal((await store.findAuthorizationCode(spent.code.digest))?.state, 'redeemed')
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'A-CODE-05 decides between redemption and destruction in the same moment for one of them',
      withStore(async (store) => {
        const on = await ground(store)
        for (let round = 0; round < 20; round++) {
          const issued = issue(on)
          await store.issueCode(issued, start)
          const [redeemed, destroyed] = await Promise.all([
            store.redeem({ kind: 'authorization_code', digest: issued.code.digest }, records(undefined), start),
            store.destroyAuthorizationCode(issued.code.digest, start, []),
          ])
          equal(Number(redeemed) + Number(destroyed), 1)
        }
      }),
    )
    it(
      'CO-10 refuses after the person or the client was disabled, the agreement withdrawn or everything of the person ended',
      withStore(async (store) => {
        const ends = [
          (subject: string) => store.setSubjectActive(subject, false, start, []),
          (subject: string) => store.endSubject(subject, 'credential_change', start, []),
          (subject: string, clientId: string) => store.withdrawConsent(subject, clientId, start, []),
          (_: string, clientId: string) => store.admin.deleteClient(clientId, start, []),
        ]
        for (const end of ends) {
          const on = await ground(store)
          const issued = issue(on)
          await store.issueCode(issued, start)
          await end(on.session.subject, on.client.id)
          const token = refreshToken(issued.authorization)
          const redemption = { kind: 'authorization_code', digest: issued.code.digest } as const
          equal(await store.redeem(redemption, records(token, [event()]), start), false)
          deepEqual(await knownTokens(store, [token]), [])
        }
        equal((await sizes(store))['events'], 0)
      }),
    )
    it(
      'A-RT-12 refuses while the client is disabled',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on)
        await store.issueCode(issued, start)
        await store.admin.updateClient({ ...on.client, version: 2, disabledAt: start }, [])
        const redemption = { kind: 'authorization_code', digest: issued.code.digest } as const
        equal(await store.redeem(redemption, records(undefined), start), false)
        await store.admin.updateClient({ ...on.client, version: 3 }, [])
        equal(await store.redeem(redemption, records(undefined), start), true)
      }),
    )
    it(
      'A-RT-14 keeps the code when what is issued for it cannot be stored',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on)
        await store.issueCode(issued, start)
        const orphan = refreshToken({ ...issued.authorization, id: unique('authorization') })
        const redemption = { kind: 'authorization_code', digest: issued.code.digest } as const
        const bystander = issue(on)
        const [failed, other] = await Promise.allSettled([
          store.redeem(redemption, records(orphan, [event()]), start),
          store.issueCode(bystander, start),
        ])
        equal(failed.status, 'rejected')
        deepEqual(other, { status: 'fulfilled', value: 'issued' })
        equal((await sizes(store))['events'], 0)
        equal(await store.redeem(redemption, records(refreshToken(issued.authorization)), start), true)
      }),
    )
  })
}
