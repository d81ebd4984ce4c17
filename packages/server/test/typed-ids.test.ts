import { seconds, systemRandom } from '@sallyport/protocol'
import { orderedId, typedId } from '@sallyport/server'
import { describe, expect, it } from 'vitest'

describe('ids that people type', () => {
  it('A-TOK-16 never begin with a dash, which a command line would take for an option', () => {
    const random = systemRandom()
    for (let n = 0; n < 5000; n++) expect(typedId(random, 12)).toMatch(/^[A-Za-z0-9_][\w-]{15}$/)
    for (const year of [1970, 2026, 2100, 2200])
      expect(orderedId(seconds(Date.UTC(year, 0, 1) / 1000), random)).toMatch(/^[A-Za-z0-9_][\w-]{23}$/)
  })

  it('A-TOK-16 sort by time, also after those of older releases', () => {
    const random = systemRandom()
    const at = (second: number): string => orderedId(seconds(second), random)
    const ids = [at(1), at(1_700_000_000), at(1_700_000_000.001), at(1_900_000_000), at(5_000_000_000)]
    expect([...ids].sort()).toEqual(ids)
    expect('-P7HCfRETAAVgNG8jFlEZwNa' < at(1)).toBe(true)
  })
})
