import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { verifyJwt, type JwsAlgorithm, type VerificationKey } from '@sallyport/protocol'
import { createServer, MasterKeyMismatch } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { headerOf, plainPeople, seededRandom, clockStart } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { deriveSecrets } from '../../src/secrets.ts'
import { newIssuer } from '../fixtures.ts'
import { compact, keysOf } from '../signed-by-us.ts'

const rsa = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey
const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey

function startWith(
  generateKeyPair: (alg: JwsAlgorithm) => KeyObject,
  algorithms: readonly JwsAlgorithm[] = ['ES256', 'RS256'],
) {
  const store = createMemoryStore()
  const { accounts, pages } = plainPeople({ store, now: () => clockStart, random: seededRandom('keys') })
  const base = { issuer: 'https://as.test', masterKey: randomBytes(32), store, accounts, pages, upkeepInterval: 0 }
  return createServer({ ...base, algorithms, generateKeyPair: async (alg) => generateKeyPair(alg) })
}

describe('the published set', () => {
  it('B-JWK-01 has public members only, and each key says what it is for', async () => {
    const keys = await keysOf(await newIssuer())
    const members: Record<string, string[]> = {
      RSA: ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      EC: ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      OKP: ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    }
    expect(keys.map(({ alg }) => alg).toSorted()).toEqual(['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'])
    for (const key of keys) {
      expect(Object.keys(key).toSorted()).toEqual(members[key['kty'] ?? ''])
      expect(key['use']).toBe('sig')
      if (key['kty'] === 'RSA') expect(Buffer.from(key['n'] ?? '', 'base64url')).toHaveLength(256)
    }
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
  })

  it('B-JWK-03 is served as a key set with a tag, for no longer than a key is published ahead', async () => {
    const issuer = await newIssuer()
    const answer = await issuer.get('/oauth2/jwks')
    expect(answer.headers['content-type']).toBe('application/jwk-set+json')
    expect(headerOf(answer, 'cache-control')).toBe('public, max-age=300')
    expect(headerOf(answer, 'etag')).toMatch(/^"[\w-]{22}"$/)
    const head = await issuer.send({ path: '/oauth2/jwks', method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
  })
})

describe('keys that stop the start', () => {
  const unfit: Record<string, [JwsAlgorithm, () => KeyObject]> = {
    'RSA with 1024 bits': ['RS256', () => rsa(1024)],
    'a curve that is too small': ['ES256', () => ec('P-224')],
    'another curve than the algorithm has': ['ES256', () => ec('P-384')],
    'secp256k1 for ES256': ['ES256', () => ec('secp256k1')],
    'a curve for RSA': ['RS256', () => ec('P-256')],
    'a symmetric key': ['RS256', () => ({ type: 'secret', asymmetricKeyType: undefined }) as unknown as KeyObject],
    'a public key': ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
  }
  it.for(Object.entries(unfit))('B-JWK-01 %s', async ([, [weak, make]]) => {
    const good = (alg: JwsAlgorithm): KeyObject => (alg === 'ES256' ? ec('P-256') : rsa(2048))
    await expect(startWith((alg) => (alg === weak ? make() : good(alg)))).rejects.toThrow(`of no use for ${weak}`)
  })

  it('B-JWK-09, AR-06 another master key opens nothing, and is no key of another length', async () => {
    const issuer = await newIssuer()
    const { accounts, pages } = plainPeople({ store: issuer.store, now: issuer.clock.now, random: issuer.random })
    const base = { issuer: 'https://as.test', store: issuer.store, accounts, pages, upkeepInterval: 0 }
    await expect(createServer({ ...base, masterKey: randomBytes(32) })).rejects.toThrow(MasterKeyMismatch)
    await expect(createServer({ ...base, masterKey: randomBytes(16) })).rejects.toThrow('32 bytes')
  })

  it('B-JWK-09 each purpose has a key of its own', () => {
    const masterKey = Buffer.alloc(32, 7)
    const keys = [masterKey, ...Object.values(deriveSecrets(masterKey))].map((key) => key.toString('hex'))
    expect(new Set(keys).size).toBe(keys.length)
    for (const key of keys) expect(key).toHaveLength(64)
  })
})

describe('choosing a key', () => {
  const pairs = { ES256: ec('P-256'), RS256: rsa(2048), other: ec('P-256') }
  const key = (kid: string, alg: JwsAlgorithm, from: KeyObject): VerificationKey => ({ kid, alg, key: from })
  const token = (kid: string | undefined, alg: 'ES256' | 'RS256' = 'ES256'): string =>
    compact({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) }, { sub: 'x' }, alg, pairs[alg])
  const verdict = (...args: Parameters<typeof verifyJwt>): string => {
    const result = verifyJwt(...args)
    return typeof result === 'string' ? result : 'good'
  }
  const [es, rs] = [key('a', 'ES256', pairs.ES256), key('b', 'RS256', pairs.RS256)]

  it('B-JWK-06 by exact kid; one kid for two kinds of key is told apart by the algorithm', () => {
    expect(verdict(token('a'), ['jwt'], [es, rs])).toBe('good')
    expect(verdict(token('A'), ['jwt'], [es, rs])).toBe('kid')
    const twins = [es, { ...rs, kid: 'a' }]
    expect([verdict(token('a'), ['jwt'], twins), verdict(token('a', 'RS256'), ['jwt'], twins)]).toEqual([
      'good',
      'good',
    ])
  })

  it('B-JWK-06 two keys that fit alike are ambiguous, and keys are never tried in turn', () => {
    const twins = [key('a', 'ES256', pairs.other), es]
    expect(verdict(token('a'), ['jwt'], twins)).toBe('kid')
    expect(verdict(token(undefined), ['jwt'], twins)).toBe('kid')
  })

  it('B-JWK-06 without a kid exactly one key has to fit', () => {
    expect(verdict(token(undefined), ['jwt'], [es, rs])).toBe('good')
    expect(verdict(token(undefined), ['jwt'], [rs])).toBe('alg')
    expect(verdict(token(undefined), ['jwt'], [])).toBe('kid')
  })
})
