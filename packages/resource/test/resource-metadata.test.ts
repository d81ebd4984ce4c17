import { createResourceMetadata, createVerifier, protect, resourceMetadataUrl } from '@sallyport/resource'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'

const options = {
  resource: 'https://api.test/orders',
  authorizationServers: ['https://as.test'],
  name: 'Orders',
  scopes: ['orders.read'],
}

it.for([
  ['https://api.test', 'https://api.test/.well-known/oauth-protected-resource'],
  ['https://api.test/', 'https://api.test/.well-known/oauth-protected-resource'],
  ['https://api.test/orders', 'https://api.test/.well-known/oauth-protected-resource/orders'],
  ['https://api.test/orders/', 'https://api.test/.well-known/oauth-protected-resource/orders/'],
  ['https://api.test/?t=1', 'https://api.test/.well-known/oauth-protected-resource?t=1'],
  ['https://api.test/a%2Fb?t=1', 'https://api.test/.well-known/oauth-protected-resource/a%2Fb?t=1'],
  ['http://127.0.0.1:9000/a', 'http://127.0.0.1:9000/.well-known/oauth-protected-resource/a'],
] as const)('A-PRM-01 the document of %s is at %s', ([resource, url]) => {
  expect(resourceMetadataUrl(resource)).toBe(url)
})

it('A-PRM-02 the document says what clients need, and leaves out what has no value', () => {
  const { body } = createResourceMetadata(options)
  expect(JSON.parse(body)).toEqual({
    resource: 'https://api.test/orders',
    authorization_servers: ['https://as.test'],
    scopes_supported: ['orders.read'],
    bearer_methods_supported: ['header'],
    resource_name: 'Orders',
  })
  const bare = createResourceMetadata({ ...options, scopes: [], documentation: 'https://api.test/help' })
  expect(JSON.parse(bare.body)).not.toHaveProperty('scopes_supported')
  expect(JSON.parse(bare.body)).toMatchObject({ resource_documentation: 'https://api.test/help' })
})

it('A-PRM-02, B-DPOP-33 the document says whether tokens may or must be bound to a key', () => {
  const algorithms = ['ES256', 'PS256', 'EdDSA', 'Ed25519']
  const read = (dpop: 'offered' | 'required'): unknown => JSON.parse(createResourceMetadata({ ...options, dpop }).body)
  expect(read('offered')).toMatchObject({
    dpop_signing_alg_values_supported: algorithms,
    dpop_bound_access_tokens_required: false,
  })
  expect(read('required')).toMatchObject({ dpop_bound_access_tokens_required: true })
})

it.for([
  ['plain http', { resource: 'http://api.test' }],
  ['a fragment', { resource: 'https://api.test/#a' }],
  ['no issuer', { authorizationServers: [] }],
  ['an issuer over http', { authorizationServers: ['http://as.test'] }],
  ['offline_access', { scopes: ['orders.read', 'offline_access'] }],
  ['no name', { name: ' ' }],
] as const)('A-PRM-02 refuses %s', ([, change]) => {
  expect(() => createResourceMetadata({ ...options, ...change })).toThrow(TypeError)
})

it('A-PRM-01, A-PRM-02 answers for its own address and nothing else', async () => {
  const { fetch: answer, url, body } = createResourceMetadata(options)
  const found = answer(new Request(url))
  expect(found?.status).toBe(200)
  expect(found?.headers.get('content-type')).toBe('application/json')
  expect(await found?.text()).toBe(body)
  const head = answer(new Request(url, { method: 'HEAD' }))
  expect([head?.status, await head?.text()]).toEqual([200, ''])
  const post = answer(new Request(url, { method: 'POST' }))
  expect([post?.status, post?.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  for (const other of [
    `${url}/`,
    `${url}?a=b`,
    'https://api.test/.well-known/oauth-protected-resource',
    options.resource,
  ])
    expect(answer(new Request(other))).toBeUndefined()
})

it('A-PRM-03 the address in a challenge leads to the document', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const resource = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`
  const metadata = createResourceMetadata({ ...options, resource })
  const verifier = createVerifier({ issuer: 'https://as.test', audience: resource })
  const guarded = protect(verifier, { resourceMetadata: metadata.url }).node((_req, res) => void res.end('orders'))
  server.on('request', (req, res) => {
    if (!metadata.node(req, res)) void guarded(req, res)
  })
  try {
    const refused = await fetch(resource)
    expect(refused.status).toBe(401)
    const told = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? ''
    const document = (await (await fetch(told)).json()) as Record<string, unknown>
    expect(document['resource']).toBe(resource)
    expect(document['authorization_servers']).toEqual(['https://as.test'])
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
