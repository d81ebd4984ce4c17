import type { JwsAlgorithm, Seconds } from '@sallyport/protocol'
import { removeUnusedClients } from './clients/dynamic-registration.ts'
import type { Context } from './context.ts'
import { ExternalKeyFault } from './model/external-keys.ts'
import { disableUnused } from './unused-clients.ts'
import { loadKeyRing, type KeyRing, type KeyRingOptions } from './tokens/key-ring.ts'
import { addNextKey, algorithmsDue } from './tokens/key-schedule.ts'

/** Rows one sweep takes from each table at most, so that no request waits long behind it. */
const sweepLimit = 1000

/** Milliseconds one round sweeps at most; what is left then waits for the next round. */
const sweepBudget = 3000

/** Sweeps until nothing is left that may go: growth stops where traffic and retention meet, not where sweeping is too slow. */
async function sweepAll(ctx: Context, now: Seconds): Promise<void> {
  const begun = performance.now()
  for (;;) {
    const swept = await ctx.store.sweep(now, sweepLimit)
    const more = Object.values(swept).some((rows) => rows >= sweepLimit)
    if (!more || performance.now() - begun > sweepBudget) return
    // Requests come first.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

type Rotation = { readonly lead: number } | undefined

/**
 * Gives each of these algorithms its next key. A key that cannot be had elsewhere keeps neither the other keys nor the rest
 * of the upkeep waiting: its fault is what comes back.
 */
async function addKeys(
  ctx: Context,
  options: KeyRingOptions,
  algorithms: readonly JwsAlgorithm[],
  rotate: Rotation,
): Promise<ExternalKeyFault | undefined> {
  let fault: ExternalKeyFault | undefined
  for (const alg of algorithms) {
    try {
      if (!(await addNextKey(options, alg, ctx.now(), rotate?.lead ?? ctx.policy.keyPublicationLead))) continue
    } catch (error) {
      if (!(error instanceof ExternalKeyFault)) throw error
      fault ??= error
      continue
    }
    await ctx.events.write(
      { event: 'keys.rotated', detail: { alg }, reason: rotate === undefined ? 'schedule' : 'administrator' },
      { requestId: undefined, network: undefined },
    )
  }
  return fault
}

/**
 * One round of upkeep. Safe on any number of nodes at once: each of its steps is decided by the store. With `rotate`, every
 * algorithm gets its next key whatever the schedule says. Rejects at the end when a key could not be had.
 */
export async function maintain(
  ctx: Context,
  options: KeyRingOptions,
  setKeys: (ring: KeyRing) => void,
  rotate?: Rotation,
): Promise<void> {
  const now = ctx.now()
  const ring = await loadKeyRing(options, ctx.keys())
  const due = rotate === undefined ? algorithmsDue(options, ring.records, now) : options.algorithms
  const fault = await addKeys(ctx, options, due, rotate)
  setKeys(due.length === 0 ? ring : await loadKeyRing(options, ring))
  await ctx.logouts.deliver()
  await sweepAll(ctx, now)
  await ctx.usage.flush()
  await disableUnused(ctx, now)
  await removeUnusedClients(ctx)
  await ctx.events.flush()
  ctx.alerts.flush(now)
  if (fault !== undefined) throw fault
}
