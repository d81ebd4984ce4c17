import {
  createIntrospector,
  createResourceMetadata,
  protect,
  protectMcp,
  replayInOneProcess,
  type BearerReason,
  type ReplayStore,
} from '@sallyport/resource'
import { afterEach, describe, expect, it } from 'vitest'
import {
  algs,
  bearer,
  dpopOptions,
  expectRefusal,
  goodProof,
  headersFor,
  reasons,
  uri,
  verifierWith,
} from './bound-api.ts'
import { audience, issuer, start } from './issuer.ts'
import { challengesOf } from './prover.ts'

afterEach(() => {
  reasons.length = 0
})

describe('an operation that takes bound tokens only', () => {
  it('B-DPOP-35 refuses bearer tokens and says how to send one', async () => {
    const guarded = protect(verifierWith(dpopOptions()), { requireDpop: true }).fetch(() => new Response('in'))
    const answer = await guarded(new Request(uri, { headers: { authorization: `Bearer ${bearer}` } }))
    expect(await expectRefusal(answer, 'invalid_token')).toBe('bearer')
    expect(challengesOf(await guarded(new Request(uri)))).toEqual([
      { scheme: 'DPoP', parameters: { realm: audience, algs } },
    ])
  })

  it('B-DPOP-35 cannot be had without a way to check them', () => {
    expect(() => protect(verifierWith(undefined), { requireDpop: true })).toThrow(TypeError)
  })
})

describe('an MCP server', () => {
  it('B-DPOP-35 takes bound tokens, refuses replays, and names the scheme that was used when a tool needs more', async () => {
    const metadata = createResourceMetadata({
      resource: audience,
      authorizationServers: [issuer],
      name: 'Orders',
      scopes: ['orders.read'],
    })
    const guarded = protectMcp(verifierWith(dpopOptions()), {
      metadata,
      scope: ['orders.read'],
      tools: { cancel: ['orders.write'] },
      requireDpop: true,
    }).fetch((_, { caller }) => Response.json(caller))
    const ask = (method: string, proof: string) =>
      guarded(
        new Request('http://10.0.0.1/mcp', {
          method: 'POST',
          headers: { ...headersFor({ proof }), 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { name: 'cancel' } }),
        }),
      )
    const proofOf = () => goodProof({ uri: 'https://api.test/v1/mcp', claims: { htm: 'POST' } })
    const proof = await proofOf()
    const answer = await ask('ping', proof)
    expect([answer.status, await answer.json()]).toMatchObject([200, { token: '', extra: { subject: 'user_1' } }])
    expect(await ask('ping', proof).then((again) => again.status)).toBe(401)
    const narrow = await ask('tools/call', await proofOf())
    expect(narrow.status).toBe(403)
    const parameters = { error: 'insufficient_scope', scope: 'orders.read orders.write' }
    expect(challengesOf(narrow)).toMatchObject([{ scheme: 'DPoP', parameters }])
    expect(reasons).toEqual(['dpop_replayed', 'scope'])
  })
})

describe('an API that takes no bound tokens', () => {
  it('B-DPOP-33, B-DPOP-30 refuses them in either way, and does not speak of DPoP', async () => {
    const guarded = protect(verifierWith(undefined)).fetch(() => new Response('in'))
    for (const scheme of ['Bearer', 'DPoP']) {
      const headers = headersFor({ scheme, proof: await goodProof({ uri: 'https://api.test/v1/orders' }) })
      const answer = await guarded(new Request('https://api.test/v1/orders', { headers }))
      expect(answer.status).toBe(401)
      expect(challengesOf(answer).map((one) => one.scheme)).toEqual(['Bearer'])
    }
  })
})

describe('tokens that the issuer is asked about', () => {
  /** The example of RFC 9449 section 7.1, which somebody else made. */
  const vector = {
    token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
    jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    at: 1_562_262_618,
    proof:
      'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA',
  }

  /** An API that asks the issuer, which answers with these members besides the usual ones. */
  function api(said: object) {
    const introspector = createIntrospector({
      issuer,
      audience,
      clientId: 'client_api',
      clientSecret: 'secret',
      introspectionEndpoint: `${issuer}/introspect`,
      fetch: async () =>
        Response.json({ active: true, aud: audience, sub: 'user_1', client_id: 'c', exp: vector.at + 60, ...said }),
      now: () => vector.at,
      dpop: dpopOptions({ urls: ['https://resource.example.org'] }),
      onRejected: (reason) => reasons.push(reason),
    })
    const guarded = protect(introspector).fetch((_, token) => new Response(token.jkt))
    return (scheme = 'DPoP') =>
      guarded(
        new Request('http://10.0.0.1/protectedresource', {
          headers: headersFor({ token: vector.token, proof: vector.proof, scheme }),
        }),
      )
  }
  const cnf = { jkt: vector.jkt }

  it('B-DPOP-32, B-DPOP-28 pass the same checks: the example of RFC 9449 lets in once', async () => {
    const ask = api({ token_type: 'DPoP', cnf })
    const answer = await ask()
    expect([answer.status, await answer.text()]).toEqual([200, vector.jkt])
    expect([(await ask()).status, reasons.pop()]).toEqual([401, 'dpop_replayed'])
  })

  it.for<[string, object, string, BearerReason]>([
    ['bound to a key and sent as a bearer token', { token_type: 'DPoP', cnf }, 'Bearer', 'cnf'],
    ['bound to another key', { cnf: { jkt: 'A'.repeat(43) } }, 'DPoP', 'jkt_mismatch'],
    ['bound to none', { token_type: 'Bearer' }, 'DPoP', 'not_bound'],
    ['said to be bound, but not to which key', { token_type: 'DPoP' }, 'DPoP', 'cnf'],
    ['bound, and said to be a bearer token', { token_type: 'Bearer', cnf }, 'DPoP', 'cnf'],
    ['bound to a certificate', { cnf: { 'x5t#S256': vector.jkt } }, 'DPoP', 'cnf'],
  ])('B-DPOP-32, DP-12 are refused when they are %s', async ([, said, scheme, reason]) => {
    expect([(await api(said)(scheme)).status, reasons]).toEqual([401, [reason]])
  })
})

describe('options', () => {
  it.each([
    [{ urls: [] }],
    [{ urls: ['http://api.test'] }],
    [{ urls: ['https://api.test/'] }],
    [{ urls: ['https://api.test?a'] }],
    [{ urls: ['https://me@api.test'] }],
    [{ urls: Array.from({ length: 21 }, (_, index) => `https://${index}.test`) }],
    [{ nonceKey: Buffer.alloc(31) }],
    [{ replay: undefined as unknown as ReplayStore }],
  ])('B-DPOP-35 refuses what would let replays or foreign proofs in: %j', (more) => {
    expect(() => verifierWith(dpopOptions(more))).toThrow(TypeError)
  })
})

describe('the memory of one process', () => {
  const at = (offset: number) => (start + offset) as Parameters<ReplayStore['rememberOnce']>[1]

  it('B-DPOP-13 has to be asked for in writing', () => {
    expect(() => replayInOneProcess({} as { runsAlone: true })).toThrow(TypeError)
    expect(() => replayInOneProcess({ runsAlone: true, maxProofs: 0 })).toThrow(TypeError)
  })

  it('B-DPOP-13, B-DPOP-14 is bounded: when it is full nobody gets in until the oldest have expired', async () => {
    const { rememberOnce } = replayInOneProcess({ runsAlone: true, maxProofs: 3 })
    for (const key of ['a', 'b', 'c']) expect(await rememberOnce(key, at(100), at(0))).toBe(true)
    expect(await rememberOnce('a', at(100), at(0))).toBe(false)
    await expect(rememberOnce('d', at(100), at(99))).rejects.toThrow('3 proofs')
    expect(await rememberOnce('a', at(199), at(99))).toBe(false)
    expect(await rememberOnce('d', at(200), at(100))).toBe(true)
    expect(await rememberOnce('a', at(200), at(100))).toBe(true)
  })
})
