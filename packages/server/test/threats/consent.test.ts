import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectBack } from '../fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const plain = { scope: 'openid read' }
const silent = { ...plain, prompt: 'none' }

describe('prompt=none', () => {
  it('CS-05 without a session, with a dead one and with that of another person there is no answer and no page', async () => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ parameters: silent }), 'login_required')
    const { browser } = await signedIn(issuer, { parameters: plain })
    const bobs = (await issuer.codeFlow({ person: issuer.bob, parameters: plain })).idToken
    expectBack(await issuer.authorize({ browser, parameters: { ...silent, id_token_hint: bobs } }), 'login_required')
    issuer.clock.advance(12 * 3600)
    const expired = await issuer.authorize({ browser, parameters: silent })
    expectBack(expired, 'login_required')
    expect(expired.visit.hops).toHaveLength(1)
  })

  it('CS-05 without an agreement there is no code', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { remember: false, parameters: plain })
    issuer.store.forgetCalls()
    expectBack(await issuer.authorize({ browser, parameters: silent }), 'consent_required')
    expect(issuer.store.calls).not.toContain('issueCode')
    expect(issuer.store.calls).not.toContain('saveInteraction')
  })

  it('CS-05 an agreement that ran out or was taken back counts for nothing', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    await issuer.store.withdrawConsent(issuer.alice.subject, issuer.clients.K.id, issuer.clock.now(), [])
    expectBack(await issuer.authorize({ browser, parameters: silent }), 'consent_required')
    await issuer.authorize({ browser, remember: true, parameters: plain })
    issuer.clock.advance(180 * 86_400)
    await issuer.authorize({ browser, parameters: plain })
    const later = await issuer.authorize({ browser, parameters: silent })
    expectBack(later, 'consent_required')
  })
})

describe('a remembered agreement', () => {
  const wider: Record<string, Record<string, string | readonly string[]>> = {
    'another scope': { scope: 'openid read write' },
    'another resource': { scope: 'openid read', resource: 'https://as.test' },
    'one resource more': { scope: 'openid read', resource: ['https://rs1.test', 'https://rs2.test'] },
    'a claim': { scope: 'openid read', claims: '{"userinfo":{"phone_number":null}}' },
  }
  it.for(Object.entries(wider))('CS-06 %s is asked for, and refused without a page', async ([, parameters]) => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    expectBack(await issuer.authorize({ browser, parameters: { ...parameters, prompt: 'none' } }), 'consent_required')
    const begun = await issuer.begin({ browser, parameters })
    expect(placeOf(begun.visit)).toBe('consent')
    issuer.forget()
    await issuer.finish(begun, { remember: true })
    expect(eventsOf(issuer, 'consent.granted').map(({ detail }) => detail)).toMatchObject([
      { scope: parameters['scope'], remembered: true },
    ])
  })

  it('CS-06 covers what is narrower, whatever the order', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: { scope: 'openid read write' } })
    for (const scope of ['write openid read', 'openid', 'openid write'])
      expect((await issuer.authorize({ browser, parameters: { scope, prompt: 'none' } })).code).not.toBe('')
  })

  it('CS-06 of one client and one person is that of no other', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: plain })
    expectBack(await issuer.authorize({ browser, client: issuer.clients.P, parameters: silent }), 'consent_required')
    await issuer.authorize({ browser, person: issuer.bob, parameters: { ...plain, prompt: 'login' } })
    expectBack(await issuer.authorize({ browser, parameters: silent }), 'consent_required')
  })

  it('CS-06 is only made when the box was ticked, which it is not by itself', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { remember: false, parameters: plain })
    const { visit } = await issuer.begin({ browser, parameters: plain })
    expect(visit.answer.text).toMatch(/<input id="remember" name="remember" type="checkbox"(?![^>]*checked)/)
  })
})

describe('clients that others could pose as', () => {
  const redirects = ['http://127.0.0.1:5000/cb', 'com.example.app:/cb']
  it.for(redirects)('CS-07 with %s the person is asked every time', async (redirect_uri) => {
    const issuer = await newRealIssuer()
    const client = issuer.clients.N
    const parameters = { ...plain, redirect_uri }
    const { browser } = await signedIn(issuer, { client, parameters })
    expect(placeOf((await issuer.begin({ browser, client, parameters })).visit)).toBe('consent')
    const quiet = await issuer.authorize({ browser, client, parameters: { ...parameters, prompt: 'none' } })
    expectBack(quiet, 'consent_required')
  })

  it('CS-07 a claimed https address proves who it is', async () => {
    const issuer = await newRealIssuer()
    const redirect_uri = 'https://app.example.test/claimed'
    const client = await issuer.addClient({
      type: 'native',
      name: 'Claimed',
      redirectUris: [redirect_uri],
      scope: 'openid read',
    })
    const { browser } = await signedIn(issuer, { client, parameters: plain })
    const again = await issuer.codeFlow({ browser, client, parameters: silent })
    expect(decodeJwt(again.idToken).claims['sub']).toBe(issuer.alice.subject)
  })
})
