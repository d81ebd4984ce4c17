import { randomBytes } from 'node:crypto'
import type { Seconds } from '@sallyport/protocol'
import type { LogoutStore } from '../model/logout.ts'
import { maxPage } from '../model/retention.ts'
import { addEvents, keep, pairKey, type MemoryState } from './memory-state.ts'

/** Who hears of the end of sessions. Each verb runs without a pause, so nothing can come between its steps. */
export const memoryLogouts = (state: MemoryState): LogoutStore => ({
  clientsOf: async (sessionIds) =>
    [...state.logouts.clients.values()]
      .filter(({ sessionId }) => sessionIds.includes(sessionId))
      .slice(0, maxPage)
      .map(({ sessionId, clientId }) => ({ sessionId, clientId })),
  claim: async (now, until, except) => {
    let next
    for (const row of state.logouts.notices.values())
      if (row.dueAt <= now && !except.includes(row.notice.clientId) && (next === undefined || row.dueAt < next.dueAt))
        next = row
    if (next === undefined) return undefined
    next.dueAt = until
    return { ...next.notice, claimedUntil: until }
  },
  settle: async (id, events) => {
    if (!state.logouts.notices.delete(id)) return false
    addEvents(state, events)
    return true
  },
  retry: async ({ id, claimedUntil }, { begunAt, attempts, dueAt }) => {
    const row = state.logouts.notices.get(id)
    if (row?.dueAt !== claimedUntil) return false
    state.logouts.notices.set(id, { notice: keep({ ...row.notice, begunAt, attempts }), dueAt })
    return true
  },
})

/** Notes that a client wants to hear when a session ends, which is there. */
export function noteSessionClient(state: MemoryState, sessionId: string, clientId: string): void {
  const expiresAt = state.sessions.get(sessionId)?.expiresAt
  if (expiresAt === undefined) return
  state.logouts.clients.set(pairKey(sessionId, clientId), { sessionId, clientId, expiresAt })
}

/** The clients of a session stay noted for as long as it now lives. */
export function keepSessionClients(state: MemoryState, sessionId: string, expiresAt: Seconds): void {
  for (const [key, row] of state.logouts.clients)
    if (row.sessionId === sessionId) state.logouts.clients.set(key, { ...row, expiresAt })
}

/** Writes a notice for each client of a session that ends now. */
export function endSessionClients(
  state: MemoryState,
  session: { readonly id: string; readonly subject: string },
  now: Seconds,
): void {
  for (const [key, { sessionId, clientId }] of state.logouts.clients) {
    if (sessionId !== session.id) continue
    state.logouts.clients.delete(key)
    const id = randomBytes(16).toString('hex')
    const fresh = { createdAt: now, begunAt: undefined, attempts: 0 }
    const notice = keep({ id, sessionId, clientId, subject: session.subject, ...fresh })
    state.logouts.notices.set(id, { notice, dueAt: now })
  }
}
