import { lookupKey } from '@sallyport/protocol'
import { StoreUnavailable } from '@sallyport/server'
import type { Tokens, TestIssuer, CodeFlow } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

async function signOut(issuer: TestIssuer, { authorized }: CodeFlow): Promise<void> {
  const visit = await authorized.browser.open('/oauth2/logout')
  await authorized.browser.submit(visit, 'logout-form')
}

describe('what ends a family', () => {
  it('A-RT-11, RT-19 with offline_access a confidential client goes on after the sign-out', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    await signOut(issuer, flow)
    expectTokens(await issuer.refresh(flow))
  })

  it('A-RT-11, RT-19 a browser-based client never does', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({ client: issuer.clients.P })
    await signOut(issuer, flow)
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
    expect(await issuer.isAlive(flow.accessToken)).toBe(false)
  })

  it('A-RT-11, RT-19 without offline_access nobody does', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { sessionRefreshTokens: true })
    const flow = await issuer.codeFlow({ client, parameters: { scope: 'openid read' } })
    expect(flow.refreshToken).not.toBe('')
    await signOut(issuer, flow)
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
    expectEvent(issuer, 'session.ended', { reason: 'logout' })
  })

  it('A-RT-11, RT-18 a changed password ends every session, family and access token', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({ remember: true })
    const { store, alice, clock } = issuer
    await store.endSubject(alice.subject, 'credential_change', clock.now(), [])
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
    expect(await issuer.isAlive(flow.accessToken)).toBe(false)
    const { visit } = await issuer.begin({ browser: flow.authorized.browser })
    expect(visit.forms[0]?.id).toBe('login-form')
  })

  it('A-RT-11, RT-17 withdrawn consent ends the grant', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow({ remember: true })
    const { store, alice, clients, clock } = issuer
    expect(await store.withdrawConsent(alice.subject, clients.K.id, clock.now(), [])).toBe(true)
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
    expect((await issuer.introspect(clients.RS1, flow.accessToken)).text).toBe('{"active":false}')
  })

  it('A-RT-12, RT-12 a disabled person is out, and stays out when enabled again', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    const { store, alice, clock } = issuer
    await store.setSubjectActive(alice.subject, false, clock.now(), [])
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
    await store.setSubjectActive(alice.subject, true, clock.now(), [])
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
    expect(eventsOf(issuer, 'token.request.rejected', 'subject_inactive')).toHaveLength(2)
  })

  it('A-RT-12, RT-13 client disabled, grant removed, secret replaced', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    const flow = await issuer.codeFlow()
    await issuer.changeClient(K, { grantTypes: ['authorization_code'] })
    expectRefusal(await issuer.refresh(flow), 'unauthorized_client')
    await issuer.changeClient(K, { grantTypes: K.record.grantTypes, disabledAt: issuer.clock.now() })
    expectRefusal(await issuer.refresh(flow), 'invalid_client', 401)
    const secrets = [{ ...K.record.secrets[0]!, digest: lookupKey('another secret of the client') }]
    await issuer.changeClient(K, { disabledAt: undefined, secrets })
    expectRefusal(await issuer.refresh(flow), 'invalid_client', 401)
    expectTokens(await issuer.refresh(flow, {}, { secret: 'another secret of the client' }))
  })

  it('A-RT-12 an authorization revoked while the answer was being signed wins', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    const view = await issuer.store.findRefreshToken(lookupKey(flow.refreshToken))
    const release = issuer.store.hold('redeem')
    const answer = issuer.refresh(flow)
    await new Promise(setImmediate)
    await issuer.store.revokeAuthorization(view?.authorization.id ?? '', 'administrator', issuer.clock.now(), [])
    release()
    expectRefusal(await answer, 'invalid_grant')
  })
})

describe('at rest and in trouble', () => {
  it('A-RT-13 the store knows digest, family, sequence and times, and never the token', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    expect(flow.refreshToken).toMatch(/^[\w-]{43}$/)
    const view = await issuer.store.findRefreshToken(lookupKey(flow.refreshToken))
    expect(view?.token).toMatchObject({ sequence: 0, clientId: flow.client.id, issuedAt: issuer.clock.now() })
    expect(view?.authorization).toMatchObject({ subject: issuer.alice.subject, resources: ['https://rs1.test'] })
    expect(JSON.stringify(view)).not.toContain(flow.refreshToken)
  })

  it('A-RT-13 the stored digest is no refresh token', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    expectRefusal(await issuer.refresh({ ...flow, refreshToken: lookupKey(flow.refreshToken) }), 'invalid_grant')
  })

  it('A-RT-14 a store that fails before the write spends nothing: 503, and the old token works', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const flow = await issuer.codeFlow()
    issuer.store.failNext('redeem', new StoreUnavailable('full'), { times: 1 })
    const answer = await issuer.refresh(flow)
    expectRefusal(answer, 'temporarily_unavailable', 503)
    expect(answer.headers['retry-after']).toMatch(/^\d+$/)
    expectEvent(issuer, 'store.unavailable', { reason: 'store_unavailable' })
    expectTokens(await issuer.refresh(flow))
  })

  it('A-RT-14, A-RT-04 a store that fails after the write: the retry gets the successor that was stored', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const flow = await issuer.codeFlow()
    issuer.store.failNext('redeem', new StoreUnavailable('timeout'), { point: 'after', times: 1 })
    expectRefusal(await issuer.refresh(flow), 'temporarily_unavailable', 503)
    const answer = await issuer.refresh(flow)
    expectTokens(answer)
    const next: Pick<Tokens, 'client' | 'refreshToken'> = {
      ...flow,
      refreshToken: String(answer.json['refresh_token']),
    }
    expectTokens(await issuer.refresh(next))
  })

  it('RT-20 a revocation that could not be written is answered with 503, and works when tried again', async () => {
    const issuer = await newIssuer({ mayFail: true, policy: { refreshRetryGrace: 0 } })
    const flow = await issuer.codeFlow()
    issuer.store.failNext('revokeAuthorization', new StoreUnavailable('read_only'), { times: 1 })
    const answer = await issuer.revoke(flow.client, flow.refreshToken)
    expectRefusal(answer, 'temporarily_unavailable', 503)
    expect(await issuer.isAlive(flow.accessToken)).toBe(true)
    const next = await issuer.refreshed(flow)
    issuer.store.failNext('revokeAuthorization', new StoreUnavailable('read_only'), { times: 1 })
    expectRefusal(await issuer.refresh(flow), 'temporarily_unavailable', 503)
    expectRefusal(await issuer.refresh(flow), 'invalid_grant')
    expect(await issuer.isAlive(next.accessToken)).toBe(false)
  })
})
