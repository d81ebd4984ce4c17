import { equal, rejects } from 'node:assert/strict'
import { exactlyOne, sameRecord, together, type ContractPart } from './assertions.ts'
import { ground, issue } from './ground.ts'
import { digest, interaction, later, start } from './records.ts'

/** Unfinished requests: each accepted form works once. */
export const interactionContract: ContractPart = ({ describe, it }, withStore) => {
  describe('interactions', () => {
    it(
      'A-AUTHZ-14 keeps a request until it expires',
      withStore(async (store) => {
        const open = interaction('client', {
          decision: { allow: true, subject: 'user', scope: ['openid'], remember: false },
        })
        await store.saveInteraction(open)
        sameRecord(await store.findInteraction(open.digest, later(599)), open)
        equal(await store.findInteraction(open.digest, later(600)), undefined)
        equal(await store.findInteraction(digest(), start), undefined)
        await rejects(store.saveInteraction(open))
      }),
    )
    it(
      'A-AUTHZ-15 accepts one of 64 parallel forms of a version',
      withStore(async (store) => {
        const open = interaction('client')
        await store.saveInteraction(open)
        const next = (index: number) => ({ ...open, version: 2, loginSessionId: `session ${index}` })
        const answers = await together(64, (index) => store.advanceInteraction(next(index), 1))
        const winner = exactlyOne(answers, (answer) => answer)
        sameRecord(await store.findInteraction(open.digest, start), next(winner))
        equal(await store.advanceInteraction({ ...open, version: 3 }, 1), false)
        equal(await store.advanceInteraction({ ...open, version: 3 }, 2), true)
        await rejects(store.advanceInteraction({ ...open, version: 3 }, 3))
      }),
    )
    it(
      'CS-17 ends a request once, whichever way it ends',
      withStore(async (store) => {
        const on = await ground(store)
        for (let round = 0; round < 10; round++) {
          const open = interaction(on.client.id)
          await store.saveInteraction(open)
          const [ended, again, code] = await Promise.all([
            store.endInteraction(open.digest, 1),
            store.endInteraction(open.digest, 1),
            store.issueCode(issue(on, { interaction: open }), start),
          ])
          equal([ended, again, code === 'issued'].filter(Boolean).length, 1)
          equal(await store.findInteraction(open.digest, start), 'consumed')
          equal(await store.advanceInteraction({ ...open, version: 2 }, 1), false)
        }
      }),
    )
    it(
      'CS-17 does not end a request that was read at an older version',
      withStore(async (store) => {
        const open = interaction('client')
        await store.saveInteraction(open)
        await store.advanceInteraction({ ...open, version: 2 }, 1)
        equal(await store.endInteraction(open.digest, 1), false)
        equal(await store.endInteraction(open.digest, 2), true)
        equal(await store.findInteraction(open.digest, later(599)), 'consumed')
        equal(await store.findInteraction(open.digest, later(600)), undefined)
      }),
    )
  })
}
