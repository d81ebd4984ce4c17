import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { BearerError, createIntrospector, type IntrospectorOptions } from '@sallyport/resource'
import type { ClientRegistration } from '@sallyport/server'
import { createClientKey, type TestClient, type TestIssuer } from '@sallyport/testing'
import { CompactEncrypt, importJWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { newIssuer } from '../../server/test/fixtures.ts'
import { askInMemory } from '../../server/test/strangers/ask-in-memory.ts'

const jwt = 'application/token-introspection+jwt'
const audience = 'https://rs1.test'

/** The running server, and what an API of it is told. */
let issuer: TestIssuer
beforeAll(async () => {
  issuer = await newIssuer()
})

const ecKey = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid: 'reader', use: 'enc' } }
}

const api = (more: Partial<ClientRegistration>): Promise<TestClient> =>
  issuer.addClient({ type: 'service', name: 'API', resourceServerOf: [audience], ...more })

/** An introspector of that API; `answer` takes the place of what the server answered at introspection. */
function ground(client: TestClient, more: Partial<IntrospectorOptions> = {}) {
  const state = { asked: [] as string[], causes: [] as string[], answer: undefined as (() => Response) | undefined }
  const ask = askInMemory(issuer)
  const fetcher: typeof fetch = async (input, init = {}) => {
    const url = String(input instanceof Request ? input.url : input)
    state.asked.push(`${new URL(url).pathname} ${new Headers(init.headers).get('accept') ?? ''}`)
    return state.answer !== undefined && url.endsWith('/introspect') ? state.answer() : ask(url, init)
  }
  const introspector = createIntrospector({
    issuer: issuer.issuer,
    audience,
    clientId: client.id,
    clientSecret: client.secret ?? '',
    signedAnswers: {},
    fetch: fetcher,
    now: () => issuer.clock.now(),
    onFetchFailed: (cause) => state.causes.push(String(cause)),
    ...more,
  })
  const reasonOf = (token: string): Promise<string> =>
    introspector.verify(token).then(
      () => 'accepted',
      (error: unknown) => (error instanceof BearerError ? error.reason : String(error)),
    )
  return { state, introspector, reasonOf }
}

describe('a signed answer of the running server', () => {
  it('A-INT-07, A-INT-08, B-MS-04 is asked for by its media type, verified, and believed for thirty seconds', async () => {
    const { introspector, state, reasonOf } = ground(await api({ introspectionAlgorithm: 'ES256' }))
    const { accessToken } = await issuer.codeFlow({ client: issuer.clients.P })
    const token = await introspector.verify(accessToken)
    expect(token).toMatchObject({ clientId: issuer.clients.P.id, claims: { active: true, aud: audience } })
    expect(state.asked).toEqual([
      '/.well-known/oauth-authorization-server application/json, application/jwk-set+json',
      `/oauth2/introspect ${jwt}`,
      '/.well-known/oauth-authorization-server application/json, application/jwk-set+json',
      '/oauth2/jwks application/json, application/jwk-set+json',
    ])
    await introspector.verify(accessToken)
    expect(state.asked).toHaveLength(4)
    await issuer.revoke(issuer.clients.P, accessToken)
    issuer.clock.advance(30)
    expect(await reasonOf(accessToken)).toBe('inactive')
    expect(state.causes).toEqual([])
  })

  it('A-INT-08 is not there for an API that registered none, and plain answers let nobody in', async () => {
    const { state, reasonOf } = ground(await api({}))
    const { accessToken } = await issuer.codeFlow()
    expect(await reasonOf(accessToken)).toBe('introspection_unavailable')
    state.answer = () => Response.json({ active: true, aud: audience, sub: 'x', client_id: 'x', exp: 9e9 })
    expect(await reasonOf(accessToken)).toBe('introspection_unavailable')
    expect(state.causes).toEqual([expect.stringContaining('406'), expect.stringContaining('content type')])
  })

  it('A-INT-08 counts with an algorithm that was named, and RS256 is not among the usual ones', async () => {
    const client = await api({ introspectionAlgorithm: 'RS256' })
    const { accessToken } = await issuer.codeFlow()
    expect(await ground(client).reasonOf(accessToken)).toBe('introspection_unavailable')
    expect(await ground(client, { signedAnswers: { algorithms: ['RS256'] } }).reasonOf(accessToken)).toBe('accepted')
  })

  it.for(['ECDH-ES', 'ECDH-ES+A256KW', 'RSA-OAEP-256'] as const)(
    'A-INT-08, B-MS-04 is opened where it is encrypted by %s, with the key it is for and no other',
    async (algorithm) => {
      const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const pair =
        algorithm === 'RSA-OAEP-256'
          ? {
              privateKey: rsa.privateKey,
              jwk: { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'reader', use: 'enc' },
            }
          : ecKey()
      const client = await api({
        introspectionAlgorithm: 'ES256',
        introspectionEncryptionAlgorithm: algorithm,
        jwks: { keys: [pair.jwk] },
      })
      const { accessToken } = await issuer.codeFlow()
      const other = algorithm === 'RSA-OAEP-256' ? rsa.privateKey : ecKey().privateKey
      const having = (key: KeyObject, kid?: string) => ({ key, algorithm, kid })
      const read = (...decryptionKeys: ReturnType<typeof having>[]) =>
        ground(client, { signedAnswers: { decryptionKeys } }).reasonOf(accessToken)
      expect(await read(having(pair.privateKey))).toBe('accepted')
      expect(await read(having(other, 'older'), having(pair.privateKey, 'reader'))).toBe('accepted')
      expect(await read(having(pair.privateKey, 'older'))).toBe('introspection_unavailable')
      if (algorithm !== 'RSA-OAEP-256') expect(await read(having(other))).toBe('introspection_unavailable')
      expect(await ground(client).reasonOf(accessToken)).toBe('introspection_unavailable')
    },
  )

  it('A-INT-08 that is signed and no more is refused where keys say that it has to be encrypted', async () => {
    const client = await api({ introspectionAlgorithm: 'ES256' })
    const { accessToken } = await issuer.codeFlow()
    const decryptionKeys = [{ key: ecKey().privateKey, algorithm: 'ECDH-ES' as const }]
    expect(await ground(client, { signedAnswers: { decryptionKeys } }).reasonOf(accessToken)).toBe(
      'introspection_unavailable',
    )
  })
})

describe('what is not such an answer', () => {
  /** An answer with one thing changed, signed by a key that the issuer publishes: that of a test in its place. */
  async function forged(change: { header?: object; claims?: object; by?: 'stranger' }) {
    const key = createClientKey()
    const client = await api({ introspectionAlgorithm: 'ES256' })
    const { state, reasonOf } = ground(client, {
      fetch: async (input) => {
        const url = String(input instanceof Request ? input.url : input)
        if (url.includes('/.well-known/'))
          return Response.json({
            issuer: issuer.issuer,
            introspection_endpoint: `${issuer.issuer}/oauth2/introspect`,
            jwks_uri: `${issuer.issuer}/oauth2/jwks`,
          })
        if (url.endsWith('/jwks')) return Response.json({ keys: [key.jwk] })
        return new Response(body, { headers: { 'content-type': jwt } })
      },
    })
    const now = issuer.clock.now()
    const active = { active: true, aud: audience, sub: 'x', client_id: 'x', exp: now + 60, token_type: 'Bearer' }
    const claims = { iss: issuer.issuer, aud: client.id, iat: now, token_introspection: active, ...change.claims }
    const signer = change.by === undefined ? key : createClientKey()
    const body = await new SignJWT(JSON.parse(JSON.stringify(claims)) as Record<string, unknown>)
      .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'token-introspection+jwt', ...change.header })
      .sign(await importJWK(signer.privateKey.export({ format: 'jwk' }), 'ES256'))
    return { reason: await reasonOf('a-handle'), causes: state.causes }
  }

  it.for<[string, Parameters<typeof forged>[0], string]>([
    ['of another type', { header: { typ: 'at+jwt' } }, 'typ'],
    ['without a type', { header: { typ: undefined } }, 'typ'],
    ['of an unknown key', { header: { kid: 'other' } }, 'kid'],
    ['signed by a stranger', { by: 'stranger' }, 'signature'],
    ['of another issuer', { claims: { iss: 'https://other.test' } }, 'another issuer'],
    ['for another API', { claims: { aud: 'client_other' } }, 'another API'],
    ['for nobody', { claims: { aud: undefined } }, 'another API'],
    ['of yesterday', { claims: { iat: 1 } }, 'just now'],
    ['of no time', { claims: { iat: undefined } }, 'just now'],
    ['that holds nothing', { claims: { token_introspection: undefined } }, 'token_introspection'],
    ['that holds a list', { claims: { token_introspection: [] } }, 'token_introspection'],
  ])('A-INT-07, A-INT-08, B-MS-04 an answer %s lets nobody in', async ([, change, why]) => {
    expect(await forged(change)).toEqual({
      reason: 'introspection_unavailable',
      causes: [expect.stringContaining(why)],
    })
  })

  it('A-INT-08 and one that is right in everything lets in', async () => {
    expect(await forged({})).toEqual({ reason: 'accepted', causes: [] })
    expect(await forged({ claims: { aud: undefined, token_introspection: { active: false } } })).toMatchObject({
      reason: 'introspection_unavailable',
    })
    expect(await forged({ claims: { token_introspection: { active: false } } })).toEqual({
      reason: 'inactive',
      causes: [],
    })
  })

  it('A-INT-08 a JWE that holds something else is not read', async () => {
    const { privateKey, jwk } = ecKey()
    const client = await api({
      introspectionAlgorithm: 'ES256',
      introspectionEncryptionAlgorithm: 'ECDH-ES',
      jwks: { keys: [jwk] },
    })
    const decryptionKeys = [{ key: privateKey, algorithm: 'ECDH-ES' as const }]
    const { state, reasonOf } = ground(client, { signedAnswers: { decryptionKeys } })
    const reader = await importJWK(jwk, 'ECDH-ES')
    const made = (header: object) =>
      new CompactEncrypt(Buffer.from('{"active":true}'))
        .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM', ...header })
        .encrypt(reader)
    for (const header of [{}, { cty: 'JWT' }, { cty: 'JWT', kid: 'other' }]) {
      const body = await made(header)
      state.answer = () => new Response(body, { headers: { 'content-type': jwt } })
      expect(await reasonOf('a-handle')).toBe('introspection_unavailable')
    }
    expect(state.causes.map((cause) => /holds no JWT|syntax/.test(cause))).toEqual([true, true, true])
  })

  it.for<[string, NonNullable<IntrospectorOptions['signedAnswers']>]>([
    ['no algorithm', { algorithms: [] }],
    ['none', { algorithms: ['none' as 'ES256'] }],
    ['keys over http', { jwksUri: 'http://as.test/jwks' }],
    ['a public key', { decryptionKeys: [{ key: createPublicKey(ecKey().privateKey), algorithm: 'ECDH-ES' }] }],
    ['a key of another kind', { decryptionKeys: [{ key: ecKey().privateKey, algorithm: 'RSA-OAEP-256' }] }],
    ['RSA1_5', { decryptionKeys: [{ key: ecKey().privateKey, algorithm: 'RSA1_5' as 'ECDH-ES' }] }],
    [
      'two keys without names',
      { decryptionKeys: [ecKey(), ecKey()].map(({ privateKey: key }) => ({ key, algorithm: 'ECDH-ES' })) },
    ],
  ])('A-INT-08 an impossible option: %s', async ([, signedAnswers]) => {
    const client = await api({})
    expect(() => ground(client, { signedAnswers })).toThrow(TypeError)
  })
})
