/** The values that were used lately, a bounded number of them. */
export type RecentlyUsed<Value> = {
  get(key: string): Value | undefined
  /** Keeps a value; the one that was not used for the longest time makes way. */
  set(key: string, value: Value): void
  size(): number
}

export function recentlyUsed<Value>(most: number): RecentlyUsed<Value> {
  // A map is in the order in which its members were put there, so the oldest stands first.
  const kept = new Map<string, Value>()
  return {
    get: (key) => {
      const value = kept.get(key)
      if (value === undefined) return undefined
      kept.delete(key)
      kept.set(key, value)
      return value
    },
    set: (key, value) => {
      kept.delete(key)
      kept.set(key, value)
      if (kept.size <= most) return
      for (const oldest of kept.keys()) {
        kept.delete(oldest)
        return
      }
    },
    size: () => kept.size,
  }
}
