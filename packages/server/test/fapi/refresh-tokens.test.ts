import type { Answer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { addKeyClient } from '../client-keys/key-client.ts'
import { proven } from '../dpop/proofs.ts'
import { eventsOf, expectRefusal, expectTokens } from '../fixtures.ts'
import { askPushed, openBank, places, redeemProven, type Bank } from './fixtures.ts'

describe('refresh tokens of the profile', () => {
  const tokensIn = async (bank: Bank) => {
    const answer = await redeemProven(bank, await askPushed(bank))
    return { client: bank.client, refreshToken: String(answer.json['refresh_token']) }
  }

  it('B-CX-04, B-FAPI-05, A-RT-02, B-WR-11 stay the same, in parallel and over and over, and those of others rotate', async () => {
    for (const place of places) {
      const bank = await openBank(place)
      const { issuer } = bank
      const tokens = await tokensIn(bank)
      const refresh = (): Promise<Answer> => issuer.refresh(tokens, {}, proven(issuer))
      for (const answer of [
        await refresh(),
        await refresh(),
        ...(await Promise.all([refresh(), refresh(), refresh()])),
      ]) {
        expectTokens(answer)
        expect(answer.json['refresh_token']).toBe(tokens.refreshToken)
        if (place === 'client') expect(await issuer.isAlive(String(answer.json['access_token']))).toBe(true)
      }
      expect(eventsOf(issuer, 'token.refresh.rotated')).toEqual([])
      if (place === 'server') continue
      const { client, refreshToken } = await issuer.codeFlow()
      expect((await issuer.refreshed({ client, refreshToken })).refreshToken).not.toBe(refreshToken)
    }
  })

  it('B-FAPI-05, A-RT-09 live as long as they are used, and no longer than what was allowed', async () => {
    const bank = await openBank(
      'server',
      'fapi2',
      {},
      { policy: { refreshTokenIdle: 1000, refreshTokenAbsolute: 2500 } },
    )
    const { issuer } = bank
    const tokens = await tokensIn(bank)
    for (const lives of [true, true, false]) {
      issuer.clock.advance(900)
      const answer = await issuer.refresh(tokens, {}, proven(issuer))
      if (lives) expectTokens(answer)
      else expectRefusal(answer, 'invalid_grant')
    }
    const unused = await tokensIn(bank)
    issuer.clock.advance(1001)
    expectRefusal(await issuer.refresh(unused, {}, proven(issuer)), 'invalid_grant')
  })

  it('B-FAPI-05, RT-09 end when they are revoked, and are worth nothing to another client', async () => {
    const bank = await openBank('server')
    const { issuer } = bank
    const tokens = await tokensIn(bank)
    const { client: other } = await addKeyClient(issuer)
    expectRefusal(await issuer.refresh({ ...tokens, client: other }, {}, proven(issuer)), 'invalid_grant')
    expectTokens(await issuer.refresh(tokens, {}, proven(issuer)))
    expect((await issuer.revoke(bank.client, tokens.refreshToken)).status).toBe(200)
    expectRefusal(await issuer.refresh(tokens, {}, proven(issuer)), 'invalid_grant')
  })

  it('B-FAPI-05, A-RT-03 that were replaced before the profile held are still spent', async () => {
    const bank = await openBank('client', 'oauth21')
    const { issuer } = bank
    const first = await tokensIn(bank)
    const second = await issuer.refreshed(first)
    const moved = await issuer.changeClient(bank.client, { profile: 'fapi2', idTokenAlgorithm: 'ES256' })
    const client = { ...moved, assertion: bank.client.assertion }
    const now = { client, refreshToken: second.refreshToken }
    expectTokens(await issuer.refresh(now, {}, proven(issuer)))
    expectTokens(await issuer.refresh(now, {}, proven(issuer)))
    expectRefusal(
      await issuer.refresh({ client, refreshToken: first.refreshToken }, {}, proven(issuer)),
      'invalid_grant',
    )
    expectRefusal(await issuer.refresh(now, {}, proven(issuer)), 'invalid_grant')
  })
})
