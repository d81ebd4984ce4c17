import { createClientKey, signJws, type TestIssuer } from '@sallyport/testing'
import { CompactEncrypt, importJWK, type CompactJWEHeaderParameters } from 'jose'
import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectRefusal, newIssuer } from '../fixtures.ts'
import { documentIssuer, goodDocument } from '../documents.ts'
import { openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { addSigningClient, ask, bring, objectOf, requestType, type SigningClient } from './fixtures.ts'

type Jwk = Readonly<Record<string, string>>

const encrypting = { policy: { requestObjectEncryption: true } } as const

async function newEncrypted(options: Parameters<typeof newIssuer>[0] = encrypting) {
  const issuer = await newIssuer(options)
  return { issuer, signer: await addSigningClient(issuer), key: await publishedKey(issuer) }
}

const keysOf = async (issuer: TestIssuer): Promise<readonly Jwk[]> =>
  (await issuer.get('/oauth2/jwks')).json['keys'] as readonly Jwk[]

/** The one key that a client may encrypt to. */
async function publishedKey(issuer: TestIssuer): Promise<Jwk> {
  const found = (await keysOf(issuer)).filter(({ use }) => use === 'enc')
  expect(found).toHaveLength(1)
  return found[0] ?? {}
}

async function encrypted(key: Jwk, text: string, header: Partial<CompactJWEHeaderParameters> = {}): Promise<string> {
  const protectedHeader = { alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JWT', kid: key['kid'], ...header }
  const to = await importJWK({ ...key }, protectedHeader.alg)
  return new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader(protectedHeader as CompactJWEHeaderParameters)
    .encrypt(to)
}

async function refused(issuer: TestIssuer, { client }: SigningClient, request: string, reason: string): Promise<void> {
  issuer.forget()
  expect((await bring(issuer, client, request)).error).toBe('invalid_request_object')
  expectRefusal(await issuer.push(client, { request }), 'invalid_request_object')
  expect(eventsOf(issuer, 'authz.request.rejected', reason)).toHaveLength(2)
}

describe('an encrypted request object', () => {
  it('B-JAR-13 is opened at both doors, and judged as what was signed inside', async () => {
    const { issuer, signer, key } = await newEncrypted()
    for (const alg of ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'])
      for (const enc of ['A128CBC-HS256', 'A128GCM', 'A256GCM']) {
        const { request, claims } = objectOf(issuer, signer)
        const asked = await bring(issuer, signer.client, await encrypted(key, request, { alg, enc }))
        expect([asked.code === '', asked.response.get('state')]).toEqual([false, claims['state']])
      }
    const { request } = objectOf(issuer, signer)
    expect((await issuer.push(signer.client, { request: await encrypted(key, request) })).status).toBe(201)
    await refused(issuer, signer, await encrypted(key, request), 'jar_replayed')
    const bare = objectOf(issuer, signer, { code_challenge: undefined }).request
    expect((await bring(issuer, signer.client, await encrypted(key, bare))).error).toBe('invalid_request')
    expect((await ask(issuer, signer)).code).not.toBe('')
  })

  it('B-JAR-13 was signed first: what is only encrypted, or encrypted twice, is nothing', async () => {
    const { issuer, signer, key } = await newEncrypted()
    const { request, claims } = objectOf(issuer, signer)
    const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url')
    const unsigned = `${encoded({ alg: 'none', typ: requestType })}.${encoded(claims)}.`
    await refused(issuer, signer, await encrypted(key, unsigned), 'jar_alg')
    await refused(issuer, signer, await encrypted(key, JSON.stringify(claims)), 'jar_syntax')
    await refused(issuer, signer, await encrypted(key, await encrypted(key, request)), 'jar_syntax')
    const forged = signJws(createClientKey('ES256', signer.key.kid), claims, { typ: requestType })
    await refused(issuer, signer, await encrypted(key, forged), 'jar_signature')
  })

  it('B-JAR-13, JW-01, JW-02, JW-03, JW-04 asks for nothing that is not taken, and learns nothing from how it fails', async () => {
    const { issuer, signer, key } = await newEncrypted()
    const good = await encrypted(key, objectOf(issuer, signer).request)
    const [header = '', ...rest] = good.split('.')
    const known = JSON.parse(Buffer.from(header, 'base64url').toString()) as Record<string, unknown>
    const changed = (changes: object): string =>
      [Buffer.from(JSON.stringify({ ...known, ...changes })).toString('base64url'), ...rest].join('.')
    const bomb = deflateRawSync(Buffer.alloc(5_000_000)).toString('base64url')
    const bad = [
      changed({ zip: 'DEF' }),
      changed({ zip: 'DEF' }).replace(rest[2] ?? '', bomb.slice(0, 8000)),
      changed({ crit: ['exp'], exp: 1 }),
      changed({ alg: 'PBES2-HS256+A128KW', p2c: 2 ** 31, p2s: 'AAAA' }),
      changed({ alg: 'RSA1_5' }),
      changed({ alg: 'RSA-OAEP-256' }),
      changed({ alg: 'dir' }),
      changed({ alg: 'A128KW' }),
      changed({ enc: 'A192GCM' }),
      changed({ enc: 'none' }),
      changed({ kid: 'another' }),
      changed({ kid: 7 }),
      changed({ epk: { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' } }),
      changed({ epk: { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) } }),
      changed({ cty: 'changed, so that the tag does not fit' }),
      good.slice(0, -3) + 'AAA',
      '....',
      'a.b.c.d.e',
    ]
    for (const request of bad) await refused(issuer, signer, request, 'jar_encryption')
    const large = await encrypted(key, objectOf(issuer, signer, { filler: 'x'.repeat(25_000) }).request)
    await refused(issuer, signer, large, 'jar_encryption')
    expect((await bring(issuer, signer.client, good)).code).not.toBe('')
  })
})

describe('the key for requests', () => {
  it('B-JAR-13, B-JWK-01, B-JWK-09 is a key of its own on every node, and leaves gently', async () => {
    const { issuer, signer, key } = await newEncrypted()
    expect(Object.keys(key).sort()).toEqual(['crv', 'kid', 'kty', 'use', 'x', 'y'])
    expect((await keysOf(issuer)).filter(({ x }) => x === key['x'])).toHaveLength(1)
    const node = await issuer.startNode()
    const { json } = await issuer.send({ path: '/oauth2/jwks' }, node)
    expect((json['keys'] as Jwk[]).find(({ use }) => use === 'enc')).toEqual(key)
    const first = await issuer.get('/oauth2/jwks')
    expect((await issuer.get('/oauth2/jwks')).headers['etag']).toBe(first.headers['etag'])
    const period = 90 * 86_400
    issuer.clock.advance(period - (issuer.clock.now() % period) + 1)
    const next = await publishedKey(issuer)
    expect(next['kid']).not.toBe(key['kid'])
    expect((await issuer.get('/oauth2/jwks')).headers['etag']).not.toBe(first.headers['etag'])
    const late = await encrypted(key, objectOf(issuer, signer).request)
    expect((await bring(issuer, signer.client, late)).code).not.toBe('')
    issuer.clock.advance(period)
    await refused(issuer, signer, await encrypted(key, objectOf(issuer, signer).request), 'jar_encryption')
    expect(
      (
        await bring(
          issuer,
          signer.client,
          await encrypted(await publishedKey(issuer), objectOf(issuer, signer).request),
        )
      ).code,
    ).not.toBe('')
  })

  it('B-JAR-13, B-DISC-05 is published only where that is switched on, and nothing encrypted is opened before', async () => {
    const { key } = await newEncrypted()
    const on = (await (await newIssuer(encrypting)).get('/.well-known/openid-configuration')).json
    expect(on['request_object_encryption_alg_values_supported']).toEqual([
      'ECDH-ES',
      'ECDH-ES+A128KW',
      'ECDH-ES+A256KW',
    ])
    expect(on['request_object_encryption_enc_values_supported']).toContain('A256GCM')
    const issuer = await newIssuer()
    const signer = await addSigningClient(issuer)
    expect((await keysOf(issuer)).filter(({ use }) => use === 'enc')).toEqual([])
    const off = (await issuer.get('/.well-known/openid-configuration')).json
    expect(off).not.toHaveProperty('request_object_encryption_alg_values_supported')
    await refused(issuer, signer, await encrypted(key, objectOf(issuer, signer).request), 'jar_syntax')
    const contradiction = { requestObjectEncryption: true, requestObjects: false }
    await expect(newIssuer({ policy: contradiction })).rejects.toThrow(/policy.requestObjectEncryption/)
  })

  it('B-JAR-13, A-DCR-09 is taken up by whoever registers for it, where there is one', async () => {
    const named = { request_object_encryption_alg: 'ECDH-ES', request_object_encryption_enc: 'A256GCM' }
    const off = await openIssuer()
    expect(outcome(await register(off, { ...plain, ...named }))).toBe('400 invalid_client_metadata')
    const {
      issuer,
      host,
      ask: comes,
    } = await documentIssuer({
      ...encrypting,
      registration: { mode: 'open', perNetwork: 1000 },
    })
    expect((await register(issuer, { ...plain, ...named })).status).toBe(201)
    for (const more of [{ request_object_encryption_alg: 'RSA-OAEP' }, { request_object_encryption_enc: 'A192GCM' }])
      expect(outcome(await register(issuer, { ...plain, ...named, ...more }))).toBe('400 invalid_client_metadata')
    host.body = JSON.stringify({ ...goodDocument, ...named })
    expect((await comes()).code).not.toBe('')
  })
})
