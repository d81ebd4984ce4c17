import type { Seconds } from '@sallyport/protocol'
import type { Context } from './context.ts'
import { isSelfRegistered, type Client } from './model/client.ts'

const day = 86_400
/** When the use of clients was first counted here; before it nobody knows what was used. */
const countingSince = 'usage.since'

/** The last sign of life of a client: of its use, or of somebody who cared for it. */
async function lastSign(ctx: Context, client: Client, counted: number): Promise<number> {
  const use = await ctx.store.usage.lastUse(client.id)
  return Math.max(counted, client.createdAt, client.updatedAt, use?.usedAt ?? 0)
}

/** True for a self-registered client that is removed for the same cause; disabled, it would be kept (B-REG-11). */
async function goesByItself({ store, policy }: Context, client: Client): Promise<boolean> {
  if (!isSelfRegistered(client)) return false
  const registration = await store.registrations.find(client.id)
  return registration !== undefined && registration.unusedLifetime <= policy.clientUnusedLimit
}

/**
 * Disables clients that nobody used for long (A-GOV-05), once a day on one node. An administrator can enable one again,
 * which counts as a sign of life.
 */
export async function disableUnused(ctx: Context, now: Seconds): Promise<void> {
  const today = Math.floor(now / day)
  if (!(await ctx.store.rememberOnce(`upkeep|unused|${today}`, ((today + 2) * day) as Seconds, now))) return
  const counted = await countedSince(ctx, now)
  let after: string | undefined
  do {
    const page = await ctx.store.admin.listClients(after, 200)
    for (const client of page.items) {
      if (client.disabledAt !== undefined) continue
      const sign = await lastSign(ctx, client, counted)
      if (sign + ctx.policy.clientUnusedLimit > now || (await goesByItself(ctx, client))) continue
      await disable(ctx, client, { now, sign })
    }
    after = page.next
  } while (after !== undefined)
}

async function countedSince({ store }: Context, now: Seconds): Promise<number> {
  const known = await store.admin.readSetting(countingSince)
  if (known !== undefined) return Number(known)
  await store.admin.writeSetting(countingSince, String(now), undefined)
  return now
}

async function disable(
  ctx: Context,
  client: Client,
  { now, sign }: { readonly now: Seconds; readonly sign: number },
): Promise<void> {
  const days = Math.floor((now - sign) / day)
  const event = ctx.events.record(
    { event: 'client.updated', clientId: client.id, reason: 'client_unused', detail: { unused_days: days } },
    { requestId: undefined, network: undefined },
  )
  const next = { ...client, version: client.version + 1, updatedAt: now, disabledAt: now }
  if (await ctx.store.admin.updateClient(next, [event])) ctx.events.stored([event])
}
