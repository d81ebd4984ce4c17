import { StoreUnavailable } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { newIssuer } from './fixtures.ts'

const week = '2027-W02'
const inWeek = Date.UTC(2027, 0, 15) / 1000

describe('the use of clients', () => {
  it('A-GOV-03 counts requests, codes and redemptions of one client and week', async () => {
    const issuer = await newIssuer({ start: inWeek })
    const { K, E } = issuer.clients
    await issuer.codeFlow({ client: K })
    await issuer.codeFlow({ client: K })
    await issuer.begin({ client: K, parameters: { code_challenge: undefined, code_challenge_method: undefined } })
    await issuer.codeFlow({ client: E })
    expect((await issuer.store.usage.list({}, undefined, 10)).items).toEqual([])
    await issuer.server.maintain()
    const { items } = await issuer.store.usage.list({ clientId: K.id }, undefined, 10)
    expect(items).toEqual([
      {
        clientId: K.id,
        week,
        counts: {
          authorization_requests: 2,
          with_s256: 2,
          with_state: 2,
          with_nonce: 2,
          codes_issued: 2,
          bearer_tokens: 2,
          authenticated_by_secret: 2,
          codes_redeemed: 2,
          codes_redeemed_with_verifier: 2,
          redirect_uri_at_token: 2,
        },
        refused: { pkce_required: 1 },
      },
    ])
  })

  it('A-GOV-05 remembers the last use, the library of the token request and the last refusal', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const authorized = await issuer.authorize({ client: K })
    await issuer.redeem(authorized, {}, { headers: { 'user-agent': 'openid-client/6.8.1 (node)' } })
    const usedAt = issuer.clock.now()
    issuer.clock.advance(5)
    await issuer.redeem(authorized, { code_verifier: 'x'.repeat(43) })
    await issuer.server.maintain()
    expect(await issuer.store.usage.lastUse(K.id)).toEqual({
      clientId: K.id,
      usedAt,
      library: 'openid-client/6.8.1',
      refusal: { reason: 'pkce_mismatch', at: issuer.clock.now() },
      secrets: { [K.record.secrets[0]?.id ?? '']: issuer.clock.now() },
    })
  })

  it('B-REG-11, A-GOV-05 counts what anybody may ask without a proof, and takes it for no use of the client', async () => {
    const issuer = await newIssuer()
    const { K, P } = issuer.clients
    await issuer.begin({ client: K })
    await issuer.begin({ client: P, pushed: true })
    await issuer.server.maintain()
    for (const { id } of [K, P]) {
      expect((await issuer.store.usage.lastUse(id))?.usedAt).toBeUndefined()
      const { items } = await issuer.store.usage.list({ clientId: id }, undefined, 10)
      expect(items[0]?.counts).toMatchObject({ authorization_requests: 1, with_s256: 1 })
    }
    await issuer.authorize({ client: P })
    await issuer.server.maintain()
    expect((await issuer.store.usage.lastUse(P.id))?.usedAt).toBe(issuer.clock.now())
  })

  it('A-LOG-02 keeps no library hint that could be something else', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    for (const agent of ['<script>alert(1)</script>', 'secret token with spaces', `${'a'.repeat(41)}/1`, '']) {
      await issuer.clientCredentials(S, { scope: 'read' }, { headers: { 'user-agent': agent } })
    }
    await issuer.server.maintain()
    expect((await issuer.store.usage.lastUse(S.id))?.library).toBeUndefined()
  })

  it('A-GOV-03 parts two weeks at Monday midnight, and loses nothing while the store is away', async () => {
    const sunday = Date.UTC(2027, 0, 17, 23, 59, 50) / 1000
    const issuer = await newIssuer({ start: sunday })
    const { S } = issuer.clients
    const { add } = issuer.store.usage
    await issuer.clientCredentials(S, { scope: 'read' })
    Object.assign(issuer.store.usage, { add: () => Promise.reject(new StoreUnavailable('full')) })
    await issuer.server.maintain()
    await issuer.clientCredentials(S, { scope: 'read' })
    issuer.clock.advance(20)
    await issuer.clientCredentials(S, { scope: 'read' })
    Object.assign(issuer.store.usage, { add })
    await issuer.server.maintain()
    await issuer.server.maintain()
    const { items } = await issuer.store.usage.list({}, undefined, 10)
    expect(items.map((row) => [row.week, row.counts.client_credentials])).toEqual([
      [week, 2],
      ['2027-W03', 1],
    ])
  })
})
