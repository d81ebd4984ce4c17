import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference, nearestFirst, type Stretch } from '../src/pages/difference.ts'

const joined = (stretches: readonly Stretch[]): string => stretches.map(({ text }) => text).join('')
const same = (stretches: readonly Stretch[]): string =>
  stretches
    .filter(({ differs }) => !differs)
    .map(({ text }) => text)
    .join('')

describe('difference', () => {
  it('A-UI-12 marks the one character that differs', () => {
    expect(difference('https://a.example/cb', 'https://a.example/cB')).toEqual({
      left: [
        { text: 'https://a.example/c', differs: false },
        { text: 'b', differs: true },
      ],
      right: [
        { text: 'https://a.example/c', differs: false },
        { text: 'B', differs: true },
      ],
      position: 20,
    })
    expect(difference('same', 'same').position).toBe(0)
  })

  it('A-UI-12 loses no character, and what is not marked is common to both', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '/'), maxLength: 60 })
    fc.assert(
      fc.property(text, text, (left, right) => {
        const found = difference(left, right)
        expect(joined(found.left)).toBe(left)
        expect(joined(found.right)).toBe(right)
        expect(same(found.left)).toBe(same(found.right))
      }),
    )
  })

  it('A-GEN-08 stays quick for the longest addresses', () => {
    const before = performance.now()
    difference('x'.repeat(2048), 'y'.repeat(2048))
    expect(performance.now() - before).toBeLessThan(5_000)
  })
})

describe('nearestFirst', () => {
  it('A-UI-12 puts the address that was most likely meant at the front, and keeps the order of the others', () => {
    const registered = ['https://a.example/callback', 'https://a.example/other/path', 'https://b.example/']
    expect(nearestFirst('https://a.example/other/paths', registered)).toEqual([
      registered[1],
      registered[0],
      registered[2],
    ])
    expect(nearestFirst('https://a.example/callbacK', registered)).toEqual(registered)
    expect(nearestFirst('x', [])).toEqual([])
  })
})
