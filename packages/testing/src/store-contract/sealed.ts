import type { SealedChange, SealedItem, Store } from '@sallyport/server/model'
import { deepEqual, equal } from 'node:assert/strict'
import { exactlyOne, sizes, together, type ContractPart } from './assertions.ts'
import { event, signingKey, start, unique } from './records.ts'

/** A key of the store, one that is kept elsewhere, and the second factor of a person. */
async function filled(store: Store): Promise<{ readonly kid: string; readonly subject: string }> {
  const [kid, subject] = [unique('key'), unique('user')]
  await store.addSigningKey(signingKey({ kid }), unique('slot'), undefined)
  const elsewhere = signingKey({ externalName: 'elsewhere', sealedPrivateKey: new Uint8Array(0) })
  await store.addSigningKey(elsewhere, unique('slot'), undefined)
  const seed = Uint8Array.of(7, 7, 7)
  await store.factors.enrol({ id: unique('factor'), subject, seed, lastStep: 0, createdAt: start }, [], [])
  return { kid, subject }
}

const changed = (before: readonly SealedItem[], first: number, more: Partial<SealedChange['setting']> = {}) => ({
  before,
  after: before.map((item) => ({ ...item, sealed: Uint8Array.of(first, ...item.sealed) })),
  setting: { name: 'envelope', value: `by ${first}`, expected: undefined, ...more },
})

/** Envelopes of the master key. */
export const sealedContract: ContractPart = ({ describe, it }, withStore) => {
  describe('what is sealed', () => {
    it(
      'AR-06 is listed, but for keys that are kept elsewhere, and gets new envelopes together with a setting',
      withStore(async (store) => {
        const { kid, subject } = await filled(store)
        const before = await store.sealed.list()
        deepEqual(
          before.map(({ kind, id, sealed }) => [kind, id, [...sealed]]),
          [
            ['signing_key', kid, [1, 2, 3]],
            ['second_factor', subject, [7, 7, 7]],
          ],
        )
        equal(await store.sealed.replace(changed(before, 9), [event()]), true)
        const keys = await store.listSigningKeys()
        deepEqual([...(keys.find((key) => key.kid === kid)?.sealedPrivateKey ?? [])], [9, 1, 2, 3])
        deepEqual([...((await store.factors.find(subject))?.factor.seed ?? [])], [9, 7, 7, 7])
        equal(await store.admin.readSetting('envelope'), 'by 9')
        equal((await sizes(store))['events'], 1)
      }),
    )
    it(
      'AR-06 changes for one of eight at once, and not at all when anything is another than it was',
      withStore(async (store) => {
        const { subject } = await filled(store)
        const before = await store.sealed.list()
        const answers = await together(8, (index) => store.sealed.replace(changed(before, index), [event()]))
        const winner = exactlyOne(answers, (answer) => answer)
        const now = await store.sealed.list()
        equal(now[0]?.sealed[0], winner)
        const next = { expected: `by ${winner}` }
        equal(await store.sealed.replace(changed(before, 20, next), [event()]), false)
        equal(await store.sealed.replace(changed(now.slice(1), 20, next), [event()]), false)
        equal(await store.sealed.replace(changed(now, 20), [event()]), false)
        const other = { id: unique('factor'), subject: unique('user'), seed: Uint8Array.of(1), lastStep: 0 }
        await store.factors.enrol({ ...other, createdAt: start }, [], [])
        equal(await store.sealed.replace(changed(now, 20, next), [event()]), false)
        deepEqual([...((await store.factors.find(subject))?.factor.seed ?? [])], [winner, 7, 7, 7])
        equal((await sizes(store))['events'], 1)
        equal(await store.sealed.replace(changed(await store.sealed.list(), 21, next), []), true)
      }),
    )
  })
}
