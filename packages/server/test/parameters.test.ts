import { describe, expect, it } from 'vitest'
import { expectBack, expectEvent, expectErrorPage, expectPage, newIssuer } from './fixtures.ts'

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
