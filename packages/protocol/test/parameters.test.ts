import { formDecode, formEncode, maxParameters, parseForm } from '@sallyport/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const plain = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcXYZ019_-.~ +&=%/?é☃😀"<>\\') })
const pairs = fc.uniqueArray(fc.tuple(plain, plain), { maxLength: 20, selector: ([name]) => name })

describe('parsing', () => {
  it('A-GEN-04 reads what URLSearchParams writes', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        const form = parseForm(new URLSearchParams(list).toString())
        expect([form.fault, form.duplicated.size]).toEqual([undefined, 0])
        for (const [name, value] of list) {
          if (name === 'resource') expect(form.resources).toEqual([value])
          else expect(form.get(name)).toBe(value)
        }
      }),
    )
  })

  it('A-GEN-04 agrees with URLSearchParams wherever it finds no fault', () => {
    const bytes = fc.string({ maxLength: 60, unit: fc.constantFrom(...'ab=&+%20fFeé\u0000\u000a;?#') })
    fc.assert(
      fc.property(bytes, (text) => {
        // The reference drops a leading question mark; a form body has none to drop.
        fc.pre(!text.startsWith('?'))
        const form = parseForm(text)
        const reference = new URLSearchParams(text)
        if (form.fault !== undefined || form.duplicated.size > 0) return
        for (const name of new Set(reference.keys())) {
          if (name === 'resource') continue
          const value = reference.get(name)
          expect(form.get(name)).toBe(value === '' ? undefined : value)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('A-GEN-04 a name sent twice is told, whatever the values, in any encoding', () => {
    fc.assert(
      fc.property(plain, plain, plain, (name, one, other) => {
        fc.pre(name !== 'resource')
        const encoded = [...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
        for (const text of [
          `${formEncode(name)}=${formEncode(one)}&${encoded}=${formEncode(other)}`,
          `${encoded}=&${encoded}`,
        ])
          expect([...parseForm(text).duplicated]).toEqual([name])
      }),
    )
  })

  it('PP-05 has no structure: brackets and dots are characters of a name', () => {
    const form = parseForm('a[]=1&a[b]=2&a.b=3&a=4')
    expect(['a[]', 'a[b]', 'a.b', 'a'].map((name) => form.get(name))).toEqual(['1', '2', '3', '4'])
  })

  it('IN-01 names of object members are names like others', () => {
    const form = parseForm('__proto__=1&constructor=2&toString=3&hasOwnProperty=4')
    expect([form.get('__proto__'), form.get('constructor'), form.get('valueOf')]).toEqual(['1', '2', undefined])
    expect(({} as Record<string, unknown>)['1']).toBeUndefined()
  })

  it('A-GEN-04 empty is absent, but counts for doubling', () => {
    expect(parseForm('a=').has('a')).toBe(false)
    expect(parseForm('a').has('a')).toBe(false)
    expect([...parseForm('a=&a=1').duplicated]).toEqual(['a'])
    expect([...parseForm('a=1&a=').duplicated]).toEqual(['a'])
  })

  it('A-GEN-04 resource alone may repeat, in order, empties left out', () => {
    expect(parseForm('resource=b&resource=&resource=a').resources).toEqual(['b', 'a'])
  })

  it('IN-04 a hundred parameters, not one more', () => {
    const text = (count: number) => Array.from({ length: count }, (_, index) => `p${index}=1`).join('&')
    expect(parseForm(text(maxParameters)).fault).toBeUndefined()
    expect(parseForm(text(maxParameters + 1)).fault).toBe('param_count')
    expect(parseForm('&'.repeat(1_000_000)).fault).toBeUndefined()
  })

  it.for(['%', '%z', '%zz', '%u0041', '%c0%af', '%ed%a0%80', '%ff', '%e2%98', 'a%'])(
    'IN-06 the broken escape %s is a fault',
    (text) => {
      expect(parseForm(`a=${text}`).fault).toBe('param_encoding')
      expect(parseForm(`${text}=a`).fault).toBe('param_encoding')
      expect(formDecode(text)).toBeUndefined()
    },
  )

  it('A-GEN-08 control characters and line separators are a fault', () => {
    for (const code of [0, 9, 10, 13, 31, 127, 0x2028, 0x2029])
      expect(parseForm(`a=${encodeURIComponent(String.fromCharCode(code))}`).fault).toBe('control_char')
    expect(parseForm('a=%20%7e%c2%80').fault).toBeUndefined()
  })

  it('IN-02 fifty thousand of anything take no time', () => {
    const from = performance.now()
    for (const character of ['a', '/', '@', '.', ' ', '-', '%', '%25', '=', '&', '+', '\ud800']) {
      parseForm(`x=${character.repeat(50_000)}`)
      expect(performance.now() - from).toBeLessThan(5_000)
    }
  })
})

describe('encoding', () => {
  it('A-TOK-09 what is encoded is decoded to the same', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => formDecode(formEncode(text)) === text))
  })

  it('A-ISS-01 is what URLSearchParams writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(new URLSearchParams(`a=${formEncode(text)}`).get('a')).toBe(text)
        expect(formEncode(text)).toMatch(/^[\w.\-%+]*$/)
      }),
    )
  })
})
