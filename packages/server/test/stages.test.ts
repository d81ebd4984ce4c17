import { createPolicy, PolicyError, stages, tightenings } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { addKeyClient, askWith, assertionOf } from './client-keys/key-client.ts'
import { proven, serviceToken } from './dpop/proofs.ts'
import { eventsOf, expectBack, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'
import { plain, register } from './registration/registrations.ts'

describe('tightening in stages', () => {
  it('A-GOV-04 refuses only at the last stage, and counts before', async () => {
    for (const stage of stages) {
      const issuer = await newIssuer({
        policy: { stages: { requireState: stage, requireNonce: stage } },
      })
      const stateless = await issuer.authorize({ parameters: { state: undefined } })
      const nonceless = await issuer.authorize({ parameters: { nonce: undefined } })
      const withoutOpenid = await issuer.authorize({ parameters: { nonce: undefined, scope: 'read' } })
      expect(withoutOpenid.code).not.toBe('')
      if (stage === 'enforce') {
        expectBack(stateless, 'invalid_request')
        expectBack(nonceless, 'invalid_request')
        continue
      }
      expect(stateless.code).not.toBe('')
      expect(nonceless.code).not.toBe('')
      await issuer.server.maintain()
      const { items } = await issuer.store.usage.list({ clientId: issuer.clients.K.id }, undefined, 10)
      expect(items[0]?.counts).toMatchObject({
        authorization_requests: 3,
        with_state: 2,
        openid_without_nonce: 1,
      })
    }
  })

  it('A-GOV-04, A-CODE-07 drops redirect_uri at the token endpoint, but for clients registered as OAuth 2.0', async () => {
    for (const stage of stages) {
      const issuer = await newIssuer({ policy: { stages: { refuseRedirectUriAtToken: stage } } })
      const { K, P, E } = issuer.clients
      const old = await issuer.changeClient(E, { requireRedirectUriAtToken: true })
      for (const client of [K, P]) {
        expectTokens(await issuer.redeem(await issuer.authorize({ client }), { redirect_uri: undefined }))
        const sent = await issuer.authorize({ client })
        const elsewhere = await issuer.redeem(sent, { redirect_uri: `${client.redirectUri}/` })
        expectRefusal(elsewhere, 'invalid_grant')
        const repeated = await issuer.redeem(sent, { redirect_uri: client.redirectUri })
        if (stage !== 'enforce') {
          expectTokens(repeated)
          continue
        }
        expectRefusal(repeated, 'invalid_request')
        // The code is as it was: whoever leaves the parameter out gets its tokens.
        expectTokens(await issuer.redeem(sent, { redirect_uri: undefined }))
      }
      const flow = await issuer.authorize({ client: old })
      expectRefusal(await issuer.redeem(flow, { redirect_uri: undefined }), 'invalid_request')
      expectTokens(await issuer.redeem(flow, { redirect_uri: old.redirectUri }))
      const refused = eventsOf(issuer, 'token.request.rejected', 'code_redirect_uri_refused')
      expect(refused.map((event) => event.class)).toEqual(stage === 'enforce' ? ['malformed', 'malformed'] : [])
      await issuer.server.maintain()
      const { items } = await issuer.store.usage.list({ clientId: K.id }, undefined, 10)
      expect(items[0]?.counts['redirect_uri_at_token']).toBe(stage === 'enforce' ? undefined : 1)
    }
  })

  it('A-GOV-04, A-META-05 refuses secrets at the last stage, offers none, and gives none', async () => {
    for (const stage of stages) {
      const issuer = await newIssuer({
        policy: { stages: { requirePrivateKeyJwt: stage } },
        registration: { mode: 'open' },
      })
      const { K, S, P, RS1, post } = issuer.clients
      const keyed = await addKeyClient(issuer)
      const enforced = stage === 'enforce'
      expectTokens(await askWith(issuer, assertionOf(issuer, keyed)))
      expectTokens(await issuer.redeem(await issuer.authorize({ client: P })))
      const code = await issuer.authorize({ client: K })
      const answers = [
        await issuer.clientCredentials(S, { scope: 'read' }),
        await issuer.redeem(code),
        await issuer.introspect(RS1, 'x'),
        await issuer.revoke(post, 'x'),
      ]
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(4).fill(enforced ? 401 : 200))
      expect(eventsOf(issuer, 'client.auth.failed', 'client_secret_refused')).toHaveLength(enforced ? 4 : 0)
      const offered = (await issuer.get('/.well-known/openid-configuration')).json
      expect(offered['token_endpoint_auth_methods_supported']).toHaveLength(enforced ? 2 : 4)
      expect(offered['introspection_endpoint_auth_methods_supported']).toHaveLength(enforced ? 1 : 3)
      expect((await register(issuer, plain)).status).toBe(enforced ? 400 : 201)
      expect((await register(issuer, { ...plain, token_endpoint_auth_method: 'none' })).status).toBe(201)
      if (enforced) continue
      await issuer.server.maintain()
      for (const { id } of [K, S, RS1, post]) {
        const { items } = await issuer.store.usage.list({ clientId: id }, undefined, 10)
        expect(items[0]?.counts).toMatchObject({ authenticated_by_secret: 1 })
      }
    }
  })

  it('A-GOV-04 a right secret that is refused is no guess, a wrong one is', async () => {
    const issuer = await newIssuer({ policy: { stages: { requirePrivateKeyJwt: 'enforce' } } })
    const { S } = issuer.clients
    for (let index = 0; index < 12; index++) expectRefusal(await issuer.clientCredentials(S), 'invalid_client', 401)
    for (let index = 0; index < 10; index++)
      expectRefusal(await issuer.clientCredentials(S, {}, { secret: 'x' }), 'invalid_client', 401)
    expect((await issuer.clientCredentials(S)).status).toBe(429)
  })

  it('A-GOV-04, B-DPOP-18 refuses requests for tokens without a proof at the last stage, and counts them before', async () => {
    for (const stage of stages) {
      const issuer = await newIssuer({ policy: { stages: { requireSenderConstraint: stage } } })
      const { K, P, S } = issuer.clients
      const code = await issuer.authorize({ client: P })
      const bare = [
        await serviceToken(issuer, {}),
        await issuer.redeem(await issuer.authorize()),
        await issuer.redeem(code),
      ]
      expect(bare.map(({ status }) => status)).toEqual(Array<number>(3).fill(stage === 'enforce' ? 400 : 200))
      for (const answer of [
        await serviceToken(issuer),
        await issuer.redeem(await issuer.authorize(), {}, proven(issuer)),
      ])
        expectTokens(answer)
      if (stage === 'enforce') {
        for (const answer of bare) expectRefusal(answer, 'invalid_request')
        expect(eventsOf(issuer, 'token.request.rejected', 'proof_missing')).toHaveLength(3)
        // The refused request left the code as it was.
        expectTokens(await issuer.redeem(code, {}, proven(issuer)))
        continue
      }
      await issuer.server.maintain()
      for (const { id } of [K, S]) {
        const { items } = await issuer.store.usage.list({ clientId: id }, undefined, 10)
        expect(items[0]?.counts).toMatchObject({ bearer_tokens: 1, bound_tokens: 1 })
      }
    }
  })

  it('A-GOV-04 cannot demand proofs where none are taken', () => {
    const enforced = { requireSenderConstraint: 'enforce' } as const
    expect(() => createPolicy({ dpop: false, stages: enforced })).toThrow(PolicyError)
    expect(createPolicy({ dpop: false, stages: { requireSenderConstraint: 'warn' } }).dpop).toBe(false)
    expect(createPolicy({ stages: enforced }).stages).toMatchObject(enforced)
  })

  it('A-GOV-08 has no stage below what every client gets, and no stage for what is not optional', () => {
    expect(createPolicy().stages).toEqual(Object.fromEntries(tightenings.map((name) => [name, 'off'])))
    for (const wrong of [{ requireState: 'forbid' }, { requirePkce: 'off' }, { requireState: false }, 'off', null])
      expect(() => createPolicy({ stages: wrong as object })).toThrow(PolicyError)
  })
})
