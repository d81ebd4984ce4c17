import { newUserCode, readUserCode, showUserCode, systemRandom, type Random } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'

/** Gives these bytes, then zeros. */
function scripted(bytes: readonly number[]): Random {
  const rest = [...bytes]
  const id = (count: number): string =>
    Buffer.from(Array.from({ length: count }, () => rest.shift() ?? 0)).toString('base64url')
  return { id, handle: () => id(32) }
}

describe('user codes', () => {
  it('A-DEV-04 have 8 letters of the alphabet, shown in two groups', () => {
    const random = systemRandom()
    for (let round = 0; round < 1000; round++) {
      const code = newUserCode(random)
      expect(code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/)
      expect(showUserCode(code)).toBe(`${code.slice(0, 4)}-${code.slice(4)}`)
      expect(readUserCode(showUserCode(code))).toBe(code)
    }
  })

  it('A-DEV-04 draw every letter equally often, over a million codes', { timeout: 60_000 }, () => {
    const random = systemRandom()
    const counts = new Map<string, number>()
    for (let round = 0; round < 1_000_000; round++)
      for (const letter of newUserCode(random)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    expect(counts.size).toBe(20)
    // 1 % is six and a half standard deviations; a remainder without drawing again would be off by 1.6 %.
    for (const count of counts.values()) expect(Math.abs(count / 400_000 - 1)).toBeLessThan(0.01)
  })

  it('A-DEV-04 draw again what would favour a letter', () => {
    expect(newUserCode(scripted([240, 255, 19, 239, 250, 20, 1, 2, 3, 4, 5]))).toBe('ZZBCDFGH')
    const favouring = Array.from({ length: 16 }, () => 255)
    expect(newUserCode(scripted(favouring))).toBe('BBBBBBBB')
  })

  it('A-DEV-04 are read in any case and with any separator', () => {
    for (const typed of ['WDJB-MJHT', 'wdjb mjht', ' w.d.j.b/mjht\n', 'WDJBMJHT', 'W1D0J-B_MJAHET'])
      expect(readUserCode(typed)).toBe('WDJBMJHT')
    for (const typed of ['', 'WDJB', 'WDJB-MJH', 'WDJB-MJHTB', 'AEIOUY12', 'W'.repeat(1000)])
      expect(readUserCode(typed)).toBeUndefined()
    expect(readUserCode('-'.repeat(1000) + 'WDJBMJHT')).toBeUndefined()
  })
})
