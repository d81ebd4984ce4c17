import { BearerError, createVerifier } from '@sallyport/resource'
import { beforeEach, expect, it, vi } from 'vitest'
import { audience, issuer, issuerDocuments, jwksAnswer, makeKey, sign, start, type Answer, type Key } from './issuer.ts'

let now = start
let key: Key

beforeEach(async () => {
  now = start
  key ??= await makeKey('k1')
})

function setUp(answer: Answer = jwksAnswer([key])) {
  const documents = issuerDocuments(answer)
  const failures: unknown[] = []
  const verifier = createVerifier({
    issuer,
    audience,
    fetch: documents.fetcher,
    now: () => now,
    onFetchFailed: (cause) => failures.push(cause),
  })
  const verdict = async (token: Promise<string>): Promise<string> => {
    try {
      await verifier.verify(await token)
      return 'accepted'
    } catch (error) {
      if (error instanceof BearerError) return error.reason
      throw error
    }
  }
  return { ...documents, failures, verdict }
}

const fresh = (by: Key = key) => sign(by, { claims: { iat: now, exp: now + 300 } })
const down: Answer = () => Promise.reject(new TypeError('connection refused'))

it('TX-04 asks for the keys once however many requests are waiting', async () => {
  const { verdict, jwksFetches } = setUp()
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => verdict(fresh())))
  expect(new Set(verdicts)).toEqual(new Set(['accepted']))
  expect(jwksFetches()).toBe(1)
})

it('TX-04 answers 10 000 unknown key ids with one refetch in 30 s', async () => {
  const { verdict, jwksFetches } = setUp()
  expect(await verdict(fresh())).toBe('accepted')
  now += 31
  const stranger = await fresh(await makeKey('unknown'))
  for (let count = 0; count < 10_000; count++) {
    if (count === 5000) now += 29
    expect(await verdict(Promise.resolve(stranger))).toBe('kid')
  }
  expect(jwksFetches()).toBe(2)
  now += 1
  expect(await verdict(fresh(await makeKey('unknown')))).toBe('kid')
  expect(jwksFetches()).toBe(3)
})

it('TX-04, B-JWK-02 accepts tokens of a key that was published after the first fetch', async () => {
  const { verdict, state } = setUp()
  expect(await verdict(fresh())).toBe('accepted')
  const next = await makeKey('k2')
  state.jwks = jwksAnswer([key, next])
  now += 30
  expect(await verdict(fresh(next))).toBe('accepted')
  expect(await verdict(fresh())).toBe('accepted')
})

it('TX-04 stops accepting a key once it is gone from the set and the cache lifetime is over', async () => {
  const { verdict, state } = setUp()
  expect(await verdict(fresh())).toBe('accepted')
  state.jwks = jwksAnswer([await makeKey('k2')])
  now += 300
  expect(await verdict(fresh())).toBe('kid')
})

it('TX-04 keeps old keys for their max-age while the issuer is down, then accepts nothing', async () => {
  const { verdict, state, failures } = setUp()
  expect(await verdict(fresh())).toBe('accepted')
  state.jwks = down
  now += 299
  expect(await verdict(fresh())).toBe('accepted')
  now += 1
  expect(await verdict(fresh())).toBe('keys_unavailable')
  expect(failures.length).toBeGreaterThan(0)
  state.jwks = jwksAnswer([key])
  now += 6
  expect(await verdict(fresh())).toBe('accepted')
})

it('TX-04 renews the keys during the second half of their lifetime, without making anybody wait', async () => {
  const { verdict, jwksFetches } = setUp()
  await verdict(fresh())
  now += 149
  await verdict(fresh())
  expect(jwksFetches()).toBe(1)
  now += 1
  await verdict(fresh())
  await vi.waitFor(() => {
    expect(jwksFetches()).toBe(2)
  })
  now += 299
  expect(await verdict(fresh())).toBe('accepted')
})

it('TX-04 asks a failing issuer at most every 5 s', async () => {
  const { verdict, jwksFetches } = setUp(down)
  for (let count = 0; count < 100; count++) expect(await verdict(fresh())).toBe('keys_unavailable')
  expect(jwksFetches()).toBe(1)
  now += 5
  expect(await verdict(fresh())).toBe('keys_unavailable')
  expect(jwksFetches()).toBe(2)
})

const html: Answer = () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
const json =
  (body: string): Answer =>
  () =>
    new Response(body, { headers: { 'content-type': 'application/json' } })

it.each<[string, Answer]>([
  ['HTML', html],
  ['HTML called JSON', json('<!doctype html>')],
  ['a list', json('[]')],
  ['a set without keys', json('{"keys":[]}')],
  ['no set', json('{"keys":"k"}')],
  ['500', () => new Response('', { status: 500 })],
  ['a redirect', () => new Response('', { status: 302, headers: { location: 'http://169.254.169.254/' } })],
  ['a set of a megabyte', json(`{"pad":"${'x'.repeat(1 << 20)}","keys":[]}`)],
  [
    'bytes that are no UTF-8',
    () => new Response(new Uint8Array([0x7b, 0xff, 0x7d]), { headers: { 'content-type': 'application/json' } }),
  ],
])('TX-04, B-JWK-10 refuses every token while the key address answers with %s', async (_name, answer) => {
  const { verdict, failures } = setUp(answer)
  expect(await verdict(fresh())).toBe('keys_unavailable')
  expect(failures).toHaveLength(1)
})

it('B-JWK-10 follows no redirect and gives up after a time limit', async () => {
  const seen: RequestInit[] = []
  const fetcher: typeof fetch = (_url, init) => {
    seen.push(init ?? {})
    return Promise.reject(new TypeError('down'))
  }
  const verifier = createVerifier({ issuer, audience, fetch: fetcher, now: () => now })
  await expect(verifier.verify(await fresh())).rejects.toThrow('keys_unavailable')
  expect(seen[0]).toMatchObject({ redirect: 'error' })
  expect(seen[0]?.signal).toBeInstanceOf(AbortSignal)
})

it('JW-08 passes over weak, private-purpose and unusable keys and refuses a set of more than 20', async () => {
  const weak = [
    { jwk: { kty: 'oct', k: 'c2VjcmV0', kid: 'k1', alg: 'HS256' } },
    { jwk: { ...key.jwk, use: 'enc' } },
    { jwk: { ...key.jwk, key_ops: ['sign'] } },
    { jwk: { ...key.jwk, kid: undefined } },
    { jwk: { kty: 'EC', crv: 'P-256', kid: 'k1', x: 'AA', y: 'AA' } },
  ]
  const refusing = setUp(jwksAnswer(weak))
  expect(await refusing.verdict(fresh())).toBe('keys_unavailable')
  const mixed = setUp(jwksAnswer([...weak, key]))
  expect(await mixed.verdict(fresh())).toBe('accepted')
  const many = setUp(jwksAnswer(Array.from({ length: 21 }, (_, index) => ({ jwk: { ...key.jwk, kid: `k${index}` } }))))
  expect(await many.verdict(fresh())).toBe('keys_unavailable')
})

it('A-META-01, A-META-03 finds the keys through the metadata of exactly this issuer', async () => {
  const { verdict, state } = setUp()
  expect(await verdict(fresh())).toBe('accepted')
  expect(state.asked[0]).toBe('https://as.test/.well-known/oauth-authorization-server')
  const foreign = setUp()
  foreign.state.metadata = { issuer: `${issuer}/`, jwks_uri: `${issuer}/oauth2/jwks` }
  expect(await foreign.verdict(fresh())).toBe('keys_unavailable')
  expect(foreign.jwksFetches()).toBe(0)
})

it('A-META-01 puts the well-known part before the path of an issuer', async () => {
  const asked: string[] = []
  const fetcher: typeof fetch = (url) => {
    asked.push(url instanceof Request ? url.url : String(url))
    return Promise.reject(new TypeError('down'))
  }
  for (const path of ['/tenant1', '/a/b', '/a/']) {
    const verifier = createVerifier({ issuer: `${issuer}${path}`, audience, fetch: fetcher, now: () => now })
    await expect(verifier.verify(await fresh())).rejects.toThrow('keys_unavailable')
  }
  expect(asked.map((url) => new URL(url).pathname)).toEqual([
    '/.well-known/oauth-authorization-server/tenant1',
    '/.well-known/oauth-authorization-server/a/b',
    '/.well-known/oauth-authorization-server/a',
  ])
})

it('A-BEAR-08 refuses metadata that sends it to a key address without TLS', async () => {
  const { verdict, state, jwksFetches } = setUp()
  state.metadata = { issuer, jwks_uri: 'http://as.test/oauth2/jwks' }
  expect(await verdict(fresh())).toBe('keys_unavailable')
  expect(jwksFetches()).toBe(0)
})
