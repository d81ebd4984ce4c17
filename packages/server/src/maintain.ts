import type { Context } from './context.ts'
import { addNextKey, algorithmsDue, loadKeyRing, type KeyRing, type KeyRingOptions } from './tokens/key-ring.ts'

/** Rows one sweep takes from each table at most; the next round takes the rest. */
const sweepLimit = 1000

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
  await ctx.store.sweep(now, sweepLimit)
  await ctx.events.flush()
}
