import { checkProof, seconds } from '@sallyport/protocol'
import { expect, it } from 'vitest'
import { recentlyUsed } from '../src/recently-used.ts'
import { jwkOf, makeProof, newKey, now } from './proofs.ts'

it('IN-01 what was not used for the longest time makes way', () => {
  const values = recentlyUsed<number>(3)
  for (const [index, key] of ['a', 'b', 'c'].entries()) values.set(key, index)
  expect(values.get('a')).toBe(0)
  values.set('d', 3)
  expect(['a', 'b', 'c', 'd'].map((key) => values.get(key))).toEqual([0, undefined, 2, 3])
  values.set('c', 7)
  expect([values.get('c'), values.size()]).toEqual([7, 3])
  for (let index = 0; index < 1000; index++) values.set(`more ${index}`, index)
  expect(values.size()).toBe(3)
})

it('B-DPOP-06, DP-07 a key that was read before is not taken for another, nor is its signature', async () => {
  const request = { method: 'POST', uri: 'https://as.example/token' }
  const [mine, theirs] = [newKey(), newKey()]
  const check = (proof: string) => checkProof(proof, request, seconds(now))
  for (let round = 0; round < 3; round++) {
    const good = check(await makeProof({ key: mine }))
    expect(good).toMatchObject({ thumbprint: expect.any(String) as string })
    expect(check(await makeProof({ key: theirs }))).not.toMatchObject({
      thumbprint: (good as { thumbprint: string }).thumbprint,
    })
    expect(check(await makeProof({ key: theirs, header: { jwk: jwkOf(mine) } }))).toBe('signature')
    expect(check(await makeProof({ key: mine, header: { jwk: { ...jwkOf(mine), d: 'x' } } }))).toBe('jwk')
    expect(check(await makeProof({ key: mine, header: { jwk: { ...jwkOf(mine), crv: 'P-384' } } }))).toBe('jwk')
  }
})
