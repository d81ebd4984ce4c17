import {
  cookieName,
  equalInConstantTime,
  fromBase64url,
  readCookie,
  setCookie,
  sha256,
  toBase64url,
} from '@sallyport/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

describe('base64url', () => {
  it('A-GEN-07 one byte string has one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64url(bytes)
        expect(fromBase64url(text)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('A-CODE-11, CO-07 every text that is accepted is the spelling of its bytes', () => {
    const texts = fc.string({ maxLength: 50, unit: fc.constantFrom(...'ABCDEFwxyz0189-_+/= .\n') })
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = fromBase64url(text)
        return bytes === undefined || toBase64url(bytes) === text
      }),
      { numRuns: 5000 },
    )
  })

  it('CO-07 padding, foreign alphabets, impossible lengths and spare bits are refused', () => {
    for (const text of ['QQ==', 'QQ=', 'Q', 'QR', 'QUF', 'QUJ', '+A', '/A', 'Q Q', 'QQ\n', 'é', 'QQ.'])
      expect([text, fromBase64url(text)]).toEqual([text, undefined])
    expect(fromBase64url('')).toEqual(Buffer.alloc(0))
  })
})

describe('digests', () => {
  it('A-GEN-07 the lookup form is SHA-256 in base64url', () => {
    expect(sha256('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
    expect(sha256('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
  })

  it('A-PKCE-06 comparison tells equality, for any lengths', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (a, b) => equalInConstantTime(a, b) === (a === b) && equalInConstantTime(a, a),
      ),
    )
  })
})

describe('cookies', () => {
  it('A-UI-05 has every attribute, and the prefix with TLS', () => {
    expect(setCookie('s', 'v', { maxAge: 60, secure: true })).toBe(
      '__Host-s=v; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60',
    )
    expect(setCookie('s', '', { maxAge: 0, secure: false })).toBe('s=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0')
    expect(cookieName('s', true)).toBe('__Host-s')
  })

  it('A-UI-05 a name that stands twice, or only resembles, is not read', () => {
    expect(readCookie('a=1; s=v; b=2', 's')).toBe('v')
    expect(readCookie('s=v', 's')).toBe('v')
    expect(readCookie('s=v; s=w', 's')).toBeUndefined()
    expect(readCookie('ss=v; xs=w; S=u', 's')).toBeUndefined()
    expect(readCookie('s=', 's')).toBeUndefined()
    expect(readCookie('s', 's')).toBeUndefined()
    expect(readCookie(undefined, 's')).toBeUndefined()
  })

  it('IN-12 reading any header never throws and finds what was put there', () => {
    const noise = fc.string({ maxLength: 40, unit: fc.constantFrom(...'ab=; \t"\u0000é') })
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const value = readCookie(`${before}; needle=abc; ${after}`, 'needle')
        return value === 'abc'
      }),
    )
  })

  it('IN-04 a header of a megabyte is read in no time', () => {
    const from = performance.now()
    readCookie('a=1; '.repeat(200_000), 's')
    readCookie(' '.repeat(1_000_000), 's')
    expect(performance.now() - from).toBeLessThan(5_000)
  })
})
