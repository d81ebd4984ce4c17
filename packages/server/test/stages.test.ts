import { createPolicy, PolicyError, stages, tightenings } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { expectBack, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

describe('tightening in stages', () => {
  it('A-GOV-04 refuses only at the last stage, and counts before', async () => {
    for (const stage of stages) {
      const issuer = await newIssuer({
        policy: { stages: { requireState: stage, requireNonce: stage, requireRedirectUriAtToken: stage } },
      })
      const stateless = await issuer.authorize({ parameters: { state: undefined } })
      const nonceless = await issuer.authorize({ parameters: { nonce: undefined } })
      const withoutOpenid = await issuer.authorize({ parameters: { nonce: undefined, scope: 'read' } })
      const bare = await issuer.redeem(await issuer.authorize(), { redirect_uri: undefined })
      expect(withoutOpenid.code).not.toBe('')
      if (stage === 'enforce') {
        expectBack(stateless, 'invalid_request')
        expectBack(nonceless, 'invalid_request')
        expectRefusal(bare, 'invalid_request')
        continue
      }
      expect(stateless.code).not.toBe('')
      expect(nonceless.code).not.toBe('')
      expectTokens(bare)
      await issuer.server.maintain()
      const { items } = await issuer.store.usage.list({ clientId: issuer.clients.K.id }, undefined, 10)
      expect(items[0]?.counts).toMatchObject({
        authorization_requests: 4,
        with_state: 3,
        openid_without_nonce: 1,
        codes_redeemed: 1,
      })
      expect(items[0]?.counts).not.toHaveProperty('redirect_uri_at_token')
    }
  })

  it('A-GOV-08 has no stage below what every client gets, and no stage for what is not optional', () => {
    expect(createPolicy().stages).toEqual(Object.fromEntries(tightenings.map((name) => [name, 'off'])))
    for (const wrong of [{ requireState: 'forbid' }, { requirePkce: 'off' }, { requireState: false }, 'off', null])
      expect(() => createPolicy({ stages: wrong as object })).toThrow(PolicyError)
  })
})
