import { decodeJwt, dpopProof, createClientKey, thumbprintOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectErrorPage, expectEvent, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { bankIssuer, counter } from './fixtures.ts'

const path = '/oauth2/backchannel_authentication'

describe('asking', () => {
  it('B-CIBA-01 is there where the policy offers it, for clients that prove who they are and may use the grant', async () => {
    const plain = await newIssuer()
    expect((await plain.post(path, {})).status).toBe(404)
    expect((await plain.get('/account/requests')).status).toBe(404)
    await expect(bankIssuer({}, { type: 'spa' })).rejects.toThrow(/ciba is not for clients of type spa/)
    const { issuer, client } = await bankIssuer()
    expect((await issuer.get(path)).status).toBe(405)
    const metadata = (await issuer.get('/.well-known/openid-configuration')).json
    expect(metadata).toMatchObject({
      backchannel_authentication_endpoint: `https://as.test${path}`,
      backchannel_token_delivery_modes_supported: ['poll', 'ping'],
      backchannel_user_code_parameter_supported: false,
      grant_types_supported: expect.arrayContaining(['urn:openid:params:grant-type:ciba']) as unknown,
    })
    expectRefusal(await issuer.post(path, { scope: 'openid', login_hint: 'alice' }), 'invalid_client', 401)
    expectRefusal(await issuer.askPerson(issuer.clients.K), 'unauthorized_client')
    expectRefusal(await issuer.askPerson(client, { scope: 'read' }), 'invalid_scope')
    expectRefusal(await issuer.askPerson(client, { scope: 'openid deliver' }), 'invalid_scope')
    expectRefusal(await issuer.askPerson(client, { resource: 'https://nowhere.test' }), 'invalid_target')
    expectRefusal(await issuer.askPerson(client, { scope: ['openid', 'openid'] }), 'invalid_request')
    expectRefusal(await issuer.askPerson(client, { request: 'a.b.c' }), 'request_not_supported')
  })

  it('B-CIBA-01 takes exactly one hint', async () => {
    const { issuer, client } = await bankIssuer()
    const { idToken } = await issuer.codeFlow({ client })
    for (const hints of [
      { login_hint: undefined },
      { id_token_hint: idToken },
      { login_hint: undefined, login_hint_token: 'a.b.c' },
    ])
      expectRefusal(await issuer.askPerson(client, hints), 'invalid_request')
    const byToken = { login_hint: undefined, id_token_hint: idToken }
    expect((await issuer.askPerson(client, byToken)).status).toBe(200)
    const foreign = await issuer.codeFlow({ client: issuer.clients.K })
    for (const id_token_hint of [foreign.idToken, `${idToken}x`, 'nonsense'])
      expectRefusal(await issuer.askPerson(client, { ...byToken, id_token_hint }), 'invalid_request')
  })

  it('B-CIBA-03 answers with what the client needs to poll', async () => {
    const { issuer, client } = await bankIssuer()
    const { answer, authReqId } = await issuer.beginRequest(client)
    expect(answer.json).toEqual({ auth_req_id: authReqId, expires_in: 120, interval: 5 })
    expect(authReqId).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(answer.headers['cache-control']).toBe('no-store')
    const shorter = await issuer.askPerson(client, { requested_expiry: '40' })
    expect(shorter.json['expires_in']).toBe(40)
    expect((await issuer.askPerson(client, { requested_expiry: '99999' })).json['expires_in']).toBe(120)
    for (const requested_expiry of ['0', '-1', '1.5', 'soon', '1e3'])
      expectRefusal(await issuer.askPerson(client, { requested_expiry }), 'invalid_request')
  })

  it('B-CIBA-04 knows nobody by a hint of nobody, of somebody who was disabled, or without a way to look', async () => {
    const { issuer, client } = await bankIssuer()
    expectRefusal(await issuer.askPerson(client, { login_hint: 'mallory' }), 'unknown_user_id')
    const { idToken } = await issuer.codeFlow({ client, person: issuer.bob })
    await issuer.store.setSubjectActive(issuer.bob.subject, false, issuer.clock.now(), [])
    expectRefusal(await issuer.askPerson(client, { login_hint: 'bob' }), 'unknown_user_id')
    expectRefusal(await issuer.askPerson(client, { login_hint: undefined, id_token_hint: idToken }), 'unknown_user_id')
    const pairwise = { subjectType: 'pairwise' } as const
    const secret = await issuer.addClient({ ...counter, ...pairwise })
    const known = await issuer.codeFlow({ client: secret })
    const hint = { login_hint: undefined, id_token_hint: known.idToken }
    expectRefusal(await issuer.askPerson(secret, hint), 'unknown_user_id')
  })

  it('B-CIBA-04 shows the binding message, and takes no other than a short and printable one', async () => {
    const { issuer, client } = await bankIssuer()
    for (const binding_message of ['x'.repeat(65), '\u202eolleh', 'a\u200bb', 'a\u00a0b', '\u{e000}'])
      expectRefusal(await issuer.askPerson(client, { binding_message }), 'invalid_binding_message')
    for (const binding_message of ['two\nlines', 'tab\there'])
      expectRefusal(await issuer.askPerson(client, { binding_message }), 'invalid_request')
    await issuer.beginRequest(client, { binding_message: 'Überweisung W4SCT <b>' })
    const { visit } = await issuer.openRequests()
    expect(visit.answer.text).toContain('Überweisung W4SCT &lt;b&gt;')
    expect(issuer.records.notices).toEqual([
      {
        kind: 'request_waits',
        issuer: 'https://as.test',
        subject: issuer.alice.subject,
        clientId: client.id,
        clientName: 'Bank counter',
        at: issuer.clock.now(),
        bindingMessage: 'Überweisung W4SCT <b>',
        expiresAt: issuer.clock.now() + 120,
      },
    ])
  })

  it('B-CIBA-07 asks one person only so often, whoever asks, and never with more than ten at once', async () => {
    const { issuer, client } = await bankIssuer({ policy: { backchannelRequestsPerPerson: 3 } })
    const other = await issuer.addClient(counter)
    for (const one of [client, other, client]) await issuer.beginRequest(one)
    const refused = await issuer.askPerson(other)
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '600'])
    expect((await issuer.askPerson(other, { login_hint: 'bob' })).status).toBe(200)
    issuer.clock.advance(601)
    expect((await issuer.askPerson(other)).status).toBe(200)
    const many = await bankIssuer()
    for (let count = 0; count < 10; count++) await many.issuer.beginRequest(many.client)
    expect((await many.issuer.askPerson(many.client)).status).toBe(429)
    const page = await many.issuer.openRequests()
    expect(page.visit.forms.filter(({ id }) => id?.startsWith('request-'))).toHaveLength(10)
  })
})

describe('the decision', () => {
  it('B-CIBA-05 gives tokens once, after the person allowed it, and tells how things stand until then', async () => {
    const { issuer, client } = await bankIssuer()
    const begun = await issuer.beginRequest(client)
    expectRefusal(await issuer.pollRequest(begun), 'authorization_pending')
    issuer.clock.advance(2)
    expectRefusal(await issuer.pollRequest(begun), 'slow_down')
    issuer.clock.advance(8)
    expectRefusal(await issuer.pollRequest(begun), 'slow_down')
    issuer.clock.advance(16)
    expectRefusal(await issuer.pollRequest(begun), 'authorization_pending')
    await issuer.answerRequest()
    const tokens = await issuer.pollRequest(begun)
    expectTokens(tokens)
    expect(tokens.json['refresh_token']).toBeTypeOf('string')
    expect(tokens.json['scope']).toBe('read')
    expectEvent(issuer, 'backchannel.approved', { clientId: client.id, subject: issuer.alice.subject })
    expectRefusal(await issuer.pollRequest(begun), 'invalid_grant')
    expectEvent(issuer, 'token.code.replayed', { clientId: client.id })
    expect(await issuer.isAlive(String(tokens.json['access_token']))).toBe(true)
  })

  it('B-CIBA-05 belongs to the client that asked, and no other grant takes its identifier', async () => {
    const { issuer, client } = await bankIssuer({ policy: { deviceGrant: true } })
    const other = await issuer.addClient(counter)
    const begun = await issuer.beginRequest(client)
    await issuer.answerRequest()
    expectRefusal(await issuer.pollRequest(begun, {}, { as: other }), 'invalid_grant')
    expectEvent(issuer, 'token.code.client_mismatch', { clientId: other.id, severity: 'high' })
    const device = await issuer.beginDevice()
    expectRefusal(await issuer.poll({ ...device, deviceCode: begun.authReqId }), 'invalid_grant')
    expectRefusal(await issuer.pollRequest({ client, authReqId: device.deviceCode }), 'invalid_grant')
    expectRefusal(await issuer.pollRequest({ client, authReqId: 'x'.repeat(43) }), 'invalid_grant')
    expectRefusal(await issuer.pollRequest(begun, { auth_req_id: undefined }), 'invalid_request')
    expectTokens(await issuer.pollRequest(begun))
  })

  it('B-CIBA-05 exactly one of 32 polls at the same moment gets tokens', async () => {
    const { issuer, client } = await bankIssuer()
    const begun = await issuer.beginRequest(client)
    await issuer.answerRequest()
    const answers = await Promise.all(Array.from({ length: 32 }, () => issuer.pollRequest(begun)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ json }) => json['error']))).toEqual(
      new Set(['invalid_grant']),
    )
  })

  it('B-CIBA-05 ends with the time that the person had', async () => {
    const { issuer, client } = await bankIssuer()
    const begun = await issuer.beginRequest(client)
    const { browser, visit } = await issuer.openRequests()
    issuer.clock.advance(120)
    expectRefusal(await issuer.pollRequest(begun), 'expired_token')
    const late = await browser.submit(visit, 'request-0-form', { decision: 'allow' })
    expect([late.answer.status, late.answer.text]).toEqual([400, expect.stringContaining('id="problem">over<')])
    expect((await issuer.openRequests({ browser })).visit.forms.filter(({ id }) => id === 'request-0-form')).toEqual([])
  })

  it.each([
    ['deny', 'declined', 'info'],
    ['disown', 'not_started', 'high'],
  ] as const)('B-CIBA-05 tells the client of a person who chose %s', async (decision, reason, severity) => {
    const { issuer, client } = await bankIssuer()
    const begun = await issuer.beginRequest(client)
    await issuer.answerRequest({ decision })
    expectRefusal(await issuer.pollRequest(begun), 'access_denied')
    expectEvent(issuer, 'backchannel.denied', { clientId: client.id, reason, severity })
    const kinds = (): readonly string[] => issuer.records.alerts.map(({ kind }) => kind)
    if (decision === 'disown') await expect.poll(kinds).toEqual(['backchannel_not_started'])
  })

  it('B-CIBA-07 is made by nobody but the person who is meant, on a form of our own', async () => {
    const { issuer, client } = await bankIssuer()
    await issuer.beginRequest(client)
    const hers = await issuer.openRequests()
    const his = await issuer.openRequests({ person: issuer.bob })
    expect(his.visit.forms.filter(({ id }) => id === 'request-0-form')).toEqual([])
    const form = hers.visit.forms.find(({ id }) => id === 'request-0-form')
    const fields = { ...form?.fields, decision: 'allow' }
    const stolen = await his.browser.post('/account/requests', fields)
    expectErrorPage(stolen, 'csrf', 403)
    const foreign = await hers.browser.post('/account/requests', fields, { origin: 'https://evil.test' })
    expectErrorPage(foreign, 'csrf', 403)
    const nothing = await hers.browser.submit(hers.visit, 'request-0-form', {})
    expect(nothing.answer.status).toBe(400)
    expect(eventsOf(issuer, 'backchannel.approved')).toEqual([])
  })

  it('B-CIBA-08 the tokens are as from any other grant: ID token, key binding, refresh, end with the person', async () => {
    const { issuer, client } = await bankIssuer()
    const key = createClientKey('ES256')
    const uri = 'https://as.test/oauth2/token'
    const proof = (): Record<string, string> => ({
      dpop: dpopProof(key, { method: 'POST', uri, now: issuer.clock.now() }),
    })
    const begun = await issuer.beginRequest(client, { acr_values: 'urn:sallyport:test:password' })
    await issuer.answerRequest()
    const tokens = await issuer.pollRequest(begun, {}, { headers: proof() })
    expect(tokens.json['token_type']).toBe('DPoP')
    const access = decodeJwt(String(tokens.json['access_token'])).claims
    expect(access).toMatchObject({ aud: 'https://rs1.test', cnf: { jkt: thumbprintOf(key) } })
    expect(decodeJwt(String(tokens.json['id_token'])).claims).toMatchObject({
      aud: client.id,
      sub: issuer.alice.subject,
      acr: 'urn:sallyport:test:password',
    })
    await issuer.store.setSubjectActive(issuer.alice.subject, false, issuer.clock.now(), [])
    const refresh = { grant_type: 'refresh_token', refresh_token: String(tokens.json['refresh_token']) }
    expectRefusal(await issuer.token(client, refresh, { headers: proof() }), 'invalid_grant')
  })
})
