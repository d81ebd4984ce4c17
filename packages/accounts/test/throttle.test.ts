import { seconds, type Seconds } from '@sallyport/protocol'
import { createMemoryStore } from '@sallyport/server/store'
import { describe, expect, it } from 'vitest'
import { createThrottle, defaultThrottle, type Attempt } from '../src/throttle.ts'
import { start } from './fixtures.ts'

const from = (network: string, account = 'alice', device?: string): Attempt => ({ account, network, device })

describe('throttle', () => {
  it('BF-01 lets five attempts of one account and network through, then delays them ever longer', async () => {
    const throttle = createThrottle(createMemoryStore())
    let now: Seconds = start
    for (let attempt = 0; attempt < 6; attempt++) expect(await throttle.reserve(from('192.0.2.1'), now)).toBeUndefined()
    const delays: number[] = []
    for (let round = 0; round < 8; round++) {
      const refused = await throttle.reserve(from('192.0.2.1'), now)
      expect(refused?.reason).toBe('account')
      const delay = refused?.retryAfter ?? 0
      delays.push(delay)
      now = seconds(now + delay)
      expect(await throttle.reserve(from('192.0.2.1'), now)).toBeUndefined()
    }
    expect(delays).toEqual([15, 30, 60, 120, 240, 480, 900, 900])
  })

  it('BF-01 lets another network try while one is delayed, and forgets after a success', async () => {
    const throttle = createThrottle(createMemoryStore())
    for (let attempt = 0; attempt < 20; attempt++) await throttle.reserve(from('192.0.2.1'), start)
    expect(await throttle.reserve(from('192.0.2.1'), start)).toBeDefined()
    expect(await throttle.reserve(from('198.51.100.7'), start)).toBeUndefined()
    await throttle.succeeded(from('192.0.2.1'), start)
    expect(await throttle.reserve(from('192.0.2.1'), start)).toBeUndefined()
  })

  it('BF-02 reserves before the check: of 200 parallel attempts only the free ones and one more get through', async () => {
    const throttle = createThrottle(createMemoryStore())
    const all = await Promise.all(Array.from({ length: 200 }, () => throttle.reserve(from('192.0.2.1'), start)))
    const passed = all.filter((answer) => answer === undefined).length
    expect(passed).toBeGreaterThanOrEqual(defaultThrottle.free)
    expect(passed).toBeLessThanOrEqual(defaultThrottle.free + 1)
  })

  it('BF-03 never locks an account: after an hour of failures elsewhere a new network and a known device may try', async () => {
    const throttle = createThrottle(createMemoryStore())
    for (let minute = 0; minute < 60; minute++) {
      for (let network = 0; network < 30; network++) {
        await throttle.reserve(from(`203.0.113.${network}`), seconds(start + 60 * minute))
      }
    }
    const now = seconds(start + 3599)
    expect(await throttle.reserve(from('198.51.100.7'), now)).toBeUndefined()
    expect(await throttle.reserve(from('203.0.113.1', 'alice', 'known'), now)).toBeUndefined()
  })

  it('A-RATE-02 gives each new network fewer attempts while an account is under attack', async () => {
    const throttle = createThrottle(createMemoryStore())
    for (let network = 0; network < 60; network++) await throttle.reserve(from(`203.0.113.${network}`), start)
    expect(await throttle.reserve(from('198.51.100.7'), start)).toBeUndefined()
    expect(await throttle.reserve(from('198.51.100.7'), start)).toBeUndefined()
    expect(await throttle.reserve(from('198.51.100.7'), start)).toMatchObject({ reason: 'account' })
    expect(await throttle.reserve(from('198.51.100.7', 'bob'), start)).toBeUndefined()
  })

  it('BF-04 limits one network over all accounts, and own successes buy no further guesses', async () => {
    const throttle = createThrottle(createMemoryStore(), { ...defaultThrottle, networkFailures: 10 })
    const answers: unknown[] = []
    for (let account = 0; account < 40; account++) {
      if (account % 2 === 0) {
        const own = from('192.0.2.1', 'mallory')
        if ((await throttle.reserve(own, start)) === undefined) await throttle.succeeded(own, start)
      }
      answers.push(await throttle.reserve(from('192.0.2.1', `victim-${account}`), start))
    }
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(10)
    expect(answers.at(-1)).toMatchObject({ reason: 'spray' })
    expect(await throttle.reserve(from('192.0.2.1', 'alice', 'known'), start)).toBeUndefined()
    expect(await throttle.reserve(from('192.0.2.1', 'victim-0'), seconds(start + 1200))).toBeUndefined()
  })

  it('A-RATE-02 leaves each network a few attempts while stolen passwords are tried from everywhere, and locks out nobody', async () => {
    const limits = { ...defaultThrottle, failuresEverywhere: 200, networkFailuresUnderAttack: 3 }
    const throttle = createThrottle(createMemoryStore(), limits)
    const stuff = (network: number, attempt: number, now = start) =>
      throttle.reserve(from(`203.0.113.${network}`, `victim-${network}-${attempt}`), now)
    // As many honest people come at the same time: what they get right is no failure.
    for (let person = 0; person < 300; person++) {
      const own = from('192.0.2.1', `person-${person}`)
      expect(await throttle.reserve(own, start)).toBeUndefined()
      await throttle.succeeded(own, start)
    }
    for (let network = 0; network < 49; network++)
      for (let attempt = 0; attempt < 4; attempt++) expect(await stuff(network, attempt)).toBeUndefined()
    for (let network = 50; network < 54; network++) expect(await stuff(network, 0)).toBeUndefined()
    expect(await stuff(0, 4)).toMatchObject({ reason: 'spray' })
    for (let attempt = 0; attempt < 3; attempt++) expect(await stuff(100, attempt)).toBeUndefined()
    expect(await stuff(100, 3)).toMatchObject({ reason: 'spray' })
    expect(await throttle.reserve(from('198.51.100.7'), start)).toBeUndefined()
    expect(await throttle.reserve(from('203.0.113.100', 'alice', 'known'), start)).toBeUndefined()
    expect(await stuff(100, 4, seconds(start + 1200))).toBeUndefined()
  })

  it('BF-04 makes no more counters for a network that is over its limit', async () => {
    const keys = new Set<string>()
    const store = createMemoryStore()
    const throttle = createThrottle(
      { ...store, count: (key, window, now) => (keys.add(key), store.count(key, window, now)) },
      { ...defaultThrottle, networkFailures: 10 },
    )
    for (let account = 0; account < 10; account++) await throttle.reserve(from('192.0.2.1', `name-${account}`), start)
    const before = keys.size
    for (let account = 0; account < 500; account++) await throttle.reserve(from('192.0.2.1', `other-${account}`), start)
    expect(keys.size).toBe(before)
  })

  it('A-LOG-02 keeps no typed name in the keys of its counters', async () => {
    const keys: string[] = []
    const store = createMemoryStore()
    const throttle = createThrottle({
      ...store,
      count: (key, window, now) => (keys.push(key), store.count(key, window, now)),
    })
    await throttle.reserve(from('192.0.2.1', 'hunter2-canary'), start)
    expect(keys.length).toBeGreaterThan(2)
    expect(keys.join(' ')).not.toContain('canary')
  })
})
