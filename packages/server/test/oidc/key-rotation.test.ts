import type { SigningKey } from '@sallyport/server'
import { decodeJwt, type TestIssuer } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, newIssuer } from '../fixtures.ts'
import { keysOf } from '../signed-by-us.ts'

const day = 86_400
const own = { scope: 'openid', resource: undefined }

const kidsOf = async (issuer: TestIssuer, alg = 'ES256'): Promise<string[]> =>
  (await keysOf(issuer)).filter((key) => key['alg'] === alg).map((key) => key['kid'] ?? '')

/** Tokens signed now; of a client without a secret, which would not last for years. */
const tokenNow = async (issuer: TestIssuer) => {
  const { accessToken, idToken } = await issuer.codeFlow({ client: issuer.clients.P, parameters: own })
  return { accessToken, kid: decodeJwt(accessToken).header['kid'], idKid: decodeJwt(idToken).header['kid'] }
}

describe('rotation by schedule, under a clock that is moved by hand', () => {
  it('B-JWK-02 publishes the next key first, uses it later, and keeps the old one until its last token is dead', async () => {
    const issuer = await newIssuer()
    const [first = ''] = await kidsOf(issuer)
    const upkeepAt = async (instant: number): Promise<string[]> => {
      issuer.clock.set(1_800_000_000 + instant)
      await issuer.server.maintain()
      return kidsOf(issuer)
    }
    expect(await upkeepAt(89 * day - 1)).toEqual([first])
    const [, second = ''] = await upkeepAt(89 * day)
    expect(second).not.toBe('')
    // For one publication lead both are there and the old one still signs.
    await upkeepAt(90 * day - 1)
    const last = await tokenNow(issuer)
    expect([last.kid, (await issuer.userinfo(last.accessToken)).status]).toEqual([first, 200])
    expect(await upkeepAt(90 * day)).toEqual([first, second])
    const next = await tokenNow(issuer)
    expect(next.kid).toBe(second)
    // The last token of the old key lives for 299 more seconds, and caches keep the set for 300.
    expect(await upkeepAt(90 * day + 298)).toEqual([first, second])
    for (const { accessToken } of [last, next]) expect((await issuer.userinfo(accessToken)).status).toBe(200)
    expect(await upkeepAt(90 * day + 599)).toEqual([first, second])
    expect(await upkeepAt(90 * day + 600)).toEqual([second])
    expect((await issuer.userinfo(last.accessToken)).status).toBe(401)
  })

  it('B-JWK-02 goes on for years: every period has a new key, and no kid comes back', async () => {
    const issuer = await newIssuer({ algorithms: ['ES256', 'RS256'] })
    const seen = new Map<string, SigningKey>()
    for (let days = 0; days <= 2 * 365; days++) {
      await issuer.server.maintain()
      for (const key of await issuer.store.listSigningKeys()) seen.set(key.kid, key)
      if (days % 30 === 0) expect(await kidsOf(issuer)).toContain((await tokenNow(issuer)).kid)
      issuer.clock.advance(day)
    }
    for (const alg of ['ES256', 'RS256'])
      expect([alg, [...seen.values()].filter((key) => key.alg === alg).length]).toEqual([alg, 9])
    expect(eventsOf(issuer, 'keys.rotated', 'schedule')).toHaveLength(16)
  })

  it('B-JWK-02 every ID Token algorithm rotates, and the old ID Tokens verify meanwhile', async () => {
    const issuer = await newIssuer()
    const before = await tokenNow(issuer)
    await issuer.server.rotateKeys()
    issuer.clock.advance(day)
    const after = await tokenNow(issuer)
    const published = (await keysOf(issuer)).map(({ kid }) => kid)
    expect(after.idKid).not.toBe(before.idKid)
    expect(published).toEqual(expect.arrayContaining([before.idKid, after.idKid]))
  })
})

describe('rotation by hand', () => {
  it('B-JWK-02 never uses a key sooner than caches can know it', async () => {
    const issuer = await newIssuer()
    const [first] = await kidsOf(issuer)
    await issuer.server.rotateKeys(0)
    expect((await tokenNow(issuer)).kid).toBe(first)
    issuer.clock.advance(599)
    expect((await tokenNow(issuer)).kid).toBe(first)
    issuer.clock.advance(1)
    expect((await tokenNow(issuer)).kid).not.toBe(first)
    expect(eventsOf(issuer, 'keys.rotated', 'administrator')).toHaveLength(5)
  })

  it('B-JWK-02 twice in a row keeps every token verifiable at each step', async () => {
    const issuer = await newIssuer()
    const alive: { token: string; until: number }[] = []
    for (let step = 0; step < 60; step++) {
      if (step === 5 || step === 6 || step === 20) await issuer.server.rotateKeys(600)
      await issuer.server.maintain()
      alive.push({ token: (await tokenNow(issuer)).accessToken, until: issuer.clock.now() + 300 })
      for (const { token, until } of alive)
        expect((await issuer.userinfo(token)).status).toBe(issuer.clock.now() < until ? 200 : 401)
      issuer.clock.advance(60)
    }
    expect(await kidsOf(issuer)).toHaveLength(1)
  })

  it('B-JWK-02 two nodes that rotate at once make one key, and each verifies what the other signs', async () => {
    const issuer = await newIssuer()
    const other = await issuer.startNode()
    await Promise.all([issuer.server.rotateKeys(600), other.rotateKeys(600)])
    await Promise.all([issuer.server.maintain(), other.maintain()])
    expect(await kidsOf(issuer)).toHaveLength(2)
    issuer.clock.advance(600)
    const { accessToken } = await tokenNow(issuer)
    const headers = { authorization: `Bearer ${accessToken}` }
    expect((await issuer.send({ path: '/oauth2/userinfo', headers }, other)).status).toBe(200)
  })
})
