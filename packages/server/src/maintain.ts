import type { Seconds } from '@sallyport/protocol'
import { removeUnusedClients } from './clients/dynamic-registration.ts'
import type { Context } from './context.ts'
import { disableUnused } from './unused-clients.ts'
import { addNextKey, algorithmsDue, loadKeyRing, type KeyRing, type KeyRingOptions } from './tokens/key-ring.ts'

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

/**
 * One round of upkeep. Safe on any number of nodes at once: each of its steps is decided by the store. With `rotate`, every
 * algorithm gets its next key whatever the schedule says.
 */
export async function maintain(
  ctx: Context,
  options: KeyRingOptions,
  setKeys: (ring: KeyRing) => void,
  rotate?: { readonly lead: number },
): Promise<void> {
  const now = ctx.now()
  const ring = await loadKeyRing(options, ctx.keys())
  const due = rotate === undefined ? algorithmsDue(options, ring.records, now) : options.algorithms
  for (const alg of due) {
    if (!(await addNextKey(options, alg, now, rotate?.lead ?? ctx.policy.keyPublicationLead))) continue
    await ctx.events.write(
      { event: 'keys.rotated', detail: { alg }, reason: rotate === undefined ? 'schedule' : 'administrator' },
      { requestId: undefined, network: undefined },
    )
  }
  setKeys(due.length === 0 ? ring : await loadKeyRing(options, ring))
  await sweepAll(ctx, now)
  await ctx.usage.flush()
  await disableUnused(ctx, now)
  await removeUnusedClients(ctx)
  await ctx.events.flush()
  ctx.alerts.flush(now)
}
