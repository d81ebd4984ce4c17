import type { Store } from '@sallyport/server/model'

/** A verb of the hot side of the storage port. */
export type StoreVerb = Exclude<
  keyof Store,
  | 'admin'
  | 'accounts'
  | 'accessTokens'
  | 'usage'
  | 'registrations'
  | 'exceptions'
  | 'declarations'
  | 'devices'
  | 'logos'
  | 'pushed'
  | 'derivations'
  | 'factors'
  | 'sealed'
>

/** Where a fault strikes: before the store did anything, or after its write is durable but before anybody knows. */
export type FaultPoint = 'before' | 'after'

type Plan = { readonly error: Error; readonly point: FaultPoint; left: number }

/** A store that fails when it is told to, and tells what it was asked. */
export type FailingStore = Store & {
  /** Lets the next `times` calls of a verb fail (default: every call until `heal`). */
  readonly failNext: (
    verb: StoreVerb,
    error: Error,
    plan?: { readonly point?: FaultPoint; readonly times?: number },
  ) => void
  /** Ends every planned fault. */
  readonly heal: () => void
  /** Lets callers of a verb wait; the function lets them all go on. */
  readonly hold: (verb: StoreVerb) => () => void
  /** Verbs in the order in which they were called, since the last `forgetCalls`. */
  readonly calls: readonly StoreVerb[]
  readonly forgetCalls: () => void
}

/** Puts faults in front of a store. Whatever is not planned goes straight through. */
export function failingStore(store: Store): FailingStore {
  const plans = new Map<string, Plan>()
  const gates = new Map<string, Promise<void>>()
  const calls: StoreVerb[] = []

  const strike = (verb: string, point: FaultPoint): void => {
    const plan = plans.get(verb)
    if (plan?.point !== point || plan.left <= 0) return
    plan.left--
    throw plan.error
  }
  const guarded =
    (verb: string, call: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      calls.push(verb as StoreVerb)
      await gates.get(verb)
      strike(verb, 'before')
      const result = await call(...args)
      strike(verb, 'after')
      return result
    }

  const controls = {
    failNext: (verb: StoreVerb, error: Error, plan: { readonly point?: FaultPoint; readonly times?: number } = {}) => {
      plans.set(verb, { error, point: plan.point ?? 'before', left: plan.times ?? Number.POSITIVE_INFINITY })
    },
    heal: () => {
      plans.clear()
    },
    hold: (verb: StoreVerb) => {
      let open = (): void => undefined
      gates.set(verb, new Promise((resolve) => (open = resolve)))
      return () => {
        gates.delete(verb)
        open()
      }
    },
    calls,
    forgetCalls: () => {
      calls.length = 0
    },
  }
  const verbs: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(store)) {
    verbs[name] = typeof value === 'function' ? guarded(name, value as (...args: unknown[]) => Promise<unknown>) : value
  }
  return { ...(verbs as unknown as Store), ...controls }
}
