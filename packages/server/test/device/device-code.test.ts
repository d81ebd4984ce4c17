import { decodeJwt, pkcePair, tokensOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectRefusal, expectTokens } from '../fixtures.ts'
import { deviceIssuer } from './fixtures.ts'

describe('polling', () => {
  it('A-DEV-10, DV-02 too early makes the interval five seconds longer, for all polls to come', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const answers: unknown[] = []
    for (const wait of [5, 1, 6, 15, 15]) {
      issuer.clock.advance(wait)
      const answer = await issuer.poll(begun)
      expect(answer.status).toBe(400)
      answers.push(answer.json['error'])
    }
    expect(answers).toEqual([
      'authorization_pending',
      'slow_down',
      'slow_down',
      'authorization_pending',
      'authorization_pending',
    ])
    await issuer.answerDevice(begun)
    expectTokens(await issuer.poll(begun))
  })

  it('DV-02 the interval is shared by all nodes', async () => {
    const issuer = await deviceIssuer()
    const node = await issuer.startNode()
    const begun = await issuer.beginDevice()
    expectRefusal(await issuer.poll(begun), 'authorization_pending')
    issuer.clock.advance(1)
    expectRefusal(await issuer.poll(begun, {}, { node }), 'slow_down')
    issuer.clock.advance(9)
    expectRefusal(await issuer.poll(begun), 'slow_down')
  })

  it('A-DEV-10 waiting is no refusal: no event, no count', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    await issuer.poll(begun)
    await issuer.poll(begun)
    await issuer.server.maintain()
    expect(issuer.records.events).toEqual([])
    const [week] = (await issuer.store.usage.list({ clientId: begun.client.id }, undefined, 10)).items
    expect(week?.refused).toEqual({})
  })

  it('A-DEV-11 refused, expired, unknown and used are told apart', async () => {
    const issuer = await deviceIssuer()
    const [declined, late, approvedLate, used] = [
      await issuer.beginDevice(),
      await issuer.beginDevice(),
      await issuer.beginDevice(),
      await issuer.beginDevice(),
    ]
    await issuer.answerDevice(declined, { decision: 'deny' })
    expectRefusal(await issuer.poll(declined), 'access_denied')
    await issuer.answerDevice(used)
    expectTokens(await issuer.poll(used))
    expectRefusal(await issuer.poll(used), 'invalid_grant')
    await issuer.answerDevice(approvedLate)
    issuer.clock.advance(600)
    expectRefusal(await issuer.poll(late), 'expired_token')
    expectRefusal(await issuer.poll(approvedLate), 'expired_token')
    expectRefusal(await issuer.poll(declined), 'access_denied')
    expectRefusal(await issuer.poll({ ...late, deviceCode: issuer.random.handle() }), 'invalid_grant')
    expectRefusal(await issuer.poll(late, { device_code: undefined }), 'invalid_request')
    issuer.clock.advance(600)
    await issuer.server.maintain()
    expectRefusal(await issuer.poll(late), 'invalid_grant')
  })
})

describe('the tokens', () => {
  it('A-DEV-09, DV-07 are those of what was approved', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice({ parameters: { scope: 'openid offline_access read' } })
    await issuer.answerDevice(begun)
    const answer = await issuer.poll(begun, { scope: 'openid offline_access read write' })
    const tokens = tokensOf(begun.client, answer)
    const { claims } = decodeJwt(tokens.accessToken)
    expect(claims).toMatchObject({ aud: 'https://rs1.test', scope: 'read', sub: issuer.alice.subject })
    expect(decodeJwt(tokens.idToken).claims).toMatchObject({ aud: begun.client.id, sub: issuer.alice.subject })
    const next = await issuer.refreshed(tokens)
    expect(decodeJwt(next.accessToken).claims['scope']).toBe('read')
    expect(await issuer.isAlive(next.accessToken)).toBe(true)
    const { store, clock, alice } = issuer
    await store.withdrawConsent(alice.subject, begun.client.id, clock.now(), [])
    expect(await issuer.isAlive(next.accessToken)).toBe(false)
    expectRefusal(await issuer.refresh(next), 'invalid_grant')
  })

  it('DV-07, A-RES-07 a resource in the token request only narrows', async () => {
    const issuer = await deviceIssuer()
    const resource = ['https://rs1.test', 'https://rs2.test']
    const begun = await issuer.beginDevice({ parameters: { scope: 'read deliver', resource } })
    await issuer.answerDevice(begun)
    expectRefusal(await issuer.poll(begun), 'invalid_target')
    expectRefusal(await issuer.poll(begun, { resource: 'https://as.test' }), 'invalid_target')
    const answer = await issuer.poll(begun, { resource: 'https://rs2.test' })
    expect(decodeJwt(String(answer.json['access_token'])).claims).toMatchObject({
      aud: 'https://rs2.test',
      scope: 'deliver',
    })
  })

  it('A-DEV-14 are short-lived, and only offline_access brings a refresh token', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice({ parameters: { scope: 'read' } })
    await issuer.answerDevice(begun)
    const { json } = await issuer.poll(begun)
    expect(json['expires_in']).toBe(300)
    expect(json).not.toHaveProperty('refresh_token')
    expect(json).not.toHaveProperty('id_token')
  })

  it('CO-10 none after the person was disabled or the authorization ended', async () => {
    const issuer = await deviceIssuer()
    const { store, clock, alice } = issuer
    const [revoked, inactive] = [await issuer.beginDevice(), await issuer.beginDevice()]
    await issuer.answerDevice(revoked)
    const [listed] = (await store.admin.listAuthorizations({ subject: alice.subject }, undefined, 10)).items
    const id = listed?.authorization.id ?? ''
    await store.revokeAuthorization(id, 'administrator', clock.now(), [])
    expectRefusal(await issuer.poll(revoked), 'invalid_grant')
    await issuer.answerDevice(inactive)
    await store.setSubjectActive(alice.subject, false, clock.now(), [])
    expectRefusal(await issuer.poll(inactive), 'invalid_grant')
  })

  it('A-GOV-03 are counted, and disturb no share of codes redeemed with a verifier', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    await issuer.answerDevice(begun)
    await issuer.poll(begun)
    await issuer.server.maintain()
    const [week] = (await issuer.store.usage.list({ clientId: begun.client.id }, undefined, 10)).items
    expect(week?.counts).toEqual({ device_codes_redeemed: 1, bearer_tokens: 1 })
  })
})

describe('somebody else', () => {
  it('A-DEV-09, DV-04 another client changes nothing', async () => {
    const issuer = await deviceIssuer()
    const other = await issuer.addClient({ type: 'device', name: 'Another', scope: 'read' })
    const begun = await issuer.beginDevice()
    await issuer.answerDevice(begun)
    expectRefusal(await issuer.poll(begun, {}, { as: other }), 'invalid_grant')
    expectEvent(issuer, 'token.code.client_mismatch', { clientId: other.id, severity: 'high' })
    expectTokens(await issuer.poll(begun))
  })

  it('DV-03 a replay revokes nothing and is logged', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    await issuer.answerDevice(begun)
    const tokens = tokensOf(begun.client, await issuer.poll(begun))
    expectRefusal(await issuer.poll(begun), 'invalid_grant')
    expectEvent(issuer, 'token.code.replayed', { reason: 'no_proof', clientId: begun.client.id })
    expect(eventsOf(issuer, 'grant.revoked')).toEqual([])
    expect(await issuer.isAlive(tokens.accessToken)).toBe(true)
    expect((await issuer.refresh(tokens)).status).toBe(200)
  })

  it('DV-08 guessing device codes pauses the network', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    const guess = () => issuer.poll({ ...begun, deviceCode: issuer.random.handle() })
    for (let attempt = 0; attempt < 20; attempt++) expectRefusal(await guess(), 'invalid_grant')
    expectRefusal(await guess(), 'temporarily_unavailable', 429)
    expectEvent(issuer, 'client.auth.locked', { reason: 'grant_guessing', severity: 'high' })
    const elsewhere = { remoteAddress: '192.0.2.99' }
    expectRefusal(await issuer.poll(begun, {}, elsewhere), 'authorization_pending')
  })

  it('A-PKCE-06 no other grant takes a device code, and this one no other code', async () => {
    const issuer = await deviceIssuer()
    const { D } = issuer.clients
    const client = await issuer.changeClient(D, {
      grantTypes: [...D.record.grantTypes, 'authorization_code'],
      redirectUris: ['com.example.tv:/cb'],
    })
    const begun = await issuer.beginDevice({ client })
    await issuer.answerDevice(begun)
    const asCode = { grant_type: 'authorization_code', code: begun.deviceCode }
    expectRefusal(await issuer.token(client, asCode), 'invalid_grant')
    const asRefresh = { grant_type: 'refresh_token', refresh_token: begun.deviceCode }
    expectRefusal(await issuer.token(client, asRefresh), 'invalid_grant')
    const authorized = await issuer.authorize({ client })
    expectRefusal(await issuer.poll({ ...begun, deviceCode: authorized.code }), 'invalid_grant')
    expectTokens(await issuer.redeem(authorized))
    expectTokens(await issuer.poll(begun))
  })
})

describe('a device with a challenge', () => {
  const begin = async () => {
    const issuer = await deviceIssuer()
    const { verifier, challenge } = pkcePair(issuer.random)
    const parameters = { code_challenge: challenge, code_challenge_method: 'S256' }
    return { issuer, begun: await issuer.beginDevice({ parameters }), verifier }
  }

  it('A-PKCE-07 shows its verifier with every poll', async () => {
    const { issuer, begun, verifier } = await begin()
    expectRefusal(await issuer.poll(begun, { code_verifier: verifier }), 'authorization_pending')
    await issuer.answerDevice(begun)
    expectTokens(await issuer.poll(begun, { code_verifier: verifier }))
  })

  it.for([
    ['mismatch', 'invalid_grant', 'x'.repeat(43)],
    ['pkce_required', 'invalid_grant', undefined],
    ['verifier_syntax', 'invalid_request', 'short'],
  ] as const)('A-PKCE-17 the first failure destroys the code: %s', async ([reason, error, wrong]) => {
    for (const approved of [false, true]) {
      const { issuer, begun, verifier } = await begin()
      if (approved) await issuer.answerDevice(begun)
      expectRefusal(await issuer.poll(begun, { code_verifier: wrong }), error)
      expectEvent(issuer, 'token.pkce.failed', { reason, clientId: begun.client.id })
      expectRefusal(await issuer.poll(begun, { code_verifier: verifier }), 'invalid_grant')
    }
  })

  it('A-PKCE-18 a verifier without a challenge means nothing', async () => {
    const issuer = await deviceIssuer()
    const begun = await issuer.beginDevice()
    await issuer.answerDevice(begun)
    expectTokens(await issuer.poll(begun, { code_verifier: 'x'.repeat(43) }))
  })
})
