import { refuse } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { clientIdForRecords } from '../ids.ts'

/** A-RATE-01: failures of one client from one network per minute, and per hour, before that network is blocked. */
const perMinute = 10
const perHour = 100

const maxBlocked = 10_000
const blocked = new WeakMap<Context, Map<string, number>>()

// Ids that cannot exist share one count, so that nobody fills the store with invented ones.
const keyOf = (call: Call, clientId: string): string =>
  `client-auth:${clientIdForRecords(clientId) ?? 'unknown'}:${call.network}`

function blockedOf(ctx: Context): Map<string, number> {
  let map = blocked.get(ctx)
  if (map === undefined) {
    map = new Map<string, number>()
    blocked.set(ctx, map)
  }
  return map
}

/** Refuses a client and network pair that failed too often. Costs one look into an almost always empty map. */
export function requireNotThrottled(ctx: Context, call: Call, clientId: string): void {
  const map = blockedOf(ctx)
  if (map.size === 0) return
  const key = keyOf(call, clientId)
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
export async function countFailure(ctx: Context, call: Call, clientId: string): Promise<void> {
  const key = keyOf(call, clientId)
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
      clientId: clientIdForRecords(clientId),
      reason: 'throttled',
      detail: { seconds: pause },
    },
    { requestId: call.id, network: call.network },
  )
}
