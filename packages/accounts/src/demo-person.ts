import type { AccountClaims } from '@sallyport/server/model'

/** Claims of an invented person with a value for every claim of OpenID Connect Core section 5.1; for demonstrations and tests. */
export const demoClaims: AccountClaims = {
  name: 'Demo Person',
  given_name: 'Demo',
  family_name: 'Person',
  middle_name: 'Robin',
  nickname: 'Demi',
  preferred_username: 'demo',
  profile: 'https://people.example.com/demo',
  picture: 'https://people.example.com/demo/picture.png',
  website: 'https://demo.example.org/',
  email: 'demo.person@example.com',
  email_verified: true,
  gender: 'unspecified',
  birthdate: '1990-04-01',
  zoneinfo: 'Europe/Berlin',
  locale: 'en-GB',
  phone_number: '+1 (555) 010-0199',
  phone_number_verified: false,
  address: {
    formatted: '1 Gate Street\nExampletown 12345\nExampleland',
    street_address: '1 Gate Street',
    locality: 'Exampletown',
    region: 'Example County',
    postal_code: '12345',
    country: 'Exampleland',
  },
}
