import { lookupKey } from '@sallyport/protocol'
import { laterResourceMembers } from '@sallyport/server'
import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

describe('the request', () => {
  it('A-TOK-01 POST only', async () => {
    const issuer = await newIssuer()
    const { code, verifier, client } = await issuer.authorize()
    const query = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      client_id: client.id,
    })
    const head = await issuer.send({ method: 'HEAD', path: '/oauth2/token', query: query.toString() })
    expect([head.status, head.headers['allow'], head.text]).toEqual([405, 'POST', ''])
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await issuer.send({ method, path: '/oauth2/token', query: query.toString() })
      expectRefusal(answer, 'invalid_request', 405)
      expect(answer.headers['allow']).toBe('POST')
    }
  })

  it.for([
    'application/json',
    'multipart/form-data; boundary=x',
    'text/plain',
    undefined,
    '',
    'application/json, application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-16',
    'application/x-www-form-urlencoded; charset=iso-8859-1',
    'application/x-www-form-urlencoded, text/plain',
    'application/x-www-form-urlencodedx',
    'x-application/x-www-form-urlencoded',
  ])('A-TOK-02, PP-06 content type %j is refused', async (type) => {
    const issuer = await newIssuer()
    for (const path of ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke']) {
      issuer.forget()
      const headers = type === undefined ? {} : { 'content-type': type }
      const body = Buffer.from('grant_type=client_credentials&client_id=x&token=y')
      expectRefusal(await issuer.send({ method: 'POST', path, headers, body }), 'invalid_request')
      expectEvent(issuer, 'http.request.rejected', { reason: 'content_type' })
    }
  })

  it.for([
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-Urlencoded',
    'application/x-www-form-urlencoded; charset=UTF-8',
    'application/x-www-form-urlencoded;charset="utf-8"',
  ])('A-TOK-02 content type %j is accepted', async (type) => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectTokens(await issuer.redeem(authorized, {}, { headers: { 'content-type': type } }))
  })

  it('A-TOK-02, PP-05 a JSON body is refused, operators and all', async () => {
    const issuer = await newIssuer()
    const body = Buffer.from('{"grant_type":"authorization_code","code":{"$gt":""}}')
    const headers = { 'content-type': 'application/json' }
    expectRefusal(await issuer.send({ method: 'POST', path: '/oauth2/token', headers, body }), 'invalid_request')
  })

  it('A-TOK-02, PP-03 parameters in the address are refused, and credentials there are noticed', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const body = Buffer.from('grant_type=authorization_code')
    for (const [query, reason] of [
      ['grant_type=authorization_code', 'query_on_post'],
      [`code=${authorized.code}`, 'query_credential'],
      ['x', 'query_on_post'],
    ] as const) {
      issuer.forget()
      expectRefusal(
        await issuer.send({ method: 'POST', path: '/oauth2/token', query, headers: formType, body }),
        'invalid_request',
      )
      expectEvent(issuer, 'http.request.rejected', { reason })
    }
    expectTokens(await issuer.redeem(authorized))
  })

  it('A-TOK-03 grant_type is needed', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    expectRefusal(await issuer.redeem(authorized, { grant_type: undefined }), 'invalid_request')
    expectRefusal(await issuer.redeem(authorized, { grant_type: '' }), 'invalid_request')
    expectTokens(await issuer.redeem(authorized))
  })

  it.for([
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'AUTHORIZATION_CODE',
    'authorization_code ',
    '__proto__',
    'constructor',
    'toString',
  ])('A-TOK-04, A-BCP-01 grant_type %s is not offered', async (grant_type) => {
    const issuer = await newIssuer()
    const { alice, clients } = issuer
    const parameters = { grant_type, username: alice.username, password: alice.password, scope: 'read' }
    expectRefusal(await issuer.token(clients.K, parameters), 'unsupported_grant_type')
  })

  it('A-TOK-05 a grant that is not in the registration is refused', async () => {
    const issuer = await newIssuer()
    const { K, S } = issuer.clients
    expectRefusal(await issuer.clientCredentials(K, { scope: 'read' }), 'unauthorized_client')
    const parameters = { grant_type: 'authorization_code', code: 'x', code_verifier: 'x'.repeat(43) }
    expectRefusal(await issuer.token(S, parameters), 'unauthorized_client')
    expectRefusal(await issuer.token(S, { grant_type: 'refresh_token', refresh_token: 'x' }), 'unauthorized_client')
  })

  it('A-TOK-12, A-CODE-06 the code is needed', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    for (const code of [undefined, '']) expectRefusal(await issuer.redeem(authorized, { code }), 'invalid_request')
  })
})

describe('the answer', () => {
  it('A-TOK-11, A-GEN-03 every grant answers with the same members, for nobody to keep', async () => {
    const issuer = await newIssuer()
    const flow = await issuer.codeFlow()
    const refreshed = await issuer.refresh(flow)
    const own = await issuer.clientCredentials(issuer.clients.S, { scope: 'read', resource: 'https://rs1.test' })
    for (const [answer, more] of [
      [flow.answer, ['id_token', 'refresh_token']],
      [refreshed, ['id_token', 'refresh_token']],
      [own, []],
    ] as const) {
      expect(answer.status).toBe(200)
      expect(Object.keys(answer.json).sort()).toEqual(
        ['access_token', 'expires_in', 'scope', 'token_type', ...more].sort(),
      )
      expect(answer.json).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'read' })
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-store',
        pragma: 'no-cache',
        'content-type': 'application/json',
      })
    }
  })

  it('A-TOK-11, A-RES-04 scope is told also where no API was named or where it knows none of it', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    expect((await issuer.clientCredentials(S, { scope: 'read' })).json['scope']).toBe('read')
    const signIn = await issuer.codeFlow({ parameters: { scope: 'openid', resource: 'https://rs1.test' } })
    expect(signIn.answer.json['scope']).toBe('openid')
    expect(decodeJwt(signIn.accessToken).claims['scope']).toBeUndefined()
  })

  it('A-AUTHZ-08, A-RES-04 a scope of another API is refused, and the code still works where it belongs', async () => {
    const issuer = await newIssuer()
    const resource = ['https://rs1.test', 'https://rs2.test']
    const authorized = await issuer.authorize({ parameters: { scope: 'read', resource } })
    await issuer.store.admin.saveResource({ ...(await issuer.store.findResource('https://rs2.test'))!, scopes: [] }, [])
    issuer.clock.advance(2)
    expectRefusal(await issuer.redeem(authorized, { resource: 'https://rs2.test' }), 'invalid_target')
    expect((await issuer.redeem(authorized, { resource: 'https://rs1.test' })).json['scope']).toBe('read')
  })

  it('A-TOK-13 a refresh token needs the grant in the registration and offline_access or the client policy', async () => {
    const issuer = await newIssuer()
    const { K } = issuer.clients
    expect((await issuer.codeFlow({ parameters: { scope: 'openid read' } })).refreshToken).toBe('')
    expect((await issuer.codeFlow({ parameters: { scope: 'openid read offline_access' } })).refreshToken).not.toBe('')
    const without = await issuer.changeClient(K, { grantTypes: ['authorization_code'] })
    expect((await issuer.codeFlow({ client: without })).refreshToken).toBe('')
    const byPolicy = await issuer.changeClient(K, { grantTypes: K.record.grantTypes, sessionRefreshTokens: true })
    const flow = await issuer.codeFlow({ client: byPolicy, parameters: { scope: 'openid read' } })
    expect(flow.refreshToken).not.toBe('')
  })

  it('A-TOK-14 what a client without a secret gets lives shorter', async () => {
    const issuer = await newIssuer()
    const idleOf = async (kind: 'P' | 'K'): Promise<number> => {
      const { refreshToken } = await issuer.codeFlow({ client: issuer.clients[kind] })
      const view = await issuer.store.findRefreshToken(lookupKey(refreshToken))
      return (view?.token.idleExpiresAt ?? 0) - issuer.clock.now()
    }
    expect(await idleOf('P')).toBe(3600)
    expect(await idleOf('K')).toBe(14 * 86_400)
  })

  it('A-TOK-15 every access token has one audience and a short life', async () => {
    const issuer = await newIssuer({ policy: { accessTokenLifetime: 3600 } })
    const flow = await issuer.codeFlow()
    const own = await issuer.clientCredentials(issuer.clients.S, { scope: 'read' })
    for (const token of [flow.accessToken, String(own.json['access_token'])]) {
      const { header, claims } = decodeJwt(token)
      expect(header).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
      expect(claims['aud']).toBeTypeOf('string')
      expect(Number(claims['exp']) - Number(claims['iat'])).toBe(3600)
    }
    await expect(newIssuer({ policy: { accessTokenLifetime: 3601 } })).rejects.toThrow('accessTokenLifetime')
  })

  it('A-TOK-15 the stricter of policy, client and resource decides about the life', async () => {
    const resource = {
      id: 'https://short.test',
      name: 'Short',
      scopes: [{ name: 'peek', description: 'Peek' }],
      accessTokenLifetime: 61,
      ...laterResourceMembers,
    }
    const issuer = await newIssuer({ resources: [resource] })
    const client = await issuer.addClient({ type: 'service', name: 'S', scope: 'peek own', accessTokenLifetime: 120 })
    const lifeAt = async (target: string | undefined) =>
      (await issuer.clientCredentials(client, { scope: 'peek own', resource: target })).json['expires_in']
    expect(await lifeAt('https://short.test')).toBe(61)
    expect(await lifeAt('https://as.test')).toBe(120)
  })

  it('A-TOK-16 tokens of a client for itself are told apart from those of people', async () => {
    const issuer = await newIssuer()
    const { S } = issuer.clients
    const own = decodeJwt(String((await issuer.clientCredentials(S, { scope: 'read' })).json['access_token'])).claims
    const personal = decodeJwt((await issuer.codeFlow()).accessToken).claims
    expect([own['sub'], own['client_id']]).toEqual([S.id, S.id])
    expect(own['sub']).toMatch(/^client_[\w-]{22}$/)
    expect(personal['sub']).toMatch(/^user_[\w-]{22}$/)
    for (const name of ['auth_time', 'acr', 'amr', 'name', 'email']) expect(own).not.toHaveProperty(name)
  })

  it('A-TOK-16 nobody can sign in as a subject that looks like a client', async () => {
    const issuer = await newIssuer({ mayFail: true })
    const begun = await issuer.begin()
    const request = {
      method: 'POST',
      path: '/login',
      query: '',
      headers: { ...formType, cookie: begun.browser.jar.header(true) ?? '' },
      body: Buffer.from(new URLSearchParams(begun.visit.forms[0]?.fields).toString()),
      remoteAddress: '192.0.2.1',
    }
    const interactions = issuer.server.interactions(request)
    const open = await interactions.find(request)
    for (const subject of [issuer.clients.K.id, 'client_x', '', 'a b', 'é', 'x'.repeat(256)])
      await expect(interactions.login(request, open, { subject, amr: ['pwd'], acr: undefined })).rejects.toThrow(
        TypeError,
      )
  })
})
