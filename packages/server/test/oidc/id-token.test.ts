import { createHash, createPublicKey } from 'node:crypto'
import { leftHalfHash, verifyJwt, type JwsAlgorithm } from '@sallyport/protocol'
import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { compactVerify, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { issuerId, newIssuer } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'
import { keysOf } from '../signed-by-us.ts'

const algorithms: readonly JwsAlgorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']

describe('claims', () => {
  it('B-IDT-01 says who, for whom, by whom and how long, in whole seconds', async () => {
    const issuer = await newRealIssuer({ start: 1_800_000_000.7 })
    const { idToken } = await issuer.codeFlow()
    const { claims, header } = decodeJwt(idToken)
    expect(claims['iss']).toBe(issuerId)
    expect(claims['sub']).toMatch(/^[\x21-\x7e]{1,255}$/)
    expect([claims['iat'], claims['exp']]).toEqual([1_800_000_000, 1_800_000_300])
    expect(header['alg']).toBe('RS256')
  })

  it('B-IDT-02 names one audience as a text, and then needs no azp', async () => {
    const issuer = await newRealIssuer()
    const { claims } = decodeJwt((await issuer.codeFlow()).idToken)
    expect(claims['aud']).toBe(issuer.clients.K.id)
    expect(claims).not.toHaveProperty('azp')
  })

  it('B-IDT-05, B-IDT-12 has nothing that was not asked for', async () => {
    const issuer = await newRealIssuer()
    const parameters = { scope: 'openid', nonce: undefined, resource: undefined }
    const { claims } = decodeJwt((await issuer.codeFlow({ parameters })).idToken)
    expect(Object.keys(claims).toSorted()).toEqual(['at_hash', 'aud', 'exp', 'iat', 'iss', 'sub'])
    const wide = decodeJwt((await issuer.codeFlow({ parameters: { scope: 'openid profile email' } })).idToken).claims
    expect(Object.keys(wide).toSorted()).toEqual(['at_hash', 'aud', 'exp', 'iat', 'iss', 'nonce', 'sub'])
    for (const absent of ['c_hash', 's_hash', 'email', 'sid']) expect(wide).not.toHaveProperty(absent)
  })
})

describe('at_hash', () => {
  const long = 'YmJiZTAwYmYtMzgyOC00NzhkLTkyOTItNjJjNDM3MGYzOWIy9sFhvH8K_x8UIHj1osisS57f5DduL'
  const vectors: [string, JwsAlgorithm, string][] = [
    ['jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y', 'RS256', '77QmUPtjPfzWtF2AnpK9RQ'],
    ['Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk', 'ES256', 'LDktKdoQak3Pk0cnXxCltA'],
    [long, 'RS256', 'xsZZrUssMXjL3FBlzoSh2g'],
    [long, 'PS256', 'xsZZrUssMXjL3FBlzoSh2g'],
    [long, 'ES256', 'xsZZrUssMXjL3FBlzoSh2g'],
    [long, 'EdDSA', 'p2LHG4H-8pYDc0hyVOo3iIHvZJUqe9tbj3jESOuXbkY'],
    [long, 'Ed25519', 'p2LHG4H-8pYDc0hyVOo3iIHvZJUqe9tbj3jESOuXbkY'],
  ]
  it.for(vectors)(
    'B-IDT-04, B-IDT-06, B-TV-10, B-TV-11, B-TV-12, B-TV-14, B-CX-09, B-WR-06 %s with %s is %s',
    ([token, alg, expected]) => {
      expect(leftHalfHash(alg, token)).toBe(expected)
      const digest = createHash(alg.startsWith('Ed') ? 'sha512' : 'sha256')
        .update(token)
        .digest()
      expect(digest.subarray(0, digest.length / 2).toString('base64url')).toBe(expected)
    },
  )

  it.for(algorithms)(
    'B-IDT-04, B-IDT-08, B-CX-19 a flow with %s carries the hash of its own access token',
    async (alg) => {
      const { issuer, tokens } = await flowWith(alg)
      const { header, claims } = decodeJwt(tokens.idToken)
      expect(header['alg']).toBe(alg)
      expect(claims['at_hash']).toBe(leftHalfHash(alg, tokens.accessToken))
      expect(issuer.records.faults).toEqual([])
    },
  )

  it('B-IDT-06 an algorithm without an entry stops the start and never falls back', async () => {
    for (const name of ['HS256', 'ES384', 'none', 'RS1', 'toString'])
      await expect(newIssuer({ algorithms: [name as JwsAlgorithm] })).rejects.toThrow(TypeError)
    expect(() => leftHalfHash('ES384' as JwsAlgorithm, 'token')).toThrow(TypeError)
  })
})

async function flowWith(alg: JwsAlgorithm) {
  const issuer = await newRealIssuer()
  const client = await issuer.addClient({
    type: 'web',
    name: 'Particular application',
    redirectUris: ['https://particular.test/cb'],
    scope: 'openid read',
    idTokenAlgorithm: alg,
  })
  return { issuer, tokens: await issuer.codeFlow({ client, parameters: { scope: 'openid read' } }) }
}

/** What a library of strangers makes of a token and the published keys. */
async function verifiedByJose(issuer: TestIssuer, token: string): Promise<Record<string, unknown>> {
  const { kid, alg } = decodeJwt(token).header
  const matching = (await keysOf(issuer)).filter((key) => key['kid'] === kid)
  expect(matching).toHaveLength(1)
  const { payload } = await compactVerify(token, await importJWK(matching[0] ?? {}, String(alg)))
  return JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>
}

describe('header and signature', () => {
  it.for(algorithms)('B-IDT-07, B-IDT-08 %s verifies with the one published key of its kid', async (alg) => {
    const { issuer, tokens } = await flowWith(alg)
    expect(await verifiedByJose(issuer, tokens.idToken)).toEqual(decodeJwt(tokens.idToken).claims)
    expect(Object.keys(decodeJwt(tokens.idToken).header).toSorted()).toEqual(['alg', 'kid', 'typ'])
  })

  it.for(['none', 'HS256', 'RS384', 'ES256K', 'rs256', 'Ed448'])(
    'B-IDT-08, B-CX-08, B-CX-19 %s cannot be registered, for neither answer',
    async (alg) => {
      const issuer = await newIssuer({ clients: [] })
      const base = { type: 'web', name: 'X', redirectUris: ['https://x.test/cb'] } as const
      for (const member of ['idTokenAlgorithm', 'userinfoAlgorithm'])
        await expect(issuer.addClient({ ...base, [member]: alg as JwsAlgorithm })).rejects.toThrow(member)
    },
  )

  it('B-IDT-07 each key verifies its own tokens alone', async () => {
    const issuer = await newRealIssuer()
    const { idToken } = await issuer.codeFlow()
    const { kid } = decodeJwt(idToken).header
    for (const jwk of await keysOf(issuer)) {
      const key = createPublicKey({ key: jwk, format: 'jwk' })
      const verified = verifyJwt(idToken, ['jwt'], [{ kid: jwk['kid'] ?? '', alg: jwk['alg'] as JwsAlgorithm, key }])
      expect([jwk['alg'], typeof verified === 'object']).toEqual([jwk['alg'], jwk['kid'] === kid])
    }
  })
})
