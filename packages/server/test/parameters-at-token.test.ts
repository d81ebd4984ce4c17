import { describe, expect, it } from 'vitest'
import { expectEvent, expectErrorPage, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

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

  it.for(['header_count', 'header_duplicated', 'encoding', 'size', 'expectation', 'framing'] as const)(
    'IN-04, IN-03 what the adapter found, %s, is answered and never looked at further',
    async (fault) => {
      const issuer = await newIssuer()
      const { client, code, verifier } = await issuer.authorize({ client: issuer.clients.P })
      const body = Buffer.from(
        `grant_type=authorization_code&client_id=${client.id}&code=${code}&code_verifier=${verifier}`,
      )
      const statuses = {
        header_count: 431,
        header_duplicated: 400,
        encoding: 415,
        size: 413,
        expectation: 417,
        framing: 400,
      }
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
