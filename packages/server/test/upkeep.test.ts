import { after, lookupKey } from '@sallyport/protocol'
import type { Interaction } from '@sallyport/server'
import type { Tokens } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectRefusal, newIssuer } from './fixtures.ts'

const day = 86_400

describe('upkeep', () => {
  it('FT-21 one round removes all that may go, however much there is', async () => {
    const issuer = await newIssuer()
    const { store, clock, random } = issuer
    const { visit } = await issuer.begin()
    const handle = visit.forms[0]?.fields['interaction'] ?? ''
    const kept = await store.findInteraction(lookupKey(handle), clock.now())
    if (kept === undefined || kept === 'consumed') throw new Error('no interaction')
    const digests = Array.from({ length: 3500 }, () => lookupKey(random.handle()))
    for (const digest of digests) await store.saveInteraction({ ...kept, digest } satisfies Interaction)
    clock.advance(601)
    const live = { ...kept, digest: lookupKey(random.handle()), expiresAt: after(clock.now(), 60) }
    await store.saveInteraction(live)
    await issuer.server.maintain()
    expect(await store.sweep(clock.now(), 1000)).toMatchObject({ interactions: 0 })
    expect(await store.findInteraction(live.digest, clock.now())).toBeDefined()
  })
})

describe('what lives as long as the session', () => {
  it('A-RT-11 refresh tokens without offline access end with a session that nobody signed out', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { sessionRefreshTokens: true })
    let flow: Tokens = await issuer.codeFlow({ client, parameters: { scope: 'openid read' } })
    for (let days = 1; days < 7; days++) {
      issuer.clock.advance(day)
      flow = await issuer.refreshed(flow)
    }
    issuer.clock.advance(day)
    await issuer.server.maintain()
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
  })

  it('B-CX-16, RT-19 those with offline access live on', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    issuer.clock.advance(8 * day)
    await issuer.server.maintain()
    expect((await issuer.refresh(flow)).status).toBe(200)
  })
})
