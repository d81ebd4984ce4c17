import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectBack } from '../fixtures.ts'
import { newRealIssuer, placeOf, signedIn } from '../real-pages.ts'

const atUserInfo = { scope: 'openid', resource: undefined }

describe('the form of the claims parameter', () => {
  const good = {
    'an empty object': '{}',
    'both members empty': '{"userinfo":{},"id_token":{}}',
    'null for a claim': '{"userinfo":{"name":null}}',
    'essential, value and values': '{"id_token":{"name":{"essential":false,"values":["a"]},"nickname":{"value":"x"}}}',
    'an unknown claim': '{"userinfo":{"http://example.com/unheard":null}}',
    'unknown members': '{"access_token":{"x":null},"userinfo":{"name":{"unheard":[1,{}]}}}',
    'names of the language': '{"userinfo":{"constructor":null,"toString":null,"hasOwnProperty":null}}',
    'a value of another type': '{"id_token":{"updated_at":{"value":5}}}',
    'space around': ' \n{ "userinfo" : { } }',
  }
  it.for(Object.entries(good))('B-OIDC-21 %s is accepted', async ([, claims]) => {
    const issuer = await newRealIssuer()
    const { visit } = await issuer.begin({ parameters: { claims: claims.replace('\n', '') } })
    expect(placeOf(visit)).toBe('login')
  })

  const bad = {
    'no JSON': '{userinfo:null}',
    'an open end': '{"userinfo":{',
    'an array': '[]',
    'a text': '"userinfo"',
    'a number': '1',
    null: 'null',
    'an array as member': '{"userinfo":[]}',
    'a text as member': '{"id_token":"name"}',
    'null as member': '{"id_token":null}',
    'true for a claim': '{"userinfo":{"name":true}}',
    'an array for a claim': '{"userinfo":{"name":["essential"]}}',
    'essential as text': '{"userinfo":{"name":{"essential":"true"}}}',
    'essential as a huge number': '{"userinfo":{"name":{"essential":1e999}}}',
    'values as text': '{"id_token":{"acr":{"values":"a"}}}',
    'values with a number': '{"id_token":{"acr":{"values":[1]}}}',
    'a comment': '{"userinfo":{}/**/}',
    'a member twice': '{"userinfo":{},"userinfo":{"email":null}}',
    'a claim twice': '{"userinfo":{"name":null,"na\\u006de":{"essential":true}}}',
    'more than 16 KiB': `{"userinfo":{${Array.from({ length: 1500 }, (_, index) => `"c${index}":null`).join()}}}`,
    'too many claims': `{"userinfo":{${Array.from({ length: 101 }, (_, index) => `"c${index}":null`).join()}}}`,
  }
  it.for(Object.entries(bad))('B-OIDC-21, IN-07 %s is refused', async ([, claims]) => {
    const issuer = await newRealIssuer()
    expectBack(await issuer.authorize({ method: 'POST', parameters: { claims } }), 'invalid_request')
  })
})

describe('what cannot be had', () => {
  it('B-OIDC-22 is left out and makes nothing fail, essential or not', async () => {
    const issuer = await newRealIssuer()
    const person = await issuer.addPerson('nameless', { claims: { email_verified: false } })
    const wish = { name: { essential: true }, birthdate: null, 'http://example.com/unheard': { essential: true } }
    const claims = JSON.stringify({ userinfo: wish, id_token: wish })
    const { idToken, accessToken } = await issuer.codeFlow({ person, parameters: { ...atUserInfo, claims } })
    for (const told of [decodeJwt(idToken).claims, (await issuer.userinfo(accessToken)).json])
      for (const name of Object.keys(wish)) expect(told).not.toHaveProperty([name])
  })
})

describe('a requested subject', () => {
  const bound = (value: string): string => JSON.stringify({ id_token: { sub: { value } } })

  it('B-OIDC-23 signing in as somebody else ends with an error and no token', async () => {
    const issuer = await newRealIssuer()
    const parameters = { claims: bound(issuer.bob.subject) }
    expectBack(await issuer.authorize({ person: issuer.alice, parameters }), 'login_required')
    expect(issuer.store.calls).not.toContain('issueCode')
  })

  it('B-OIDC-23 somebody else at this browser is asked to sign in as the right one', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer)
    const begun = await issuer.begin({ browser, parameters: { claims: bound(issuer.bob.subject) } })
    expect(placeOf(begun.visit)).toBe('login')
    const { json } = await issuer.redeem(await issuer.finish(begun, { person: issuer.bob }))
    expect(decodeJwt(String(json['id_token'])).claims['sub']).toBe(issuer.bob.subject)
  })

  it('B-OIDC-23 the right person goes through', async () => {
    const issuer = await newRealIssuer()
    const claims = bound(issuer.alice.subject)
    expect((await issuer.authorize({ parameters: { claims } })).code).not.toBe('')
  })
})

describe('agreement to single claims', () => {
  const claims = '{"userinfo":{"email":null},"id_token":{"birthdate":null}}'

  it('B-OIDC-24 the page lists them, and no takes everything away', async () => {
    const issuer = await newRealIssuer()
    const begun = await issuer.begin({ parameters: { ...atUserInfo, claims } })
    const { username, password } = issuer.alice
    const visit = await begun.browser.submit(begun.visit, 'login-form', { username, password })
    expect(visit.answer.text).toContain('e-mail')
    expect(visit.answer.text).toContain('birth')
    expectBack(await issuer.finish({ ...begun, visit }, { decision: 'deny' }), 'access_denied')
  })

  it('B-OIDC-24 an earlier agreement to the scope does not cover them', async () => {
    const issuer = await newRealIssuer()
    const { browser } = await signedIn(issuer, { parameters: atUserInfo })
    const more = await issuer.begin({ browser, parameters: { ...atUserInfo, claims } })
    expect(placeOf(more.visit)).toBe('consent')
  })

  it('B-OIDC-24 they are told where they were asked for and nowhere else', async () => {
    const issuer = await newRealIssuer()
    const { idToken, accessToken } = await issuer.codeFlow({ parameters: { ...atUserInfo, claims } })
    const [inToken, atEndpoint] = [decodeJwt(idToken).claims, (await issuer.userinfo(accessToken)).json]
    expect([inToken['birthdate'], inToken['email']]).toEqual(['1990-04-01', undefined])
    expect([atEndpoint['birthdate'], atEndpoint['email']]).toEqual([undefined, 'demo.person@example.com'])
  })
})
