import { after, formEncode, type Seconds } from '@sallyport/protocol'
import type { Context } from './context.ts'
import type { LogoutNotice } from './model/logout.ts'
import type { LogoutNotifier } from './model/logout-notifier.ts'
import type { FetchResult } from './model/outbound.ts'
import { logoutTokenLifetime, signLogoutToken } from './tokens/logout-token.ts'

/** Clients told at the same time by this process. */
const maxWorkers = 8
/** Seconds a claim lasts: longer than a fetch and its two writes can take. */
const claimLasts = 30
/** Seconds a notice waits for its first attempt, where no process runs or a host is asked too often. */
const longestWait = 24 * 60 * 60
/** Seconds after each failed attempt of a notice; a pause that ends after the token is the end. */
const pauses = [5, 15, 30, 60]
/** Seconds a client is left alone after it failed, whatever else there is to tell it. */
const restAfterFailure = 5
/** Seconds until the budget of a host is fresh again. */
const budgetPause = 60
/** Nobody reads what a client answers; a page of this size would be a mistake of its own. */
const maxAnswer = 65_536

/** How an attempt ended: heard, to be tried again, or not sent at all because the host was asked too often. */
type Outcome = 'heard' | 'postponed' | { readonly reason: string; readonly status: number | undefined }

/**
 * Tells clients that sessions have ended (Back-Channel Logout section 2.5). No request waits for it. The store says who is
 * to be told, and gives each notice to one process at a time; one client is told one thing after the other.
 */
export function createLogoutNotifier(context: () => Context): LogoutNotifier {
  const busy = new Set<string>()
  const resting = new Map<string, Seconds>()
  const workers = new Set<Promise<void>>()
  let stopped = false

  const unavailable = (now: Seconds): readonly string[] => {
    for (const [clientId, until] of resting) if (until <= now) resting.delete(clientId)
    return [...busy, ...resting.keys()]
  }
  const work = async (ctx: Context): Promise<void> => {
    while (!stopped) {
      const now = ctx.now()
      const notice = await ctx.store.logouts.claim(now, after(now, claimLasts), unavailable(now))
      if (notice === undefined) return
      busy.add(notice.clientId)
      // There may be more, for others.
      start().catch(() => undefined)
      try {
        const rest = await deliver(ctx, notice)
        if (rest > 0) resting.set(notice.clientId, after(ctx.now(), rest))
      } finally {
        busy.delete(notice.clientId)
      }
    }
  }
  const start = async (): Promise<void> => {
    if (stopped || workers.size >= maxWorkers) return
    const worker = work(context()).finally(() => workers.delete(worker))
    workers.add(worker)
    await worker
  }
  const settled = async (): Promise<void> => {
    while (workers.size > 0) await Promise.allSettled(workers)
  }

  return {
    wake: () => {
      // What fails here is tried again, and reported, by the next upkeep.
      start().catch(() => undefined)
    },
    deliver: async () => {
      await start()
      await settled()
    },
    close: async () => {
      stopped = true
      await settled()
    },
  }
}

/** One attempt. Gives the seconds for which the client is better left alone. */
async function deliver(ctx: Context, notice: LogoutNotice): Promise<number> {
  const client = await ctx.clients.find(notice.clientId)
  const url = client?.backchannelLogoutUri
  // Who was disabled or takes no notices any more is told nothing.
  if (client === undefined || client.disabledAt !== undefined || url === undefined) {
    await ctx.store.logouts.settle(notice.id, [])
    return 0
  }
  const now = ctx.now()
  const begunAt = notice.begunAt ?? now
  const waitedTooLong = notice.begunAt === undefined && notice.createdAt + longestWait <= now
  if (waitedTooLong || begunAt + logoutTokenLifetime <= now)
    return giveUp(ctx, notice, { reason: 'expired', status: undefined })
  const token = await signLogoutToken(ctx, client, notice, begunAt)
  const outcome = outcomeOf(await send(ctx, url, token))
  if (outcome === 'heard') return heard(ctx, notice)
  if (outcome === 'postponed') {
    const dueAt = after(ctx.now(), budgetPause)
    await ctx.store.logouts.retry(notice, { begunAt: notice.begunAt, attempts: notice.attempts, dueAt })
    return budgetPause
  }
  const dueAt = after(ctx.now(), pauses[notice.attempts] ?? logoutTokenLifetime)
  if (dueAt >= begunAt + logoutTokenLifetime) return giveUp(ctx, notice, outcome)
  await report(ctx, notice, outcome)
  await ctx.store.logouts.retry(notice, { begunAt, attempts: notice.attempts + 1, dueAt })
  return restAfterFailure
}

const send = (ctx: Context, url: string, token: string): Promise<FetchResult> =>
  ctx.fetch({
    purpose: 'logout',
    url,
    maxBytes: maxAnswer,
    accept: '*/*',
    content: { type: 'application/x-www-form-urlencoded', body: `logout_token=${formEncode(token)}` },
  })

/** 200 and 204 are success (Back-Channel Logout section 2.8). */
function outcomeOf(result: FetchResult): Outcome {
  if (!result.ok) return result.fault === 'budget' ? 'postponed' : { reason: result.fault, status: undefined }
  return result.status === 200 || result.status === 204 ? 'heard' : { reason: 'status', status: result.status }
}

const fromUpkeep = { requestId: undefined, network: undefined }

async function heard(ctx: Context, { id, clientId, subject, attempts }: LogoutNotice): Promise<number> {
  const draft = { event: 'logout.notice.delivered', clientId, subject, detail: { attempt: attempts + 1 } }
  const event = ctx.events.record(draft, fromUpkeep)
  ctx.measure('logout_notices', { outcome: 'delivered' })
  if (await ctx.store.logouts.settle(id, [event])) ctx.events.stored([event])
  return 0
}

type Failure = Exclude<Outcome, string>

const failure = ({ clientId, subject, attempts }: LogoutNotice, { reason, status }: Failure, final: boolean) => ({
  event: 'logout.notice.failed',
  severity: final ? ('medium' as const) : ('low' as const),
  clientId,
  subject,
  reason,
  detail: { attempt: attempts + 1, final, ...(status === undefined ? {} : { status }) },
})

async function report(ctx: Context, notice: LogoutNotice, outcome: Failure): Promise<void> {
  ctx.measure('logout_notices', { outcome: 'retried' })
  await ctx.events.write(failure(notice, outcome, false), fromUpkeep)
}

async function giveUp(ctx: Context, notice: LogoutNotice, outcome: Failure): Promise<number> {
  const event = ctx.events.record(failure(notice, outcome, true), fromUpkeep)
  ctx.measure('logout_notices', { outcome: 'failed' })
  if (await ctx.store.logouts.settle(notice.id, [event])) ctx.events.stored([event])
  return restAfterFailure
}
