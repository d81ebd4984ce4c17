import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack } from '../fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const plain = { scope: 'openid read' }

describe('max_age', () => {
  const refused = ['-1', '1.5', 'abc', '1e3', '007', ' 5', '5;', '+5', '0x10', '9e15', '1e309', '10000000000', '１']
  it.for(refused)('B-OIDC-15, IN-08 %j is refused', async (max_age) => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ parameters: { max_age } }), 'invalid_request')
  })

  const cases: [string, string, number, 'login' | 'client'][] = [
    ['an old sign-in', '1', 2, 'login'],
    ['a sign-in that is just old enough', '2', 2, 'client'],
    ['a young sign-in', '10000', 2, 'client'],
    ['nothing at all, as 0 asks for a new one always', '0', 0, 'login'],
    ['an empty value', '', 1000, 'client'],
  ]
  it.for(cases)(
    'B-OIDC-15, B-WR-12 %s with max_age=%j after %d s leads to the %s',
    async ([, max_age, wait, place]) => {
      const issuer = await newRealIssuer()
      const { browser } = await signedIn(issuer, { parameters: plain })
      issuer.clock.advance(wait)
      expect(placeOf((await issuer.begin({ browser, parameters: { ...plain, max_age } })).visit)).toBe(place)
    },
  )

  it('B-OIDC-15 with prompt=none a sign-in that is too old fails', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    issuer.clock.advance(61)
    expectBack(
      await issuer.authorize({ browser, parameters: { ...plain, max_age: '60', prompt: 'none' } }),
      'login_required',
    )
  })

  it('B-OIDC-15 using the session makes the sign-in no younger', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    for (let minutes = 0; minutes < 3; minutes++) {
      issuer.clock.advance(3600)
      await issuer.authorize({ browser, parameters: { ...plain, prompt: 'none' } })
    }
    expect(placeOf((await issuer.begin({ browser, parameters: { ...plain, max_age: '7200' } })).visit)).toBe('login')
  })
})

describe('auth_time', () => {
  const triggers: [string, object, Record<string, string>][] = [
    ['max_age', {}, { max_age: '1000' }],
    ['an essential claim', {}, { claims: '{"id_token":{"auth_time":{"essential":true}}}' }],
    ['require_auth_time of the client', { requireAuthTime: true }, {}],
    ['default_max_age of the client', { defaultMaxAge: 1000 }, {}],
  ]
  it.for(triggers)('B-OIDC-16 %s brings the time of the sign-in', async ([, change, more]) => {
    const issuer = await newRealIssuer()
    const client = await issuer.changeClient(issuer.clients.K, change)
    const time = Math.floor(issuer.clock.now())
    const parameters = { ...plain, ...more }
    const first = await issuer.codeFlow({ client, remember: true, parameters })
    issuer.clock.advance(90.5)
    const { browser } = first.authorized
    const silent = await issuer.codeFlow({ client, browser, parameters: { ...parameters, prompt: 'none' } })
    for (const { idToken } of [first, silent]) expect(decodeJwt(idToken).claims['auth_time']).toBe(time)
  })

  it('B-OIDC-16 without a trigger the ID Token does not tell', async () => {
    const issuer = await newRealIssuer()
    expect(decodeJwt((await issuer.codeFlow()).idToken).claims).not.toHaveProperty('auth_time')
  })
})

describe('defaults of the client', () => {
  it('B-OIDC-17 default_max_age acts where the request has none, and the request wins', async () => {
    const issuer = await newRealIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { defaultMaxAge: 1 })
    const { browser } = await signedIn(issuer, { client, parameters: plain })
    issuer.clock.advance(2)
    expect(placeOf((await issuer.begin({ client, browser, parameters: plain })).visit)).toBe('login')
    const wide = await issuer.begin({ client, browser, parameters: { ...plain, max_age: '100' } })
    expect(placeOf(wide.visit)).toBe('client')
  })

  it('B-OIDC-17 default_acr_values are a wish of every request without its own', async () => {
    const issuer = await newRealIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { defaultAcrValues: ['urn:sallyport:acr:pwd'] })
    const { acr, amr } = decodeJwt((await issuer.codeFlow({ client })).idToken).claims
    expect([acr, amr]).toEqual(['urn:sallyport:acr:pwd', ['pwd']])
  })
})
