import { deepEqual, equal } from 'node:assert/strict'
import type { SecondFactor } from '@sallyport/server/model'
import { exactlyOne, sameRecord, sizes, together, type ContractPart } from './assertions.ts'
import { digest, event, start, unique } from './records.ts'

const factor = (more: Partial<SecondFactor> = {}): SecondFactor => ({
  id: unique('factor'),
  subject: unique('user'),
  seed: Uint8Array.of(0, 1, 254, 255),
  lastStep: 100,
  createdAt: start,
  ...more,
})

const digests = (count = 10): readonly string[] => Array.from({ length: count }, () => digest())

/** Second factors: one for each person, each code of theirs good for one use. */
export const factorContract: ContractPart = ({ describe, it }, withStore) => {
  describe('second factors', () => {
    it(
      'BF-10 are one for each person: of 16 enrolments at the same moment one is kept, with its own codes',
      withStore(async (store) => {
        const subject = unique('user')
        const tried = Array.from({ length: 16 }, (_, index) => ({ factor: factor({ subject }), codes: digests(index) }))
        const answers = await together(16, (index) =>
          store.factors.enrol(tried[index]?.factor ?? factor(), tried[index]?.codes ?? [], [event()]),
        )
        const place = exactlyOne(answers, (answer) => answer)
        sameRecord(await store.factors.find(subject), { factor: tried[place]?.factor, recoveryLeft: place })
        equal((await sizes(store))['events'], 1)
        equal(await store.factors.find(unique('user')), undefined)
      }),
    )
    it(
      'BF-06 accept each time step once, and none before the newest that was accepted',
      withStore(async (store) => {
        const [one, other] = [factor(), factor()]
        await store.factors.enrol(one, [], [])
        await store.factors.enrol(other, [], [])
        equal(await store.factors.useStep(one.id, 100), false)
        exactlyOne(await together(64, () => store.factors.useStep(one.id, 101)), (answer) => answer)
        equal(await store.factors.useStep(one.id, 103), true)
        equal(await store.factors.useStep(one.id, 102), false)
        equal(await store.factors.useStep(unique('factor'), 104), false)
        equal((await store.factors.find(one.subject))?.factor.lastStep, 103)
        equal((await store.factors.find(other.subject))?.factor.lastStep, 100)
      }),
    )
    it(
      'BF-13 spend each recovery code once, and only with the factor it belongs to',
      withStore(async (store) => {
        const [one, other] = [factor(), factor()]
        const codes = digests()
        await store.factors.enrol(one, codes, [])
        await store.factors.enrol(other, digests(), [])
        const first = codes[0] ?? ''
        equal(await store.factors.useRecovery(other.id, first), false)
        exactlyOne(await together(64, () => store.factors.useRecovery(one.id, first)), (answer) => answer)
        deepEqual(
          [
            (await store.factors.find(one.subject))?.recoveryLeft,
            (await store.factors.find(other.subject))?.recoveryLeft,
          ],
          [9, 10],
        )
      }),
    )
    it(
      'BF-13 forget all earlier recovery codes when there are new ones',
      withStore(async (store) => {
        const one = factor()
        const [before, after] = [digests(), digests(3)]
        await store.factors.enrol(one, before, [])
        equal(await store.factors.replaceRecovery(one.id, after, [event()]), true)
        equal(await store.factors.useRecovery(one.id, before[0] ?? ''), false)
        equal(await store.factors.useRecovery(one.id, after[0] ?? ''), true)
        equal(await store.factors.replaceRecovery(unique('factor'), digests(), [event()]), false)
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'BF-10 go with everything of theirs, once, and make room for another',
      withStore(async (store) => {
        const one = factor()
        const codes = digests()
        await store.factors.enrol(one, codes, [])
        exactlyOne(await together(16, () => store.factors.remove(one.id, [event()])), (answer) => answer)
        equal(await store.factors.find(one.subject), undefined)
        equal(await store.factors.useStep(one.id, 200), false)
        equal(await store.factors.useRecovery(one.id, codes[0] ?? ''), false)
        const next = factor({ subject: one.subject })
        equal(await store.factors.enrol(next, digests(1), []), true)
        sameRecord(await store.factors.find(one.subject), { factor: next, recoveryLeft: 1 })
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'BF-06 are what was given, whatever becomes of it afterwards',
      withStore(async (store) => {
        const one = factor()
        await store.factors.enrol(one, [], [])
        one.seed.fill(9)
        const found = await store.factors.find(one.subject)
        found?.factor.seed.fill(9)
        deepEqual([...((await store.factors.find(one.subject))?.factor.seed ?? [])], [0, 1, 254, 255])
      }),
    )
  })
}
