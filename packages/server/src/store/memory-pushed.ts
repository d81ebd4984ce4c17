import type { PushedRequestUse, PushedStore } from '../model/pushed-request.ts'
import { retention } from '../model/retention.ts'
import { keep, type MemoryState } from './memory-state.ts'

/** Pushed requests. Each verb runs without a pause, so nothing can come between its steps. */
export const memoryPushed = (state: MemoryState): PushedStore => ({
  create: async (request) => {
    if (state.pushed.has(request.digest)) throw new Error('pushed request exists')
    const keptUntil = request.expiresAt + retention.pushedRequest
    state.pushed.set(request.digest, { request: keep(request), browserDigest: undefined, keptUntil })
  },
  find: async (digest, now) => {
    const row = state.pushed.get(digest)
    if (row === undefined || row.request.expiresAt <= now) return undefined
    return { request: row.request, browserDigest: row.browserDigest }
  },
  claim: async (digest, browserDigest, keptUntil) => {
    const row = state.pushed.get(digest)
    if (row === undefined || (row.browserDigest ?? browserDigest) !== browserDigest) return false
    row.browserDigest = browserDigest
    row.keptUntil = Math.max(row.keptUntil, keptUntil)
    return true
  },
  use: async (use) => mayUsePushed(state, use) && usePushed(state, use),
})

/** True while a pushed request waits for its answer, and is this client's and this browser's to be answered. */
export function mayUsePushed(state: MemoryState, { digest, clientId, browserDigest }: PushedRequestUse): boolean {
  const row = state.pushed.get(digest)
  if (row?.request.clientId !== clientId) return false
  return row.browserDigest === undefined || row.browserDigest === browserDigest
}

export const usePushed = (state: MemoryState, { digest }: PushedRequestUse): boolean => state.pushed.delete(digest)
