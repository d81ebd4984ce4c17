import type { ClientRegistration } from '@sallyport/server'
import { decodeJwt, type Answer, type Authorized, type Parameters } from '@sallyport/testing'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { addKeyClient } from '../client-keys/key-client.ts'
import { proven } from '../dpop/proofs.ts'
import { expectRefusal, expectTokens, issuerId, newIssuer } from '../fixtures.ts'
import { addressOf, requestOf } from '../pushed/fixtures.ts'
import { objectOf } from '../signed/fixtures.ts'
import { keysOf } from '../signed-by-us.ts'
import { openBank, places, redeemProven, type Bank, type Place } from './fixtures.ts'

const profile = 'fapi2-message-signing'
const open = (place: Place, more: Partial<ClientRegistration> = {}): Promise<Bank> => openBank(place, profile, more)

type Changes = Readonly<Record<string, unknown>>

/** Pushes a request object that is right except for the changes. */
const pushSigned = ({ issuer, client, key }: Bank, claims: Changes = {}, header: Changes = {}): Promise<Answer> => {
  const { request } = objectOf(issuer, { client, key }, { response_mode: 'jwt', ...claims }, header)
  return issuer.push(client, { request })
}

/** The whole way: signed, pushed, and back with a signed response. */
async function signIn({ issuer, client, key }: Bank, claims: Changes = {}): Promise<Authorized> {
  const object = objectOf(issuer, { client, key }, { response_mode: 'jwt', ...claims })
  const answer = await issuer.push(client, { request: object.request })
  expect({ status: answer.status, error: answer.json['error'] }).toEqual({ status: 201, error: undefined })
  const browser = issuer.browser()
  const visit = await browser.open(addressOf(client, String(answer.json['request_uri'])))
  const sent = { redirect_uri: client.redirectUri }
  return issuer.finish({ client, browser, verifier: object.verifier, challenge: '', sent, visit })
}

/** What a response says, read with the published keys. */
async function read({ issuer, client }: Bank, { response }: Authorized): Promise<Record<string, unknown>> {
  expect([...response.keys()]).toEqual(['response'])
  const jwks = createLocalJWKSet({ keys: (await keysOf(issuer)) as never })
  const currentDate = new Date(issuer.clock.now() * 1000)
  const expected = { issuer: issuerId, audience: client.id, algorithms: ['ES256'], currentDate }
  return (await jwtVerify(response.get('response') ?? '', jwks, expected)).payload
}

describe('requests under FAPI 2.0 Message Signing', () => {
  it('B-MS-01 are signed and pushed, with everything inside', async () => {
    for (const place of places) {
      const bank = await open(place)
      const { issuer, client, key } = bank
      const plainly = requestOf(issuer, client, { response_mode: 'jwt' })
      expectRefusal(await issuer.push(client, plainly), 'invalid_request')
      const { request } = objectOf(issuer, { client, key }, { response_mode: 'jwt' })
      for (const parameters of [{ ...plainly }, { request, client_id: client.id }] as Parameters[]) {
        const query = new URLSearchParams(parameters as Record<string, string>).toString()
        const direct = await issuer.browser().open(`/oauth2/authorize?${query}`)
        const back = new URL(direct.leftFor ?? '').searchParams
        const signed = back.get('response')
        const said = signed === null ? Object.fromEntries(back) : decodeJwt(signed).claims
        expect([said['error'], said['code']]).toEqual(['invalid_request', undefined])
      }
      // What stands beside the object counts for nothing.
      const beside = await issuer.push(client, {
        request,
        scope: 'admin',
        redirect_uri: 'https://else.test/cb',
        state: 'x',
      })
      expect(beside.status).toBe(201)
      expect(await read(bank, await signIn(bank, { state: 'inside' }))).toMatchObject({ state: 'inside' })
    }
  })

  it('B-MS-02, B-JAR-05 say for whom they are and for how long, an hour at most', async () => {
    const bank = await open('server')
    const now = Math.floor(bank.issuer.clock.now())
    for (const wrong of [
      { nbf: undefined },
      { exp: undefined },
      { nbf: now - 4200, exp: now + 60 },
      { nbf: now, exp: now + 4200 },
      { nbf: now - 600, exp: now - 1 },
      { aud: 'https://else.test' },
      { aud: [] },
      { aud: undefined },
      { aud: `${bank.issuer.issuer}/oauth2/par` },
    ])
      expectRefusal(await pushSigned(bank, wrong), 'invalid_request_object')
    for (const right of [{}, { aud: [bank.issuer.issuer, 'https://else.test'] }, { nbf: now - 3500, exp: now + 60 }])
      expect((await pushSigned(bank, right)).status).toBe(201)
    expect((await pushSigned(bank, {}, { typ: 'oauth-authz-req+jwt' })).status).toBe(201)
    expectRefusal(await pushSigned(bank, {}, { typ: 'dpop+jwt' }), 'invalid_request_object')
    expectRefusal(await pushSigned(bank, {}, { alg: 'none' }), 'invalid_request_object')
  })
})

describe('responses under FAPI 2.0 Message Signing', () => {
  it('B-MS-03, B-JARM-04 are signed; a request that wants them otherwise is refused where it is pushed', async () => {
    for (const place of places) {
      const bank = await open(place)
      for (const response_mode of [undefined, 'query', 'form_post', 'fragment', 'fragment.jwt', 'foo'])
        expectRefusal(await pushSigned(bank, { response_mode }), 'invalid_request')
      for (const response_mode of ['jwt', 'query.jwt']) {
        const flow = await signIn(bank, { response_mode })
        const { code, ...said } = await read(bank, flow)
        expect(said).toMatchObject({ iss: issuerId, aud: bank.client.id })
        expect(Number(said['exp']) - bank.issuer.clock.now()).toBeLessThanOrEqual(600)
        expectTokens(await redeemProven(bank, { ...flow, code: String(code) }))
      }
      const refused = await signIn(bank, { prompt: 'none' })
      expect(await read(bank, refused)).toMatchObject({ error: 'login_required', iss: issuerId })
    }
  })

  it('B-JARM-04 come in the modes that the client registered, and it cannot register plain ones alone', async () => {
    const bank = await open('server', { responseModes: ['query.jwt', 'query'] })
    expectRefusal(await pushSigned(bank, { response_mode: 'form_post.jwt' }), 'invalid_request')
    expectRefusal(await pushSigned(bank, { response_mode: 'query' }), 'invalid_request')
    expect((await pushSigned(bank, { response_mode: 'query.jwt' })).status).toBe(201)
    await expect(addKeyClient(bank.issuer, { responseModes: ['query'] })).rejects.toThrow(/no signed mode/)
    await expect(addKeyClient(bank.issuer, { authorizationAlgorithm: 'RS256' })).rejects.toThrow(/FAPI 2.0/)
  })

  it('B-MS-01, B-MS-03 are what the metadata say', async () => {
    const issuer = await newIssuer({ policy: { profile } })
    const told = (await issuer.get('/.well-known/openid-configuration')).json
    expect(told).toMatchObject({
      require_signed_request_object: true,
      require_pushed_authorization_requests: true,
      request_parameter_supported: true,
      response_modes_supported: ['query.jwt', 'form_post.jwt', 'jwt'],
    })
    expect(told['authorization_signing_alg_values_supported']).not.toContain('RS256')
    expect(told['request_object_signing_alg_values_supported']).not.toContain('RS256')
  })
})

describe('introspection under FAPI 2.0 Message Signing', () => {
  it('B-MS-04, B-MS-05 is signed for the API that asks for it, and tells others nothing', async () => {
    const bank = await open('server')
    const { issuer, client } = bank
    const api = (resourceServerOf: readonly string[]) =>
      addKeyClient(issuer, {
        ...{ type: 'service', name: 'API', redirectUris: undefined, grantTypes: ['client_credentials'], scope: 'read' },
        ...{ resourceServerOf, introspectionAlgorithm: 'ES256' },
      })
    const [mine, other] = [await api(['https://rs1.test']), await api(['https://rs2.test'])]
    const answer = await issuer.clientCredentials(
      client,
      { scope: 'read', resource: 'https://rs1.test' },
      proven(issuer),
    )
    const token = String(answer.json['access_token'])
    const jwt = 'application/token-introspection+jwt'
    for (const [{ client: caller }, shown, active] of [
      [mine, token, true],
      [mine, 'x', false],
      [other, token, false],
    ] as const) {
      const told = await issuer.introspect(caller, shown, { headers: { accept: jwt } })
      expect(told.headers['content-type']).toBe(jwt)
      const { header, claims } = decodeJwt(told.text)
      expect([header['typ'], header['alg'], claims['iss'], claims['aud']]).toEqual([
        'token-introspection+jwt',
        'ES256',
        issuerId,
        caller.id,
      ])
      expect(Object.keys(claims).sort()).toEqual(['aud', 'iat', 'iss', 'token_introspection'])
      expect((claims['token_introspection'] as { active: boolean }).active).toBe(active)
      expect((await issuer.userinfo(told.text)).status).toBe(401)
    }
    const { client: ordinary } = await addKeyClient(issuer)
    expect((await issuer.introspect(ordinary, token)).json).toEqual({ active: false })
  })
})
