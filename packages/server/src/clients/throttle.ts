import { refuse, type Reason } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'

/** Failures allowed in a window, and how long the network is paused when there were as many. Seconds. */
type Allowance = { readonly window: number; readonly most: number; readonly pause: number }

/** What is being guessed, and whose it is; failures from one network are counted together for it. */
export type Guessed = {
  readonly kind: string
  /** `undefined` for requests that name no client: those count together, so that nobody fills the store with invented ids. */
  readonly client: Client | undefined
  readonly allowances: readonly Allowance[]
  /** The `reason` of the event when a network is paused. */
  readonly reason: string
  readonly severity: 'medium' | 'high'
}

const secretAllowances: readonly Allowance[] = [
  { window: 3600, most: 100, pause: 3600 },
  { window: 60, most: 10, pause: 60 },
]

/** Secrets of a client (A-RATE-01). */
export const secretGuesses = (client: Client | undefined): Guessed => ({
  kind: 'client-auth',
  client,
  allowances: secretAllowances,
  reason: 'throttled',
  severity: 'medium',
})

const grantAllowances: readonly Allowance[] = [{ window: 300, most: 20, pause: 300 }]

/** Codes, refresh tokens and device codes that nobody issued (A-RATE-05, DV-08). */
export const grantGuesses = (client: Client): Guessed => ({
  kind: 'grant',
  client,
  allowances: grantAllowances,
  reason: 'grant_guessing',
  severity: 'high',
})

const guessedGrants: ReadonlySet<Reason> = new Set<Reason>([
  'code_unknown',
  'refresh_unknown',
  'device_code_unknown',
  'auth_req_id_unknown',
])

/** True for a refusal that a guess at a code or token looks like. */
export const isGrantGuess = (reason: Reason): boolean => guessedGrants.has(reason)

const maxBlocked = 10_000
const blocked = new WeakMap<Context, Map<string, number>>()

const keyOf = (call: Call, { kind, client }: Guessed): string => `${kind}:${client?.id ?? 'unknown'}:${call.network}`

function blockedOf(ctx: Context): Map<string, number> {
  let map = blocked.get(ctx)
  if (map === undefined) {
    map = new Map<string, number>()
    blocked.set(ctx, map)
  }
  return map
}

/** Refuses a network that failed too often at this. Costs one look into an almost always empty map. */
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
 * Counts a failure, in the store so that all nodes count together, and pauses the network for this client when there were
 * too many. The client as a whole is never blocked (CA-13).
 */
export async function countFailure(ctx: Context, call: Call, guessed: Guessed): Promise<void> {
  const key = keyOf(call, guessed)
  const now = ctx.now()
  let pause = 0
  for (const allowance of guessed.allowances) {
    const failures = await ctx.store.count(`${key}:${allowance.window}`, allowance.window, now)
    if (failures >= allowance.most) pause = Math.max(pause, allowance.pause)
  }
  if (pause === 0) return
  const map = blockedOf(ctx)
  if (map.size >= maxBlocked) map.delete(map.keys().next().value ?? '')
  map.set(key, now + pause)
  const { client, reason, severity } = guessed
  await ctx.events.write(
    { event: 'client.auth.locked', severity, clientId: client?.id, reason, detail: { seconds: pause } },
    { requestId: call.id, network: call.network },
  )
}
