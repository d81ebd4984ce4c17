import type { DerivationStore } from '../model/derivation.ts'
import { endOf, parentsStand } from './memory-authorizations.ts'
import type { MemoryState } from './memory-state.ts'

/** What authorizations are derived from. */
export const memoryDerivations = (state: MemoryState): DerivationStore => ({
  find: async (authorizationId) => {
    const row = state.authorizations.get(authorizationId)
    if (row === undefined) return undefined
    const { authorization } = row
    const ended = endOf(state, row) ?? (parentsStand(state, authorization) ? undefined : 'authorization_revoked')
    return { authorization, ended }
  },
})
