import { headerOf, standardResources, type Answer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { documentIssuer, documentUrl, goodDocument } from '../documents.ts'
import { expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { proven, serviceToken } from './proofs.ts'

const bound = { ...plain, dpop_bound_access_tokens: true }

describe('clients that want every token bound', () => {
  it('B-DPOP-18, A-DCR-09 register themselves so, and are held to it', async () => {
    const issuer = await openIssuer()
    const answer = await register(issuer, bound)
    expect([outcome(answer), answer.json['dpop_bound_access_tokens']]).toEqual(['201', true])
    const record = await issuer.store.findClient(String(answer.json['client_id']))
    expect(record?.dpopBoundAccessTokens).toBe(true)
    const unbound = await register(issuer, plain)
    expect([outcome(unbound), unbound.json['dpop_bound_access_tokens']]).toEqual(['201', false])
    for (const value of ['true', 1, null])
      expect(outcome(await register(issuer, { ...plain, dpop_bound_access_tokens: value }))).toBe(
        '400 invalid_client_metadata',
      )
  })

  it('A-DCR-09, B-DPOP-33 are told where proofs are switched off', async () => {
    const issuer = await openIssuer({}, { policy: { dpop: false } })
    expect(outcome(await register(issuer, bound))).toBe('400 invalid_client_metadata')
    expect(outcome(await register(issuer, plain))).toBe('201')
  })

  it('B-DPOP-36 cannot want a certificate as well: metadata that asks for both is refused', async () => {
    const issuer = await openIssuer()
    const both = { ...bound, tls_client_certificate_bound_access_tokens: true }
    expect(outcome(await register(issuer, both))).toBe('400 invalid_client_metadata')
  })

  it('B-DPOP-18, A-CIMD-05 say so in their metadata document', async () => {
    const { issuer, host, ask } = await documentIssuer()
    host.body = JSON.stringify({ ...goodDocument, dpop_bound_access_tokens: true })
    const authorized = await ask()
    expectRefusal(await issuer.redeem(authorized), 'invalid_request')
    expectTokens(await issuer.redeem(authorized, {}, proven(issuer)))
    expect((await issuer.store.findClient(documentUrl))?.dpopBoundAccessTokens).toBe(true)
  })
})

describe('what the server says of itself', () => {
  it('B-DPOP-33, B-DISC-08 lists the algorithms it takes, and each of them gets a token', async () => {
    const issuer = await newIssuer()
    const { json } = await issuer.get('/.well-known/oauth-authorization-server')
    expect(json['dpop_signing_alg_values_supported']).toEqual(['ES256', 'PS256', 'EdDSA', 'Ed25519'])
    const off = await newIssuer({ policy: { dpop: false } })
    expect((await off.get('/.well-known/oauth-authorization-server')).json).not.toHaveProperty(
      'dpop_signing_alg_values_supported',
    )
  })

  it('A-PRM-02, A-RES-02 the document of an API that wants bound tokens says so', async () => {
    const [first] = standardResources
    if (first === undefined) throw new Error('there is an API')
    const id = 'https://as.test/api/files'
    const issuer = await newIssuer({ resources: [{ ...first, id, binding: 'dpop' }] })
    const { json } = await issuer.get('/.well-known/oauth-protected-resource/api/files')
    expect(json).toMatchObject({
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
    })
  })
})

describe('browser clients', () => {
  const origin = 'https://app.test'
  const names = (answer: Answer, header: string): string[] => (headerOf(answer, header) ?? '').toLowerCase().split(', ')

  it('B-DPOP-26, B-PAR-12 may send a proof, and may read nonce and challenge', async () => {
    const issuer = await newIssuer({ policy: { dpopNonces: true } })
    const { P } = issuer.clients
    for (const path of ['/oauth2/token', '/oauth2/par', '/oauth2/userinfo']) {
      const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' }
      const preflight = await issuer.send({ method: 'OPTIONS', path, headers })
      expect(names(preflight, 'access-control-allow-headers')).toContain('dpop')
    }
    const headers = { origin, ...proven(issuer).headers }
    const refused = await issuer.token(P, { grant_type: 'refresh_token', refresh_token: 'x' }, { headers })
    expectRefusal(refused, 'use_dpop_nonce')
    const pushed = await issuer.push(P, { response_type: 'code' }, { headers: { origin } })
    const people = await issuer.send({ path: '/oauth2/userinfo', headers: { origin, authorization: 'DPoP x' } })
    expect(people.status).toBe(401)
    for (const answer of [refused, pushed, people]) {
      expect(headerOf(answer, 'access-control-allow-origin')).toBe(origin)
      expect(names(answer, 'access-control-expose-headers')).toEqual(
        expect.arrayContaining(['dpop-nonce', 'www-authenticate']),
      )
    }
  })
})

it('A-GOV-03 the inventory counts bound tokens apart from bearer ones', async () => {
  const issuer = await newIssuer()
  const { S } = issuer.clients
  expectTokens(await serviceToken(issuer))
  expectTokens(await serviceToken(issuer))
  expectTokens(await serviceToken(issuer, {}))
  await issuer.server.maintain()
  const { items } = await issuer.store.usage.list({ clientId: S.id }, undefined, 10)
  expect(items[0]?.counts).toMatchObject({ bound_tokens: 2, bearer_tokens: 1 })
  const measured = issuer.records.measures.filter(({ name }) => name === 'tokens_issued')
  expect(measured.map(({ labels }) => labels['binding'])).toEqual(['dpop', 'dpop', 'bearer'])
})
