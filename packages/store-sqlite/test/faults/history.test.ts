import { createMemoryStore } from '@sallyport/server/store'
import type { Store } from '@sallyport/server/model'
import { describe, expect, it } from 'vitest'
import { anomalies, probe, type Attempt } from './history.ts'
import { prepare, work } from './workload.ts'

/** Runs the workload of the crash tests on a store and judges it. */
async function judge(store: Store): Promise<readonly string[]> {
  const history = new Map<string, Attempt>()
  await prepare(store)
  await work(store, (id, attempt) => history.set(id, attempt), [], 8)
  const attempts = [...history.values()]
  return anomalies(attempts, await probe(store, attempts))
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A store from which one rule was taken away. */
function broken(change: (sound: Store) => Partial<Store>): Store {
  const sound = createMemoryStore()
  return { ...sound, ...change(sound) }
}

describe('the history checker', () => {
  it('FT-03 finds nothing wrong with a sound store', async () => {
    expect(await judge(createMemoryStore())).toEqual([])
  })

  it('CO-02 notices a store that looks before it writes', async () => {
    const store = broken((sound) => ({
      redeem: async (redemption, records, now) => {
        if (redemption.kind !== 'authorization_code') return sound.redeem(redemption, records, now)
        const view = await sound.findAuthorizationCode(redemption.digest)
        if (view?.state !== 'issued') return false
        await turn()
        await sound.redeem(redemption, { refreshToken: undefined, accessToken: undefined, events: [] }, now)
        return sound.redeem({ kind: 'none' }, records, now)
      },
    }))
    expect(await judge(store)).toContainEqual(expect.stringMatching(/was redeemed 3 times/))
  })

  it('RT-02 notices siblings in a family', async () => {
    const store = broken((sound) => ({
      redeem: async (redemption, records, now) => {
        if (redemption.kind !== 'refresh_token') return sound.redeem(redemption, records, now)
        await sound.redeem(redemption, { refreshToken: undefined, accessToken: undefined, events: [] }, now)
        return sound.redeem({ kind: 'none' }, records, now)
      },
    }))
    expect(await judge(store)).toContainEqual(expect.stringMatching(/has \d live members/))
  })

  it('FT-01 notices tokens of callers that were refused', async () => {
    const store = broken((sound) => ({
      redeem: async (redemption, records, now) => {
        const won = await sound.redeem(redemption, records, now)
        if (!won) await sound.redeem({ kind: 'none' }, records, now)
        return won
      },
    }))
    expect(await judge(store)).toContainEqual(expect.stringMatching(/was refused and is there/))
  })

  it('FT-01 notices a success that was not written', async () => {
    const store = broken((sound) => ({
      redeem: (redemption, records, now) => sound.redeem(redemption, { ...records, refreshToken: undefined }, now),
    }))
    expect(await judge(store)).toContainEqual(expect.stringMatching(/was answered and is gone/))
  })

  it('FT-01 notices a code that is spent without anything being issued for it', async () => {
    const store = broken((sound) => ({
      redeem: async (redemption, records, now) => {
        const won = await sound.redeem(redemption, { ...records, refreshToken: undefined }, now)
        return redemption.kind === 'authorization_code' ? false : won
      },
    }))
    const found = await judge(store)
    expect(found).toContainEqual(expect.stringMatching(/is redeemed and has 0 children/))
    expect(found).toContainEqual(expect.stringMatching(/was refused to everybody/))
  })

  it('RT-20 notices a revocation that left no mark', async () => {
    const store = broken(() => ({ revokeAuthorization: async () => true }))
    expect(await judge(store)).toContainEqual(expect.stringMatching(/lives on after/))
  })

  it('FT-03 notices a store that forgets at a restart', async () => {
    const history = new Map<string, Attempt>()
    const store = createMemoryStore()
    await prepare(store)
    await work(store, (id, attempt) => history.set(id, attempt), [], 4)
    const attempts = [...history.values()]
    expect(anomalies(attempts, await probe(createMemoryStore(), attempts)).length).toBeGreaterThan(0)
  })
})
