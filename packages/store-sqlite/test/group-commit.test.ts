import { openSqliteStore } from '@sallyport/store-sqlite'
import { event, family, ground, issue, records, refreshToken, start } from '@sallyport/testing/store-contract'
import { describe, expect, it } from 'vitest'
import { scratchFile } from './scratch.ts'
import { rowCounts } from './tables.ts'

/** Transactions and statements that a call takes. */
async function cost(
  store: Awaited<ReturnType<typeof openSqliteStore>>,
  call: () => Promise<unknown>,
): Promise<readonly [number, number]> {
  const before = store.statistics()
  await call()
  const after = store.statistics()
  return [after.transactions - before.transactions, after.statements - before.statements]
}

describe('group commit', () => {
  it('A-CODE-02 takes one transaction to issue a code, one to redeem it and one to rotate', async () => {
    const store = await openSqliteStore({ path: scratchFile() })
    const issued = issue(await ground(store))
    const token = refreshToken(issued.authorization)
    const next = refreshToken(issued.authorization, { sequence: 1, sealedAnswer: new Uint8Array(1500) })
    const { digest } = issued.code
    expect(await cost(store, () => store.issueCode(issued, start))).toEqual([1, 1])
    expect(await cost(store, () => store.findAuthorizationCode(digest))).toEqual([0, 0])
    expect(
      await cost(store, () => store.redeem({ kind: 'authorization_code', digest }, records(token), start)),
    ).toEqual([1, 2])
    expect(await cost(store, () => store.findRefreshToken(token.digest))).toEqual([0, 0])
    const rotation = () =>
      store.redeem({ kind: 'refresh_token', digest: token.digest }, records(next, [event()]), start)
    expect(await cost(store, rotation)).toEqual([1, 5])
    expect(await cost(store, () => store.redeem({ kind: 'none' }, records(undefined), start))).toEqual([0, 0])
    await store.close()
  })

  it('A-CODE-02 writes nothing in any table for 63 of 64 redemptions', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const issued = issue(await ground(store))
    await store.issueCode(issued, start)
    const before = rowCounts(path)
    const redemption = { kind: 'authorization_code', digest: issued.code.digest } as const
    const redeem = () => store.redeem(redemption, records(refreshToken(issued.authorization), [event()]), start)
    expect(await cost(store, () => Promise.all(Array.from({ length: 64 }, redeem)))).toEqual([1, 66])
    expect(rowCounts(path)).toEqual({ ...before, refresh_tokens: 1, events: 1 })
    await store.close()
  })

  it('FT-07 lets all writes of a turn share one transaction', async () => {
    const store = await openSqliteStore({ path: scratchFile() })
    const on = await ground(store)
    const all = Array.from({ length: 100 }, () => issue(on))
    expect(await cost(store, () => Promise.all(all.map((issued) => store.issueCode(issued, start))))).toEqual([1, 100])
    await store.close()
  })

  it('A-RT-14 undoes an operation that fails, and no other', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const on = await ground(store)
    const { authorization, token } = await family(store, on)
    const before = rowCounts(path)
    const orphan = refreshToken({ ...authorization, id: 'nobody' }, { sequence: 1 })
    const neighbours = Array.from({ length: 6 }, () => issue(on, { events: [event()] }))
    const outcomes = await Promise.allSettled([
      ...neighbours.slice(0, 3).map((issued) => store.issueCode(issued, start)),
      store.redeem({ kind: 'refresh_token', digest: token.digest }, records(orphan, [event()]), start),
      ...neighbours.slice(3).map((issued) => store.issueCode(issued, start)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(3).fill('fulfilled'),
      'rejected',
      ...Array<string>(3).fill('fulfilled'),
    ])
    expect(rowCounts(path)).toEqual({ ...before, authorizations: 7, events: 6 })
    expect((await store.findRefreshToken(token.digest))?.state).toBe('current')
    await store.close()
  })

  it('FT-16 resolves what was asked before the store was closed', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const writes = Array.from({ length: 10 }, () => store.appendEvents([event()]))
    await store.close()
    await store.close()
    await Promise.all(writes)
    expect(rowCounts(path)).toMatchObject({ events: 10 })
    await expect(store.readCount('x', start)).rejects.toMatchObject({ reason: 'unreachable' })
    await expect(store.clearCount('x')).rejects.toMatchObject({ reason: 'unreachable' })
  })
})
