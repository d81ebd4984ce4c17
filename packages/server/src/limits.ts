import { refuse, type Seconds } from '@sallyport/protocol'
import { isPublic, type Client } from './model/client.ts'
import type { Store } from './model/store.ts'
import type { Policy } from './policy.ts'
import { sharedCounter, type SharedCounterOptions } from './shared-counter.ts'

/**
 * Counts one request for a key. Each node has a share of the limit to itself; when that is used up it reports it to the
 * counter that all nodes have in common, and gets another share as long as there is one. So most requests write nothing.
 * Throws `rate_limited` (429 with Retry-After) when nothing is left in this minute.
 */
export type Limit = (key: string) => void | Promise<void>

/** Limits on how often an endpoint is asked (A-RATE-03); guessing has stricter ones of its own (`clients/throttle.ts`). */
export type Limits = {
  /** Authorization requests of one client from one network. */
  readonly authorize: Limit
  /** Pushed requests; these and the next two are counted by `spokenFor`. */
  readonly pushed: Limit
  /** Token requests of one client. */
  readonly token: Limit
  /** Introspection and revocation requests of one client. */
  readonly inspect: Limit
  /** Device codes asked for by one client, and from one network whatever the client (A-DEV-13). */
  readonly device: Limit
  readonly deviceNetwork: Limit
}

/** Anybody can speak for a client that proves nothing, so strangers elsewhere must not use up what is its users' (A-RATE-03). */
export const spokenFor = (client: Client, { network }: { readonly network: string }): string =>
  isPublic(client) ? `${client.id} ${network}` : client.id

const window = 60
const maxKeys = 10_000

/** A twentieth of a limit: one write for so many requests, and each further node may let so many more through. */
const shareOf = (points: number): number => Math.max(1, Math.floor(points / 20))

type Lease = { readonly slot: number; left: number; blocked: boolean; reporting: Promise<void> | undefined }

export function createLimits(store: Store, policy: Policy, now: () => Seconds): Limits {
  const limit = (name: string, points: number): Limit => createLimit({ store, now, name, points, window })
  return {
    authorize: limit('limit:authorize', policy.authorizationRequestsPerMinute),
    pushed: limit('limit:pushed', policy.pushedRequestsPerMinute),
    token: limit('limit:token', policy.tokenRequestsPerMinute),
    inspect: limit('limit:inspect', policy.introspectionRequestsPerMinute),
    device: limit('limit:device', policy.deviceRequestsPerMinute),
    deviceNetwork: limit('limit:device-network', policy.deviceRequestsPerNetwork),
  }
}

function createLimit(options: SharedCounterOptions): Limit {
  const { now, points } = options
  const leases = new Map<string, Lease>()
  const share = shareOf(points)
  // What is left for others is the limit without a node's own share.
  const take = sharedCounter({ ...options, points: points - share })

  const leaseOf = (key: string, slot: number): Lease => {
    let lease = leases.get(key)
    if (lease === undefined || lease.slot !== slot) {
      lease = { slot, left: share, blocked: false, reporting: undefined }
      leases.delete(key)
      if (leases.size >= maxKeys) leases.delete(leases.keys().next().value ?? '')
      leases.set(key, lease)
    }
    return lease
  }

  const report = async (key: string, lease: Lease): Promise<void> => {
    if (await take(key, share)) lease.left += share
    else lease.blocked = true
  }

  const reported = async (key: string): Promise<void> => {
    for (;;) {
      const lease = leaseOf(key, Math.floor(now() / window))
      if (spend(lease, now())) return
      lease.reporting ??= report(key, lease).finally(() => {
        lease.reporting = undefined
      })
      await lease.reporting
    }
  }

  return (key) => (spend(leaseOf(key, Math.floor(now() / window)), now()) ? undefined : reported(key))
}

/** True when the request was paid for; false when the share is used up. */
function spend(lease: Lease, now: Seconds): boolean {
  if (lease.left > 0) {
    lease.left--
    return true
  }
  if (!lease.blocked) return false
  const seconds = Math.max(1, Math.ceil((lease.slot + 1) * window - now))
  throw refuse('rate_limited', { headers: { 'retry-after': String(seconds) } })
}
