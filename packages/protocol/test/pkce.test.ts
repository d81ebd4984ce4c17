import {
  challengeMatches,
  challengeOf,
  isCodeChallenge,
  isCodeVerifier,
  publishedChallenges,
  systemRandom,
} from '@sallyport/protocol'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const unreserved = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'
const verifiers = fc
  .array(fc.constantFrom(...unreserved), { minLength: 43, maxLength: 128 })
  .map((characters) => characters.join(''))

describe('vectors', () => {
  it.for([
    ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'],
    ['3641a2d12d66101249cdf7a79c000c1f8c05d2aafcf14bf146497bed', '6fdkQaPm51l13DSukcAH3Mdx7_ntecHYd1vi3n0hMZY'],
    ['a'.repeat(43), 'ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA'],
    ['a'.repeat(128), 'aDbPE7rEAOkQUHHNavRwhN-srU5eMCyUv-0k4BOvtz4'],
    [unreserved, 'RZ77XZltYSfl0BLxuGd8pHGJ4EoMoVDVuSWHgNq3RY8'],
  ] as const)('A-PKCE-06 the challenge of %s', ([verifier, challenge]) => {
    expect(challengeOf(verifier)).toBe(challenge)
    expect(challengeMatches(verifier, challenge)).toBe(true)
    expect([isCodeVerifier(verifier), isCodeChallenge(challenge)]).toEqual([true, true])
  })

  it('A-PKCE-06, B-TV-17 the octets of RFC 7636 appendix B', () => {
    const octets = [
      116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191, 240,
      91, 88, 5, 88, 83, 132, 141, 121,
    ]
    expect(Buffer.from(octets).toString('base64url')).toBe('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
    const hashed = [
      19, 211, 30, 150, 26, 26, 216, 236, 47, 22, 177, 12, 76, 152, 46, 8, 118, 168, 120, 173, 109, 241, 68, 86, 110,
      225, 137, 74, 203, 112, 249, 195,
    ]
    expect([...Buffer.from(challengeOf(Buffer.from(octets).toString('base64url')), 'base64url')]).toEqual(hashed)
  })

  it('A-PKCE-10 the hash of nothing is known to everybody, and nothing is no verifier', () => {
    expect(publishedChallenges.has(challengeOf(''))).toBe(true)
    expect(isCodeVerifier('')).toBe(false)
  })
})

describe('syntax', () => {
  it('A-PKCE-05 exactly 43 to 128 unreserved characters', () => {
    const good = /^[A-Za-z0-9\-._~]{43,128}$/
    const near = fc.oneof(
      verifiers,
      fc.string({ minLength: 40, maxLength: 131, unit: 'grapheme' }),
      fc.string({ minLength: 43, maxLength: 43, unit: 'binary' }),
    )
    fc.assert(fc.property(near, (text) => isCodeVerifier(text) === (good.test(text) && !text.endsWith('\n'))))
    for (const length of [0, 1, 42, 129, 1_000_000]) expect(isCodeVerifier('a'.repeat(length))).toBe(false)
    expect(isCodeVerifier(`${'a'.repeat(43)}\n`)).toBe(false)
  })

  it('A-PKCE-04 a challenge is canonical base64url of 32 bytes, and nothing else is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) =>
        isCodeChallenge(Buffer.from(bytes).toString('base64url')),
      ),
    )
    const texts = fc.string({ minLength: 43, maxLength: 43, unit: fc.constantFrom(...'ABCDxyz019-_+/=. ') })
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = Buffer.from(text, 'base64url')
        return isCodeChallenge(text) === (bytes.length === 32 && bytes.toString('base64url') === text)
      }),
    )
  })

  it('A-PKCE-06 a verifier fits its own challenge and no other', () => {
    fc.assert(
      fc.property(verifiers, verifiers, (one, other) => {
        const expected = createHash('sha256').update(one, 'ascii').digest('base64url')
        return (
          challengeOf(one) === expected &&
          challengeMatches(one, expected) &&
          challengeMatches(other, expected) === (one === other)
        )
      }),
    )
  })

  it('A-PKCE-06 a challenge of another length never fits', () => {
    for (const challenge of ['', 'A', challengeOf('x').slice(0, 42), `${challengeOf('x')}A`])
      expect(challengeMatches('x', challenge)).toBe(false)
  })

  it('A-PKCE-06 the comparison is the constant-time one, by the source', () => {
    const source = readFileSync(new URL('../src/pkce.ts', import.meta.url), 'utf8')
    expect(source).toContain('equalInConstantTime(challengeOf(verifier), challenge)')
    expect(source).not.toMatch(/===|!==|localeCompare/)
  })

  it('A-PKCE-11 ten thousand fresh verifiers are different and well formed', () => {
    const random = systemRandom()
    const made = new Set(Array.from({ length: 10_000 }, () => random.handle()))
    expect(made.size).toBe(10_000)
    for (const verifier of made) expect([verifier.length, isCodeVerifier(verifier)]).toEqual([43, true])
  })
})
