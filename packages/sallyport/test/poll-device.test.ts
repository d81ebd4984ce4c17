import { describe, expect, it } from 'vitest'
import { pollUntilDecided, type PollOutcome } from '../src/flow/poll-device.ts'

type Kind = PollOutcome<string>['kind'] | 'refused'

/** Runs the loop on a clock of its own against a server that answers by a script, and tells when it asked. */
async function played(script: readonly Kind[], { interval = 5, expiresIn = 600 } = {}) {
  let clock = 0
  const asked: number[] = []
  const end = await pollUntilDecided<string>({
    interval,
    expiresIn,
    now: () => clock,
    wait: async (seconds) => {
      clock += seconds
    },
    poll: async () => {
      asked.push(clock)
      const kind = script[asked.length - 1] ?? 'authorization_pending'
      if (kind === 'refused') throw new Error('refused')
      return kind === 'tokens' ? { kind, tokens: 'the tokens' } : { kind }
    },
  }).catch((error: unknown) => (error as Error).message)
  return { end, asked }
}

describe('a device that polls', () => {
  it('A-DEV-12 waits the interval, also before the first question', async () => {
    const { end, asked } = await played(['authorization_pending', 'authorization_pending', 'tokens'])
    expect(end).toBe('the tokens')
    expect(asked).toEqual([5, 10, 15])
    expect((await played(['tokens'], { interval: 30 })).asked).toEqual([30])
  })

  it('A-DEV-12 waits five seconds longer after each slow_down, for good', async () => {
    const { asked } = await played([
      'slow_down',
      'authorization_pending',
      'slow_down',
      'authorization_pending',
      'tokens',
    ])
    expect(asked).toEqual([5, 15, 25, 40, 55])
  })

  it('A-DEV-12 waits twice as long after each question without an answer, and as before once there is one', async () => {
    const { asked } = await played(['no_answer', 'no_answer', 'no_answer', 'authorization_pending', 'tokens'])
    expect(asked).toEqual([5, 15, 35, 75, 80])
    const long = await played(
      Array.from({ length: 9 }, () => 'no_answer' as const),
      { expiresIn: 3600 },
    )
    const pauses = long.asked.map((at, index) => at - (long.asked[index - 1] ?? 0))
    expect(Math.max(...pauses)).toBe(120)
  })

  it('A-DEV-12 stops at any other answer', async () => {
    const { end, asked } = await played(['authorization_pending', 'refused', 'tokens'])
    expect(end).toBe('refused')
    expect(asked).toEqual([5, 10])
  })

  it('A-DEV-12 stops when the code is over, and does not start again by itself', async () => {
    const { end, asked } = await played([], { expiresIn: 22 })
    expect(end).toContain('nobody entered the code in time')
    expect(asked).toEqual([5, 10, 15, 20])
  })
})
