import { systemRandom } from '@sallyport/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { newAttempt } from '../../src/demo/authorization-request.ts'
import {
  createBrowserStates,
  type BrowserState,
  type BrowserStates,
  type Pending,
} from '../../src/demo/browser-states.ts'

let now = 0
let states: BrowserStates
const random = systemRandom()

beforeEach(() => {
  now = 1_800_000_000
  states = createBrowserStates(random, () => now)
})

const open = (cookie?: string): { state: BrowserState; cookie: string } => {
  const { state, newCookie } = states.open(cookie)
  return { state, cookie: newCookie ?? cookie ?? '' }
}

const departure = (): Pending => {
  const client = { id: 'client_1', name: 'App', secret: undefined, redirectUri: 'https://app.test/cb' }
  const attempt = newAttempt(random, { client, issuer: 'https://as.test', scope: 'openid' })
  return { attempt, attack: undefined, original: undefined, at: now }
}

describe('what the demo app knows of a browser', () => {
  it('A-UI-05 is found by an unguessable cookie and by nothing else', () => {
    const first = open()
    expect(first.cookie).toMatch(/^[\w-]{43}$/)
    expect(open(first.cookie).state).toBe(first.state)
    const stranger = open('planted')
    expect(stranger.state).not.toBe(first.state)
    expect(stranger.cookie).not.toBe('planted')
  })

  it('A-ISS-02, A-PKCE-12, A-BCP-05 gives an attempt once, to its own browser, and not for long', () => {
    const mine = open().state
    const pending = departure()
    states.depart(mine, pending)
    expect(states.take(open().state, pending.attempt.state)).toBeUndefined()
    expect(states.take(mine, pending.attempt.state)).toBe(pending)
    expect(states.take(mine, pending.attempt.state)).toBeUndefined()
    states.depart(mine, pending)
    now += 10 * 60
    expect(states.take(mine, pending.attempt.state)).toBeUndefined()
  })

  it('A-UI-07 is bounded in number and in time', () => {
    const first = open()
    for (let count = 0; count < 99; count++) open()
    expect(open(first.cookie).state).toBe(first.state)
    for (let count = 0; count < 100; count++) open()
    expect(open(first.cookie).state).not.toBe(first.state)
    const last = open()
    now += 60 * 60
    expect(open(last.cookie).state).not.toBe(last.state)
    const busy = open().state
    for (let count = 0; count < 50; count++) states.depart(busy, departure())
    expect(busy.pending.size).toBe(8)
  })
})
