import type { JwsAlgorithm } from '@sallyport/protocol'
import { createPolicy, PolicyError, registerClient, securityProfiles, type PolicyOptions } from '@sallyport/server'
import {
  createClientKey,
  decodeJwt,
  pkcePair,
  signJws,
  standardResources,
  withKey,
  type Answer,
} from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { addKeyClient, askWith, assertionOf, assertionType, expectRefusedFor } from '../client-keys/key-client.ts'
import { proven } from '../dpop/proofs.ts'
import { eventsOf, expectBack, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { requestOf } from '../pushed/fixtures.ts'
import { plain, register } from '../registration/registrations.ts'
import { askPushed, openBank, places, redeemProven } from './fixtures.ts'

const faultsOf = (policy: PolicyOptions): readonly string[] => {
  try {
    createPolicy(policy)
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.faults.map(({ key }) => key)
  }
}

const fapi = { profile: 'fapi2' } as const
const offered = async (policy: PolicyOptions) =>
  (await (await newIssuer({ policy })).get('/.well-known/openid-configuration')).json

describe('the setting', () => {
  it('B-FAPI-06, B-FAPI-10, B-FAPI-12 holds by itself, and no other setting takes anything of it back', () => {
    for (const profile of securityProfiles.slice(1)) {
      const policy = createPolicy({ profile })
      const { requirePrivateKeyJwt, requirePushedRequests, requireSenderConstraint } = policy.stages
      expect([requirePrivateKeyJwt, requirePushedRequests, requireSenderConstraint]).toEqual(
        Array<string>(3).fill('enforce'),
      )
      const takenBack: Readonly<Record<string, PolicyOptions>> = {
        'stages.requirePushedRequests': { stages: { requirePushedRequests: 'warn' } },
        'stages.requireSenderConstraint': { stages: { requireSenderConstraint: 'off' } },
        'stages.requirePrivateKeyJwt': { stages: { requirePrivateKeyJwt: 'report' } },
        authorizationCodeLifetime: { authorizationCodeLifetime: 61 },
        pushedRequestLifetime: { pushedRequestLifetime: 600 },
        pkceExceptions: { pkceExceptions: 'dated' },
        requestUris: { requestUris: true },
      }
      for (const [key, more] of Object.entries(takenBack)) {
        expect(faultsOf({ profile, ...more })).toEqual([key])
        expect(faultsOf(more)).toEqual([])
      }
      expect(faultsOf({ profile, dpop: false })).toEqual(['stages.requireSenderConstraint'])
    }
    expect(faultsOf({ profile: 'fapi2-message-signing', stages: { requireSignedRequests: 'warn' } })).toEqual([
      'stages.requireSignedRequests',
    ])
    expect(faultsOf({ profile: 'fapi2-message-signing', requestObjects: false })).toEqual([
      'stages.requireSignedRequests',
    ])
    expect(faultsOf({ profile: 'fapi' as 'fapi2' })).toEqual(['profile'])
  })

  it('B-FAPI-12, B-FAPI-08, B-FAPI-03 is what the metadata say', async () => {
    const told = await offered(fapi)
    const algorithms = Object.entries(told).filter(([name]) => name.endsWith('signing_alg_values_supported'))
    expect(algorithms.length).toBeGreaterThan(7)
    for (const [name, values] of algorithms) {
      expect([name, values]).toEqual([name, expect.not.arrayContaining(['RS256', 'none', 'HS256'])])
      expect(values).toEqual(expect.arrayContaining(['ES256', 'PS256', 'EdDSA']))
    }
    expect(told).toMatchObject({
      require_pushed_authorization_requests: true,
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      introspection_endpoint_auth_methods_supported: ['private_key_jwt'],
      revocation_endpoint_auth_methods_supported: ['private_key_jwt'],
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
    })
    expect(told['require_signed_request_object']).toBeUndefined()
    expect((await offered({}))['token_endpoint_auth_methods_supported']).toContain('none')
  })
})

describe('clients of the profile', () => {
  const context = { development: false, now: 1_800_000_000 as never, secretLifetime: 1 }
  const keys = { jwks: { keys: [createClientKey().jwk] } }
  const web = { type: 'web', name: 'Bank', redirectUris: ['https://bank.test/cb'], scope: 'openid' } as const

  it('B-FAPI-01, B-FAPI-03, B-IDT-09, B-JARM-03 come in with a key and without RS256, at every door', async () => {
    for (const place of places) {
      const { issuer } = await openBank(place)
      const own = place === 'client' ? fapi : {}
      for (const one of [
        { type: 'spa', redirectUris: ['https://spa.test/cb'] },
        { type: 'native', redirectUris: ['com.example.app:/cb'] },
        { authenticationMethod: 'client_secret_basic' },
        { authenticationMethod: 'client_secret_post' },
        ...['idTokenAlgorithm', 'userinfoAlgorithm', 'authorizationAlgorithm', 'introspectionAlgorithm'].map(
          (member) => ({ ...keys, [member]: 'RS256' }),
        ),
        { ...keys, authenticationAlgorithm: 'RS256', jwks: { keys: [createClientKey('RS256').jwk] } },
        { ...keys, requestObjectAlgorithm: 'RS256', jwks: { keys: [createClientKey('RS256').jwk] } },
        { jwks: { keys: [createClientKey('RS256').jwk] } },
        { ...keys, assertionAudience: 'interop' },
        { ...keys, redirectUris: ['http://bank.test/cb'] },
      ] as const)
        expect(
          () =>
            registerClient(
              { ...web, ...own, ...one },
              {
                ...context,
                random: issuer.random,
                ...(place === 'server' ? fapi : {}),
              },
            ),
          JSON.stringify(one),
        ).toThrow(/FAPI|redirectUris|RS256/)
      const { record } = (await addKeyClient(issuer, own)).client
      expect([record.authenticationMethod, record.idTokenAlgorithm, record.authorizationAlgorithm]).toEqual([
        'private_key_jwt',
        'ES256',
        'ES256',
      ])
    }
  })

  it('B-FAPI-01, B-FAPI-03, B-FAPI-09, B-IDT-09, B-JARM-03 register themselves in no other way', async () => {
    const issuer = await newIssuer({ policy: fapi, registration: { mode: 'open' } })
    const good = { ...plain, token_endpoint_auth_method: 'private_key_jwt', ...keys }
    const answer = await register(issuer, good)
    expect([answer.status, answer.json['id_token_signed_response_alg']]).toEqual([201, 'ES256'])
    for (const one of [
      { token_endpoint_auth_method: 'none', jwks: undefined },
      { token_endpoint_auth_method: 'client_secret_basic' },
      { token_endpoint_auth_method: 'client_secret_post' },
      { token_endpoint_auth_method: 'client_secret_jwt' },
      { id_token_signed_response_alg: 'RS256' },
      { authorization_signed_response_alg: 'RS256' },
      { authorization_signed_response_alg: 'none' },
      { authorization_signed_response_alg: 'HS256' },
      { request_object_signing_alg: 'RS256' },
      { jwks: { keys: [createClientKey('RS256').jwk] } },
    ])
      expectRefusal(await register(issuer, { ...good, ...one }), 'invalid_client_metadata')
    for (const uri of ['http://bank.test/cb', 'http://127.0.0.1:8080/cb'])
      expectRefusal(await register(issuer, { ...good, redirect_uris: [uri] }), 'invalid_redirect_uri')
  })

  it('B-FAPI-01, B-FAPI-03, B-CX-02 that are older than the profile get nothing anywhere, and are told nothing', async () => {
    const issuer = await newIssuer({ policy: fapi })
    const { K, P, S, RS1, post } = issuer.clients
    const { client: interop } = await addKeyClient(issuer)
    const old = await issuer.changeClient(interop, { idTokenAlgorithm: 'RS256' })
    const pair = pkcePair(issuer.random)
    const answers: Answer[] = [
      await issuer.push(K, requestOf(issuer, K)),
      await issuer.push(P, requestOf(issuer, P)),
      await issuer.clientCredentials(S, { scope: 'read' }, proven(issuer)),
      await issuer.introspect(RS1, 'x'),
      await issuer.revoke(post, 'x'),
      await issuer.token(P, { grant_type: 'authorization_code', code: 'x', code_verifier: pair.verifier }),
    ]
    for (const answer of answers) expectRefusal(answer, 'invalid_client', 401)
    expect(eventsOf(issuer, 'client.auth.failed', 'client_secret_refused')).toHaveLength(4)
    expect(eventsOf(issuer, 'client.auth.failed', 'client_profile')).toHaveLength(2)
    issuer.forget()
    const signed = withKey(old, createClientKey(), issuer)
    expectRefusedFor(issuer, await issuer.push(signed, requestOf(issuer, old)), 'client_profile', 'idTokenAlgorithm')
    expectRefusal(
      await issuer.post('/oauth2/token', { grant_type: 'password', username: 'a', password: 'b' }),
      'invalid_client',
      401,
    )
  })

  it('B-FAPI-01 have no password grant', async () => {
    const bank = await openBank('server')
    const answer = await askWith(bank.issuer, assertionOf(bank.issuer, bank), { grant_type: 'password', username: 'a' })
    expectRefusal(answer, 'unsupported_grant_type')
  })

  it('B-CX-03, B-FAPI-04, B-CA-03 name the issuer as a string and nothing else as the audience of assertions', async () => {
    for (const place of places) {
      const bank = await openBank(place)
      const { issuer } = bank
      const { issuer: iss } = issuer
      for (const aud of [
        [iss],
        `${iss}/oauth2/token`,
        `${iss}/oauth2/par`,
        [iss, `${iss}/oauth2/par`],
        'https://else.test',
      ]) {
        const client_assertion = assertionOf(issuer, bank, { aud })
        const sent = { ...requestOf(issuer, bank.client), client_assertion_type: assertionType, client_assertion }
        expectRefusedFor(issuer, await issuer.post('/oauth2/par', sent), 'assertion_audience')
      }
    }
  })

  it('B-CA-06, B-CA-07, B-FAPI-12 are not proven by RS256, HS256 or a key that is not theirs', async () => {
    const rs256 = createClientKey('RS256', 'old')
    const es256 = createClientKey()
    for (const place of places) {
      const bank = await openBank(place, 'fapi2', { jwks: { keys: [rs256.jwk, es256.jwk] } })
      const { issuer, client } = bank
      const assertion = assertionOf(issuer, { client, key: rs256 })
      expectRefusedFor(issuer, await askWith(issuer, assertion), 'assertion_kid')
      const keyed = { client, key: es256 }
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, keyed, {}, { alg: 'HS256' })), 'assertion_alg')
      const other = { client, key: createClientKey() }
      expectRefusedFor(issuer, await askWith(issuer, assertionOf(issuer, other)), 'assertion_signature')
      for (const alg of ['ES256', 'PS256', 'EdDSA'] as const satisfies JwsAlgorithm[]) {
        const key = createClientKey(alg, alg)
        const own = await addKeyClient(issuer, { ...(place === 'client' ? fapi : {}) }, key)
        expectTokens(await askWith(issuer, assertionOf(issuer, own), { resource: 'https://rs1.test' }, proven(issuer)))
      }
    }
  })
})

describe('requests and tokens of the profile', () => {
  it('B-FAPI-08 come by a push of their client with a redirect URI and S256, and in no other way', async () => {
    for (const place of places) {
      const bank = await openBank(place)
      const { issuer, client } = bank
      expectBack(await issuer.authorize({ client }), 'invalid_request')
      expectBack(await issuer.authorize({ client, method: 'POST' }), 'invalid_request')
      const push = (changes = {}): Promise<Answer> => issuer.push(client, requestOf(issuer, client, changes))
      for (const [changes, error] of [
        [{ redirect_uri: undefined }, 'invalid_request'],
        [{ redirect_uri: 'https://key.test/other' }, 'invalid_request'],
        [{ code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
        [{ code_challenge_method: 'plain' }, 'invalid_request'],
        [{ response_type: 'token' }, 'unsupported_response_type'],
        [{ scope: undefined }, 'invalid_scope'],
      ] as const)
        expectRefusal(await push(changes), error)
      const bare = { ...requestOf(issuer, client), client_id: client.id }
      expectRefusal(await issuer.post('/oauth2/par', bare), 'invalid_client', 401)
      const good = await push()
      expect([good.status, Number(good.json['expires_in']) < 600]).toEqual([201, true])
      const flow = await askPushed(bank)
      expect([flow.visit.answer.status, flow.response.get('iss')]).toEqual([303, issuer.issuer])
      expectTokens(await redeemProven(bank, flow))
    }
  })

  it('B-FAPI-02 give an access token to nobody without a proof, by any grant', async () => {
    for (const place of places) {
      const bank = await openBank(place)
      const { issuer, client } = bank
      const flow = await askPushed(bank)
      expectRefusal(await issuer.redeem(flow), 'invalid_request')
      const tokens = await redeemProven(bank, flow)
      expect(tokens.json['token_type']).toBe('DPoP')
      const refreshToken = String(tokens.json['refresh_token'])
      expectRefusal(await issuer.refresh({ client, refreshToken }), 'invalid_request')
      expectRefusal(await issuer.clientCredentials(client, { scope: 'read' }), 'invalid_request')
      expectTokens(await issuer.refresh({ client, refreshToken }, {}, proven(issuer)))
      expectTokens(await issuer.clientCredentials(client, { scope: 'read' }, proven(issuer)))
      // Possession does not stand in for who the client is.
      const bare = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: client.id }
      expectRefusal(await issuer.post('/oauth2/token', bare, proven(issuer)), 'invalid_client', 401)
    }
  })

  it('B-FAPI-06, B-FAPI-10 keep codes for 60 s and pushed requests for less than 600, whatever the server allows others', async () => {
    const policy = { authorizationCodeLifetime: 300, pushedRequestLifetime: 600 }
    const bank = await openBank('client', 'fapi2', {}, { policy })
    const { issuer } = bank
    for (const [age, lives] of [
      [59, true],
      [61, false],
    ] as const) {
      const flow = await askPushed(bank)
      issuer.clock.advance(age)
      const answer = await redeemProven(bank, flow)
      if (lives) expectTokens(answer)
      else expectRefusal(answer, 'invalid_grant')
    }
    const other = await issuer.authorize()
    issuer.clock.advance(61)
    expectTokens(await issuer.redeem(other))
    const lifetime = async (client = bank.client): Promise<unknown> =>
      (await issuer.push(client, requestOf(issuer, client))).json['expires_in']
    expect([await lifetime(), await lifetime(issuer.clients.K)]).toEqual([599, 600])
  })

  it('B-FAPI-07 take times up to 10 s ahead and none over 60, in assertions, request objects and proofs', async () => {
    const bank = await openBank('server')
    const { issuer, client, key } = bank
    const now = (): number => Math.floor(issuer.clock.now())
    for (const ahead of [8, 10, 62]) {
      const good = ahead <= 10
      const expected = good ? undefined : ['invalid_client', 'invalid_request_object', 'invalid_dpop_proof']
      for (const name of ['iat', 'nbf']) {
        const instant = { [name]: now() + ahead, exp: now() + 200 }
        const asserted = await askWith(issuer, assertionOf(issuer, bank, instant), {}, proven(issuer))
        const claims = { ...requestOf(issuer, client), iss: client.id, aud: issuer.issuer, ...instant }
        const request = signJws(key, claims, { typ: 'oauth-authz-req+jwt' })
        const pushed = await issuer.push(client, { request, client_id: client.id })
        expect([ahead, name, asserted.json['error'], pushed.json['error']]).toEqual([
          ahead,
          name,
          expected?.[0],
          expected?.[1],
        ])
      }
      const proof = proven(issuer, key, { claims: { iat: now() + ahead } })
      const answer = await issuer.clientCredentials(client, { scope: 'read' }, proof)
      expect([ahead, answer.json['error']]).toEqual([ahead, expected?.[2]])
    }
  })

  it('B-CX-01 need neither state nor nonce, and nothing is echoed', async () => {
    const bank = await openBank('server')
    const flow = await askPushed(bank, { state: undefined, nonce: undefined })
    expect([flow.code === '', flow.response.has('state')]).toEqual([false, false])
    expectTokens(await redeemProven(bank, flow))
  })

  it('B-FAPI-14, A-AUTHZ-08 are agreed to by a page that names the client and everything it wants, and want no more than they say', async () => {
    const bank = await openBank('client', 'fapi2', { defaultScope: 'openid' })
    const { issuer, client } = bank
    const { browser } = await issuer.authorize()
    const { visit } = await issuer.begin({
      browser,
      client,
      pushed: true,
      parameters: { scope: 'openid email read write' },
    })
    expect(visit.answer.status).toBe(200)
    for (const named of [client.record.name, 'email', 'read', 'write']) expect(visit.answer.text).toContain(named)
    const least = await askPushed(bank, { scope: undefined, resource: undefined })
    expect((await redeemProven(bank, least)).json['scope']).toBe('openid')
    const { client: bare } = await addKeyClient(issuer, fapi)
    expectRefusal(await issuer.push(bare, requestOf(issuer, bare, { scope: undefined })), 'invalid_scope')
  })

  it('B-CX-20, B-FAPI-12 are never signed with RS256, whatever the API is registered with', async () => {
    const resources = standardResources.map((one) => ({ ...one, signingAlgorithm: 'RS256' as const }))
    for (const place of places) {
      const bank = await openBank(place, 'fapi2', {}, { resources })
      const { issuer, client } = bank
      const answer = await issuer.clientCredentials(
        client,
        { scope: 'read', resource: 'https://rs1.test' },
        proven(issuer),
      )
      expect(decodeJwt(String(answer.json['access_token'])).header['alg']).toBe('ES256')
      if (place === 'server') continue
      const { accessToken } = await issuer.codeFlow()
      expect(decodeJwt(accessToken).header['alg']).toBe('RS256')
    }
  })

  it('B-FAPI-10, B-FAPI-09 send browsers on by 303 alone, and to registered or local addresses alone', async () => {
    const bank = await openBank('client')
    const { issuer, client } = bank
    const flow = await askPushed(bank)
    await askPushed(bank, { prompt: 'none' })
    const signedIn = flow.browser
    await signedIn.open('/oauth2/logout?post_logout_redirect_uri=https%3A%2F%2Felse.test%2F')
    await signedIn.open('/login?return_to=https%3A%2F%2Felse.test%2F&interaction=x&next=//else.test')
    const wrong = requestOf(issuer, client, { redirect_uri: 'https://else.test/cb' })
    expectRefusal(await issuer.push(client, wrong), 'invalid_request')
    const moved = issuer.records.exchanges.filter(({ response }) => response.headers['location'] !== undefined)
    expect(moved.length).toBeGreaterThan(3)
    for (const { response } of moved) {
      expect(response.status).toBe(303)
      const to = new URL(String(response.headers['location']), issuer.issuer)
      expect([issuer.issuer, 'https://key.test']).toContain(to.origin)
    }
  })
})
