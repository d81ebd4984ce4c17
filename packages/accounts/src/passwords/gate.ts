import { OAuthError } from '@sallyport/protocol'

/** How much expensive work may run and wait at once. */
export type GateLimits = { readonly running: number; readonly waiting: number }

/** Lets a bounded number of jobs run and a bounded number wait; all others are turned away at once (BF-12). */
export type Gate = {
  /** Throws `overload` when a job would be turned away now, so that nothing else is spent on it before. */
  admit(): void
  /** Runs the job when it is its turn. Throws `overload` when too many wait already. */
  run<T>(job: () => Promise<T>): Promise<T>
}

export function createGate(limits: GateLimits): Gate {
  const queue: (() => void)[] = []
  let running = 0

  const admit = (): void => {
    if (running < limits.running || queue.length < limits.waiting) return
    throw new OAuthError('overload', { detail: 'too many passwords to check', headers: { 'retry-after': '2' } })
  }

  return {
    admit,
    async run(job) {
      admit()
      // Whoever leaves hands the place over directly; otherwise a newcomer could take it and the bound would not hold.
      if (running < limits.running) running++
      else await new Promise<void>((resolve) => queue.push(resolve))
      try {
        return await job()
      } finally {
        const next = queue.shift()
        if (next === undefined) running--
        else next()
      }
    },
  }
}
