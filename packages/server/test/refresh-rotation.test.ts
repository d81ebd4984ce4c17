import { lookupKey } from '@sallyport/protocol'
import { type TestIssuer, type Tokens } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from './fixtures.ts'

/** Neither a refresh token nor an access token of the family works. */
async function expectFamilyDead(issuer: TestIssuer, ...family: readonly Tokens[]): Promise<void> {
  for (const tokens of family) {
    expect(await issuer.isAlive(tokens.accessToken)).toBe(false)
    expectRefusal(await issuer.refresh(tokens), 'invalid_grant')
  }
}

const strict = { policy: { refreshRetryGrace: 0 } } as const

describe('rotation', () => {
  it.for(['P', 'K', 'post', 'N'] as const)(
    'A-RT-02, RT-01 client %s gets a new refresh token each time',
    async (kind) => {
      const issuer = await newIssuer()
      const first = await issuer.codeFlow({ client: issuer.clients[kind] })
      const second = await issuer.refreshed(first)
      const third = await issuer.refreshed(second)
      expect(new Set([first, second, third].map((tokens) => tokens.refreshToken)).size).toBe(3)
      expect(new Set([first, second, third].map((tokens) => tokens.accessToken)).size).toBe(3)
      expect(eventsOf(issuer, 'token.refresh.rotated').map((event) => event.detail['sequence'])).toEqual([1, 2])
    },
  )

  it('RT-01, A-RT-03 with G = 0 a spent token ends the family, access tokens included', async () => {
    const issuer = await newIssuer(strict)
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    expectRefusal(await issuer.refresh(first), 'invalid_grant')
    expectEvent(issuer, 'token.refresh.reuse_detected', { severity: 'high', clientId: first.client.id })
    expectEvent(issuer, 'grant.revoked', { reason: 'refresh_reuse', severity: 'high' })
    await expectFamilyDead(issuer, first, second)
  })

  it('A-RT-03 after the family ended the person has to authorize again, and that works', async () => {
    const issuer = await newIssuer(strict)
    const first = await issuer.codeFlow({ remember: true })
    await issuer.refreshed(first)
    await issuer.refresh(first)
    const again = await issuer.codeFlow()
    expect(await issuer.isAlive(again.accessToken)).toBe(true)
  })

  it('A-RT-03 use R1, then R2, then R1 after the grace: everything is dead, the third token included', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    const third = await issuer.refreshed(second)
    issuer.clock.advance(6)
    expectRefusal(await issuer.refresh(first), 'invalid_grant')
    await expectFamilyDead(issuer, third, second)
  })

  it('A-RT-03 other families of the same person and client live on', async () => {
    const issuer = await newIssuer(strict)
    const one = await issuer.codeFlow()
    const other = await issuer.codeFlow()
    await issuer.refreshed(one)
    await issuer.refresh(one)
    expectTokens(await issuer.refresh(other))
  })
})

describe('a lost answer', () => {
  it('A-RT-04, RT-04 a retry at 4.9 s gets the identical answer', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    issuer.clock.advance(4.9)
    const retry = await issuer.refresh(first)
    expect(retry.text).toBe(second.answer.text)
    expectEvent(issuer, 'token.refresh.retry_in_grace', { clientId: first.client.id })
    expectTokens(await issuer.refresh(second))
  })

  it.for([5, 5.1, 6, 60])('A-RT-04, RT-05 a retry at %d s is theft', async (age) => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    issuer.clock.advance(age)
    expectRefusal(await issuer.refresh(first), 'invalid_grant')
    expectEvent(issuer, 'token.refresh.reuse_detected', { severity: 'high' })
    await expectFamilyDead(issuer, second)
  })

  it('A-RT-04, RT-07 once the successor was used the predecessor is dead, and asking for it ends the family', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    const third = await issuer.refreshed(second)
    expectRefusal(await issuer.refresh(first), 'invalid_grant')
    await expectFamilyDead(issuer, second, third)
  })

  it('RT-07 using the access token of the successor does not close the grace', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    expect(await issuer.isAlive(second.accessToken)).toBe(true)
    expect((await issuer.refresh(first)).text).toBe(second.answer.text)
  })

  it('RT-06 the grace covers only the immediate predecessor', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const third = await issuer.refreshed(await issuer.refreshed(first))
    issuer.clock.advance(1)
    expectRefusal(await issuer.refresh(first), 'invalid_grant')
    await expectFamilyDead(issuer, third)
  })

  it('RT-08 twenty retries get the same answer, there is one successor, and the kept answer goes with the window', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const answers = new Set<string>()
    for (let attempt = 0; attempt < 20; attempt++) answers.add((await issuer.refresh(first)).text)
    expect(answers.size).toBe(1)
    const digest = lookupKey(String((JSON.parse([...answers][0] ?? '') as Record<string, unknown>)['refresh_token']))
    const successor = async () => (await issuer.store.findRefreshToken(lookupKey(first.refreshToken)))?.successor
    expect(await successor()).toMatchObject({
      digest,
      state: 'current',
      sealedAnswer: expect.any(Uint8Array) as Uint8Array,
    })
    issuer.clock.advance(31)
    await issuer.server.maintain()
    expect((await successor())?.sealedAnswer).toBeUndefined()
  })

  it('RT-08 the kept answer cannot be read without the presented token', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    const view = await issuer.store.findRefreshToken(lookupKey(first.refreshToken))
    const kept = Buffer.from(view?.successor?.sealedAnswer ?? []).toString('latin1')
    expect(kept.length).toBeGreaterThan(second.answer.text.length)
    for (const secret of [first.refreshToken, second.refreshToken, second.accessToken])
      expect(kept).not.toContain(secret)
  })

  it('A-RT-04 another client inside the window gets nothing and revokes nothing', async () => {
    const issuer = await newIssuer()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    expectRefusal(await issuer.refresh({ ...first, client: issuer.clients.E }), 'invalid_grant')
    expectRefusal(await issuer.refresh(first, {}, { secret: 'wrong' }), 'invalid_client', 401)
    expect(await issuer.isAlive(second.accessToken)).toBe(true)
    expect((await issuer.refresh(first)).text).toBe(second.answer.text)
  })

  it('A-RT-04 a longer grace follows the policy, within 30 s', async () => {
    const issuer = await newIssuer({ policy: { refreshRetryGrace: 30 } })
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    issuer.clock.advance(29.9)
    expect((await issuer.refresh(first)).text).toBe(second.answer.text)
    await expect(newIssuer({ policy: { refreshRetryGrace: 31 } })).rejects.toThrow('refreshRetryGrace')
  })

  it('A-RT-04 the retry is answered on another node as well', async () => {
    const issuer = await newIssuer()
    const node = await issuer.startNode()
    const first = await issuer.codeFlow()
    const second = await issuer.refreshed(first)
    expect((await issuer.refresh(first, {}, { node })).text).toBe(second.answer.text)
  })
})
