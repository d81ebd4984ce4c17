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

describe('acr_values of somebody who is signed in', () => {
  it('B-OIDC-18, B-STEP-02 have them sign in again for the first level that they can reach', async () => {
    const issuer = await newIssuer()
    const { browser } = await signedIn(issuer)
    const options = { browser, parameters: { acr_values: `urn:unheard ${strongClass}` } }
    const begun = await issuer.begin(options)
    expect(placeOf(begun.visit)).toBe('login')
    const authorized = await issuer.finish(begun, { ...options, password: strongly(issuer) })
    const told = decodeJwt(String((await issuer.redeem(authorized)).json['id_token'])).claims
    expect(told['acr']).toBe(strongClass)
  })

  it('B-OIDC-18, B-STEP-02 ask once and go on with what was reached', async () => {
    const issuer = await newIssuer()
    const { browser } = await signedIn(issuer)
    const told = await claimsOf(issuer, { browser, parameters: { acr_values: strongClass } })
    expect([told['acr'], told['amr']]).toEqual([passwordClass, ['pwd']])
  })

  it('B-OIDC-18 ask nothing of those who are there already, and nothing in vain', async () => {
    const issuer = await newIssuer()
    const { browser } = await signedIn(issuer, { password: strongly(issuer) })
    for (const values of [
      strongClass,
      `${passwordClass} ${strongClass}`,
      'urn:unheard',
      `${strongClass} urn:unheard`,
    ]) {
      const { visit } = await issuer.begin({ browser, parameters: { acr_values: values, scope: 'openid read' } })
      expect([values, placeOf(visit)]).toEqual([values, 'client'])
    }
    const parameters = { acr_values: passwordClass, scope: 'openid read' }
    expect((await claimsOf(issuer, { browser, parameters }))['acr']).toBe(strongClass)
  })

  it('B-OIDC-10, B-OIDC-18 show no page with prompt=none', async () => {
    const issuer = await newIssuer()
    const { browser } = await signedIn(issuer)
    const parameters = { prompt: 'none', acr_values: strongClass, scope: 'openid read' }
    expect((await claimsOf(issuer, { browser, parameters }))['acr']).toBe(passwordClass)
    const claims = essential(strongClass)
    expectBack(await issuer.authorize({ browser, parameters: { prompt: 'none', claims } }), 'login_required')
  })
})

describe('a strict policy for acr_values', () => {
  const strict = { policy: { stepUpStrict: true } }

  it('B-STEP-02 refuses what cannot be reached, without asking anybody', async () => {
    const issuer = await newIssuer(strict)
    const { browser } = await signedIn(issuer)
    for (const prompt of [undefined, 'none']) {
      const result = await issuer.authorize({ browser, parameters: { prompt, acr_values: 'urn:a urn:b' } })
      expectBack(result, 'unmet_authentication_requirements')
      expect(result.visit.hops).toHaveLength(1)
    }
  })

  it('B-STEP-02 refuses what was not reached at the new sign-in, so that clients do not loop', async () => {
    const issuer = await newIssuer(strict)
    const parameters = { acr_values: strongClass }
    expectBack(await issuer.authorize({ parameters }), 'unmet_authentication_requirements')
    expect((await claimsOf(issuer, { parameters, password: strongly(issuer) }))['acr']).toBe(strongClass)
  })

  it('B-STEP-02 is content with any of the values', async () => {
    const issuer = await newIssuer(strict)
    const parameters = { acr_values: `${strongClass} ${passwordClass}` }
    expect((await claimsOf(issuer, { parameters }))['acr']).toBe(passwordClass)
  })
})

describe('an essential acr', () => {
  it('B-OIDC-19 is told exactly, where a better sign-in counts as it', async () => {
    const issuer = await newIssuer()
    const { browser } = await signedIn(issuer, { password: strongly(issuer) })
    const parameters = { claims: essential(passwordClass), scope: 'openid read' }
    const { visit } = await issuer.begin({ browser, parameters })
    expect(placeOf(visit)).toBe('client')
    expect((await claimsOf(issuer, { browser, parameters }))['acr']).toBe(passwordClass)
  })

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
