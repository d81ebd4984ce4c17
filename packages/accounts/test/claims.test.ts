import { describe, expect, it } from 'vitest'
import { claimsOf } from '../src/claims.ts'
import { demoClaims } from '../src/demo-person.ts'
import { person } from './fixtures.ts'

describe('claims', () => {
  it('B-OIDC-27 drops values of the wrong type, empty ones and null', () => {
    const claims = claimsOf({
      ...person,
      claims: {
        name: '',
        given_name: 7,
        email: 'no address',
        email_verified: 'true',
        phone_number_verified: 1,
        updated_at: '2026-01-01',
        address: 'a street',
        birthdate: '1.4.1990',
        locale: 'de_DE',
        nickname: null,
        department: null,
        teams: [],
      },
    })
    expect(claims).toEqual({ preferred_username: 'demo', locale: 'de_DE' })
  })

  it('B-OIDC-27 keeps exact types: booleans, a number of seconds, an address of texts', () => {
    const claims = claimsOf({
      ...person,
      claims: { ...demoClaims, address: { locality: 'Exampletown', planet: 'x', region: '' } },
    })
    expect(claims).toMatchObject({
      email_verified: true,
      phone_number_verified: false,
      address: { locality: 'Exampletown' },
    })
    expect(claims['address']).toEqual({ locality: 'Exampletown' })
    expect(claims['updated_at']).toBe(Math.floor(person.updatedAt))
  })

  it('B-UI-13 keeps only https addresses in picture, website and profile', () => {
    for (const bad of [
      'javascript:alert(1)',
      'http://plain.example/',
      'data:text/html,x',
      '//other.example',
      'nonsense',
    ]) {
      expect(claimsOf({ ...person, claims: { picture: bad, website: bad, profile: bad } })).toEqual({
        preferred_username: 'demo',
        updated_at: person.updatedAt,
      })
    }
    expect(claimsOf({ ...person, claims: { picture: 'https://people.example/p.png' } })).toHaveProperty('picture')
  })

  it('B-OIDC-28 passes language-tagged claims under the rule of their base name', () => {
    const claims = claimsOf({ ...person, claims: { 'name#de': 'Demo', 'website#de': 'http://plain.example/' } })
    expect(claims).toHaveProperty(['name#de'], 'Demo')
    expect(claims).not.toHaveProperty(['website#de'])
  })

  it('B-UI-06 lets no record set a name that belongs to the protocol', () => {
    const claims = claimsOf({
      ...person,
      claims: { sub: 'client_x', iss: 'x', aud: 'x', acr: 'gold', department: 'Gate' },
    })
    expect(Object.keys(claims).sort()).toEqual(['department', 'preferred_username', 'updated_at'])
  })

  it('B-OIDC-25 has a demo person with a value for every claim of the standard', () => {
    expect(Object.keys(claimsOf({ ...person, claims: demoClaims }))).toHaveLength(19)
  })
})
