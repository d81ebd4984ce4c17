import { stages } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { documentIssuer, documentUrl, goodDocument } from '../documents.ts'
import { eventsOf, expectBack, expectPage, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { asTestClient, manage, openIssuer, outcome, plain, register } from '../registration/registrations.ts'
import { addressOf, pushed, requestOf } from './fixtures.ts'

/** Everything a browser could bring in the place of a reference. */
const direct = [
  { method: 'GET' },
  { method: 'POST' },
  { parameters: { request: 'a.b.c' } },
  { parameters: { request_uri: 'https://web.test/request' } },
  { parameters: { code_challenge: undefined, code_challenge_method: undefined } },
  { parameters: { prompt: 'none' } },
] as const

describe('a client that has to push', () => {
  it('B-PAR-09, JR-11 gets nothing for a direct request, and its code for a reference', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { requirePushedRequests: true })
    for (const one of direct) {
      const back = await issuer.authorize({ client, ...one })
      // What stands beside a request object does not count, its state neither.
      const state = back.sent['request'] === undefined ? back.sent['state'] : undefined
      expectBack({ ...back, sent: { ...back.sent, state } }, 'invalid_request')
    }
    expect(eventsOf(issuer, 'authz.request.rejected', 'par_required')).toHaveLength(direct.length)
    const flow = await issuer.authorize({ client, pushed: true })
    expectTokens(await issuer.redeem(flow))
    expect((await issuer.authorize({ client: issuer.clients.E })).code).not.toBe('')
  })

  it('B-PAR-09 learns of it on a page where its redirect URI is wrong as well', async () => {
    const issuer = await newIssuer()
    const client = await issuer.changeClient(issuer.clients.K, { requirePushedRequests: true })
    const asked = await issuer.authorize({ client, parameters: { redirect_uri: 'https://web.test/other' } })
    expectPage(asked, 'redirect_uri_mismatch')
    const known = `urn:ietf:params:oauth:request_uri:${'A'.repeat(43)}`
    const forged = await issuer.browser().open(addressOf(client, known))
    expect(forged.leftFor).toContain('error=invalid_request_uri')
  })

  it('B-PAR-09 is held to it from the moment it is registered so, also for what began before', async () => {
    const issuer = await newIssuer()
    const begun = await issuer.begin({ client: issuer.clients.K })
    const reference = await pushed(issuer, issuer.clients.K)
    const client = await issuer.changeClient(issuer.clients.K, { requirePushedRequests: true })
    const browser = issuer.browser()
    const visit = await browser.open(addressOf(client, reference))
    expect((await issuer.finish({ ...begun, browser, visit })).code).not.toBe('')
    expectBack(await issuer.authorize({ client }), 'invalid_request')
  })

  it('B-PAR-09 says so when it registers itself, is told what holds, and can take it back', async () => {
    const issuer = await openIssuer()
    const answer = await register(issuer, { ...plain, require_pushed_authorization_requests: true })
    expect([answer.status, answer.json['require_pushed_authorization_requests']]).toEqual([201, true])
    const client = await asTestClient(issuer, answer)
    // Nobody vouches for it, so its error stays on a page.
    expectPage(await issuer.authorize({ client, parameters: { scope: 'openid' } }), 'par_required')
    expect((await issuer.authorize({ client, pushed: true, parameters: { scope: 'openid' } })).code).not.toBe('')
    for (const value of ['true', 1, null])
      expect(outcome(await register(issuer, { ...plain, require_pushed_authorization_requests: value }))).toBe(
        '400 invalid_client_metadata',
      )
    const { client_id, registration_access_token: token } = answer.json
    const changed = await manage(issuer, 'PUT', client_id, token, { ...plain, client_id })
    expect([changed.status, changed.json['require_pushed_authorization_requests']]).toEqual([200, false])
    issuer.clock.advance(60)
    expect((await issuer.authorize({ client, parameters: { scope: 'openid' } })).code).not.toBe('')
  })

  it('B-PAR-09 says so in its metadata document', async () => {
    const { issuer, client, host } = await documentIssuer()
    host.body = JSON.stringify({ ...goodDocument, require_pushed_authorization_requests: true })
    const parameters = { scope: 'openid', resource: undefined }
    expectPage(await issuer.authorize({ client, parameters }), 'par_required')
    expect((await issuer.authorize({ client, pushed: true, parameters })).code).not.toBe('')
    expect((await issuer.store.findClient(documentUrl))?.requirePushedRequests).toBe(true)
    const other = await documentIssuer()
    other.host.body = JSON.stringify({ ...goodDocument, require_pushed_authorization_requests: 'yes' })
    expectPage(await other.issuer.authorize({ client: other.client, parameters }), 'document_invalid')
  })

  it('B-PAR-09 is one that sends people somewhere; nobody else can be held to it', async () => {
    const issuer = await newIssuer()
    const service = { type: 'service', name: 'Batch', scope: 'read', requirePushedRequests: true } as const
    await expect(issuer.addClient(service)).rejects.toThrow(/requirePushedRequests: is for clients with the grant/)
  })
})

describe('a server that wants every request pushed', () => {
  it('B-PAR-09, A-GOV-04, B-DISC-05 counts before it refuses, and says it in its metadata only then', async () => {
    for (const stage of stages) {
      const issuer = await newIssuer({ policy: { stages: { requirePushedRequests: stage } } })
      const { K, P } = issuer.clients
      const member = 'require_pushed_authorization_requests'
      const metadata = (await issuer.get('/.well-known/openid-configuration')).json
      expect(metadata[member]).toBe(stage === 'enforce' ? true : undefined)
      expect(metadata['pushed_authorization_request_endpoint']).toBe('https://as.test/oauth2/par')
      for (const client of [K, P]) {
        const flow = await issuer.authorize({ client, pushed: true })
        expectTokens(await issuer.redeem(flow))
        const asked = await issuer.authorize({ client })
        if (stage === 'enforce') expectBack(asked, 'invalid_request')
        else expect(asked.code).not.toBe('')
      }
      await issuer.server.maintain()
      const { items } = await issuer.store.usage.list({ clientId: K.id }, undefined, 10)
      const counts = { pushed_requests: 1, authorization_requests: stage === 'enforce' ? 1 : 2 }
      expect(items[0]?.counts).toMatchObject(counts)
    }
  })

  it('B-PAR-09 no client loosens it', async () => {
    const issuer = await newIssuer({ policy: { stages: { requirePushedRequests: 'enforce' } } })
    const client = await issuer.changeClient(issuer.clients.K, { requirePushedRequests: false })
    expectBack(await issuer.authorize({ client }), 'invalid_request')
    expectRefusal(await issuer.push(client, requestOf(issuer, client, { scope: 'admin' })), 'invalid_scope')
  })
})
