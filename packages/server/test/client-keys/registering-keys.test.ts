import { generateKeyPairSync } from 'node:crypto'
import { changeClient, ClientMetadataError, registerClient, type ClientRegistration } from '@sallyport/server'
import { seconds, systemRandom } from '@sallyport/protocol'
import { createClientKey, withKey } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectTokens } from '../fixtures.ts'
import { asTestClient, manage, openIssuer, outcome, plain, register } from '../registration/registrations.ts'

const context = { development: false, now: seconds(1_800_000_000), random: systemRandom(), secretLifetime: 1000 }
const key = createClientKey()
const byKey: ClientRegistration = {
  type: 'service',
  name: 'A machine',
  authenticationMethod: 'private_key_jwt',
  jwks: { keys: [key.jwk] },
}

function faultsOf(more: Partial<ClientRegistration>): string[] {
  try {
    registerClient({ ...byKey, ...more }, context)
    return []
  } catch (error) {
    if (!(error instanceof ClientMetadataError)) throw error
    return error.faults.map(({ member, problem }) => `${member} ${problem}`)
  }
}

const rsa = (modulusLength: number, publicExponent = 65_537): Record<string, unknown> => ({
  ...generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' }),
})

const set = (...keys: Record<string, unknown>[]): Partial<ClientRegistration> => ({ jwks: { keys } })

describe('keys that an operator registers', () => {
  it('B-JWK-08 are kept without what means nothing, and no secret is made', () => {
    const strange = { ...key.jwk, x5c: ['AAAA'], x5u: 'https://evil.test', future: { a: 1 } }
    const { client, secret } = registerClient({ ...byKey, ...set(strange) }, context)
    expect(secret).toBeUndefined()
    expect(client.secrets).toEqual([])
    expect(client.jwks).toEqual({ keys: [key.jwk] })
    expect(client.assertionAudience).toBe('issuer')
  })

  const privateJwk = key.privateKey.export({ format: 'jwk' }) as Record<string, unknown>
  const bad: readonly (readonly [string, Partial<ClientRegistration>, RegExp])[] = [
    ['with their private half', set(privateJwk), /^jwks has a private or symmetric key/],
    ['with one private member alone', set({ ...key.jwk, dp: 'x' }), /^jwks has a private or symmetric key/],
    ['that are symmetric', set({ kty: 'oct', k: 'AAAA' }), /^jwks has a private or symmetric key/],
    ['that are symmetric without their value', set({ kty: 'oct', kid: '1' }), /^jwks has a private or symmetric key/],
    ['beside an address', { jwksUri: 'https://a.test/jwks' }, /^jwksUri and jwks exclude each other/],
    ['that are none', set(), /^jwks has 0 keys/],
    ['that are too many', set(...Array.from({ length: 21 }, () => ({ ...key.jwk }))), /^jwks has 21 keys/],
    ['that are a thousand', set(...Array.from({ length: 1000 }, () => ({ ...key.jwk }))), /^jwks has 1000 keys/],
    ['of the curve P-192', set({ kty: 'EC', crv: 'P-192', x: 'a', y: 'b' }), /^jwks has no key/],
    ['without a type', set({ kid: '1' }), /^jwks has a key without kty/],
    ['that are damaged', set({ ...key.jwk, x: 'AAAA' }), /^jwks has a key that cannot be read/],
    ['with an empty kid', set({ ...key.jwk, kid: '' }), /^jwks has a key whose kid/],
    ['whose kid is a number', set({ ...key.jwk, kid: 7 }), /^jwks has a key whose kid/],
    ['of RSA with 1024 bits', set(rsa(1024)), /^jwks has an RSA key of 1024 bits/],
    [
      'of RSA with the exponent 1',
      set({ ...rsa(2048), e: 'AQ' }),
      /^jwks has (?:an RSA key with an unusual|a key that)/,
    ],
    ['of RSA with the exponent 3', set(rsa(2048, 3)), /^jwks has an RSA key with an unusual exponent/],
    ['for another curve alone', set({ kty: 'EC', crv: 'secp256k1', x: 'a', y: 'b' }), /^jwks has no key/],
    ['for encryption alone', set({ ...key.jwk, use: 'enc' }), /^jwks has no key/],
    ['that may not verify', set({ ...key.jwk, use: undefined, key_ops: ['sign'] }), /^jwks has no key/],
    ['for another algorithm', { authenticationAlgorithm: 'PS256' }, /^jwks has no key that signatures with PS256/],
    ['at an address without encryption', { jwks: undefined, jwksUri: 'http://a.test/jwks' }, /^jwksUri must be/],
    ['at an address with a name in it', { jwks: undefined, jwksUri: 'https://u:p@a.test/jwks' }, /^jwksUri must be/],
    ['at a part of a page', { jwks: undefined, jwksUri: 'https://a.test/jwks#1' }, /^jwksUri must be/],
    ['nowhere', { jwks: undefined }, /^authenticationMethod private_key_jwt needs jwks or jwksUri/],
  ]
  it.for(bad)('B-JWK-08, B-REG-06, JW-08 keys %s are refused', ([, more, fault]) => {
    expect(faultsOf(more)).toEqual([expect.stringMatching(fault)])
  })

  it('B-JWK-08 other words than there are, or words for another method, are refused', () => {
    expect(faultsOf({ assertionAudience: 'anything' as 'interop' })).toEqual([
      expect.stringMatching(/^assertionAudience/),
    ])
    expect(faultsOf({ authenticationAlgorithm: 'HS256' as 'ES256' })).toContainEqual(
      expect.stringMatching(/^authenticationAlgorithm must be/),
    )
    const secret = { authenticationMethod: 'client_secret_basic', jwks: undefined } as const
    for (const more of [{ assertionAudience: 'interop' }, { authenticationAlgorithm: 'ES256' }] as const)
      expect(faultsOf({ ...secret, ...more })).toEqual([expect.stringMatching(/is for clients with the method/)])
    expect(faultsOf({ type: 'spa', redirectUris: ['https://a.test/cb'] })).toEqual([
      expect.stringMatching(/^authenticationMethod private_key_jwt is not for clients of type spa/),
    ])
  })

  it('A-TOK-10 a client gives up its secret for a key, and never takes the way back', () => {
    const { client } = registerClient({ type: 'web', name: 'A', redirectUris: ['https://a.test/cb'] }, context)
    expect(client.secrets).toHaveLength(1)
    const keyed = changeClient(client, { authenticationMethod: 'private_key_jwt', jwks: { keys: [key.jwk] } }, context)
    expect(keyed.secrets).toEqual([])
    for (const authenticationMethod of ['client_secret_basic', 'client_secret_post', 'none'] as const)
      expect(() => changeClient(keyed, { authenticationMethod }, context)).toThrow(ClientMetadataError)
    const moved = changeClient(keyed, { jwksUri: 'https://a.test/jwks' }, context)
    expect([moved.jwks, moved.jwksUri]).toEqual([undefined, 'https://a.test/jwks'])
    expect(changeClient(moved, { jwks: { keys: [key.jwk] } }, context).jwksUri).toBeUndefined()
    expect(() => changeClient(client, { authenticationMethod: 'none' }, context)).toThrow(ClientMetadataError)
    const { client: open } = registerClient({ type: 'spa', name: 'A', redirectUris: ['https://a.test/cb'] }, context)
    expect(() => changeClient(open, { authenticationMethod: 'private_key_jwt' }, context)).toThrow(ClientMetadataError)
  })
})

describe('keys that a client registers itself', () => {
  const keyed = { ...plain, token_endpoint_auth_method: 'private_key_jwt' }

  it('A-DCR-08, B-REG-06 authenticate it, and are told again without what means nothing', async () => {
    const issuer = await openIssuer()
    const more = { jwks: { keys: [{ ...key.jwk, future: 1 }] }, token_endpoint_auth_signing_alg: 'ES256' }
    const answer = await register(issuer, { ...keyed, ...more })
    expect(outcome(answer)).toBe('201')
    expect(answer.json).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks: { keys: [key.jwk] },
    })
    expect(answer.json).not.toHaveProperty('client_secret')
    const client = withKey(await asTestClient(issuer, answer), key, issuer)
    expectTokens(await issuer.redeem(await issuer.authorize({ client, parameters: { scope: 'openid' } })))
  })

  it.for([
    {},
    { jwks: null },
    { jwks: { keys: [{ ...key.jwk, d: 'private' }] } },
    { jwks: { keys: [key.jwk] }, token_endpoint_auth_signing_alg: 'PS256' },
    { jwks: { keys: [key.jwk] }, token_endpoint_auth_signing_alg: 'HS256' },
    { jwks: { keys: [key.jwk] }, token_endpoint_auth_signing_alg: 'none' },
    { jwks: { keys: [key.jwk] }, jwks_uri: 'https://tool.example/jwks' },
    { jwks_uri: 'https://tool.example/jwks#1' },
    { jwks_uri: 'https://tool.example:81/jwks' },
    { jwks_uri: 7 },
    { jwks: { keys: [key.jwk] }, application_type: 'native' },
  ])('A-DCR-08, B-JWK-08 are refused as %o', async (more) => {
    const issuer = await openIssuer()
    expect(outcome(await register(issuer, { ...keyed, ...more }))).toBe('400 invalid_client_metadata')
  })

  it('A-DCM-04, A-DCR-08 are replaced as a whole, and the old ones stop working', async () => {
    const issuer = await openIssuer()
    const made = await register(issuer, { ...keyed, jwks: { keys: [key.jwk] } })
    const { client_id: id, registration_access_token: token } = made.json
    const next = createClientKey('Ed25519', 'next')
    const replaced = await manage(issuer, 'PUT', id, token, {
      ...keyed,
      client_id: id,
      jwks: { keys: [next.jwk] },
    })
    expect([outcome(replaced), replaced.json['jwks']]).toEqual(['200', { keys: [next.jwk] }])
    const client = await asTestClient(issuer, replaced)
    const flow = await issuer.authorize({ client, parameters: { scope: 'openid' } })
    expect((await issuer.redeem(flow, {}, { as: withKey(client, key, issuer) })).status).toBe(401)
    expectTokens(await issuer.redeem(flow, {}, { as: withKey(client, next, issuer) }))
  })
})
