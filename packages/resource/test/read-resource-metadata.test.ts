import { createResourceMetadata, readResourceMetadata } from '@sallyport/resource'
import { expect, it } from 'vitest'

const resource = 'https://api.test/orders'
const good = { resource, authorization_servers: ['https://as.test'], scopes_supported: ['orders.read'] }
const statement = (claims: object): string =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`

it('A-PRM-04 takes the document that was asked for, as the library makes it', () => {
  const expected = { resource, authorizationServers: ['https://as.test'], scopes: ['orders.read'] }
  expect(readResourceMetadata(good, resource)).toEqual(expected)
  const { body } = createResourceMetadata({
    ...{ resource, name: 'Orders', authorizationServers: ['https://as.test'], scopes: ['orders.read'] },
  })
  expect(readResourceMetadata(JSON.parse(body) as Record<string, unknown>, resource)).toEqual(expected)
  expect(readResourceMetadata({ resource }, resource)).toEqual({ resource, authorizationServers: [], scopes: [] })
})

it.for([
  'https://api.test/orders/',
  'https://API.test/orders',
  'https://api.test:443/orders',
  'https://api.test/Orders',
  'https://api.test/%6frders',
  'https://api.test/orders?',
  'https://api.test',
  'https://evil.test/orders',
  undefined,
  [resource],
])('A-PRM-04 discards a document of %j, which is not the one that was asked for', (spoofed) => {
  expect(readResourceMetadata({ ...good, resource: spoofed }, resource)).toBe('resource')
})

it.for([
  ['an issuer over http', { authorization_servers: ['http://as.test'] }],
  ['an issuer that is no address', { authorization_servers: ['as'] }],
  ['issuers that are no list', { authorization_servers: 'https://as.test' }],
  ['an issuer that is no text', { authorization_servers: [1] }],
  ['null instead of nothing', { authorization_servers: null }],
  ['scopes that are text', { scopes_supported: 'orders.read' }],
] as const)('A-PRM-04 discards %s', ([, change]) => {
  expect(readResourceMetadata({ ...good, ...change }, resource)).toBe('shape')
})

it('A-PRM-05 a statement counts for nothing, and one inside another spoils the document', () => {
  const signed = statement({ iss: 'https://evil.test', authorization_servers: ['https://evil.test'] })
  expect(readResourceMetadata({ ...good, signed_metadata: signed }, resource)).toMatchObject({
    authorizationServers: ['https://as.test'],
  })
  for (const bad of [
    statement({ signed_metadata: 'x' }),
    'x',
    'a.b',
    'a.!.c',
    7,
    statement([]).replace('W10', 'eyJ'),
    '',
  ])
    expect(readResourceMetadata({ ...good, signed_metadata: bad }, resource)).toBe('signed_metadata')
})
