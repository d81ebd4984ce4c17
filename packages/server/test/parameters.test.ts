import { describe, expect, it } from 'vitest'
import {
  expectBack,
  expectEvent,
  expectErrorPage,
  expectPage,
  expectRefusal,
  expectTokens,
  newIssuer,
} from './fixtures.ts'

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

describe('at the authorization endpoint', () => {
  it.for([
    'response_type',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'prompt',
    'max_age',
    'response_mode',
    'claims',
    'ui_locales',
    'anything',
  ])('PP-01 a second %s is fatal, also with an equal or empty value', async (name) => {
    const issuer = await newIssuer()
    const { sent } = await issuer.begin()
    const value = String(sent[name] ?? 'x')
    for (const second of ['other', value, '']) {
      issuer.forget()
      const result = await issuer.authorize({ parameters: { [name]: [value, second] } })
      const { state: _state, ...stateless } = result.sent
      expectBack(name === 'state' ? { ...result, sent: stateless } : result, 'invalid_request')
      expectEvent(issuer, 'authz.request.rejected', { reason: 'param_duplicated' })
    }
  })

  it.for(['client_id', 'redirect_uri'])('PP-01 a second %s is a page', async (name) => {
    const issuer = await newIssuer()
    const { sent } = await issuer.begin()
    for (const pair of [
      [String(sent[name]), 'x'],
      ['x', String(sent[name])],
      [String(sent[name]), String(sent[name])],
    ])
      expectPage(await issuer.authorize({ parameters: { [name]: pair } }), 'param_duplicated')
  })

  it('PP-03 a POST reads the body alone and refuses a query', async () => {
    const issuer = await newIssuer()
    const { sent } = await issuer.begin()
    const encoded = new URLSearchParams(sent as Record<string, string>).toString()
    const path = '/oauth2/authorize'
    const body = Buffer.from(encoded)
    expectErrorPage(await issuer.send({ method: 'POST', path, query: 'x=1', headers: formType, body }), 'query_on_post')
    const inQuery = await issuer.send({
      method: 'POST',
      path,
      query: encoded,
      headers: formType,
      body: Buffer.from(''),
    })
    expectErrorPage(inQuery, 'query_on_post')
    const ignored = await issuer.send({
      method: 'GET',
      path,
      query: encoded.replace(/client_id=[^&]*/, ''),
      headers: formType,
      body,
    })
    expectErrorPage(ignored, 'client_id_missing')
  })

  it('PP-05 brackets are part of unknown names', async () => {
    const issuer = await newIssuer()
    const { client_id, redirect_uri } = (await issuer.begin()).sent
    const array = { client_id: undefined, 'client_id[]': client_id, 'client_id[a]': client_id }
    expectPage(await issuer.authorize({ parameters: array }), 'client_id_missing')
    const indexed = { redirect_uri: undefined, 'redirect_uri[0]': redirect_uri }
    expectPage(await issuer.authorize({ parameters: indexed }), 'redirect_uri_missing')
    expectBack(await issuer.authorize({ parameters: { scope: undefined, 'scope[]': 'openid' } }), 'invalid_scope')
  })

  it('PP-07 names are compared after one decoding, in their case', async () => {
    const issuer = await newIssuer()
    const { sent } = await issuer.begin()
    const encoded = new URLSearchParams(sent as Record<string, string>).toString()
    const send = (query: string) => issuer.get(`/oauth2/authorize?${query}`)
    expect((await send(encoded.replace('client_id', 'client%5Fid'))).location).toMatch(/\/login/)
    expectErrorPage(await send(encoded.replace('client_id', 'client%255Fid')), 'client_id_missing')
    expectErrorPage(await send(encoded.replace('client_id', 'Client_ID')), 'client_id_missing')
    expectErrorPage(await send(encoded.replace('redirect_uri', 'redirect_uri+')), 'redirect_uri_missing')
    const doubled = `${encoded}&code%5Fchallenge=x`
    expect((await send(doubled)).parameters.get('error')).toBe('invalid_request')
  })

  it('IN-04 a hundred parameters are read, more are refused', async () => {
    const issuer = await newIssuer()
    const { sent } = await issuer.begin()
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, '1']))
    const known = Object.keys(sent).length
    expect((await issuer.authorize({ parameters: many(100 - known) })).code).not.toBe('')
    expectPage(await issuer.authorize({ parameters: many(101 - known) }), 'param_count')
    expectPage(await issuer.authorize({ parameters: many(10_000) }), 'param_count')
  })

  it.for(['%zz', '%', '%u0041', '%c0%af', '%ed%a0%80', '%ff'])(
    'IN-06 the broken escape %s is refused',
    async (broken) => {
      const issuer = await newIssuer()
      const { sent } = await issuer.begin()
      const encoded = new URLSearchParams(sent as Record<string, string>).toString()
      const answer = await issuer.get(`/oauth2/authorize?${encoded}&x=${broken}`)
      expect(answer.parameters.get('error')).toBe('invalid_request')
      const client = encoded.replace(/client_id=/, `client_id=${broken}`)
      expectErrorPage(await issuer.get(`/oauth2/authorize?${client}`), 'client_id_missing')
    },
  )

  it.for(['__proto__', 'constructor', 'constructor.prototype', 'toString', 'hasOwnProperty', 'valueOf'])(
    'IN-01 the name %s pollutes nothing',
    async (name) => {
      const issuer = await newIssuer()
      const { code } = await issuer.authorize({ parameters: { [`${name}`]: 'polluted', [`${name}[x]`]: '1' } })
      expect(code).not.toBe('')
      expect(({} as Record<string, unknown>)['x']).toBeUndefined()
      expectBack(await issuer.authorize({ parameters: { scope: `openid ${name}` } }), 'invalid_scope')
      expectPage(await issuer.authorize({ parameters: { client_id: name } }), 'client_unknown')
    },
  )

  it.for(['-1', '1e309', '007', '9000000000000000', ' 5', '5;', '5.5', '0x10', '٣', 'NaN'])(
    'IN-08 max_age %j is no number of seconds',
    async (max_age) => {
      const issuer = await newIssuer()
      expectBack(await issuer.authorize({ parameters: { max_age } }), 'invalid_request')
    },
  )
})

describe('at the token endpoint', () => {
  it.for(['grant_type', 'code', 'client_id', 'client_secret', 'code_verifier', 'redirect_uri', 'scope', 'anything'])(
    'PP-02 a second %s is fatal and changes nothing',
    async (name) => {
      const issuer = await newIssuer()
      const client = issuer.clients.post
      const authorized = await issuer.authorize({ client })
      const known: Record<string, string> = {
        client_id: client.id,
        client_secret: client.secret ?? '',
        code: authorized.code,
      }
      const value = known[name] ?? 'x'
      for (const pair of [
        [value, 'other'],
        ['other', value],
        [value, value],
        [value, ''],
      ]) {
        issuer.forget()
        expectRefusal(await issuer.redeem(authorized, { [name]: pair }), 'invalid_request')
        expectEvent(issuer, 'token.request.rejected', { reason: 'param_duplicated' })
      }
      expectTokens(await issuer.redeem(authorized))
    },
  )

  it('PP-02 a second refresh_token is fatal and spends none', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow()
    expectRefusal(await issuer.refresh(tokens, { refresh_token: [tokens.refreshToken, 'x'] }), 'invalid_request')
    expectTokens(await issuer.refresh(tokens))
  })

  it('PP-05, PP-07 brackets and other cases are unknown names, so that the real one is missing', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const { code, verifier } = authorized
    for (const name of ['code[]', 'code[$ne]', 'code.$ne', 'Code', 'CODE', 'code '])
      expectRefusal(await issuer.redeem(authorized, { code: undefined, [name]: code }), 'invalid_request')
    expectRefusal(
      await issuer.redeem(authorized, { grant_type: undefined, 'grant_type[]': 'authorization_code' }),
      'invalid_request',
    )
    const body = Buffer.from(`grant_type=authorization_code&code=${code}&code%5Fverifier=${verifier}&client_id=x`)
    const other = await issuer.send({ method: 'POST', path: '/oauth2/token', headers: formType, body })
    expectRefusal(other, 'invalid_client', 401)
    expectTokens(await issuer.redeem(authorized))
  })

  it('IN-06 a compressed body is refused', async () => {
    const issuer = await newIssuer()
    for (const encoding of ['gzip', 'deflate', 'br', 'GZIP, identity']) {
      const headers = { ...formType, 'content-encoding': encoding }
      expectRefusal(
        await issuer.send({ method: 'POST', path: '/oauth2/token', headers, body: Buffer.from('x=1') }),
        'invalid_request',
        415,
      )
    }
  })

  it('IN-06 bytes that are no UTF-8, and a byte order mark, mean nothing good', async () => {
    const issuer = await newIssuer()
    for (const bytes of [
      [0xff, 0xfe],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
    ]) {
      const body = Buffer.concat([Buffer.from('grant_type='), Buffer.from(bytes)])
      expectRefusal(
        await issuer.send({ method: 'POST', path: '/oauth2/token', headers: formType, body }),
        'invalid_request',
      )
    }
    const { S } = issuer.clients
    const marked = Buffer.from(`\ufeffgrant_type=client_credentials&client_id=${S.id}&client_secret=x`)
    const answer = await issuer.send({ method: 'POST', path: '/oauth2/token', headers: formType, body: marked })
    expectRefusal(answer, 'invalid_client', 401)
  })

  it('IN-04 more than a hundred parameters are refused', async () => {
    const issuer = await newIssuer()
    const authorized = await issuer.authorize()
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x${index}`, '1']))
    expectRefusal(await issuer.redeem(authorized, many), 'invalid_request')
    expectTokens(await issuer.redeem(authorized))
  })

  it.for(['header_count', 'header_duplicated', 'encoding', 'size'] as const)(
    'IN-04, IN-03 what the adapter found, %s, is answered and never looked at further',
    async (fault) => {
      const issuer = await newIssuer()
      const { client, code, verifier } = await issuer.authorize({ client: issuer.clients.P })
      const body = Buffer.from(
        `grant_type=authorization_code&client_id=${client.id}&code=${code}&code_verifier=${verifier}`,
      )
      const statuses = { header_count: 431, header_duplicated: 400, encoding: 415, size: 413 }
      for (const path of ['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect', '/oauth2/userinfo']) {
        const answer = await issuer.send({ method: 'POST', path, headers: formType, body, fault })
        expect([path, answer.status, answer.json['error']]).toEqual([path, statuses[fault], 'invalid_request'])
      }
      for (const path of ['/oauth2/authorize', '/login', '/oauth2/logout'])
        expectErrorPage(
          await issuer.send({ method: 'POST', path, headers: formType, body, fault }),
          fault,
          statuses[fault],
        )
    },
  )
})
