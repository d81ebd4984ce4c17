import { describe, expect, it } from 'vitest'
import { openUnder, sealUnder } from '../src/secrets.ts'

const handle = 'Qm9hdHMgYXJlIHNtYWxsLCBvY2VhbnMgYXJlIGxhcmdl'
const texts = ['', 'n', 'n-0S6_WzA2Mj', 'é漢🜁', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'yz'.repeat(1024)]

describe('values sealed under the handle of their row', () => {
  it.each(texts)('A-GEN-07 come back as they were sent: %j', (text) => {
    expect(openUnder(handle, sealUnder(handle, text, 'nonce'), 'nonce')).toBe(text)
  })

  it('A-GEN-07 show neither the text nor that two rows hold the same one', () => {
    const sealed = sealUnder(handle, 'n-0S6_WzA2Mj', 'nonce')
    expect(sealed).not.toContain('n-0S6_WzA2Mj')
    expect(sealUnder(`${handle}2`, 'n-0S6_WzA2Mj', 'nonce')).not.toBe(sealed)
    expect(sealUnder(handle, 'n-0S6_WzA2Mj', 'state')).not.toBe(sealed)
    const [first, second] = ['aaaaaaaaaaaa', 'aaaaaaaaaaab'].map((text) => sealUnder(handle, text, 'nonce').slice(22))
    expect(first?.slice(0, 10), 'one pad serves one text only').not.toBe(second?.slice(0, 10))
  })

  it('A-GEN-07 open under their own handle and for their own purpose only, and not after any change', () => {
    const sealed = sealUnder(handle, 'n-0S6_WzA2Mj', 'nonce')
    expect(openUnder(`${handle}2`, sealed, 'nonce')).toBeUndefined()
    expect(openUnder(handle, sealed, 'state')).toBeUndefined()
    for (let i = 0; i < sealed.length; i++) {
      const changed = `${sealed.slice(0, i)}${sealed[i] === 'A' ? 'B' : 'A'}${sealed.slice(i + 1)}`
      expect(openUnder(handle, changed, 'nonce'), `changed at ${i}`).toBeUndefined()
    }
    for (const rest of ['', 'AAAA', sealed.slice(0, 22)]) expect(openUnder(handle, rest, 'nonce')).toBeUndefined()
  })
})
