import type { FetchFault } from '../model/outbound.ts'

/** Running at once, in all and for one host. */
const maxRunning = 10
/** Waiting for a place, in all and for one host; whoever comes later is refused at once. */
const maxWaiting = 100
const maxWaitingPerHost = 20
/** Fetches in one minute: of this process, to one host, and on behalf of one network. */
const perMinute = { all: 600, host: 60, network: 30 }
const maxKeys = 10_000

type Waiting = { readonly host: string; start(): void }

/** How often and how many at once this process fetches (A-CIMD-09, DC-06). Protects this machine and those it would ask. */
export type Budgets = {
  /** Counts a fetch; the fault when there were too many. */
  take(host: string, network: string | undefined): FetchFault | undefined
  /** Resolves when there is a place, with what gives it back; `undefined` when too many wait or `signal` ended the wait. */
  enter(host: string, signal: AbortSignal): Promise<(() => void) | undefined>
}

export function createBudgets(now: () => number): Budgets {
  const counts = new Map<string, { minute: number; seen: number }>()
  const busy = new Set<string>()
  const waiting = new Set<Waiting>()

  const within = (key: string, most: number): boolean => {
    const minute = Math.floor(now() / 60)
    let count = counts.get(key)
    if (count === undefined || count.minute !== minute) {
      count = { minute, seen: 0 }
      counts.delete(key)
      if (counts.size >= maxKeys) counts.delete(counts.keys().next().value ?? '')
      counts.set(key, count)
    }
    return ++count.seen <= most
  }

  const next = (): void => {
    for (const one of waiting) {
      if (busy.size >= maxRunning) return
      if (busy.has(one.host)) continue
      waiting.delete(one)
      one.start()
    }
  }

  const occupy = (host: string): (() => void) => {
    busy.add(host)
    return () => {
      busy.delete(host)
      next()
    }
  }

  return {
    take(host, network) {
      if (network !== undefined && !within(`network ${network}`, perMinute.network)) return 'quota'
      // The narrower first: a host that is asked too often takes nothing from the others.
      return within(`host ${host}`, perMinute.host) && within('all', perMinute.all) ? undefined : 'budget'
    },
    enter(host, signal) {
      if (busy.size < maxRunning && !busy.has(host)) return Promise.resolve(occupy(host))
      const sameHost = [...waiting].filter((one) => one.host === host).length
      if (waiting.size >= maxWaiting || sameHost >= maxWaitingPerHost) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        const one: Waiting = { host, start: () => resolve(occupy(host)) }
        waiting.add(one)
        signal.addEventListener(
          'abort',
          () => {
            if (waiting.delete(one)) resolve(undefined)
          },
          { once: true },
        )
      })
    },
  }
}
