import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { systemRandom, seconds, type KeyEncryptionAlgorithm } from '@sallyport/protocol'
import { ClientMetadataError, registerClient, type ClientRegistration } from '@sallyport/server'
import { createClientKey, decodeJwt, type TestClient, type TestIssuer } from '@sallyport/testing'
import { compactDecrypt } from 'jose'
import * as oauth from 'oauth4webapi'
import { describe, expect, it } from 'vitest'
import { documentIssuer } from './documents.ts'
import { expectRefusal, newIssuer } from './fixtures.ts'
import { openIssuer, outcome, plain, register } from './registration/registrations.ts'
import { askInMemory } from './strangers/ask-in-memory.ts'

const jwt = 'application/token-introspection+jwt'
const asJwt = { headers: { accept: jwt } }

type ReaderKey = { readonly privateKey: KeyObject; readonly jwk: Record<string, unknown> }

function readerKey(alg: KeyEncryptionAlgorithm = 'ECDH-ES', more: Record<string, unknown> = {}): ReaderKey {
  const { publicKey, privateKey } =
    alg === 'RSA-OAEP-256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'reader', use: 'enc', ...more } }
}

const reading = ({ jwk }: ReaderKey, more: Partial<ClientRegistration> = {}): Partial<ClientRegistration> => ({
  introspectionEncryptionAlgorithm: 'ECDH-ES',
  jwks: { keys: [jwk] },
  ...more,
})

/** The API of `https://rs1.test`, to which answers are encrypted. */
const reader = (issuer: TestIssuer, more: Partial<ClientRegistration>): Promise<TestClient> =>
  issuer.addClient({ type: 'service', name: 'Reader', resourceServerOf: ['https://rs1.test'], ...more })

const opened = async (text: string, { privateKey }: ReaderKey) => {
  const { plaintext, protectedHeader } = await compactDecrypt(text, privateKey)
  return { outer: protectedHeader, ...decodeJwt(Buffer.from(plaintext).toString()) }
}

describe('an answer', () => {
  it.for([
    ['RSA-OAEP-256', undefined],
    ['ECDH-ES', 'A128GCM'],
    ['ECDH-ES+A128KW', 'A256GCM'],
    ['ECDH-ES+A256KW', 'A128CBC-HS256'],
  ] as const)('A-INT-08 is signed and then encrypted by %s and %s', async ([alg, enc]) => {
    const issuer = await newIssuer()
    const key = readerKey(alg)
    const caller = await reader(
      issuer,
      reading(key, { introspectionEncryptionAlgorithm: alg, introspectionContentEncryption: enc }),
    )
    const { accessToken } = await issuer.codeFlow()
    const answer = await issuer.introspect(caller, accessToken, asJwt)
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      jwt,
      'no-store',
    ])
    const { outer, header, claims } = await opened(answer.text, key)
    expect(outer).toMatchObject({ alg, enc: enc ?? 'A128CBC-HS256', cty: 'JWT', kid: 'reader' })
    expect(header).toMatchObject({ typ: 'token-introspection+jwt', alg: 'RS256' })
    expect(claims).toEqual({
      iss: 'https://as.test',
      aud: caller.id,
      iat: issuer.clock.now(),
      token_introspection: (await issuer.introspect(issuer.clients.RS1, accessToken)).json,
    })
  })

  it('A-INT-08 says active: false and nothing else about a token that is not in force, and hides that too', async () => {
    const issuer = await newIssuer()
    const key = readerKey()
    const caller = await reader(issuer, reading(key, { introspectionAlgorithm: 'ES256' }))
    const answer = await issuer.introspect(caller, 'nonsense', asJwt)
    const { header, claims } = await opened(answer.text, key)
    expect([header['alg'], claims['token_introspection']]).toEqual(['ES256', { active: false }])
  })

  it('A-INT-08 is never plain or only signed, whatever else would be accepted', async () => {
    const issuer = await newIssuer()
    const caller = await reader(issuer, reading(readerKey()))
    const { accessToken } = await issuer.codeFlow()
    for (const accept of ['application/json', '*/*', 'application/*', '', `${jwt};q=0, application/json`])
      expectRefusal(await issuer.introspect(caller, accessToken, { headers: { accept } }), 'invalid_request')
    expectRefusal(await issuer.introspect(caller, accessToken), 'invalid_request')
    const both = await issuer.introspect(caller, accessToken, { headers: { accept: `application/json, ${jwt};q=0.1` } })
    expect(both.text.split('.')).toHaveLength(5)
  })

  it('A-INT-08 goes to a key for encryption, and never to one for signatures', async () => {
    const issuer = await newIssuer()
    const [signing, key] = [createClientKey('ES256', 'signing'), readerKey('ECDH-ES', { kid: undefined })]
    const caller = await reader(issuer, reading(key, { jwks: { keys: [signing.jwk, key.jwk] } }))
    const answer = await issuer.introspect(caller, 'x', asJwt)
    expect((await opened(answer.text, key)).outer).not.toHaveProperty('kid')
    await expect(compactDecrypt(answer.text, signing.privateKey)).rejects.toThrow('decryption')
  })
})

describe('keys at an address', () => {
  it('A-INT-08 an answer that cannot be encrypted is not given', async () => {
    const { issuer, host } = await documentIssuer({ mayFail: true })
    const [key, jwksUri] = [readerKey(), 'https://keys.example.com/jwks']
    const caller = await reader(issuer, { introspectionEncryptionAlgorithm: 'ECDH-ES', jwksUri })
    const ask = () => issuer.introspect(caller, 'x', asJwt)
    host.headers.push('cache-control: max-age=60')
    host.status = '500 Internal Server Error'
    const away = await ask()
    expectRefusal(away, 'temporarily_unavailable', 503)
    expect(away.headers['retry-after']).toBe('60')
    host.status = '200 OK'
    host.body = JSON.stringify({ keys: [createClientKey().jwk] })
    issuer.clock.advance(60)
    expectRefusal(await ask(), 'invalid_request')
    host.body = JSON.stringify({ keys: [key.jwk] })
    issuer.clock.advance(60)
    expect((await opened((await ask()).text, key)).claims['aud']).toBe(caller.id)
    expect(host.requests).toHaveLength(3)
  })
})

describe('what is offered and taken', () => {
  const context = { development: false, now: seconds(1_800_000_000), random: systemRandom(), secretLifetime: 1000 }
  const key = readerKey()
  const faultsOf = (more: Record<string, unknown>): readonly string[] => {
    try {
      registerClient({ type: 'service', name: 'x', scope: 'read', ...reading(key), ...more }, context)
      return []
    } catch (error) {
      if (!(error instanceof ClientMetadataError)) throw error
      return error.faults.map(({ member }) => member)
    }
  }

  it.for<[string, Record<string, unknown>, readonly string[]]>([
    ['by a key with use enc', {}, []],
    ['by a key that names the algorithm', { jwks: { keys: [{ ...key.jwk, use: undefined, alg: 'ECDH-ES' }] } }, []],
    ['by an address', { jwks: undefined, jwksUri: 'https://keys.test/jwks' }, []],
    ['without a key', { jwks: undefined }, ['introspectionEncryptionAlgorithm']],
    ['with a key for signatures', { jwks: { keys: [createClientKey().jwk] } }, ['jwks']],
    ['with a key that says nothing of its use', { jwks: { keys: [{ ...key.jwk, use: undefined }] } }, ['jwks']],
    ['with a key of another algorithm', { jwks: { keys: [{ ...key.jwk, alg: 'ECDH-ES+A128KW' }] } }, ['jwks']],
    ['with a key for other operations', { jwks: { keys: [{ ...key.jwk, key_ops: ['verify'] }] } }, ['jwks']],
    ['with a key of another kind', { introspectionEncryptionAlgorithm: 'RSA-OAEP-256' }, ['jwks']],
    ['by RSA1_5', { introspectionEncryptionAlgorithm: 'RSA1_5' }, ['introspectionEncryptionAlgorithm']],
    ['by dir', { introspectionEncryptionAlgorithm: 'dir' }, ['introspectionEncryptionAlgorithm']],
    ['by an unknown enc', { introspectionContentEncryption: 'A192GCM' }, ['introspectionContentEncryption']],
    [
      'by enc alone',
      { introspectionEncryptionAlgorithm: undefined, introspectionContentEncryption: 'A256GCM' },
      ['introspectionContentEncryption'],
    ],
    ['for a public client', { type: 'spa', redirectUris: ['https://a.test/cb'] }, ['introspectionEncryptionAlgorithm']],
    ['of what there is not', { logoutTokenEncryptionAlgorithm: 'ECDH-ES' }, ['logoutTokenEncryptionAlgorithm']],
  ])('A-INT-08 registration %s', ([, more, faults]) => {
    expect(faultsOf(more)).toEqual(faults)
  })

  it('A-INT-08, A-DCR-08 a client that registers itself says so in the words of RFC 9701, and is told what holds', async () => {
    const issuer = await openIssuer()
    const wish = { ...plain, jwks: { keys: [key.jwk] }, introspection_encrypted_response_alg: 'ECDH-ES' }
    const made = await register(issuer, wish)
    expect([outcome(made), made.json['introspection_signed_response_alg']]).toEqual(['201', 'RS256'])
    expect(made.json).toMatchObject({
      introspection_encrypted_response_alg: 'ECDH-ES',
      introspection_encrypted_response_enc: 'A128CBC-HS256',
    })
    for (const more of [
      { introspection_signed_response_alg: 'none' },
      { introspection_encrypted_response_alg: 'RSA1_5' },
      { introspection_encrypted_response_alg: 'RSA-OAEP-256' },
      { introspection_encrypted_response_enc: 'A128GCM', introspection_encrypted_response_alg: undefined },
      { jwks: undefined },
    ])
      expect([more, outcome(await register(issuer, { ...wish, ...more }))]).toEqual([
        more,
        '400 invalid_client_metadata',
      ])
  })

  it('A-INT-10 the algorithms are published', async () => {
    const issuer = await newIssuer()
    const { json } = await issuer.get('/.well-known/oauth-authorization-server')
    expect(json).toMatchObject({
      introspection_encryption_alg_values_supported: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'],
      introspection_encryption_enc_values_supported: ['A128CBC-HS256', 'A128GCM', 'A256GCM'],
    })
  })
})

it('A-INT-08 a library of others decrypts and verifies the answer', async () => {
  const issuer = await newIssuer({ start: Date.now() / 1000 })
  const key = readerKey()
  const caller = await reader(issuer, reading(key))
  const { accessToken } = await issuer.codeFlow()
  const url = new URL(issuer.issuer)
  const options = { [oauth.customFetch]: askInMemory(issuer) }
  const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
  const client: oauth.Client = { client_id: caller.id, introspection_signed_response_alg: 'RS256' }
  const secret = oauth.ClientSecretBasic(caller.secret ?? '')
  const response = await oauth.introspectionRequest(as, client, secret, accessToken, {
    ...options,
    requestJwtResponse: true,
  })
  const decrypt: oauth.JweDecryptFunction = async (jwe) =>
    Buffer.from((await compactDecrypt(jwe, key.privateKey)).plaintext).toString()
  const answer = await oauth.processIntrospectionResponse(as, client, response, { [oauth.jweDecrypt]: decrypt })
  await oauth.validateApplicationLevelSignature(as, response, options)
  expect(answer).toMatchObject({ active: true, aud: 'https://rs1.test', scope: 'read' })
})
