import type { DeclarationStore, DeclaredChange } from '../model/declaration.ts'
import { addEvents, keep, pageOf, pairKey, type MemoryState } from './memory-state.ts'

const fits = (state: MemoryState, { createClients, updateClients }: DeclaredChange): boolean =>
  createClients.every(({ id }) => !state.clients.has(id)) &&
  updateClients.every(({ id, version }) => state.clients.get(id)?.version === version - 1)

/** What belongs to configuration files. */
export const memoryDeclarations = (state: MemoryState): DeclarationStore => ({
  find: async (kind, id) => state.declared.get(pairKey(kind, id)),
  list: async (kind, after, limit) =>
    pageOf(
      [...state.declared.values()].filter((one) => one.kind === kind),
      ({ id }) => id,
      after,
      limit,
    ),
  apply: async (change, events) => {
    if (!fits(state, change)) return false
    for (const client of [...change.createClients, ...change.updateClients]) state.clients.set(client.id, keep(client))
    for (const resource of change.saveResources) state.resources.set(resource.id, keep(resource))
    for (const id of change.removeResources) state.resources.delete(id)
    for (const { kind, id } of change.disown) state.declared.delete(pairKey(kind, id))
    for (const one of change.own) state.declared.set(pairKey(one.kind, one.id), keep(one))
    addEvents(state, events)
    return true
  },
})
