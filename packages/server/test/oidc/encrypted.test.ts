import { leftHalfHash } from '@sallyport/protocol'
import { createClientKey, decodeJwt, type TestClient, type TestIssuer } from '@sallyport/testing'
import { compactDecrypt, exportJWK, generateKeyPair, type CryptoKey } from 'jose'
import * as oauth from 'oauth4webapi'
import { describe, expect, it } from 'vitest'
import { documentIssuer } from '../documents.ts'
import { eventsOf, expectRefusal, newIssuer } from '../fixtures.ts'
import { openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { askInMemory } from '../strangers/ask-in-memory.ts'

type Alg = 'RSA-OAEP-256' | 'ECDH-ES' | 'ECDH-ES+A128KW' | 'ECDH-ES+A256KW'
type Reader = { readonly privateKey: CryptoKey; readonly jwk: Readonly<Record<string, unknown>> }

async function reader(alg: Alg = 'ECDH-ES'): Promise<Reader> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), use: 'enc', kid: 'reads' } }
}

/** Client K, which reads with this key. */
const reading = (issuer: TestIssuer, { jwk }: Reader, change: Partial<TestClient['record']>): Promise<TestClient> =>
  issuer.changeClient(issuer.clients.K, { jwks: { keys: [jwk] }, ...change })

/** What is inside a JWE, and its header. */
async function opened(jwe: string, { privateKey }: Reader) {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey)
  const inner = Buffer.from(plaintext).toString()
  return { outer: protectedHeader, inner, ...decodeJwt(inner) }
}

const ownToken = { parameters: { resource: undefined, scope: 'openid email' } }

describe('an encrypted ID Token', () => {
  it.for<[Alg, 'A128CBC-HS256' | 'A128GCM' | 'A256GCM']>([
    ['RSA-OAEP-256', 'A128CBC-HS256'],
    ['ECDH-ES', 'A128GCM'],
    ['ECDH-ES+A128KW', 'A256GCM'],
    ['ECDH-ES+A256KW', 'A128CBC-HS256'],
  ])('B-IDT-14 by %s and %s is signed first, and the same in a refresh', async ([alg, enc]) => {
    const issuer = await newIssuer()
    const key = await reader(alg)
    const encryption = { idTokenEncryptionAlgorithm: alg, idTokenContentEncryption: enc } as const
    const client = await reading(issuer, key, { ...encryption, idTokenAlgorithm: 'ES256' })
    const flow = await issuer.codeFlow({ client, parameters: { nonce: 'n' } })
    const { outer, header, claims } = await opened(flow.idToken, key)
    expect(outer).toMatchObject({ alg, enc, cty: 'JWT', kid: 'reads' })
    expect([header['alg'], header['typ']]).toEqual(['ES256', 'JWT'])
    expect(claims).toMatchObject({ aud: client.id, sub: issuer.alice.subject, nonce: 'n' })
    expect(claims['at_hash']).toBe(leftHalfHash('ES256', flow.accessToken))
    const again = await opened((await issuer.refreshed(flow)).idToken, key)
    expect(again.claims['sub']).toBe(issuer.alice.subject)
  })

  it('B-IDT-14, B-OIDC-31 is a hint once its reader has opened it, and none before', async () => {
    const issuer = await newIssuer()
    const key = await reader()
    const wish = { idTokenEncryptionAlgorithm: 'ECDH-ES', idTokenContentEncryption: 'A256GCM' } as const
    const { idToken, authorized } = await issuer.codeFlow({ client: await reading(issuer, key, wish) })
    const ask = (hint: string) => authorized.browser.get(`/oauth2/logout?id_token_hint=${hint}`)
    expect((await ask(idToken)).status).toBe(400)
    expect((await ask((await opened(idToken, key)).inner)).text).toContain('Signed out')
  })

  it('B-IDT-15 is never readable instead: without a key nothing is issued or spent, and the operator hears of it', async () => {
    const { issuer, host } = await documentIssuer({ mayFail: true })
    const key = await reader()
    const wish = { idTokenEncryptionAlgorithm: 'ECDH-ES', idTokenContentEncryption: 'A256GCM' } as const
    const jwksUri = 'https://keys.example.com/jwks'
    const client = await issuer.changeClient(issuer.clients.K, { ...wish, jwksUri })
    const authorized = await issuer.authorize({ client })
    host.headers.push('cache-control: max-age=60')
    host.status = '500 Internal Server Error'
    const away = await issuer.redeem(authorized)
    expectRefusal(away, 'server_error', 500)
    expect(away.text).not.toContain('id_token')
    host.status = '200 OK'
    host.body = JSON.stringify({ keys: [createClientKey().jwk] })
    issuer.clock.advance(60)
    const unfit = await issuer.authorize({ client, browser: authorized.browser })
    expectRefusal(await issuer.redeem(unfit), 'server_error', 500)
    const refusals = eventsOf(issuer, 'token.request.rejected', 'answer_key')
    expect(refusals.map(({ detail }) => detail['reason_detail'])).toEqual(['fetch', 'ECDH-ES'])
    expect(issuer.records.alerts).toMatchObject([{ kind: 'client_key_missing', clientId: client.id, final: false }])
    host.body = JSON.stringify({ keys: [key.jwk] })
    issuer.clock.advance(60)
    const late = await issuer.authorize({ client, browser: authorized.browser })
    const tokens = await issuer.redeem(late)
    expect((await opened(String(tokens.json['id_token']), key)).claims['aud']).toBe(client.id)
  })

  it('B-IDT-15 a code that met no key is good once there is one', async () => {
    const { issuer, host } = await documentIssuer({ mayFail: true })
    const key = await reader()
    const wish = { idTokenEncryptionAlgorithm: 'ECDH-ES', idTokenContentEncryption: 'A256GCM' } as const
    const client = await issuer.changeClient(issuer.clients.K, { ...wish, jwksUri: 'https://keys.example.com/jwks' })
    const authorized = await issuer.authorize({ client })
    host.status = '500 Internal Server Error'
    expect((await issuer.redeem(authorized)).status).toBe(500)
    await issuer.changeClient(client, { jwksUri: undefined, jwks: { keys: [key.jwk] } })
    expect((await issuer.redeem(authorized)).status).toBe(200)
  })
})

describe('an encrypted UserInfo answer', () => {
  it('B-UI-08, B-UI-09 is the signed one, for its client alone', async () => {
    const issuer = await newIssuer()
    const key = await reader('ECDH-ES+A128KW')
    const client = await reading(issuer, key, {
      userinfoAlgorithm: 'ES256',
      userinfoEncryptionAlgorithm: 'ECDH-ES+A128KW',
      userinfoContentEncryption: 'A256GCM',
    })
    const { accessToken } = await issuer.codeFlow({ client, ...ownToken })
    const answer = await issuer.userinfo(accessToken)
    expect([answer.status, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      'application/jwt',
      'no-store',
    ])
    const { outer, header, claims } = await opened(answer.text, key)
    expect(outer).toMatchObject({ alg: 'ECDH-ES+A128KW', enc: 'A256GCM', cty: 'JWT' })
    expect(header['alg']).toBe('ES256')
    expect(claims).toMatchObject({ iss: issuer.issuer, aud: client.id, sub: issuer.alice.subject })
    expect(claims['email']).toBeTypeOf('string')
  })

  it('B-UI-09, B-IDT-15 is not given without a key', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const client = await issuer.changeClient(issuer.clients.K, {
      userinfoAlgorithm: 'ES256',
      userinfoEncryptionAlgorithm: 'ECDH-ES',
      userinfoContentEncryption: 'A256GCM',
      jwksUri: 'https://keys.example/jwks',
    })
    const { accessToken } = await issuer.codeFlow({ client, ...ownToken })
    const answer = await issuer.userinfo(accessToken)
    expect([answer.status, answer.json['error']]).toEqual([500, 'server_error'])
    expect(answer.text).not.toContain('email')
    expect(issuer.records.alerts.map(({ kind }) => kind)).toEqual(['client_key_missing'])
  })
})

describe('who is offered it', () => {
  it('B-IDT-14, B-UI-09 a client that registers itself, with a key for it; nothing weaker is taken', async () => {
    const issuer = await openIssuer()
    const { jwk } = await reader()
    const wish = {
      ...{ jwks: { keys: [jwk] }, id_token_encrypted_response_alg: 'ECDH-ES' },
      ...{ userinfo_signed_response_alg: 'ES256', userinfo_encrypted_response_alg: 'ECDH-ES+A256KW' },
      userinfo_encrypted_response_enc: 'A256GCM',
    }
    const made = await register(issuer, { ...plain, ...wish })
    expect(made.json).toMatchObject({ ...wish, id_token_encrypted_response_enc: 'A128CBC-HS256' })
    for (const more of [
      { id_token_encrypted_response_alg: 'RSA1_5' },
      { id_token_encrypted_response_alg: 'dir' },
      { id_token_encrypted_response_alg: 'A128KW' },
      { id_token_encrypted_response_alg: 'RSA-OAEP-256' },
      { id_token_encrypted_response_alg: undefined, id_token_encrypted_response_enc: 'A256GCM' },
      { id_token_encrypted_response_enc: 'A192GCM' },
      { userinfo_encrypted_response_alg: 'RSA-OAEP' },
      { userinfo_signed_response_alg: undefined },
      { jwks: undefined },
      { jwks: { keys: [createClientKey().jwk] } },
    ])
      expect([more, outcome(await register(issuer, { ...plain, ...wish, ...more }))]).toEqual([
        more,
        '400 invalid_client_metadata',
      ])
    const { json } = await issuer.get('/.well-known/openid-configuration')
    for (const kind of ['id_token', 'userinfo'])
      expect(json).toMatchObject({
        [`${kind}_encryption_alg_values_supported`]: ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A256KW'],
        [`${kind}_encryption_enc_values_supported`]: ['A128CBC-HS256', 'A128GCM', 'A256GCM'],
      })
  })

  it('B-IDT-14 a library of others opens and verifies the ID Token', async () => {
    const issuer = await newIssuer({ start: Date.now() / 1000 })
    const key = await reader()
    const encryption = { idTokenEncryptionAlgorithm: 'ECDH-ES', idTokenContentEncryption: 'A256GCM' } as const
    const known = await reading(issuer, key, { ...encryption, idTokenAlgorithm: 'ES256' })
    const url = new URL(issuer.issuer)
    const options = { [oauth.customFetch]: askInMemory(issuer) }
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    const me: oauth.Client = { client_id: known.id, id_token_signed_response_alg: 'ES256' }
    const { visit, verifier, sent } = await issuer.authorize({ client: known, parameters: { nonce: 'n' } })
    const back = oauth.validateAuthResponse(as, me, new URL(visit.leftFor ?? ''), String(sent['state']))
    const redeemed = await oauth.authorizationCodeGrantRequest(
      ...([as, me, oauth.ClientSecretBasic(known.secret ?? ''), back, known.redirectUri, verifier, options] as const),
    )
    const decrypt: oauth.JweDecryptFunction = async (jwe) =>
      Buffer.from((await compactDecrypt(jwe, key.privateKey)).plaintext).toString()
    const tokens = await oauth.processAuthorizationCodeResponse(as, me, redeemed, {
      expectedNonce: 'n',
      requireIdToken: true,
      [oauth.jweDecrypt]: decrypt,
    })
    await oauth.validateApplicationLevelSignature(as, redeemed, options)
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(issuer.alice.subject)
  })
})
