import type { ClientRegistration } from '@sallyport/server'
import {
  decodeJwt,
  formsOf,
  type Authorized,
  type Parameters,
  type TestClient,
  type TestIssuer,
} from '@sallyport/testing'
import { compactDecrypt, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { expectBack, expectPage, expectRefusal, expectTokens, issuerId, newIssuer } from '../fixtures.ts'
import { pushed, requestOf } from '../pushed/fixtures.ts'
import { openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { keysOf } from '../signed-by-us.ts'

const web = (issuer: TestIssuer, more: Partial<ClientRegistration> = {}): Promise<TestClient> =>
  issuer.addClient({
    ...{ type: 'web', name: 'Reads JWTs', redirectUris: ['https://jarm.test/cb?tenant=1'], scope: 'openid read' },
    ...{ authorizationAlgorithm: 'ES256', idTokenAlgorithm: 'ES256' },
    ...more,
  })

const parameters = (response_mode: string, more: Parameters = {}): Parameters => ({
  ...{ scope: 'openid read', response_mode },
  ...more,
})

/** What came to the redirect URI beside what was registered there: in the query, or as fields of a form. */
function arrived({ visit }: Pick<Authorized, 'visit'>): {
  readonly by: 'query' | 'form_post'
  readonly sent: Record<string, string>
} {
  if (visit.leftFor === undefined) {
    const form = formsOf(visit.answer.text).find(({ id }) => id === 'authorization-response')
    expect(form?.action).toBe('https://jarm.test/cb?tenant=1')
    return { by: 'form_post', sent: { ...form?.fields } }
  }
  expect(visit.answer.status).toBe(303)
  const { tenant, ...sent } = Object.fromEntries(new URL(visit.leftFor).searchParams)
  expect(tenant).toBe('1')
  return { by: 'query', sent }
}

/** The claims of a response, verified with the published keys as its client would. */
async function verified(issuer: TestIssuer, client: TestClient, response: string, algorithms = ['ES256']) {
  const jwks = createLocalJWKSet({ keys: (await keysOf(issuer)) as never })
  const currentDate = new Date(issuer.clock.now() * 1000)
  const { payload } = await jwtVerify(response, jwks, {
    issuer: issuerId,
    audience: client.id,
    algorithms,
    currentDate,
  })
  return payload
}

const modes = [
  ['jwt', 'query'],
  ['query.jwt', 'query'],
  ['form_post.jwt', 'form_post'],
] as const

describe('an authorization response as a JWT', () => {
  it.for(modes)('B-JARM-01, B-JARM-02, JR-13 %s is one parameter, signed for its client', async ([mode, by]) => {
    const issuer = await newIssuer()
    const client = await web(issuer)
    const asked = await issuer.authorize({ client, parameters: parameters(mode) })
    const came = arrived(asked)
    expect([came.by, Object.keys(came.sent)]).toEqual([by, ['response']])
    const claims = await verified(issuer, client, came.sent['response'] ?? '')
    expect(Object.keys(claims).sort()).toEqual(['aud', 'code', 'exp', 'iss', 'state'])
    expect(claims).toMatchObject({ iss: issuerId, aud: client.id, state: asked.sent['state'] })
    expect(claims.exp).toBe(Math.floor(issuer.clock.now()) + 300)
    expectTokens(await issuer.redeem({ ...asked, code: String(claims['code']) }))
  })

  it.for(modes)(
    'B-JARM-05, JR-13 %s carries errors, found early and late, and nothing goes beside it',
    async ([mode, by]) => {
      const issuer = await newIssuer()
      const client = await web(issuer)
      const ends = [
        [{ decision: 'deny' }, {}, 'access_denied'],
        [{}, { scope: 'openid admin' }, 'invalid_scope'],
        [{}, { prompt: 'none' }, 'login_required'],
        [{}, { code_challenge: undefined }, 'invalid_request'],
        [{}, { state: undefined, response_type: 'token' }, 'unsupported_response_type'],
      ] as const
      for (const [options, more, error] of ends) {
        const asked = await issuer.authorize({ client, ...options, parameters: parameters(mode, more) })
        const came = arrived(asked)
        expect([came.by, Object.keys(came.sent)]).toEqual([by, ['response']])
        const claims = await verified(issuer, client, came.sent['response'] ?? '')
        expect(claims).toMatchObject({ error, iss: issuerId, error_description: expect.any(String) as string })
        expect([claims['state'], claims['code']]).toEqual([asked.sent['state'], undefined])
      }
    },
  )

  it('B-JARM-01, B-OIDC-33 fragment.jwt and what nobody knows are refused in the plain mode', async () => {
    const issuer = await newIssuer()
    const client = await web(issuer, { redirectUris: ['https://jarm.test/cb'] })
    for (const mode of ['fragment.jwt', 'fragment', 'JWT', 'jwt ', 'web_message', 'query.jwt.jwt'])
      expectBack(await issuer.authorize({ client, parameters: parameters(mode) }), 'invalid_request')
    const twice = { scope: 'openid read', response_mode: ['jwt', 'jwt'] }
    expectBack(await issuer.authorize({ client, parameters: twice }), 'invalid_request')
    expectRefusal(await issuer.push(client, requestOf(issuer, client, parameters('fragment.jwt'))), 'invalid_request')
  })

  it('B-JARM-01 works for a pushed request, and whoever registered itself sends nobody on with it', async () => {
    const issuer = await openIssuer()
    const client = await web(issuer)
    const reference = await pushed(issuer, client, parameters('jwt', { resource: undefined }))
    const path = `/oauth2/authorize?client_id=${client.id}&request_uri=${encodeURIComponent(reference)}`
    const browser = issuer.browser()
    const begun = { client, browser, verifier: '', challenge: '', sent: {}, visit: await browser.open(path) }
    const { sent } = arrived(await issuer.finish(begun))
    expect((await verified(issuer, client, sent['response'] ?? ''))['code']).toBeTypeOf('string')
    const { json } = await register(issuer, { ...plain, authorization_signed_response_alg: 'ES256' })
    const stranger = { ...client, id: String(json['client_id']), redirectUri: plain.redirect_uris[0] ?? '' }
    const refused = await issuer.authorize({
      client: stranger,
      parameters: parameters('form_post.jwt', { scope: 'x' }),
    })
    expectPage(refused, 'scope')
    const link = /href="([^"]*response=[^"]*)"/.exec(refused.visit.answer.text)?.[1] ?? ''
    expect(new URL(link.replaceAll('&amp;', '&')).searchParams.has('error')).toBe(false)
  })
})

describe('how it is signed', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('B-JARM-03 with %s where that is registered', async (alg) => {
    const issuer = await newIssuer({ algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] })
    const client = await web(issuer, { authorizationAlgorithm: alg })
    const { sent } = arrived(await issuer.authorize({ client, parameters: parameters('jwt') }))
    const response = sent['response'] ?? ''
    expect(decodeJwt(response).header).toEqual({ alg, typ: 'JWT', kid: expect.any(String) as string })
    await verified(issuer, client, response, [alg])
  })

  it('B-JARM-03, B-DISC-05 with RS256 where nothing is registered, and never where the server has no key for it', async () => {
    const issuer = await newIssuer()
    const client = await web(issuer, { authorizationAlgorithm: undefined })
    const { sent } = arrived(await issuer.authorize({ client, parameters: parameters('jwt') }))
    expect(decodeJwt(sent['response'] ?? '').header['alg']).toBe('RS256')
    const metadata = (await issuer.get('/.well-known/openid-configuration')).json
    expect(metadata['response_modes_supported']).toEqual(['query', 'form_post', 'query.jwt', 'form_post.jwt', 'jwt'])
    expect(metadata['authorization_signing_alg_values_supported']).toContain('RS256')
    const modern = await newIssuer({ algorithms: ['ES256'] })
    const old = await web(modern, { authorizationAlgorithm: undefined, redirectUris: ['https://jarm.test/cb'] })
    expectBack(await modern.authorize({ client: old, parameters: parameters('jwt') }), 'invalid_request')
  })

  it('B-JARM-02 lives as long as the policy says, and ten minutes at most', async () => {
    const issuer = await newIssuer({ policy: { authorizationResponseLifetime: 600 } })
    const client = await web(issuer)
    const { sent } = arrived(await issuer.authorize({ client, parameters: parameters('jwt') }))
    const response = sent['response'] ?? ''
    expect(decodeJwt(response).claims['exp']).toBe(Math.floor(issuer.clock.now()) + 600)
    issuer.clock.advance(601)
    await expect(verified(issuer, client, response)).rejects.toThrow(/exp/)
    await expect(newIssuer({ policy: { authorizationResponseLifetime: 601 } })).rejects.toThrow(/above the ceiling/)
  })

  it('B-JARM-02 is for one client, and is none of the other tokens of this server', async () => {
    const issuer = await newIssuer()
    const client = await web(issuer)
    const { sent } = arrived(await issuer.authorize({ client, parameters: parameters('jwt') }))
    const response = sent['response'] ?? ''
    await expect(verified(issuer, issuer.clients.E, response)).rejects.toThrow(/aud/)
    expect((await issuer.userinfo(response)).status).toBe(401)
    expect((await issuer.introspect(issuer.clients.RS1, response)).json).toEqual({ active: false })
    const hinted = await issuer.authorize({ client, parameters: parameters('query', { id_token_hint: response }) })
    expect(hinted.error).toBe('invalid_request')
  })
})

describe('which modes a client may ask for', () => {
  it('B-JARM-04 those it registered and no others, at the push as well', async () => {
    const issuer = await newIssuer()
    const client = await web(issuer, { responseModes: ['jwt'], redirectUris: ['https://jarm.test/cb'] })
    for (const mode of [undefined, 'query', 'form_post', 'form_post.jwt'])
      expectBack(
        await issuer.authorize({ client, parameters: { scope: 'openid read', response_mode: mode } }),
        'invalid_request',
      )
    expectRefusal(await issuer.push(client, requestOf(issuer, client, { scope: 'openid read' })), 'invalid_request')
    for (const mode of ['jwt', 'query.jwt'])
      expect((await issuer.authorize({ client, parameters: parameters(mode) })).response.has('response')).toBe(true)
    await expect(web(issuer, { responseModes: ['fragment'] as never })).rejects.toThrow(
      /responseModes: must be some of/,
    )
    await expect(web(issuer, { responseModes: [] })).rejects.toThrow(/responseModes: must be some of/)
  })

  it('B-JARM-03, B-JARM-04 are told back when it registers itself; those of other servers are passed over', async () => {
    const issuer = await openIssuer()
    const modes = {
      response_modes: ['fragment.jwt', 'jwt', 'form_post.jwt'],
      authorization_signed_response_alg: 'ES256',
    }
    const { json } = await register(issuer, { ...plain, ...modes })
    expect(json).toMatchObject({ response_modes: ['jwt', 'form_post.jwt'], authorization_signed_response_alg: 'ES256' })
    for (const alg of ['none', 'HS256', 'ES256K', 7])
      expect(outcome(await register(issuer, { ...plain, authorization_signed_response_alg: alg }))).toBe(
        '400 invalid_client_metadata',
      )
    expect((await register(issuer, plain)).json).toMatchObject({ authorization_signed_response_alg: 'RS256' })
  })
})

describe('an encrypted response', () => {
  async function reader(alg: 'RSA-OAEP-256' | 'ECDH-ES' | 'ECDH-ES+A128KW') {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    return { privateKey, jwk: { ...(await exportJWK(publicKey)), use: 'enc', alg, kid: 'reads' } }
  }

  it.each(['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A128KW'] as const)(
    'B-JARM-06 with %s is signed first, and opens for its client alone',
    async (alg) => {
      const issuer = await newIssuer()
      const { privateKey, jwk } = await reader(alg)
      const encryption = { authorizationEncryptionAlgorithm: alg, authorizationContentEncryption: 'A256GCM' } as const
      const client = await web(issuer, { ...encryption, jwks: { keys: [jwk] } })
      for (const [options, wanted] of [
        [{}, 'code'],
        [{ decision: 'deny' }, 'error'],
      ] as const) {
        const { sent } = arrived(
          await issuer.authorize({ client, ...options, parameters: parameters('form_post.jwt') }),
        )
        const { plaintext, protectedHeader } = await compactDecrypt(sent['response'] ?? '', privateKey)
        expect(protectedHeader).toMatchObject({ alg, enc: 'A256GCM', cty: 'JWT', kid: 'reads' })
        expect((await verified(issuer, client, Buffer.from(plaintext).toString()))[wanted]).toBeTypeOf('string')
      }
      expect((await issuer.authorize({ client, parameters: parameters('query') })).code).not.toBe('')
    },
  )

  it('B-JARM-06 is never sent readable instead, and costs no code, where the key cannot be had', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const jwksUri = 'https://keys.example/jwks'
    const client = await web(issuer, { authorizationEncryptionAlgorithm: 'ECDH-ES', jwksUri })
    issuer.forget()
    expectPage(await issuer.authorize({ client, parameters: parameters('jwt') }), 'response_key', 503)
    expectPage(
      await issuer.authorize({ client, parameters: parameters('jwt', { prompt: 'none' }) }),
      'response_key',
      503,
    )
    expect(issuer.store.calls).not.toContain('issueCode')
  })

  it('B-JARM-06, B-JWK-08 needs a key for it, and a way for the key', async () => {
    const issuer = await openIssuer()
    const { jwk } = await reader('ECDH-ES')
    const good = { jwks: { keys: [jwk] }, authorization_encrypted_response_alg: 'ECDH-ES' }
    const { json } = await register(issuer, { ...plain, ...good })
    expect(json['authorization_encrypted_response_enc']).toBe('A128CBC-HS256')
    const bad = [
      { authorization_encrypted_response_alg: undefined, authorization_encrypted_response_enc: 'A128GCM' },
      { authorization_encrypted_response_alg: 'RSA1_5' },
      { authorization_encrypted_response_alg: 'dir' },
      { authorization_encrypted_response_enc: 'A192GCM' },
      { authorization_encrypted_response_alg: 'RSA-OAEP-256' },
      { jwks: undefined },
    ]
    for (const more of bad)
      expect(outcome(await register(issuer, { ...plain, ...good, ...more }))).toBe('400 invalid_client_metadata')
  })
})
