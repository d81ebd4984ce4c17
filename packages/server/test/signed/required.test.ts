import { stages } from '@sallyport/server'
import { createClientKey } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { documentIssuer, documentUrl, goodDocument } from '../documents.ts'
import { eventsOf, expectBack, expectPage, expectRefusal, newIssuer } from '../fixtures.ts'
import { addressOf, pushed, requestOf } from '../pushed/fixtures.ts'
import { asTestClient, manage, openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { addSigningClient, ask, bring, objectOf } from './fixtures.ts'

const key = createClientKey()
const jwks = { keys: [key.jwk] }

describe('a client that has to sign', () => {
  it('B-JAR-08 gets nothing for a plain request at any door, and its code for a signed one', async () => {
    const issuer = await newIssuer()
    const signer = await addSigningClient(issuer, { requireSignedRequests: true })
    const { client } = signer
    for (const method of ['GET', 'POST'] as const)
      expectBack(await issuer.authorize({ client, method }), 'invalid_request')
    expectRefusal(await issuer.push(client, requestOf(issuer, client)), 'invalid_request')
    expect(eventsOf(issuer, 'authz.request.rejected', 'jar_required')).toHaveLength(3)
    expect((await ask(issuer, signer)).code).not.toBe('')
    const answer = await issuer.push(client, { request: objectOf(issuer, signer).request })
    const visit = await issuer.browser().open(addressOf(client, String(answer.json['request_uri'])))
    expect(visit.answer.status).toBe(200)
  })

  it('B-JAR-08, B-PAR-08 is held to it also for what it pushed plainly just before, whatever that said', async () => {
    const issuer = await newIssuer()
    const { client } = await addSigningClient(issuer)
    const plainly = await pushed(issuer, client)
    const posing = await issuer.push(client, { signed: '', ...requestOf(issuer, client) })
    await issuer.changeClient(client, { requireSignedRequests: true })
    for (const reference of [plainly, String(posing.json['request_uri'])]) {
      const visit = await issuer.browser().open(addressOf(client, reference))
      expect(visit.answer.parameters.get('error')).toBe('unauthorized_client')
    }
    expect(eventsOf(issuer, 'authz.request.rejected', 'par_no_longer_allowed').map(({ detail }) => detail)).toEqual([
      expect.objectContaining({ reason_detail: 'jar_required' }),
      expect.objectContaining({ reason_detail: 'jar_required' }),
    ])
  })

  it('JR-11, B-PAR-09 has to push what it signs where it has to push', async () => {
    const issuer = await newIssuer()
    const signer = await addSigningClient(issuer, { requirePushedRequests: true, requireSignedRequests: true })
    const { request } = objectOf(issuer, signer)
    expect((await bring(issuer, signer.client, request)).error).toBe('invalid_request')
    expect(eventsOf(issuer, 'authz.request.rejected', 'par_required')).toHaveLength(1)
    expect((await issuer.push(signer.client, { request })).status).toBe(201)
  })

  it('B-JAR-08, B-REG-06 says so when it registers itself, is told what holds, and can take it back', async () => {
    const issuer = await openIssuer()
    const signs = { ...plain, jwks, require_signed_request_object: true, request_object_signing_alg: 'ES256' }
    const answer = await register(issuer, signs)
    expect(answer.json).toMatchObject({ require_signed_request_object: true, request_object_signing_alg: 'ES256' })
    const client = await asTestClient(issuer, answer)
    expectPage(await issuer.authorize({ client, parameters: { scope: 'openid' } }), 'jar_required')
    expect((await ask(issuer, { client, key }, { scope: 'openid' })).code).not.toBe('')
    const wrong = [
      { request_object_signing_alg: 'none' },
      { request_object_signing_alg: 'HS256' },
      { request_object_signing_alg: 'PS256' },
      { request_object_signing_alg: true },
      { require_signed_request_object: 'true' },
      { jwks: undefined },
      { jwks: { keys: [{ ...key.jwk, use: 'enc' }] } },
    ]
    for (const more of wrong)
      expect(outcome(await register(issuer, { ...signs, ...more }))).toBe('400 invalid_client_metadata')
    const { client_id, registration_access_token: token } = answer.json
    const changed = await manage(issuer, 'PUT', client_id, token, { ...plain, client_id })
    expect([changed.status, changed.json['require_signed_request_object']]).toEqual([200, false])
    issuer.clock.advance(60)
    expect((await issuer.authorize({ client, parameters: { scope: 'openid' } })).code).not.toBe('')
  })

  it('B-JAR-08, A-CIMD-07 says so in its metadata document', async () => {
    const { issuer, client, host } = await documentIssuer()
    const signs = { require_signed_request_object: true, request_object_signing_alg: 'ES256' }
    host.body = JSON.stringify({ ...goodDocument, jwks, ...signs })
    expectPage(await issuer.authorize({ client, parameters: { scope: 'openid', resource: undefined } }), 'jar_required')
    expect((await ask(issuer, { client, key }, { scope: 'openid', resource: undefined })).code).not.toBe('')
    expect(await issuer.store.findClient(documentUrl)).toMatchObject({ requestObjectAlgorithm: 'ES256' })
    for (const more of [{ request_object_signing_alg: 'none' }, { jwks: undefined }]) {
      const other = await documentIssuer()
      other.host.body = JSON.stringify({ ...goodDocument, jwks, ...signs, ...more })
      expectPage(await other.ask(), 'document_invalid')
    }
  })

  it('B-JAR-08 is one that asks for people, and has a key; nobody else can be held to it', async () => {
    const issuer = await newIssuer()
    const service = { type: 'service', name: 'Batch', scope: 'read', jwks } as const
    await expect(issuer.addClient({ ...service, requireSignedRequests: true })).rejects.toThrow(
      /requireSignedRequests: is for clients with the grant/,
    )
    await expect(addSigningClient(issuer, { requireSignedRequests: true, jwks: undefined })).rejects.toThrow(
      /requireSignedRequests: needs jwks or jwksUri/,
    )
    await expect(addSigningClient(issuer, { requestObjectAlgorithm: 'PS256' })).rejects.toThrow(
      /jwks: has no key that request objects with PS256 can be verified with/,
    )
  })
})

describe('the profile for signed messages', () => {
  const bank = { requireSignedRequests: true, requirePushedRequests: true, responseModes: ['jwt'] } as const

  it('B-MS-01, B-MS-03, B-JARM-04 wants a signed request at the push, and a response as a JWT', async () => {
    const issuer = await newIssuer()
    const signer = await addSigningClient(issuer, { ...bank, authorizationAlgorithm: 'ES256' })
    const { client } = signer
    const jwt = { response_mode: 'jwt' }
    expectRefusal(await issuer.push(client, requestOf(issuer, client, jwt)), 'invalid_request')
    expectRefusal(await issuer.push(client, { request: objectOf(issuer, signer).request }), 'invalid_request')
    const { request } = objectOf(issuer, signer, jwt)
    // Parameters beside the object do not stand in for what it lacks.
    const { request: lacking } = objectOf(issuer, signer, { ...jwt, code_challenge: undefined })
    expectRefusal(await issuer.push(client, { ...requestOf(issuer, client, jwt), request: lacking }), 'invalid_request')
    expect((await issuer.push(client, { request })).status).toBe(201)
  })

  it.for<[string, (now: number) => Record<string, unknown>]>([
    ['no nbf', () => ({ nbf: undefined })],
    ['no exp', () => ({ exp: undefined })],
    ['a beginning 70 minutes ago', (now) => ({ nbf: now - 4200, exp: now + 60 })],
    ['an end 70 minutes later', (now) => ({ nbf: now, exp: now + 4200 })],
    ['another server', () => ({ aud: 'https://other.test' })],
  ])('B-MS-02, B-JAR-05 takes no object with %s', async ([, changes]) => {
    const issuer = await newIssuer()
    const signer = await addSigningClient(issuer, { requireSignedRequests: true })
    const claims = changes(Math.floor(issuer.clock.now()))
    expectRefusal(
      await issuer.push(signer.client, { request: objectOf(issuer, signer, claims).request }),
      'invalid_request_object',
    )
    expect((await ask(issuer, signer, claims)).error).toBe('invalid_request_object')
    const good = { nbf: Math.floor(issuer.clock.now()) - 3590, aud: ['https://other.test', issuer.issuer] }
    expect((await ask(issuer, signer, { ...good, exp: good.nbf + 3600 })).code).not.toBe('')
  })
})

describe('the server', () => {
  it('B-JAR-08, A-GOV-04, B-DISC-05 counts before it refuses plain requests of all, and says it in its metadata only then', async () => {
    for (const stage of stages) {
      const issuer = await newIssuer({ policy: { stages: { requireSignedRequests: stage } } })
      const metadata = (await issuer.get('/.well-known/openid-configuration')).json
      expect(metadata['require_signed_request_object']).toBe(stage === 'enforce' ? true : undefined)
      const signer = await addSigningClient(issuer, { requireSignedRequests: false })
      expect((await ask(issuer, signer)).code).not.toBe('')
      const direct = await issuer.authorize({ client: signer.client })
      if (stage === 'enforce') expectBack(direct, 'invalid_request')
      else expect(direct.code).not.toBe('')
      await issuer.server.maintain()
      const { items } = await issuer.store.usage.list({ clientId: signer.client.id }, undefined, 10)
      const counts = { signed_requests: 1, authorization_requests: stage === 'enforce' ? 1 : 2 }
      expect(items[0]?.counts).toMatchObject(counts)
    }
  })

  it('B-JAR-09, B-JAR-03, B-DISC-05 offers them, never unsigned; switched off it says so and believes none', async () => {
    const metadata = (await (await newIssuer()).get('/.well-known/openid-configuration')).json
    expect(metadata['request_parameter_supported']).toBe(true)
    expect(metadata['request_object_signing_alg_values_supported']).toEqual([
      ...['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'],
    ])
    const issuer = await newIssuer({
      policy: { requestObjects: false },
      registration: { mode: 'open', perNetwork: 1000 },
    })
    const off = (await issuer.get('/.well-known/openid-configuration')).json
    expect(off['request_parameter_supported']).toBe(false)
    expect(off).not.toHaveProperty('request_object_signing_alg_values_supported')
    const signer = await addSigningClient(issuer)
    const { request } = objectOf(issuer, signer)
    expectBack(await issuer.authorize({ client: signer.client, parameters: { request } }), 'request_not_supported')
    expectPage(await bring(issuer, signer.client, request), 'redirect_uri_missing')
    expectRefusal(
      await issuer.push(signer.client, requestOf(issuer, signer.client, { request })),
      'request_not_supported',
    )
    for (const more of [{ require_signed_request_object: true }, { request_object_signing_alg: 'ES256' }])
      expect(outcome(await register(issuer, { ...plain, jwks, ...more }))).toBe('400 invalid_client_metadata')
    const contradiction = { requestObjects: false, stages: { requireSignedRequests: 'enforce' } } as const
    await expect(newIssuer({ policy: contradiction })).rejects.toThrow(/nobody would get in/)
  })
})
