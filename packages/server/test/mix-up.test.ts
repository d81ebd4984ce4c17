import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack, expectErrorPage, expectRefusal, newIssuer } from './fixtures.ts'

describe('two issuers', () => {
  it('MX-02 nothing of one works at the other', async () => {
    const a = await newIssuer({ issuer: 'https://a.test' })
    const b = await newIssuer({ issuer: 'https://b.test' })
    const parameters = { resource: undefined, scope: 'openid offline_access' }
    const flow = await a.codeFlow({ parameters })
    const unused = await a.authorize({ parameters })
    // The same client and secret at both, so that only the artefact is foreign.
    await b.store.admin.createClient(flow.client.record, [])
    expectRefusal(await b.redeem(unused), 'invalid_grant')
    expectRefusal(await b.refresh(flow), 'invalid_grant')
    expect((await b.userinfo(flow.accessToken)).status).toBe(401)
    expect((await b.introspect(flow.client, flow.accessToken)).text).toBe('{"active":false}')
    const begun = await a.begin()
    const browser = b.browser()
    for (const name of begun.browser.jar.names) browser.jar.set(name, begun.browser.jar.get(name) ?? '')
    const { search } = new URL(begun.visit.url)
    expectErrorPage(await browser.get(`/login${search}`), 'interaction_unknown')
  })

  it('MX-02 the session cookie of one means nothing to the other', async () => {
    const a = await newIssuer({ issuer: 'https://a.test' })
    const b = await newIssuer({ issuer: 'https://b.test' })
    const { browser } = await a.authorize()
    const other = b.browser()
    for (const name of browser.jar.names) other.jar.set(name, browser.jar.get(name) ?? '')
    expect((await b.begin({ browser: other })).visit.forms[0]?.id).toBe('login-form')
  })
})

describe('the ID token', () => {
  it('MX-03 says who issued it, to whom, about whom and for how long', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    const { claims } = decodeJwt(flow.idToken)
    expect(claims).toMatchObject({
      iss: 'https://as.test',
      aud: flow.client.id,
      sub: issuer.alice.subject,
      nonce: flow.authorized.sent['nonce'],
    })
    expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(600)
    expect(claims['at_hash']).toMatch(/^[\w-]{22}$/)
    expect(claims).not.toHaveProperty('azp')
    const again = await issuer.codeFlow()
    expect(decodeJwt(again.idToken).claims['sub']).toBe(claims['sub'])
  })

  it('MX-03 without a nonce there is none, and a long one is refused, not cut', async () => {
    const issuer = await newIssuer()
    const without = await issuer.codeFlow({ parameters: { nonce: undefined } })
    expect(decodeJwt(without.idToken).claims).not.toHaveProperty('nonce')
    for (const length of [64, 512]) {
      const nonce = 'n'.repeat(length)
      expect(decodeJwt((await issuer.codeFlow({ parameters: { nonce } })).idToken).claims['nonce']).toBe(nonce)
    }
    for (const nonce of ['n'.repeat(513), 'n'.repeat(4000), 'ñ'])
      expectBack(await issuer.authorize({ parameters: { nonce } }), 'invalid_request')
  })

  it('MX-03 claims of a person cannot replace those of the protocol', async () => {
    const issuer = await newIssuer()
    const names = ['iss', 'sub', 'aud', 'exp', 'iat', 'nonce', 'auth_time', 'acr', 'amr', 'azp', 'at_hash', 'sid']
    const claims = Object.fromEntries(names.map((name) => [name, 'forged']))
    const person = await issuer.addPerson('mallory', { claims: { ...claims, name: 'Mallory' } })
    const wanted = JSON.stringify({ id_token: Object.fromEntries([...names, 'name'].map((name) => [name, null])) })
    const parameters = { claims: wanted, resource: undefined, scope: 'openid profile' }
    const flow = await issuer.codeFlow({ person, parameters })
    expect(JSON.stringify(decodeJwt(flow.idToken).claims)).not.toContain('forged')
    expect(decodeJwt(flow.idToken).claims['name']).toBe('Mallory')
    const { json } = await issuer.userinfo(flow.accessToken)
    expect(JSON.stringify(json)).not.toContain('forged')
    expect(json['sub']).toBe(person.subject)
  })
})
