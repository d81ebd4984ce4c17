import { addCounts, mergeLastUse, type ClientUsage, type UsageStore } from '../model/usage.ts'
import { keep, pageOf, type MemoryState } from './memory-state.ts'

/** The key of a row, and the `next` of a page that ends with it. */
const usageKey = ({ clientId, week }: Pick<ClientUsage, 'clientId' | 'week'>): string => `${clientId}\n${week}`

/** How clients use the server. */
export const memoryUsage = (state: MemoryState): UsageStore => ({
  add: async (deltas) => {
    for (const delta of deltas) {
      const { clientId, week } = delta
      if (!state.clients.has(clientId)) continue
      const key = usageKey(delta)
      const { counts, refused } = state.usage.weeks.get(key) ?? { counts: {}, refused: {} }
      const sum = { counts: addCounts(counts, delta.counts), refused: addCounts(refused, delta.refused) }
      state.usage.weeks.set(key, keep({ clientId, week, ...sum }))
      state.usage.last.set(clientId, keep(mergeLastUse(state.usage.last.get(clientId), delta)))
    }
  },
  list: async ({ clientId, since }, after, limit) => {
    const rows = [...state.usage.weeks.values()].filter(
      (row) => (clientId === undefined || row.clientId === clientId) && (since === undefined || row.week >= since),
    )
    return pageOf(rows, usageKey, after, limit)
  },
  lastUse: async (clientId) => state.usage.last.get(clientId),
})

/** Forgets what is known of a client that was removed. */
export function forgetUsage(state: MemoryState, clientId: string): void {
  state.usage.last.delete(clientId)
  for (const [key, row] of state.usage.weeks) if (row.clientId === clientId) state.usage.weeks.delete(key)
}
