import type { Store } from '../model/store.ts'
import { memoryAccessTokens } from './memory-access-tokens.ts'
import { memoryAccounts } from './memory-accounts.ts'
import { memoryAdmin } from './memory-admin.ts'
import { memoryAuthorizations } from './memory-authorizations.ts'
import { memoryContainment } from './memory-containment.ts'
import { memoryDeclarations } from './memory-declarations.ts'
import { memoryDerivations } from './memory-derivations.ts'
import { memoryDevices } from './memory-devices.ts'
import { memoryExceptions } from './memory-exceptions.ts'
import { memoryFactors } from './memory-factors.ts'
import { memoryLogos } from './memory-logos.ts'
import { memoryLogouts } from './memory-logouts.ts'
import { memoryMarks } from './memory-marks.ts'
import { memoryPushed } from './memory-pushed.ts'
import { memoryRegistrations } from './memory-registrations.ts'
import { memorySealed } from './memory-sealed.ts'
import { memorySessions } from './memory-sessions.ts'
import { emptyState } from './memory-state.ts'
import { sweepMemory } from './memory-sweep.ts'
import { memoryUsage } from './memory-usage.ts'

/**
 * A store that lives and dies with its process, for development and tests. It keeps every law of the port among the
 * callers of one process and forgets everything at the end of it; nothing given to it or taken from it is shared.
 */
export function createMemoryStore(): Store {
  const state = emptyState()
  return {
    findClient: async (id) => state.clients.get(id),
    originRegistered: async (origin) => {
      for (const client of state.clients.values()) {
        if (client.disabledAt === undefined && client.allowedOrigins.includes(origin)) return true
      }
      return false
    },
    findResource: async (id) => state.resources.get(id),
    listResources: async () => [...state.resources.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ...memoryAuthorizations(state),
    ...memorySessions(state),
    ...memoryMarks(state),
    sweep: async (now, limit) => sweepMemory(state, now, limit),
    admin: memoryAdmin(state),
    accounts: memoryAccounts(state),
    accessTokens: memoryAccessTokens(state),
    usage: memoryUsage(state),
    registrations: memoryRegistrations(state),
    exceptions: memoryExceptions(state),
    declarations: memoryDeclarations(state),
    devices: memoryDevices(state),
    logos: memoryLogos(state),
    logouts: memoryLogouts(state),
    pushed: memoryPushed(state),
    factors: memoryFactors(state),
    containment: memoryContainment(state),
    derivations: memoryDerivations(state),
    sealed: memorySealed(state),
    close: async () => undefined,
  }
}
