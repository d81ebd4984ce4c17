import { sallyportBrand } from '@sallyport/accounts'
import { describe, expect, it } from 'vitest'
import { styleSheet } from '../../../accounts/src/pages/style-sheet.ts'
import { demoStyleSheet } from '../../src/demo/pages/style-sheet.ts'
import { documentationStyle } from '../../src/documentation-style.ts'

const colour = /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(/i
/** Where a name is given to a colour. */
const named = /--[a-z-]+:[^;}]+/g

describe('colours', () => {
  it.each([
    ['pages', styleSheet(sallyportBrand)],
    ['demo', demoStyleSheet],
    ['documentation', documentationStyle],
  ])('A-UI-02 of the %s stand where they get their name, and are used by it', (_, css) => {
    const rules = css.replaceAll(named, '')
    expect(colour.exec(rules)?.[0]).toBeUndefined()
    expect(colour.test(`${rules}.a{fill:#f3c76a}`)).toBe(true)
  })

  it('A-UI-02 every name that the demo and the documentation use is given', () => {
    const all = styleSheet(sallyportBrand) + demoStyleSheet + documentationStyle
    const given = new Set([...all.matchAll(/(--[a-z-]+):/g)].map(([, name]) => name))
    for (const [, name] of all.matchAll(/var\((--[a-z-]+)/g)) expect(given).toContain(name)
  })
})
