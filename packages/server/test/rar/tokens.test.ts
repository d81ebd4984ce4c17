import { decodeJwt, type Answer, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { expectRefusal } from '../fixtures.ts'
import { accounts, detailIssuer, payment, text } from './details.ts'

const codeOf = 'invalid_authorization_details'
const [rs1, rs2] = ['https://rs1.test', 'https://rs2.test']

const granted = (issuer: TestIssuer, details: string, more: Record<string, string | readonly string[]> = {}) =>
  issuer.authorize({ pushed: true, parameters: { authorization_details: details, ...more } })

const told = ({ json }: Answer) => json['authorization_details']
const inToken = ({ json }: Answer) => decodeJwt(String(json['access_token'])).claims['authorization_details']

describe('authorization_details of tokens', () => {
  it('B-RAR-04, B-RAR-06 are in the answer, in the token, and at introspection', async () => {
    const issuer = await detailIssuer()
    const answer = await issuer.redeem(await granted(issuer, text(payment(), accounts('balance'))))
    const all = [payment(), accounts('balance')]
    expect([told(answer), inToken(answer)]).toEqual([all, all])
    const seen = await issuer.introspect(issuer.clients.RS1, String(answer.json['access_token']))
    expect(seen.json['authorization_details']).toEqual(all)
  })

  it('B-RAR-04 are absent where there are none', async () => {
    const issuer = await detailIssuer()
    const answer = await issuer.redeem(await issuer.authorize())
    expect(answer.json).not.toHaveProperty('authorization_details')
    expect(decodeJwt(String(answer.json['access_token'])).claims).not.toHaveProperty('authorization_details')
  })

  it('B-RAR-06 reach only the API they are for, by location or by type', async () => {
    const issuer = await detailIssuer()
    const elsewhere = payment('7.00', { locations: [rs2] })
    const details = text(payment('1.00', { locations: [rs1] }), elsewhere, accounts('history'))
    const more = { scope: 'openid offline_access read deliver', resource: [rs1, rs2] }
    const first = await issuer.redeem(await granted(issuer, details, more), { resource: rs1 })
    expect([told(first), inToken(first)]).toEqual(
      Array.from({ length: 2 }, () => [payment('1.00', { locations: [rs1] }), accounts('history')]),
    )
    const second = await issuer.redeem(await granted(issuer, details, more), { resource: rs2 })
    expect([told(second), inToken(second)]).toEqual([[elsewhere], [elsewhere]])
  })

  it('B-RAR-05 narrow with a code, by the rule of each field', async () => {
    const issuer = await detailIssuer()
    const all = text(payment('99.50'), accounts('balance', 'history'))
    const narrower = [payment('99.5'.padEnd(5, '0')), accounts('history')]
    const one = await issuer.redeem(await granted(issuer, all), { authorization_details: text(...narrower) })
    expect([told(one), inToken(one)]).toEqual([narrower, narrower])
    const less = await issuer.redeem(await granted(issuer, all), { authorization_details: text(payment('0.01')) })
    expect(told(less)).toEqual([payment('0.01')])
  })

  const wider: Readonly<Record<string, string>> = {
    'a larger amount': text(payment('99.51')),
    'an amount with more digits': text(payment('100.00')),
    'another payee': text(payment('99.50', { payee: 'Mallory' })),
    'another currency': text({ ...payment(), amount: { currency: 'USD', value: '99.50' } }),
    'one more action': text(accounts('balance', 'history')),
    'another type': text({ type: 'report', region: 'north' }),
    'a place that was not named': text(payment('1.00', { locations: [rs1] })),
    'two payments that fit into one': text(payment('1.00'), payment('2.00')),
    nonsense: '{}',
  }

  it('B-RAR-05, JR-15 refuse to grow, and leave the code as it was', async () => {
    const issuer = await detailIssuer()
    for (const [what, details] of Object.entries(wider)) {
      const authorized = await granted(issuer, text(payment(), accounts('balance')))
      const answer = await issuer.redeem(authorized, { authorization_details: details })
      expect([what, answer.status, answer.json['error']]).toEqual([what, 400, codeOf])
      expect((await issuer.redeem(authorized)).status).toBe(200)
    }
  })

  it('B-RAR-05, RT-11 narrow at a refresh for that token alone, and refuse to grow without spending it', async () => {
    const issuer = await detailIssuer()
    const all = [payment(), accounts('balance')]
    const flow = await issuer.codeFlow({ pushed: true, parameters: { authorization_details: text(...all) } })
    expectRefusal(await issuer.refresh(flow, { authorization_details: text(payment('500.00')) }), codeOf)
    const one = await issuer.refreshed(flow, { authorization_details: text(payment('5.00')) })
    expect(decodeJwt(one.accessToken).claims['authorization_details']).toEqual([payment('5.00')])
    const next = await issuer.refreshed(one)
    expect(decodeJwt(next.accessToken).claims['authorization_details']).toEqual(all)
  })

  it('CO-10 end with the right of the client to their type', async () => {
    const issuer = await detailIssuer()
    const flow = await issuer.codeFlow({
      pushed: true,
      parameters: { authorization_details: text(payment(), accounts('balance')) },
    })
    await issuer.changeClient(issuer.clients.K, { authorizationDetailsTypes: ['accounts'] })
    const next = await issuer.refreshed(flow)
    expect(decodeJwt(next.accessToken).claims['authorization_details']).toEqual([accounts('balance')])
  })

  it('B-RAR-05 are for machines only where their type says so, since no person agrees', async () => {
    const issuer = await detailIssuer()
    const ask = (details: string) =>
      issuer.clientCredentials(issuer.clients.S, { scope: 'deliver', resource: rs2, authorization_details: details })
    expectRefusal(await ask(text(payment())), codeOf)
    const report = { type: 'report', region: 'north' }
    const answer = await ask(text(report))
    expect([answer.status, told(answer), inToken(answer)]).toEqual([200, [report], [report]])
  })

  it('B-RAR-05 are refused where a grant carries none', async () => {
    const issuer = await detailIssuer({ policy: { deviceGrant: true } })
    const client = issuer.clients.D
    const answer = await issuer.post('/oauth2/device_authorization', {
      client_id: client.id,
      scope: 'openid',
      authorization_details: text(payment()),
    })
    expectRefusal(answer, codeOf)
  })
})
