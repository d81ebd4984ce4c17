import { retention } from '@sallyport/server/model'
import { deepEqual, equal } from 'node:assert/strict'
import { exactlyOne, together, type ContractPart } from './assertions.ts'
import { later, signingKey, start, unique } from './records.ts'

/** Marks, counters and signing keys. */
export const markContract: ContractPart = ({ describe, it }, withStore) => {
  describe('marks and counters', () => {
    it(
      'A-CODE-02 remembers a key for one of 64 parallel callers until it expires',
      withStore(async (store) => {
        const key = unique('mark')
        const answers = await together(64, () => store.rememberOnce(key, later(60), start))
        exactlyOne(answers, (answer) => answer)
        equal(await store.rememberOnce(key, later(120), later(59)), false)
        equal(await store.rememberOnce(unique('mark'), later(60), start), true)
        const again = await together(8, () => store.rememberOnce(key, later(120), later(60)))
        exactlyOne(again, (answer) => answer)
        equal(await store.rememberOnce(key, later(180), later(119)), false)
      }),
    )
    it(
      'A-RATE-03 counts several at once',
      withStore(async (store) => {
        const name = unique('counter')
        equal(await store.count(name, 60, start, 30), 30)
        equal(await store.count(name, 60, later(59), 12), 42)
        equal(await store.readCount(name, later(59)), 42)
        equal(await store.count(name, 60, later(60), 5), 5)
      }),
    )
    it(
      'BF-02 counts parallel calls without losing one, in windows that begin with the first count',
      withStore(async (store) => {
        const name = unique('counter')
        equal(await store.readCount(name, start), 0)
        const values = await together(64, (index) => store.count(name, 60, later(index / 100)))
        deepEqual(
          [...values].sort((a, b) => a - b),
          Array.from({ length: 64 }, (_, index) => index + 1),
        )
        equal(await store.readCount(name, later(59)), 64)
        equal(await store.readCount(name, later(60)), 0)
        equal(await store.count(name, 60, later(60)), 1)
        equal(await store.count(name, 60, later(119)), 2)
        equal(await store.count(name, 60, later(120)), 1)
        await store.clearCount(name)
        equal(await store.readCount(name, later(120)), 0)
      }),
    )
  })
  describe('signing keys', () => {
    it(
      'FT-11 gives a slot to one of 8 parallel rotations and withdraws the predecessor with it',
      withStore(async (store) => {
        const first = signingKey()
        equal(await store.addSigningKey(first, 'ES256/1', undefined), true)
        const keys = Array.from({ length: 8 }, () => signingKey({ createdAt: later(10) }))
        const answers = await together(8, (index) =>
          store.addSigningKey(keys[index] ?? first, 'ES256/2', { kid: first.kid, removeAt: later(1000 + index) }),
        )
        const winner = exactlyOne(answers, (answer) => answer)
        const listed = await store.listSigningKeys()
        deepEqual(
          listed.map(({ kid, removeAt, sealedPrivateKey }) => [kid, removeAt, [...sealedPrivateKey]]),
          [
            [first.kid, later(1000 + winner), [1, 2, 3]],
            [keys[winner]?.kid, undefined, [1, 2, 3]],
          ],
        )
        deepEqual(listed[0]?.publicJwk, first.publicJwk)
        deepEqual(listed[0]?.externalName, undefined)
      }),
    )
    it(
      'B-JWK-09 knows a key that is kept elsewhere by its name, and has nothing of its private half',
      withStore(async (store) => {
        const key = signingKey({ externalName: 'first key', sealedPrivateKey: new Uint8Array(0) })
        equal(await store.addSigningKey(key, 'ES256/1', undefined), true)
        const [listed] = await store.listSigningKeys()
        deepEqual([listed?.externalName, listed?.sealedPrivateKey.length], ['first key', 0])
      }),
    )
    it(
      'B-JWK-02 keeps a withdrawn key for its time and never fills its slot again',
      withStore(async (store) => {
        const key = signingKey({ removeAt: later(100) })
        await store.addSigningKey(key, 'ES256/1', undefined)
        await store.sweep(later(100), 100)
        equal((await store.listSigningKeys()).length, 1)
        await store.sweep(later(100 + retention.signingKey), 100)
        equal((await store.listSigningKeys()).length, 0)
        equal(await store.addSigningKey(signingKey(), 'ES256/1', undefined), false)
      }),
    )
  })
}
