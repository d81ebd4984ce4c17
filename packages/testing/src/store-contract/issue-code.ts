import { deepEqual, equal, rejects } from 'node:assert/strict'
import { retention } from '@sallyport/server/model'
import { exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { ground, issue, records } from './ground.ts'
import { consent, digest, event, interaction, later, session, start, unique, user } from './records.ts'

/** Issue of codes: one interaction, one challenge, one winner. */
export const issueContract: ContractPart = ({ describe, it }, withStore) => {
  describe('issueCode', () => {
    it(
      'A-RT-13 stores the authorization and the code with everything that was agreed',
      withStore(async (store) => {
        const on = await ground(store)
        const issued = issue(on, { events: [event()] })
        equal(await store.issueCode(issued, start), 'issued')
        const view = await store.findAuthorizationCode(issued.code.digest)
        sameRecord(view, { code: issued.code, state: 'issued', authorization: issued.authorization })
        sameRecord(await store.findGranted(issued.authorization.id), {
          subject: issued.authorization.subject,
          claims: issued.authorization.claims,
        })
        equal((await sizes(store))['events'], 1)
        equal(await store.findAuthorizationCode(digest()), undefined)
        equal(await store.findGranted(unique('authorization')), undefined)
      }),
    )
    it(
      'CS-17 gives one of 64 parallel calls for one interaction a code and writes nothing for the rest',
      withStore(async (store) => {
        const on = await ground(store)
        const open = interaction(on.client.id)
        await store.saveInteraction(open)
        const before = await sizes(store)
        const all = Array.from({ length: 64 }, () => issue(on, { interaction: open, events: [event()] }))
        const answers = await together(64, (index) => store.issueCode(all[index] ?? issue(on), start))
        const winner = exactlyOne(answers, (answer) => answer === 'issued')
        deepEqual(new Set(answers), new Set(['issued', 'interaction_consumed']))
        const after = await sizes(store)
        deepEqual(after, { ...before, authorizations: 1, events: 1 })
        for (const [index, { code }] of all.entries()) {
          equal((await store.findAuthorizationCode(code.digest)) !== undefined, index === winner)
        }
        equal(await store.findInteraction(open.digest, start), 'consumed')
      }),
    )
    it(
      'CS-17 refuses an interaction that was read at an older version or has expired',
      withStore(async (store) => {
        const on = await ground(store)
        const open = interaction(on.client.id, { expiresAt: later(10) })
        await store.saveInteraction(open)
        equal(await store.advanceInteraction({ ...open, version: 2 }, 1), true)
        equal(await store.issueCode(issue(on, { interaction: { ...open, version: 1 } }), start), 'interaction_consumed')
        equal(
          await store.issueCode(issue(on, { interaction: { ...open, version: 2 } }), later(10)),
          'interaction_consumed',
        )
        equal(await store.issueCode(issue(on, { interaction: { ...open, version: 2 } }), later(9)), 'issued')
      }),
    )
    it(
      'A-PKCE-10 gives one of 64 parallel calls for one challenge a code, per client',
      withStore(async (store) => {
        const on = await ground(store)
        const other = await ground(store)
        const codeChallenge = digest()
        equal(await store.challengeUsed(on.client.id, codeChallenge), false)
        const answers = await together(64, () => store.issueCode(issue(on, { code: { codeChallenge } }), start))
        exactlyOne(answers, (answer) => answer === 'issued')
        deepEqual(new Set(answers), new Set(['issued', 'challenge_reused']))
        equal((await sizes(store))['authorizations'], 1)
        equal(await store.challengeUsed(on.client.id, codeChallenge), true)
        equal(await store.challengeUsed(other.client.id, codeChallenge), false)
        equal(await store.issueCode(issue(other, { code: { codeChallenge } }), start), 'issued')
      }),
    )
    it(
      'A-PKCE-10 leaves the interaction of a refused call open',
      withStore(async (store) => {
        const on = await ground(store)
        const codeChallenge = digest()
        await store.issueCode(issue(on, { code: { codeChallenge } }), start)
        const open = interaction(on.client.id)
        await store.saveInteraction(open)
        const again = issue(on, {
          code: { codeChallenge },
          interaction: open,
          consent: consent(on.session.subject, on.client.id),
        })
        equal(await store.issueCode(again, start), 'challenge_reused')
        sameRecord(await store.findInteraction(open.digest, start), open)
        equal(await store.findConsent(on.session.subject, on.client.id, start), undefined)
      }),
    )
    it(
      'A-PKCE-10 remembers the challenge of a destroyed and of a redeemed code until ten minutes after its issue',
      withStore(async (store) => {
        const on = await ground(store)
        const [destroyed, redeemed, lying] = [issue(on), issue(on), issue(on)]
        for (const issued of [destroyed, redeemed, lying]) await store.issueCode(issued, start)
        await store.destroyAuthorizationCode(destroyed.code.digest, start, [])
        await store.redeem({ kind: 'authorization_code', digest: redeemed.code.digest }, records(undefined), start)
        await store.sweep(later(retention.code - 1), 1000)
        for (const { code } of [destroyed, redeemed, lying]) {
          equal(await store.challengeUsed(on.client.id, code.codeChallenge ?? ''), true)
        }
      }),
    )
    it(
      'CO-10 looks at session, person and client inside the transaction',
      withStore(async (store) => {
        const on = await ground(store)
        equal(await store.issueCode(issue({ ...on, session: session() }), start), 'session_ended')
        equal(await store.issueCode(issue(on), on.session.expiresAt), 'session_ended')
        equal(await store.issueCode(issue(on, { authorization: { subject: unique('user') } }), start), 'session_ended')
        const { client } = on
        await store.admin.updateClient({ ...client, version: 2, disabledAt: start }, [])
        equal(await store.issueCode(issue(on), start), 'client_disabled')
        await store.admin.updateClient({ ...client, version: 3 }, [])
        equal(await store.issueCode(issue(on), start), 'issued')
        await store.setSubjectActive(on.session.subject, false, start, [])
        equal(await store.issueCode(issue(on), start), 'session_ended')
        equal((await sizes(store))['authorizations'], 1)
        const another = await ground(store)
        await store.accounts.createUser(user({ id: another.session.subject, disabledAt: start }))
        equal(await store.issueCode(issue(another), start), 'session_ended')
      }),
    )
    it(
      'CO-10 lets a session that ends in the same moment win or lose, but never both',
      withStore(async (store) => {
        for (let round = 0; round < 20; round++) {
          const on = await ground(store)
          const issued = issue(on)
          const [answer] = await Promise.all([
            store.issueCode(issued, start),
            store.endSession(on.session.id, start, []),
          ])
          const redemption = { kind: 'authorization_code', digest: issued.code.digest } as const
          equal(await store.redeem(redemption, records(undefined), start), false)
          if (answer !== 'issued') equal(await store.findAuthorizationCode(issued.code.digest), undefined)
        }
      }),
    )
    it(
      'A-CODE-06 refuses records that do not belong together',
      withStore(async (store) => {
        const on = await ground(store)
        await rejects(store.issueCode(issue(on, { code: { clientId: unique('client') } }), start))
        await rejects(store.issueCode(issue(on, { code: { authorizationId: unique('authorization') } }), start))
        equal((await sizes(store))['authorizations'], 0)
      }),
    )
    it(
      'CS-06 replaces the remembered agreement together with the code',
      withStore(async (store) => {
        const on = await ground(store)
        const first = consent(on.session.subject, on.client.id, { scope: ['openid'] })
        const second = consent(on.session.subject, on.client.id, { scope: ['openid', 'read'] })
        await store.issueCode(issue(on, { consent: first }), start)
        sameRecord(await store.findConsent(on.session.subject, on.client.id, start), first)
        await store.issueCode(issue(on, { consent: second }), start)
        sameRecord(await store.findConsent(on.session.subject, on.client.id, start), second)
        equal(await store.findConsent(on.session.subject, on.client.id, second.expiresAt), undefined)
      }),
    )
  })
}
