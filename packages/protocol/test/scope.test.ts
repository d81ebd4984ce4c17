import {
  formatScope,
  maxScopeLength,
  nearest,
  OAuthError,
  parseScope,
  reasons,
  refuse,
  scopeWithin,
  type Reason,
} from '@sallyport/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const token = fc.string({
  minLength: 1,
  maxLength: 10,
  unit: fc.constantFrom(...'abcXYZ019!#$%&()*+,-./:;<=>?@[]^_`{|}~'),
})

describe('scope', () => {
  it('A-AUTHZ-08, IN-11 what is written is read, folded, in order', () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 50 }), (values) => {
        expect(parseScope(values.join(' '))).toEqual([...new Set(values)])
      }),
    )
  })

  it('A-AUTHZ-08, IN-11 nothing else is: the grammar of OAuth 2.1', () => {
    const grammar = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/
    const texts = fc.string({ maxLength: 30, unit: fc.constantFrom(...'ab !"\\\t\n\u007fé,') })
    fc.assert(
      fc.property(texts, (text) => (parseScope(text) !== undefined) === (grammar.test(text) && !text.endsWith('\n'))),
      { numRuns: 3000 },
    )
  })

  it('IN-11 long ones and many are refused quickly', () => {
    const from = performance.now()
    for (const text of [
      'x'.repeat(10_240),
      'x '.repeat(10_000),
      ' '.repeat(1_000_000),
      Array.from({ length: 101 }, (_, i) => i).join(' '),
      'x'.repeat(maxScopeLength + 1),
    ])
      expect(parseScope(text)).toBeUndefined()
    expect(performance.now() - from).toBeLessThan(5_000)
  })

  it('A-RT-07 within means every value', () => {
    const sets = fc.uniqueArray(token, { maxLength: 6 })
    fc.assert(fc.property(sets, sets, (a, b) => scopeWithin(a, b) === a.every((value) => new Set(b).has(value))))
    expect(formatScope(['a', 'b'])).toBe('a b')
  })
})

describe('reasons', () => {
  it('A-GEN-05 every sentence is printable, without quotes and backslashes, and every page is a plain name', () => {
    for (const [reason, { description, page, status }] of Object.entries(reasons)) {
      expect([reason, description]).toEqual([reason, expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)])
      expect(page).toMatch(/^[a-z]+(?:-[a-z]+)*$/)
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(600)
    }
  })

  it('A-PKCE-16 pkce_required is no error code of any reason', () => {
    expect(Object.values(reasons).map(({ error }) => error)).not.toContain('pkce_required')
    for (const reason of ['pkce_required', 'verifier_missing'] as const)
      expect(reasons[reason].description).toMatch(/^pkce_required: /)
  })

  it('A-TOK-07 no reason of client authentication can be told from another', () => {
    // Pages about metadata documents have the same code and another status; they are no answers to a client.
    const entries = (Object.keys(reasons) as Reason[]).filter(
      (reason) => reasons[reason].error === 'invalid_client' && reasons[reason].page !== 'metadata-document',
    )
    expect(entries.length).toBeGreaterThan(4)
    expect(new Set(entries.map((reason) => JSON.stringify(reasons[reason]))).size).toBe(1)
  })

  it('AR-05 an error shows the wire what its reason says and nothing of what went wrong', () => {
    const error = refuse('code_unknown', { detail: 'secret detail', cause: new Error('secret cause') })
    expect(error).toBeInstanceOf(OAuthError)
    expect([error.code, error.status, error.page]).toEqual(['invalid_grant', 400, 'authorization-code'])
    expect(error.description).not.toMatch(/secret/)
  })
})

describe('names', () => {
  it('A-PKCE-15 a mistyped name finds its neighbour and a far one finds none', () => {
    expect(nearest('autorizationCodeLifetime', ['authorizationCodeLifetime', 'idTokenLifetime'])).toBe(
      'authorizationCodeLifetime',
    )
    expect(nearest('zzzzzzzzzzzz', ['authorizationCodeLifetime'])).toBeUndefined()
  })

  it('IN-02 a long name takes no time', () => {
    const from = performance.now()
    nearest('x'.repeat(1_000_000), ['authorizationCodeLifetime'])
    expect(performance.now() - from).toBeLessThan(5_000)
  })
})
