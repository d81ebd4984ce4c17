import type { Seconds } from '@sallyport/protocol'
import {
  exceptionCoolingOff,
  exceptionEnd,
  isInForce,
  type ExceptionCreation,
  type ExceptionStore,
  type PkceException,
} from '../model/exception.ts'
import { addEvents, keep, pageOf, type MemoryState } from './memory-state.ts'

/** Why an exception cannot be made. */
export function refusalOf(state: MemoryState, { clientId, createdAt }: PkceException): ExceptionCreation {
  if (!state.clients.has(clientId)) return 'client_unknown'
  for (const other of state.exceptions.values()) {
    if (other.clientId !== clientId) continue
    if (isInForce(other, createdAt)) return 'in_force'
    if (other.uses > 0 && exceptionEnd(other) + exceptionCoolingOff > createdAt) return 'cooling_off'
  }
  return 'created'
}

export function standsAt(state: MemoryState, id: string, now: Seconds): boolean {
  const known = state.exceptions.get(id)
  return known !== undefined && isInForce(known, now)
}

export const mayRenew = (state: MemoryState, id: string, now: Seconds): boolean =>
  standsAt(state, id, now) && state.exceptions.get(id)?.renewedAt === undefined

export function replaceException(state: MemoryState, id: string, change: Partial<PkceException>): void {
  const known = state.exceptions.get(id)
  if (known !== undefined) state.exceptions.set(id, keep({ ...known, ...change }))
}

/** Dated exceptions from PKCE. */
export const memoryExceptions = (state: MemoryState): ExceptionStore => ({
  create: async (exception, events) => {
    const outcome = refusalOf(state, exception)
    if (outcome !== 'created') return outcome
    if (state.exceptions.has(exception.id)) throw new Error('exception exists')
    state.exceptions.set(exception.id, keep(exception))
    addEvents(state, events)
    return 'created'
  },
  inForce: async (clientId, now) =>
    [...state.exceptions.values()].find((one) => one.clientId === clientId && isInForce(one, now)),
  find: async (id) => state.exceptions.get(id),
  renew: async (id, { acceptedBy, deadline }, now, events) => {
    if (!mayRenew(state, id, now)) return false
    replaceException(state, id, { acceptedBy, deadline, renewedAt: now })
    addEvents(state, events)
    return true
  },
  revoke: async (id, now, events) => {
    if (!standsAt(state, id, now)) return false
    replaceException(state, id, { revokedAt: now })
    addEvents(state, events)
    return true
  },
  list: async (after, limit) => pageOf(state.exceptions.values(), ({ id }) => id, after, limit),
})

/** Counts one more code under an exception; false when it is not in force (any more). */
export function useException(
  state: MemoryState,
  id: string,
  clientId: string,
  now: PkceException['deadline'],
): boolean {
  const known = state.exceptions.get(id)
  if (known === undefined || known.clientId !== clientId || !isInForce(known, now)) return false
  state.exceptions.set(id, keep({ ...known, uses: known.uses + 1, lastUsedAt: now }))
  return true
}
