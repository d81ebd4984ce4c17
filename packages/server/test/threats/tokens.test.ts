import { laterResourceMembers } from '@sallyport/server'
import { decodeJwt, headerOf, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectRefusal, machineToken } from '../fixtures.ts'
import { newRealIssuer } from '../real-pages.ts'

const inactive = '{"active":false}'
const own = { scope: 'openid profile', resource: undefined }

const told = (issuer: TestIssuer, event: string) =>
  eventsOf(issuer, event).map(({ clientId, reason }) => [clientId, reason])

describe('introspection by strangers', () => {
  it('TX-05 nobody, a public client and a wrong secret are 401', async () => {
    const issuer = await newRealIssuer()
    const { clients } = issuer
    const { accessToken: token } = await issuer.codeFlow()
    expectRefusal(await issuer.post('/oauth2/introspect', { token }), 'invalid_client', 401)
    expectRefusal(await issuer.introspect(clients.P, token), 'invalid_client', 401)
    expectRefusal(await issuer.introspect(clients.RS1, token, { secret: 'wrong' }), 'invalid_client', 401)
  })

  it('TX-05 another API and another client learn nothing, and that is logged', async () => {
    const issuer = await newRealIssuer()
    const { RS1, RS2, E, K } = issuer.clients
    const { accessToken, refreshToken } = await issuer.codeFlow()
    for (const client of [RS2, E]) expect((await issuer.introspect(client, accessToken)).text).toBe(inactive)
    expect(told(issuer, 'token.introspect.denied')).toEqual([
      [RS2.id, 'audience'],
      [E.id, 'audience'],
    ])
    for (const client of [RS1, RS2, E]) expect((await issuer.introspect(client, refreshToken)).text).toBe(inactive)
    for (const client of [RS1, K]) expect((await issuer.introspect(client, accessToken)).json['active']).toBe(true)
  })

  it('TX-06 whatever is not alive is one and the same answer, and hints are only hints', async () => {
    const issuer = await newRealIssuer()
    const { RS1, K } = issuer.clients
    const revoked = (await issuer.codeFlow()).accessToken
    await issuer.revoke(K, revoked)
    const { accessToken, refreshToken, idToken } = await issuer.codeFlow()
    const dead = [revoked, refreshToken, idToken, 'unheard-of', 'a.b.c', `${accessToken}x`]
    const answers = []
    for (const token of dead)
      for (const hint of [undefined, 'access_token', 'refresh_token', 'lies'])
        answers.push(await issuer.introspect(RS1, token, hint === undefined ? {} : { hint }))
    for (const hint of ['refresh_token', 'lies'])
      expect((await issuer.introspect(RS1, accessToken, { hint })).json['active']).toBe(true)
    issuer.clock.advance(300)
    answers.push(await issuer.introspect(RS1, accessToken))
    for (const { status, text } of answers) expect([status, text]).toEqual([200, inactive])
  })

  it('TX-06 an answer has no name of the person and no more than the token says', async () => {
    const issuer = await newRealIssuer()
    const { json } = await issuer.introspect(issuer.clients.RS1, (await issuer.codeFlow()).accessToken)
    const members = 'acr active amr aud auth_time client_id exp iat iss jti nbf scope sub token_type'.split(' ')
    expect(Object.keys(json).toSorted()).toEqual(members)
    expect(JSON.stringify(json)).not.toMatch(/alice|demo/i)
  })
})

describe('revocation', () => {
  it('TX-07 the tokens of another client are refused and live on', async () => {
    const issuer = await newRealIssuer()
    const { E, P } = issuer.clients
    const flow = await issuer.codeFlow()
    for (const client of [E, P])
      for (const token of [flow.refreshToken, flow.accessToken])
        for (const hint of [undefined, 'refresh_token', 'access_token'])
          expectRefusal(await issuer.revoke(client, token, hint === undefined ? {} : { hint }), 'invalid_grant')
    expect(eventsOf(issuer, 'token.revoke.denied')).toHaveLength(12)
    expectRefusal(await issuer.post('/oauth2/revoke', { token: flow.refreshToken }), 'invalid_client', 401)
    for (const token of ['unheard-of', 'a.b.c', '']) {
      const answer = await issuer.revoke(E, token)
      expect(answer.status).toBe(token === '' ? 400 : 200)
    }
    expect([await issuer.isAlive(flow.accessToken), (await issuer.refresh(flow)).status]).toEqual([true, 200])
  })

  it('TX-08 a refresh token takes everything along, on every node at once', async () => {
    const issuer = await newRealIssuer()
    const other = await issuer.startNode()
    const flow = await issuer.codeFlow({ parameters: { ...own, scope: 'openid offline_access' } })
    const next = await issuer.refreshed(flow)
    const headers = { authorization: `Bearer ${next.accessToken}` }
    const statusAt = async (node = other) => (await issuer.send({ path: '/oauth2/userinfo', headers }, node)).status
    // Both nodes have seen the token before, so a cache would have something to remember.
    expect([await statusAt(), await statusAt(issuer.server)]).toEqual([200, 200])
    expect((await issuer.revoke(issuer.clients.K, next.refreshToken)).status).toBe(200)
    expect([await statusAt(), await statusAt(issuer.server)]).toEqual([401, 401])
    expectRefusal(await issuer.refresh(next), 'invalid_grant')
    expect((await issuer.introspect(issuer.clients.K, flow.accessToken)).text).toBe(inactive)
    expect(told(issuer, 'grant.revoked')).toEqual([[issuer.clients.K.id, 'client_request']])
  })

  it('TX-08 an access token goes alone, and an ID Token cannot be revoked', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.codeFlow()
    const next = await issuer.refreshed(flow)
    expect((await issuer.revoke(issuer.clients.K, flow.accessToken)).status).toBe(200)
    expect([await issuer.isAlive(flow.accessToken), await issuer.isAlive(next.accessToken)]).toEqual([false, true])
    expect((await issuer.refresh(next)).status).toBe(200)
    expect(told(issuer, 'token.revoked')).toEqual([[issuer.clients.K.id, 'client_request']])
    expectRefusal(await issuer.revoke(issuer.clients.K, flow.idToken), 'unsupported_token_type')
  })
})

describe('UserInfo', () => {
  it('TX-12 one place, one header, any case of the scheme', async () => {
    const issuer = await newRealIssuer()
    const { accessToken } = await issuer.codeFlow({ parameters: own })
    const at = (more: object) => issuer.send({ path: '/oauth2/userinfo', ...more })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = Buffer.from(`access_token=${accessToken}`)
    const header = { authorization: `Bearer ${accessToken}` }
    expect(
      (await at({ method: 'POST', headers: { ...form, ...header }, body, query: `access_token=${accessToken}` }))
        .status,
    ).toBe(400)
    expect((await at({ headers: header, fault: 'header_duplicated' })).status).toBe(400)
    for (const [authorization, status] of [
      [`bearer ${accessToken}`, 200],
      [`BEARER ${accessToken}`, 200],
      [`Bearer ${accessToken} `, 400],
      [`Bearer ${accessToken} extra`, 400],
      [`Bearer ${accessToken}, Bearer ${accessToken}`, 400],
      ['Bearer', 400],
      [`Token ${accessToken}`, 401],
      [accessToken, 401],
    ] as const)
      expect([authorization.slice(0, 9), (await at({ headers: { authorization } })).status]).toEqual([
        authorization.slice(0, 9),
        status,
      ])
    expect((await at({ headers: { cookie: `access_token=${accessToken}; Bearer=${accessToken}` } })).status).toBe(401)
  })

  it('TX-19, TX-13 gives what was granted, and says what is missing', async () => {
    const issuer = await newRealIssuer()
    const { accessToken } = await issuer.codeFlow({ parameters: own })
    const { json } = await issuer.userinfo(accessToken)
    expect(json['name']).toBe('Demo Person')
    for (const beyond of ['email', 'address', 'phone_number']) expect(json).not.toHaveProperty(beyond)
    const refused = await issuer.userinfo(await machineToken(issuer))
    expect(refused.status).toBe(403)
    expect(headerOf(refused, 'www-authenticate')).toContain('scope="openid"')
    expect(eventsOf(issuer, 'jwt.rejected', 'scope_insufficient')).toHaveLength(1)
  })

  it('TX-19 a narrowed token narrows the claims', async () => {
    const issuer = await newRealIssuer()
    const flow = await issuer.codeFlow({
      parameters: { scope: 'openid profile email offline_access', resource: undefined },
    })
    const narrow = await issuer.refreshed(flow, { scope: 'openid email' })
    const { json } = await issuer.userinfo(narrow.accessToken)
    expect(Object.keys(json).toSorted()).toEqual(['email', 'email_verified', 'sub'])
  })

  it('TX-03 one audience is not the beginning of another', async () => {
    const resources = ['https://rs1.test', 'https://rs1.test/v2', 'https://rs1.test.evil.test'].map((id) => ({
      id,
      name: id,
      scopes: [{ name: 'read', description: 'Read' }],
      accessTokenLifetime: undefined,
      ...laterResourceMembers,
    }))
    const issuer = await newRealIssuer({ resources })
    for (const { id } of resources) {
      const { accessToken } = await issuer.codeFlow({ parameters: { resource: id } })
      expect(decodeJwt(accessToken).claims['aud']).toBe(id)
      const { json } = await issuer.introspect(issuer.clients.RS1, accessToken)
      expect([id, json['active']]).toEqual([id, id === 'https://rs1.test'])
    }
  })
})
