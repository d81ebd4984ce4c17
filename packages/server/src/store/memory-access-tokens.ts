import type { AccessTokenStore } from '../model/access-tokens.ts'
import { authorizationStands, clientInForce } from './memory-authorizations.ts'
import { addEvents, type MemoryState } from './memory-state.ts'

/** Access tokens that are handles. */
export const memoryAccessTokens = (state: MemoryState): AccessTokenStore => ({
  find: async (digest, now) => {
    const token = state.accessTokens.get(digest)
    if (token === undefined || token.claims.exp <= now) return undefined
    const { authorizationId, claims } = token
    const stands =
      authorizationId === undefined
        ? clientInForce(state, claims.client_id)
        : authorizationStands(state, authorizationId, claims.client_id, now)
    return { token, stands }
  },
  revoke: async (digest, events) => {
    if (!state.accessTokens.delete(digest)) return false
    addEvents(state, events)
    return true
  },
})
