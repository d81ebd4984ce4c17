import { claimsOfScope } from '@sallyport/server'
import { demoClaims } from '@sallyport/accounts'
import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { newRealIssuer } from '../real-pages.ts'

const told = async (issuer: TestIssuer, scope: string, more: Record<string, string> = {}, person = issuer.alice) => {
  const tokens = await issuer.codeFlow({ person, parameters: { scope, resource: undefined, ...more } })
  return { ...tokens, claims: (await issuer.userinfo(tokens.accessToken)).json }
}

const sets: Record<string, string[]> = {
  openid: [],
  profile: (
    'name family_name given_name middle_name nickname preferred_username profile picture website gender ' +
    'birthdate zoneinfo locale updated_at'
  ).split(' '),
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
}

const withEveryScope = { scope: 'openid profile email address phone offline_access'.split(' ') }

describe('claims of scopes', () => {
  it.for(Object.entries(sets))('B-OIDC-25 %s gives its own claims and no others', async ([scope, names]) => {
    const issuer = await newRealIssuer()
    await issuer.changeClient(issuer.clients.K, withEveryScope)
    const { claims } = await told(issuer, scope === 'openid' ? scope : `openid ${scope}`)
    expect(Object.keys(claims).toSorted()).toEqual([...names, 'sub'].toSorted())
    expect(claimsOfScope[scope] ?? []).toEqual(names)
  })

  it('B-OIDC-26 they come from UserInfo and not in the ID Token', async () => {
    const issuer = await newRealIssuer()
    const { idToken, claims } = await told(issuer, 'openid email')
    expect(decodeJwt(idToken).claims).not.toHaveProperty('email')
    expect(claims['email']).toBe(demoClaims['email'])
  })

  it('B-OIDC-26 unless the request asks for them there', async () => {
    const issuer = await newRealIssuer()
    const { idToken } = await told(issuer, 'openid', { claims: '{"id_token":{"email":null}}' })
    expect(decodeJwt(idToken).claims['email']).toBe(demoClaims['email'])
  })
})

describe('JSON types', () => {
  const people: Record<string, object> = {
    complete: demoClaims,
    empty: {},
    careless: {
      name: '',
      email: 'not an address',
      email_verified: 'yes',
      phone_number_verified: 1,
      updated_at: '2020-01-01',
      address: 'Main Street',
      birthdate: 'yesterday',
      picture: null,
      locale: '??',
    },
    dense: {
      address: { country: 'X', unheard: 'y', region: '' },
      updated_at: 1_700_000_000.75,
      website: 'javascript:1',
    },
  }
  const types: Record<string, (value: unknown) => boolean> = {
    email_verified: (value) => typeof value === 'boolean',
    phone_number_verified: (value) => typeof value === 'boolean',
    updated_at: Number.isInteger,
    address: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  }
  it.for(Object.entries(people))('B-OIDC-27 are exact for somebody %s', async ([username, claims]) => {
    const issuer = await newRealIssuer()
    await issuer.changeClient(issuer.clients.K, withEveryScope)
    const person = await issuer.addPerson(`somebody ${username}`, { claims: claims as Record<string, unknown> })
    const { claims: answer } = await told(issuer, 'openid profile email address phone', {}, person)
    for (const [name, value] of Object.entries(answer)) {
      const fits = types[name] ?? ((one: unknown) => typeof one === 'string' && one !== '')
      expect([name, value, fits(value)]).toEqual([name, value, true])
    }
  })

  it('B-OIDC-27, B-UI-13 what is no https address is dropped, and the rest is JSON, whatever it holds', async () => {
    const issuer = await newRealIssuer()
    const name = '</script><b>"\u2028 & \\ 🚪'
    const bad = { picture: 'javascript:alert(1)', profile: 'http://example.com/me', website: 'https://', name }
    const person = await issuer.addPerson('hostile', { claims: bad })
    const { claims, accessToken } = await told(issuer, 'openid profile', {}, person)
    for (const member of ['picture', 'profile', 'website']) expect(claims).not.toHaveProperty(member)
    expect(claims['name']).toBe(name)
    expect((await issuer.userinfo(accessToken)).headers['content-type']).toBe('application/json')
  })
})

describe('languages', () => {
  it.for([
    ['se xx-invalid de', 'de'],
    ['de-AT', 'de'],
    ['xx', 'en'],
    ['%%% ;;; <b>', 'en'],
    ['de '.repeat(400), 'de'],
  ])('B-OIDC-28 ui_locales=%j speaks %s and never fails', async ([ui_locales, language]) => {
    const issuer = await newRealIssuer()
    const { visit } = await issuer.begin({ parameters: { ui_locales } })
    expect(/<html lang="(\w+)"/.exec(visit.answer.text)?.[1]).toBe(language)
  })

  it('B-OIDC-28 ui_locales counts on an error page too, whatever else was wrong', async () => {
    const issuer = await newRealIssuer()
    const browser = issuer.browser()
    for (const query of [
      'client_id=nobody',
      `client_id=${issuer.clients.K.id}&redirect_uri=https%3A%2F%2Fevil.test%2F`,
    ]) {
      const { text } = await browser.get(`/oauth2/authorize?${query}&ui_locales=se+de`)
      expect([query, /<html lang="(\w+)"/.exec(text)?.[1]]).toEqual([query, 'de'])
    }
  })

  it('B-OIDC-28 claims_locales never fails, and a tagged claim is told in its language', async () => {
    const issuer = await newRealIssuer()
    const claims = { name: 'Sakura', 'name#ja-Hani-JP': '桜', 'nickname#de': 'Kirsche', 'sub#de': 'user_x' }
    const person = await issuer.addPerson('sakura', { claims })
    const wish = JSON.stringify({ userinfo: { 'name#ja-Hani-JP': null, 'name#fr': null, 'sub#de': null } })
    const answer = (await told(issuer, 'openid', { claims_locales: 'se xx-invalid', claims: wish }, person)).claims
    expect(answer).toEqual({ sub: person.subject, 'name#ja-Hani-JP': '桜' })
  })

  it.for([
    ['ja', undefined, undefined],
    ['ja-Hani-JP', '桜', undefined],
    ['JA-hani-jp de', '桜', undefined],
    ['se de-CH ja-Hani-JP', undefined, 'Kirsche'],
    ['se xx-invalid', undefined, undefined],
    ['- -- # %%% <b>', undefined, undefined],
    ['x'.repeat(3000), undefined, undefined],
  ])(
    'B-OIDC-28 claims_locales=%j tells the first supported language beside the default',
    async ([locales, name, de]) => {
      const issuer = await newRealIssuer()
      const claims = { name: 'Sakura', 'name#ja-Hani-JP': '桜', 'name#de': 'Kirsche', 'sub#de': 'user_x' }
      const person = await issuer.addPerson('sakura', { claims })
      const { claims: answer } = await told(issuer, 'openid profile', { claims_locales: locales ?? '' }, person)
      const tagged = Object.fromEntries(Object.entries(answer).filter(([member]) => member.includes('#')))
      const japanese = name === '桜' ? { 'name#ja-Hani-JP': '桜' } : {}
      expect({ name: answer['name'], ...tagged }).toEqual({
        name: 'Sakura',
        ...japanese,
        ...(de === undefined ? {} : { 'name#de': de }),
      })
    },
  )

  it('B-OIDC-28 a claim asked for by name comes in the wished language too, in the ID Token as well', async () => {
    const issuer = await newRealIssuer()
    const claims = { name: 'Sakura', 'name#de': 'Kirsche' }
    const person = await issuer.addPerson('sakura', { claims })
    const parameters = { scope: 'openid', claims_locales: 'de', claims: JSON.stringify({ id_token: { name: null } }) }
    const { idToken } = await issuer.codeFlow({ person, parameters })
    expect(decodeJwt(idToken).claims).toMatchObject(claims)
  })

  it.for(['page', 'popup', 'touch', 'wap', 'hologram', ''])('B-OIDC-29 display=%j never fails', async (display) => {
    const issuer = await newRealIssuer()
    expect((await issuer.authorize({ parameters: { display } })).code).not.toBe('')
  })
})
