import { lookupKey, type Random } from '@sallyport/protocol'
import type { AttackId, AttackOutcome } from './attacks/attack.ts'
import type { AuthorizationAttempt } from './authorization-request.ts'
import type { Exchange } from './exchange.ts'
import type { FlowRun } from './flow-run.ts'
import { newDeviceState, type DeviceState } from './device/device-state.ts'
import { newDpopState, type DpopState } from './dpop/dpop-state.ts'
import { newMcpState, type McpState } from './mcp/mcp-state.ts'
import { newStepUpState, type StepUpState } from './step-up/step-up-state.ts'
import { newPushedState, type PushedState } from './pushed/pushed-state.ts'

/** Somebody was sent away and has not come back. */
export type Pending = {
  readonly attempt: AuthorizationAttempt
  /** `undefined` for the flow itself. */
  readonly attack: AttackId | undefined
  /** The answer before somebody in between changed it. */
  readonly original: Exchange | undefined
  /** Seconds since 1970. */
  readonly at: number
}

/** What the demo app knows about one browser. Lives in memory only. */
export type BrowserState = {
  /** By `state` parameter. */
  readonly pending: Map<string, Pending>
  readonly outcomes: Map<AttackId, AttackOutcome>
  run: FlowRun | undefined
  readonly mcp: McpState
  readonly device: DeviceState
  readonly pushed: PushedState
  readonly dpop: DpopState
  readonly stepUp: StepUpState
  /** Attacks still to come while all of them are tried in a row; `undefined` while none of them or a single one is. */
  queue: readonly AttackId[] | undefined
  seenAt: number
}

export type BrowserStates = {
  /** The state of the browser with this cookie; a new one, with its cookie value, when there is none. */
  open(cookie: string | undefined): { readonly state: BrowserState; readonly newCookie: string | undefined }
  /** Remembers that a browser was sent away. */
  depart(state: BrowserState, pending: Pending): void
  /** What a `state` parameter belongs to; once. */
  take(state: BrowserState, parameter: string | undefined): Pending | undefined
}

const maxBrowsers = 100
const maxPending = 8
const lifetime = 60 * 60
const pendingLifetime = 10 * 60

const dropOldest = <Key, Value>(map: Map<Key, Value>, most: number): void => {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}

/** Bounded in number and in time: the oldest browser goes when there are too many, and each goes after an idle hour. */
export function createBrowserStates(random: Random, now: () => number): BrowserStates {
  const browsers = new Map<string, BrowserState>()
  const find = (cookie: string): BrowserState | undefined => {
    const key = lookupKey(cookie)
    const state = browsers.get(key)
    if (state === undefined) return undefined
    browsers.delete(key)
    if (state.seenAt + lifetime <= now()) return undefined
    // Put back at the end: the map is in order of last use.
    browsers.set(key, state)
    state.seenAt = now()
    return state
  }
  return {
    open: (cookie) => {
      const known = cookie === undefined ? undefined : find(cookie)
      if (known !== undefined) return { state: known, newCookie: undefined }
      const newCookie = random.handle()
      const state: BrowserState = {
        pending: new Map(),
        outcomes: new Map(),
        run: undefined,
        mcp: newMcpState(),
        device: newDeviceState(),
        pushed: newPushedState(),
        dpop: newDpopState(),
        stepUp: newStepUpState(),
        queue: undefined,
        seenAt: now(),
      }
      browsers.set(lookupKey(newCookie), state)
      dropOldest(browsers, maxBrowsers)
      return { state, newCookie }
    },
    depart: (state, pending) => {
      state.pending.set(pending.attempt.state, pending)
      dropOldest(state.pending, maxPending)
    },
    take: (state, parameter) => {
      const pending = parameter === undefined ? undefined : state.pending.get(parameter)
      if (pending === undefined) return undefined
      state.pending.delete(pending.attempt.state)
      return pending.at + pendingLifetime <= now() ? undefined : pending
    },
  }
}
