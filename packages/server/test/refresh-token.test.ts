import { lookupKey } from '@sallyport/protocol'
import { decodeJwt } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

const hour = 3600
const day = 24 * hour

describe('binding', () => {
  it('A-RT-01, RT-09 another client gets nothing, spends nothing, revokes nothing', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow()
    expectRefusal(await issuer.refresh({ ...tokens, client: issuer.clients.E }), 'invalid_grant')
    expectEvent(issuer, 'token.refresh.client_mismatch', { severity: 'high', clientId: issuer.clients.E.id })
    expectTokens(await issuer.refresh(tokens))
    expect(eventsOf(issuer, 'grant.revoked')).toEqual([])
  })

  it('A-RT-01 a confidential client authenticates and a public one names itself', async () => {
    const issuer = await newIssuer()
    const { K, P } = issuer.clients
    const tokens = await issuer.codeFlow()
    const plain = { grant_type: 'refresh_token', refresh_token: tokens.refreshToken }
    expectRefusal(await issuer.post('/oauth2/token', { ...plain, client_id: K.id }), 'invalid_client', 401)
    expectRefusal(await issuer.post('/oauth2/token', plain), 'invalid_client', 401)
    expectTokens(await issuer.refresh(tokens))
    const publicly = await issuer.codeFlow({ client: P })
    const unnamed = { grant_type: 'refresh_token', refresh_token: publicly.refreshToken }
    expectRefusal(await issuer.post('/oauth2/token', unnamed), 'invalid_client', 401)
    expectTokens(await issuer.refresh(publicly))
  })

  it('A-RT-01 the parameter is needed', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow()
    expectRefusal(await issuer.refresh(tokens, { refresh_token: undefined }), 'invalid_request')
    expectRefusal(await issuer.refresh(tokens, { refresh_token: '' }), 'invalid_request')
  })

  it('RT-16 tokens and codes of other kinds are not refresh tokens, and a refresh token is nothing else', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow({ parameters: { resource: undefined, scope: 'openid offline_access' } })
    const unused = await issuer.authorize()
    for (const refreshToken of [tokens.accessToken, tokens.idToken, unused.code, lookupKey(tokens.refreshToken)])
      expectRefusal(await issuer.refresh({ ...tokens, refreshToken }), 'invalid_grant')
    expectRefusal(await issuer.redeem({ ...unused, code: tokens.refreshToken }), 'invalid_grant')
    const answer = await issuer.userinfo(tokens.refreshToken)
    expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_token'])
    expectTokens(await issuer.refresh(tokens))
  })
})

describe('scope and resource', () => {
  it('A-RT-07, RT-10 scope narrows for one access token and comes back whole', async () => {
    const issuer = await newIssuer()
    const parameters = { scope: 'openid offline_access read write' }
    const tokens = await issuer.codeFlow({ parameters })
    const narrow = await issuer.refreshed(tokens, { scope: 'read' })
    expect(narrow.scope).toBe('read')
    expect(narrow.idToken).toBe('')
    const whole = await issuer.refreshed(narrow)
    expect(whole.scope).toBe('read write')
    const back = await issuer.refreshed(whole, { scope: 'openid write' })
    expect([back.scope, back.idToken !== '']).toEqual(['write', true])
  })

  it.for(['read write', 'deliver', 'admin', 'openid profile', 'READ', 'read  read', 'read"', ''])(
    'A-RT-07, RT-10 scope %j beyond the grant is refused and spends nothing',
    async (scope) => {
      const issuer = await newIssuer()
      const tokens = await issuer.codeFlow()
      const answer = await issuer.refresh(tokens, { scope })
      if (scope === '') return expectTokens(answer)
      expectRefusal(answer, 'invalid_scope')
      expectTokens(await issuer.refresh(tokens))
    },
  )

  it('A-RT-07 a scope the client was allowed but the person never granted is refused', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow({ parameters: { scope: 'offline_access read' } })
    expectRefusal(await issuer.refresh(tokens, { scope: 'write' }), 'invalid_scope')
  })

  it('A-RT-08, RT-11 a resource outside the grant is refused and spends nothing', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow()
    for (const resource of ['https://rs2.test', 'https://unknown.test', 'https://as.test', 'rs1', 'https://rs1.test#x'])
      expectRefusal(await issuer.refresh(tokens, { resource }), 'invalid_target')
    expectTokens(await issuer.refresh(tokens, { resource: 'https://rs1.test' }))
  })

  it('A-RT-08 of two granted resources each refresh names one', async () => {
    const issuer = await newIssuer()
    const both = ['https://rs1.test', 'https://rs2.test']
    const authorized = await issuer.authorize({ parameters: { resource: both, scope: 'offline_access read deliver' } })
    const answer = await issuer.redeem(authorized, { resource: 'https://rs1.test' })
    const first = { client: authorized.client, refreshToken: String(answer.json['refresh_token']) }
    expectRefusal(await issuer.refresh(first), 'invalid_target')
    expectRefusal(await issuer.refresh(first, { resource: both }), 'invalid_target')
    const second = await issuer.refreshed(first, { resource: 'https://rs2.test' })
    expect(decodeJwt(second.accessToken).claims).toMatchObject({ aud: 'https://rs2.test', scope: 'deliver' })
    const third = await issuer.refreshed(second, { resource: 'https://rs1.test' })
    expect(decodeJwt(third.accessToken).claims).toMatchObject({ aud: 'https://rs1.test', scope: 'read' })
  })
})

describe('expiry', () => {
  it('A-RT-09, RT-14 an unused token is over after the idle time', async () => {
    const issuer = await newIssuer()
    const good = await issuer.codeFlow()
    issuer.clock.advance(14 * day - 1)
    const next = await issuer.refreshed(good)
    issuer.clock.advance(14 * day)
    expectRefusal(await issuer.refresh(next), 'invalid_grant')
    expectEvent(issuer, 'token.request.rejected', { reason: 'expired' })
  })

  it('A-RT-10, RT-14 rotation never moves the absolute end: half-hourly use for 25 hours stops at 24', async () => {
    const issuer = await newIssuer({ policy: { refreshTokenIdle: hour, refreshTokenAbsolute: day } })
    const start = issuer.clock.now()
    let tokens = await issuer.codeFlow().then(({ client, refreshToken }) => ({ client, refreshToken }))
    let last = 0
    for (let step = 1; step <= 50; step++) {
      issuer.clock.set(start + step * 1800)
      const answer = await issuer.refresh(tokens)
      if (answer.status !== 200) break
      tokens = { ...tokens, refreshToken: String(answer.json['refresh_token']) }
      last = issuer.clock.now() - start
    }
    expect(last).toBe(day - 1800)
    issuer.clock.set(start + day)
    expectRefusal(await issuer.refresh(tokens), 'invalid_grant')
  })

  it('RT-14 61 idle minutes with an idle limit of an hour are too many', async () => {
    const issuer = await newIssuer({ policy: { refreshTokenIdle: hour, refreshTokenAbsolute: day } })
    const tokens = await issuer.codeFlow()
    issuer.clock.advance(61 * 60)
    expectRefusal(await issuer.refresh(tokens), 'invalid_grant')
  })

  it('A-RT-10, A-RT-09 browser-based clients get an hour idle and eight hours in all', async () => {
    const issuer = await newIssuer()
    const tokens = await issuer.codeFlow({ client: issuer.clients.P })
    issuer.clock.advance(hour - 1)
    const next = await issuer.refreshed(tokens)
    issuer.clock.advance(hour)
    expectRefusal(await issuer.refresh(next), 'invalid_grant')
    const second = await issuer.codeFlow({ client: issuer.clients.P })
    let current: { client: typeof second.client; refreshToken: string } = second
    for (let step = 0; step < 9; step++) {
      issuer.clock.advance(0.9 * hour)
      const answer = await issuer.refresh(current)
      if (step < 8) expectTokens(answer)
      else expectRefusal(answer, 'invalid_grant')
      if (step < 8) current = { ...current, refreshToken: String(answer.json['refresh_token']) }
    }
  })

  it('A-RT-10 no access token outlives its authorization', async () => {
    const issuer = await newIssuer({ policy: { refreshTokenIdle: 600, refreshTokenAbsolute: 600 } })
    const tokens = await issuer.codeFlow()
    issuer.clock.advance(500)
    const late = await issuer.refreshed(tokens)
    expect(late.expiresIn).toBeLessThanOrEqual(101)
    issuer.clock.advance(101)
    expect(await issuer.isAlive(late.accessToken)).toBe(false)
  })
})
