import { resourceFaults, type Resource } from '@sallyport/server'
import { expect, it } from 'vitest'

const plain: Resource = {
  id: 'https://api.test/files',
  name: 'Files',
  scopes: [{ name: 'files', description: 'See your files' }],
  accessTokenLifetime: 60,
  format: 'opaque',
  binding: 'bearer',
  signingAlgorithm: 'ES256',
  documentation: 'https://api.test/docs',
  notByDevice: [],
}

/** Members as a file or an option can have them, which need not be what the type says. */
const judged = (more: object): readonly string[] => resourceFaults({ ...plain, ...more }).map(({ member }) => member)

it('A-RES-01 takes an API that is described in full, or hardly at all', () => {
  expect(judged({})).toEqual([])
  expect(judged({ notByDevice: ['files'] })).toEqual([])
  const bare = { scopes: [], accessTokenLifetime: undefined, format: 'jwt', documentation: undefined }
  expect(judged(bare)).toEqual([])
})

it.for<[string, object]>([
  ['notByDevice', { notByDevice: ['file'] }],
  ['id', { id: 'HTTPS://api.test' }],
  ['id', { id: 'http://api.test' }],
  ['name', { name: ' ' }],
  ['name', { name: 'x'.repeat(101) }],
  ['name', { name: 'F\u202eiles' }],
  ['documentation', { documentation: 'http://api.test/docs' }],
  ['documentation', { documentation: 'https://me@api.test/' }],
  ['scopes', { scopes: [{ name: 'two words', description: 'x' }] }],
  ['scopes', { scopes: [{ name: 'openid', description: 'x' }] }],
  ['scopes', { scopes: [{ name: 'files', description: '' }] }],
  ['scopes', { scopes: [{ name: 'files', description: 'x'.repeat(301) }] }],
  ['scopes', { scopes: [...plain.scopes, ...plain.scopes] }],
  ['scopes', { scopes: Array.from({ length: 101 }, (_, index) => ({ name: `s${index}`, description: 'x' })) }],
  ['format', { format: 'paseto' }],
  ['binding', { binding: 'none' }],
  ['signingAlgorithm', { signingAlgorithm: 'HS256' }],
  ['signingAlgorithm', { signingAlgorithm: 'none' }],
  ['accessTokenLifetime', { accessTokenLifetime: 59 }],
  ['accessTokenLifetime', { accessTokenLifetime: 3601 }],
  ['accessTokenLifetime', { accessTokenLifetime: 90.5 }],
])('A-RES-01 refuses %s in %j', ([member, more]) => {
  expect(judged(more)).toEqual([member])
})

it('A-RES-02 takes every binding that is checked', () => {
  for (const binding of ['bearer', 'dpop', 'mtls'] as const) expect(judged({ binding })).toEqual([])
})
