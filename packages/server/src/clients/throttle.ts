import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'

/** A-RATE-01: failures of one client from one network per minute, and per hour, before that network is blocked. */
const perMinute = 10
const perHour = 100

const maxBlocked = 10_000
const blocked = new WeakMap<Context, Map<string, number>>()

/** Whose failures are counted together: those of one client, or all that name no client, so that nobody fills the store with invented ids. */
export type Guessed = Client | undefined

const keyOf = (call: Call, guessed: Guessed): string => `client-auth:${guessed?.id ?? 'unknown'}:${call.network}`

function blockedOf(ctx: Context): Map<string, number> {
  let map = blocked.get(ctx)
  if (map === undefined) {
    map = new Map<string, number>()
    blocked.set(ctx, map)
  }
  return map
}

/** Refuses a client and network pair that failed too often. Costs one look into an almost always empty map. */
export function requireNotThrottled(ctx: Context, call: Call, guessed: Guessed): void {
  const map = blockedOf(ctx)
  if (map.size === 0) return
  const key = keyOf(call, guessed)
  const until = map.get(key)
  if (until === undefined) return
  const left = until - ctx.now()
  if (left <= 0) map.delete(key)
  else throw refuse('throttled', { headers: { 'retry-after': String(Math.ceil(left)) } })
}

/**
 * Counts a failed client authentication, in the store so that all nodes count together, and blocks the network for this
 * client when there were too many. The client as a whole is never blocked (CA-13).
 */
export async function countFailure(ctx: Context, call: Call, guessed: Guessed): Promise<void> {
  const key = keyOf(call, guessed)
  const now = ctx.now()
  const minute = await ctx.store.count(`${key}:minute`, 60, now)
  const hour = await ctx.store.count(`${key}:hour`, 3600, now)
  const pause = hour >= perHour ? 3600 : minute >= perMinute ? 60 : 0
  if (pause === 0) return
  const map = blockedOf(ctx)
  if (map.size >= maxBlocked) map.delete(map.keys().next().value ?? '')
  map.set(key, now + pause)
  await ctx.events.write(
    {
      event: 'client.auth.locked',
      severity: 'medium',
      clientId: guessed?.id,
      reason: 'throttled',
      detail: { seconds: pause },
    },
    { requestId: call.id, network: call.network },
  )
}
