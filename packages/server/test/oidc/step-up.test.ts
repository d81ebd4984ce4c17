import { createVerifier, protect, type AuthenticationNeeded, type RequestParts } from '@sallyport/resource'
import { decodeJwt, passwordClass, strongClass, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { issuerId, newIssuer } from '../fixtures.ts'
import { keysOf } from '../signed-by-us.ts'

const strongly = (issuer: TestIssuer): string => `${issuer.alice.password} 123456`

/** An operation of an API that asks for a certain sign-in, fed with the issuer's own keys. */
async function operation(issuer: TestIssuer, needed: AuthenticationNeeded) {
  const keys = JSON.stringify({ keys: await keysOf(issuer) })
  const fetcher = async () => new Response(keys, { headers: { 'content-type': 'application/jwk-set+json' } })
  const options = { issuer: issuerId, audience: 'https://rs1.test', jwksUri: `${issuerId}/oauth2/jwks` }
  const verifier = createVerifier({ ...options, fetch: fetcher, now: issuer.clock.now })
  const guard = protect(verifier, { requireAuthentication: needed })
  return async (token: string): Promise<number> => {
    const parts: RequestParts = {
      authorization: [`Bearer ${token}`],
      query: '',
      contentType: undefined,
      formBody: async () => '',
    }
    const result = await guard.check(parts)
    return 'status' in result ? result.status : 200
  }
}

const told = (token: string) => {
  const { acr, amr, auth_time: time } = decodeJwt(token).claims
  return { acr, amr, time }
}

describe('step-up', () => {
  it('B-STEP-03, B-STEP-05 a token says how its person signed in, whatever happens to the session later', async () => {
    const issuer = await newIssuer()
    const pay = await operation(issuer, { acr: [strongClass], maxAge: 60 })
    const weak = await issuer.codeFlow()
    const { browser } = weak.authorized
    expect(await pay(weak.accessToken)).toBe(401)
    issuer.clock.advance(30)
    const parameters = { acr_values: strongClass, max_age: '10' }
    const strong = await issuer.codeFlow({ browser, password: strongly(issuer), parameters })
    expect(await pay(strong.accessToken)).toBe(200)
    expect(await pay(weak.accessToken)).toBe(401)

    const renewed = await issuer.refreshed(weak)
    expect(told(renewed.accessToken)).toEqual(told(weak.accessToken))
    expect(await pay(renewed.accessToken)).toBe(401)
    const better = await issuer.refreshed(strong)
    expect(told(better.accessToken)).toEqual(told(strong.accessToken))
    issuer.clock.advance(61)
    expect(await pay((await issuer.refreshed(better)).accessToken)).toBe(401)
  })

  it('B-STEP-03 introspection tells the same as the token', async () => {
    const issuer = await newIssuer()
    const { accessToken } = await issuer.codeFlow({ password: strongly(issuer) })
    const { acr, amr, auth_time: time } = (await issuer.introspect(issuer.clients.RS1, accessToken)).json
    expect({ acr, amr, time }).toEqual(told(accessToken))
    expect({ acr, amr }).toEqual({ acr: strongClass, amr: ['pwd', 'otp'] })
  })

  it('B-STEP-04 the metadata names the levels there are, in both documents', async () => {
    const issuer = await newIssuer()
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      const { json } = await issuer.get(`/.well-known/${name}`)
      expect(json['acr_values_supported']).toEqual([strongClass, passwordClass])
    }
  })
})
