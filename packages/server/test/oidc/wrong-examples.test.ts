import { readdirSync, readFileSync } from 'node:fs'
import { isJwsAlgorithm, leftHalfHash, reasons, type JwsAlgorithm } from '@sallyport/protocol'
import { describe, expect, it } from 'vitest'
import { expectBack, expectRefusal, newIssuer } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'

describe('advice in circulation that is not followed', () => {
  it('B-CX-01, B-WR-08 a request without state and nonce gets its tokens, and neither comes back', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.codeFlow({ parameters: { state: undefined, nonce: undefined } })
    expect(flow.idToken).not.toBe('')
    expect(flow.authorized.response.has('state')).toBe(false)
  })

  it.for(['P', 'K', 'N'] as const)(
    'B-WR-09 %s is asked for S256 whether it has a secret or not, with codes of the standards alone',
    async (kind) => {
      const issuer = await newIssuer()
      const client = issuer.clients[kind]
      const without = { code_challenge: undefined, code_challenge_method: undefined }
      expectBack(await issuer.authorize({ client, parameters: without }), 'invalid_request')
      const plain = { code_challenge_method: 'plain' }
      expectBack(await issuer.authorize({ client, parameters: plain }), 'invalid_request')
      // The method that a request without one has is plain.
      const unnamed = { code_challenge_method: undefined }
      expectBack(await issuer.authorize({ client, parameters: unnamed }), 'invalid_request')
      const authorized = await issuer.authorize({ client })
      expectRefusal(await issuer.redeem(authorized, { code_verifier: undefined }), 'invalid_grant')
    },
  )

  it('B-CX-05, B-WR-09 no refusal has a code of its own for what PKCE needs', () => {
    const asked = Object.entries(reasons).filter(([, { page }]) => page.startsWith('pkce-'))
    expect(asked.length).toBeGreaterThan(5)
    for (const [name, { error }] of asked)
      expect([name, ['invalid_request', 'invalid_grant'].includes(error)]).toEqual([name, true])
  })

  it('B-TV-13 the hashes of the 384 family belong to algorithms that are not offered, and none stands in for them', () => {
    const token = 'YmJiZTAwYmYtMzgyOC00NzhkLTkyOTItNjJjNDM3MGYzOWIy9sFhvH8K_x8UIHj1osisS57f5DduL'
    for (const name of ['RS384', 'PS384', 'ES384', 'HS384']) {
      expect(isJwsAlgorithm(name)).toBe(false)
      expect(() => leftHalfHash(name as JwsAlgorithm, token)).toThrow(TypeError)
    }
    expect(leftHalfHash('RS256', token)).not.toBe('adt46pcdiB-l6eTNifgoVM-5AIJAxq84')
  })

  it('B-WR-10 pages name RFC 9700 as the best current practice, and RFC 9126 for pushed requests alone', () => {
    const folder = new URL('../../../../docs/', import.meta.url)
    const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
    const texts = pages.map((page) => readFileSync(new URL(page, folder), 'utf8'))
    expect(texts.filter((text) => text.includes('RFC 9700')).length).toBeGreaterThan(5)
    for (const paragraph of texts.flatMap((text) => text.split('\n\n')))
      if (/best (?:current |security )?practice/i.test(paragraph)) expect(paragraph).not.toContain('9126')
  })
})
