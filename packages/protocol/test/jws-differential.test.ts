import { createSigner, leftHalfHash, signJwt, verifyJwt, type JwsAlgorithm } from '@sallyport/protocol'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { compactVerify, CompactSign, jwtVerify, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { algorithms, privateKeys, publicKey, verificationKey } from './keys.ts'

const sign = async (alg: JwsAlgorithm, claims: object): Promise<string> =>
  signJwt(createSigner(`key of ${alg}`, alg, privateKeys[alg]), 'at+jwt', claims)

const byJose = (alg: JwsAlgorithm, claims: Record<string, unknown>): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg, typ: 'at+jwt', kid: `key of ${alg}` }).sign(privateKeys[alg])

const claimSets = fc.dictionary(
  fc.string({ maxLength: 10 }),
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 })),
  { maxKeys: 8 },
)

describe('against another implementation', () => {
  it.for(algorithms)('A-BEAR-07 what we sign with %s it verifies', async (alg) => {
    for (const claims of fc.sample(claimSets, 20)) {
      const token = await sign(alg, claims)
      const { payload, protectedHeader } = await compactVerify(token, publicKey(alg), { algorithms: [alg] })
      expect(protectedHeader).toEqual({ alg, typ: 'at+jwt', kid: `key of ${alg}` })
      expect(JSON.parse(Buffer.from(payload).toString())).toEqual(JSON.parse(JSON.stringify(claims)))
    }
  })

  it.for(algorithms)('A-BEAR-07 what it signs with %s we verify', async (alg) => {
    for (const claims of fc.sample(claimSets, 20)) {
      const verified = verifyJwt(await byJose(alg, { ...claims, iss: 'x' }), ['at+jwt'], [verificationKey(alg)])
      if (typeof verified === 'string') throw new Error(verified)
      expect({ ...verified.claims }).toEqual(JSON.parse(JSON.stringify({ ...claims, iss: 'x' })))
    }
  })

  it.for(algorithms)('A-BEAR-07 both refuse every changed %s token', async (alg) => {
    const token = await sign(alg, { sub: 'user', n: 1 })
    const keys = [verificationKey(alg)]
    for (let index = 0; index < token.length; index += 3) {
      const replacement = token[index] === 'A' ? 'B' : 'A'
      const changed = token.slice(0, index) + replacement + token.slice(index + 1)
      const ours = verifyJwt(changed, ['at+jwt'], keys)
      expect([index, typeof ours]).toEqual([index, 'string'])
    }
    for (const changed of [
      token.slice(0, -1),
      token.slice(0, -4),
      `${token}A`,
      `${token}AAAA`,
      token.replace('.', '..'),
    ]) {
      expect(typeof verifyJwt(changed, ['at+jwt'], keys)).toBe('string')
      await expect(jwtVerify(changed, publicKey(alg), { algorithms: [alg] })).rejects.toThrow()
    }
  })

  it('A-BEAR-07 a key of one algorithm verifies no token of another', async () => {
    for (const signed of algorithms)
      for (const expected of algorithms) {
        const token = await sign(signed, {})
        const key = { ...verificationKey(expected), kid: `key of ${signed}` }
        const result = verifyJwt(token, ['at+jwt'], [key])
        if (signed === expected) expect(typeof result).toBe('object')
        else expect(result).toBe('alg')
      }
  })

  it('A-BEAR-07 a PS256 signature is no RS256 signature although the key is the same', async () => {
    const signature = (await sign('PS256', {})).split('.')[2]
    const rs256 = (await sign('RS256', {})).split('.').slice(0, 2).join('.')
    expect(verifyJwt(`${rs256}.${signature}`, ['at+jwt'], [verificationKey('RS256')])).toBe('signature')
  })

  it.for([
    ['ES256', 'sha256'],
    ['RS256', 'sha256'],
    ['PS256', 'sha256'],
    ['EdDSA', 'sha512'],
    ['Ed25519', 'sha512'],
  ] as const)('MX-03 at_hash for %s is the left half of %s', ([alg, digest]) => {
    const token = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'
    const whole = createHash(digest).update(token).digest()
    expect(leftHalfHash(alg, token)).toBe(whole.subarray(0, whole.length / 2).toString('base64url'))
  })

  it('IN-12 no text at all makes the verifier throw', async () => {
    const token = await byJose('ES256', { a: 1 })
    const keys = algorithms.map((alg) => verificationKey(alg))
    const part = fc.oneof(
      fc.base64String(),
      fc.string({ unit: 'binary' }),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
      fc.constantFrom(...token.split('.')),
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        (parts) => typeof verifyJwt(parts.join('.'), ['at+jwt'], keys) === 'string' || parts.join('.') === token,
      ),
      { numRuns: 3000 },
    )
  })

  it('A-BEAR-07 our signatures need no unprotected header and no detached payload', async () => {
    const jws = await new CompactSign(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key of ES256' })
      .sign(privateKeys.ES256)
    const [header, , signature] = jws.split('.')
    expect(verifyJwt(`${header}..${signature}`, ['at+jwt'], [verificationKey('ES256')])).toBe('signature')
    expect(typeof verifyJwt(jws, ['at+jwt'], [verificationKey('ES256')])).toBe('object')
  })
})
