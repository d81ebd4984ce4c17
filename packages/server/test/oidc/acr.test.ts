import { decodeJwt, passwordClass, strongClass, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack, newIssuer } from '../fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

// The built-in people of the test issuer know two ways of signing in; a second factor stands behind the password.
const strongly = (issuer: TestIssuer): string => `${issuer.alice.password} 123456`

const essential = (...values: string[]): string => JSON.stringify({ id_token: { acr: { essential: true, values } } })

const claimsOf = async (issuer: TestIssuer, options: Parameters<TestIssuer['codeFlow']>[0]) =>
  decodeJwt((await issuer.codeFlow(options)).idToken).claims

describe('acr_values', () => {
  it('B-OIDC-18 tells the level that was reached, whatever was wished for', async () => {
    const issuer = await newIssuer()
    const wishes = { acr_values: `urn:unheard ${strongClass} ${passwordClass}` }
    const weak = await claimsOf(issuer, { parameters: wishes })
    expect([weak['acr'], weak['amr']]).toEqual([passwordClass, ['pwd']])
    const strong = await claimsOf(issuer, { parameters: wishes, password: strongly(issuer) })
    expect([strong['acr'], strong['amr']]).toEqual([strongClass, ['pwd', 'otp']])
  })

  it('B-OIDC-18 an unreachable wish is no error and is never claimed', async () => {
    const issuer = await newRealIssuer()
    const claims = await claimsOf(issuer, { parameters: { acr_values: 'urn:mfa urn:phr' } })
    expect(claims['acr']).toBe('urn:sallyport:acr:pwd')
  })

  it('B-OIDC-18 acr and amr stay away when nobody asked', async () => {
    const issuer = await newRealIssuer()
    const claims = await claimsOf(issuer, {})
    expect(claims).not.toHaveProperty('acr')
    expect(claims).not.toHaveProperty('amr')
  })
})

describe('an essential acr', () => {
  it('B-OIDC-19 that cannot be reached fails, before anybody has to sign in again', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer)
    const result = await issuer.authorize({ browser, parameters: { claims: essential('urn:mfa') } })
    expectBack(result, 'unmet_authentication_requirements')
    expect(result.visit.hops).toHaveLength(1)
  })

  it('B-CX-14 that cannot be reached is access_denied where the operator says so', async () => {
    const issuer = await newRealIssuer({ policy: { acrUnmetError: 'access_denied' } })
    const { browser } = await signedIn(issuer)
    const result = await issuer.authorize({ browser, parameters: { claims: essential('urn:mfa') } })
    expectBack(result, 'access_denied')
    expect(result.visit.hops).toHaveLength(1)
  })

  it('B-OIDC-19 that the person does not reach at the new sign-in fails then', async () => {
    const issuer = await newIssuer()
    const { browser } = await signedIn(issuer)
    const options = { browser, parameters: { claims: essential(strongClass) } }
    const begun = await issuer.begin(options)
    expect(placeOf(begun.visit)).toBe('login')
    expectBack(await issuer.finish(begun, options), 'unmet_authentication_requirements')
  })

  const met: [string, string][] = [
    ['values', essential('urn:mfa', strongClass)],
    ['value', JSON.stringify({ id_token: { acr: { essential: true, value: strongClass } } })],
  ]
  it.for(met)('B-OIDC-19 that is met by %s succeeds and is told', async ([, claims]) => {
    const issuer = await newIssuer()
    const { browser } = await signedIn(issuer)
    const told = await claimsOf(issuer, { browser, password: strongly(issuer), parameters: { claims } })
    expect(told['acr']).toBe(strongClass)
  })

  it('B-OIDC-19 without essential it is a wish like any other', async () => {
    const issuer = await newRealIssuer()
    const claims = JSON.stringify({ id_token: { acr: { values: ['urn:mfa'] } } })
    expect((await claimsOf(issuer, { parameters: { claims } }))['acr']).toBe('urn:sallyport:acr:pwd')
  })

  it('B-OIDC-19 is compared exactly', async () => {
    const issuer = await newRealIssuer()
    for (const near of ['urn:sallyport:acr:PWD', 'urn:sallyport:acr:pwd ', 'urn:sallyport:acr'])
      expectBack(
        await issuer.authorize({ parameters: { claims: essential(near) } }),
        'unmet_authentication_requirements',
      )
  })
})

describe('amr', () => {
  it('B-OIDC-20 lists the methods that were used and differs with them', async () => {
    const issuer = await newIssuer()
    const parameters = { claims: '{"id_token":{"amr":null,"acr":null}}', prompt: 'login' }
    const weak = await claimsOf(issuer, { parameters })
    const strong = await claimsOf(issuer, { parameters, password: strongly(issuer) })
    expect([weak['amr'], strong['amr']]).toEqual([['pwd'], ['pwd', 'otp']])
    expect([weak['acr'], strong['acr']]).toEqual([passwordClass, strongClass])
  })

  it('B-OIDC-20 stays that of the session, and changes with a stronger sign-in', async () => {
    const issuer = await newIssuer()
    const parameters = { scope: 'openid', claims: '{"id_token":{"amr":null}}' }
    const { browser } = await signedIn(issuer, { parameters })
    expect((await claimsOf(issuer, { browser, parameters }))['amr']).toEqual(['pwd'])
    const again = { browser, password: strongly(issuer), parameters: { ...parameters, prompt: 'login' } }
    expect((await claimsOf(issuer, again))['amr']).toEqual(['pwd', 'otp'])
    expect((await claimsOf(issuer, { browser, parameters }))['amr']).toEqual(['pwd', 'otp'])
  })
})
