import { parseScope } from '@sallyport/protocol'
import { decodeJwt } from '@sallyport/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'

const scopes = fc.uniqueArray(
  fc.constantFrom('openid', 'profile', 'email', 'offline_access', 'read', 'write', 'deliver'),
  { minLength: 1, maxLength: 7 },
)

/** Values of a `scope` member; none when there is no such member. */
const scopeOf = ({ scope }: Readonly<Record<string, unknown>>): readonly string[] =>
  typeof scope === 'string' ? (parseScope(scope) ?? []) : []

/** A scope of which rs1 knows nothing and which is not about signing in alone. */
const isElsewhere = (scope: readonly string[]): boolean =>
  scope.includes('deliver') && !scope.includes('read') && !scope.includes('write')

describe('what is granted', () => {
  it('A-RT-07, A-RES-04 never exceeds what was asked and approved, through code and refresh', async () => {
    const issuer = await newIssuer()
    await fc.assert(
      fc.asyncProperty(scopes, scopes, scopes, async (asked, approved, narrowed) => {
        const begun = await issuer.begin({ parameters: { scope: asked.join(' ') } })
        // The API is rs1: what it knows nothing of is refused before anybody is asked, or once nothing else was approved.
        if (isElsewhere(asked)) {
          expect(begun.visit.answer.parameters.get('error')).toBe('invalid_target')
          return
        }
        const { username, password } = issuer.alice
        const consent = await begun.browser.submit(begun.visit, 'login-form', { username, password })
        const done = await begun.browser.submit(consent, 'consent-form', {
          decision: 'allow',
          approved: approved.join(' '),
        })
        const code = done.answer.parameters.get('code') ?? ''
        const granted = asked.filter((value) => approved.includes(value))
        const answer = await issuer.redeem({
          ...begun,
          visit: done,
          response: done.answer.parameters,
          code,
          error: undefined,
        })
        if (isElsewhere(granted)) {
          expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_target'])
          return
        }
        expect(answer.status).toBe(200)
        const got = scopeOf(answer.json)
        for (const value of got) expect([...granted, 'openid']).toContain(value)
        expect('id_token' in answer.json).toBe(granted.includes('openid'))
        expect('refresh_token' in answer.json).toBe(granted.includes('offline_access'))
        const claims = decodeJwt(String(answer.json['access_token'])).claims
        expect(claims['aud']).toBe('https://rs1.test')
        for (const value of scopeOf(claims)) expect(['read', 'write']).toContain(value)
        const refreshToken = answer.json['refresh_token']
        if (typeof refreshToken !== 'string') return
        const again = await issuer.refresh({ client: begun.client, refreshToken }, { scope: narrowed.join(' ') })
        const within = narrowed.every((value) => granted.includes(value))
        const expected = isElsewhere(narrowed) ? [400, 'invalid_target'] : [200, undefined]
        expect([again.status, again.json['error']]).toEqual(within ? expected : [400, 'invalid_scope'])
      }),
      { numRuns: 60 },
    )
  })

  it('A-AUTHZ-09, A-ISS-01 state and issuer come back unchanged for any printable state', async () => {
    const issuer = await newIssuer({ issuer: 'https://as.test/päth'.normalize().replace('ä', '%C3%A4') })
    const { browser } = await issuer.authorize({ remember: true, parameters: { scope: 'openid read' } })
    const printable = fc.string({
      minLength: 1,
      maxLength: 100,
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    })
    await fc.assert(
      fc.asyncProperty(printable, fc.constantFrom('query', 'form_post'), async (state, response_mode) => {
        const { response } = await issuer.authorize({
          browser,
          parameters: { scope: 'openid read', state, response_mode },
        })
        expect([response.get('state'), response.get('iss')]).toEqual([state, issuer.issuer])
      }),
      { numRuns: 100 },
    )
  })

  it('A-PKCE-06 a code is redeemed by its own verifier and by no other', async () => {
    const issuer = await newIssuer()
    const { browser } = await issuer.authorize({ remember: true, parameters: { scope: 'read' } })
    const verifiers = fc.string({ minLength: 43, maxLength: 128, unit: fc.constantFrom(...'abcXYZ019-._~') })
    await fc.assert(
      fc.asyncProperty(verifiers, fc.boolean(), async (other, honest) => {
        const authorized = await issuer.authorize({ browser, parameters: { scope: 'read' } })
        const answer = await issuer.redeem(authorized, honest ? {} : { code_verifier: other })
        expect(answer.status).toBe(honest ? 200 : 400)
      }),
      { numRuns: 100 },
    )
  })
})
