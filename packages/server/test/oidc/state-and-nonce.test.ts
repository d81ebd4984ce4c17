import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

describe('state', () => {
  const kept = {
    'one character': 'S',
    'every printable ASCII character': printable,
    '1500 characters with everything that needs care': `%+&"'<>#=? ${'x%25'.repeat(372)}.`,
    '2048 characters': 's'.repeat(2048),
    'what looks encoded': '%41%2B&amp;&#34;',
  }
  it.for(Object.entries(kept))('B-OIDC-07, XS-05 %s come back byte for byte', async ([, state]) => {
    const issuer = await newRealIssuer()
    const success = await issuer.authorize({ parameters: { state } })
    expect(success.response.get('state')).toBe(state)
    const failure = await issuer.authorize({ parameters: { state, prompt: 'none' } })
    expect(failure.response.get('state')).toBe(state)
  })

  const refused = {
    '2049 characters': 's'.repeat(2049),
    '5000 characters': 's'.repeat(5000),
    '8192 characters': 's'.repeat(8192),
    'a letter outside ASCII': 'zurück',
    'a line feed': 'a\nb',
    'a NUL': 'a\u0000b',
    'a line separator': 'a\u2028b',
    'an emoji': '🚪',
  }
  it.for(Object.entries(refused))('B-OIDC-07, XS-05 %s are refused, never cut', async ([, state]) => {
    const issuer = await newRealIssuer()
    const { response, visit } = await issuer.authorize({ parameters: { state } })
    expect([visit.answer.status, response.get('error'), response.has('state')]).toEqual([303, 'invalid_request', false])
    expect(issuer.store.calls).not.toContain('saveInteraction')
  })

  it('B-OIDC-07, XS-05 an absent or empty state stays absent', async () => {
    const issuer = await newRealIssuer()
    for (const state of [undefined, ''])
      expect((await issuer.authorize({ parameters: { state } })).response.has('state')).toBe(false)
  })
})

describe('nonce', () => {
  it.for([1, 43, 64, 384, 512])('B-OIDC-08, B-IDT-03 %d characters stand in the ID Token unchanged', async (length) => {
    const issuer = await newRealIssuer()
    const nonce = printable.replaceAll(' ', '~').repeat(6).slice(0, length)
    const { idToken } = await issuer.codeFlow({ parameters: { nonce } })
    expect(decodeJwt(idToken).claims['nonce']).toBe(nonce)
  })

  it('B-OIDC-08, B-IDT-03 absent in is absent out', async () => {
    const issuer = await newRealIssuer()
    for (const nonce of [undefined, ''])
      expect(decodeJwt((await issuer.codeFlow({ parameters: { nonce } })).idToken).claims).not.toHaveProperty('nonce')
  })

  it.for(['n'.repeat(513), 'n'.repeat(600), 'n'.repeat(4000), 'ñonce'])(
    'B-OIDC-08 a nonce beyond the limit is refused, never cut',
    async (nonce) => {
      const issuer = await newRealIssuer()
      expectBack(await issuer.authorize({ parameters: { nonce } }), 'invalid_request')
    },
  )
})
