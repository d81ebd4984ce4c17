import type { FactorStore } from '../model/factor.ts'
import { addEvents, keep, type FactorRow, type MemoryState } from './memory-state.ts'

/** Second factors of people. Each verb runs without a pause, so nothing can come between its steps. */
export function memoryFactors(state: MemoryState): FactorStore {
  const { factors } = state
  const rowOf = (id: string): FactorRow | undefined => [...factors.values()].find(({ factor }) => factor.id === id)
  return {
    find: async (subject) => {
      const row = factors.get(subject)
      return row && { factor: keep(row.factor), recoveryLeft: row.recovery.size }
    },
    enrol: async (factor, recovery, events) => {
      if (factors.has(factor.subject)) return false
      factors.set(factor.subject, { factor: keep(factor), recovery: new Set(recovery) })
      addEvents(state, events)
      return true
    },
    useStep: async (id, step) => {
      const row = rowOf(id)
      if (row === undefined || step <= row.factor.lastStep) return false
      row.factor = keep({ ...row.factor, lastStep: step })
      return true
    },
    useRecovery: async (id, digest) => rowOf(id)?.recovery.delete(digest) ?? false,
    replaceRecovery: async (id, recovery, events) => {
      const row = rowOf(id)
      if (row === undefined) return false
      row.recovery = new Set(recovery)
      addEvents(state, events)
      return true
    },
    remove: async (id, events) => {
      const row = rowOf(id)
      if (row === undefined) return false
      factors.delete(row.factor.subject)
      addEvents(state, events)
      return true
    },
  }
}
