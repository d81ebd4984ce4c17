import type { DeclarationStore, DeclaredChange } from '../model/declaration.ts'
import type { ExceptionCreation, PkceException } from '../model/exception.ts'
import { mayRenew, refusalOf, replaceException, standsAt } from './memory-exceptions.ts'
import { addEvents, keep, pageOf, pairKey, type MemoryState } from './memory-state.ts'

const fits = (state: MemoryState, change: DeclaredChange): boolean =>
  change.createClients.every(({ id }) => !state.clients.has(id)) &&
  change.updateClients.every(({ id, version }) => state.clients.get(id)?.version === version - 1) &&
  new Set(change.createExceptions.map(({ clientId }) => clientId)).size === change.createExceptions.length &&
  change.createExceptions.every(
    (one) => !state.exceptions.has(one.id) && ['created', madeHere(change, one)].includes(refusalOf(state, one)),
  ) &&
  change.renewExceptions.every(({ id, at }) => mayRenew(state, id, at)) &&
  change.revokeExceptions.every(({ id, at }) => standsAt(state, id, at))

/** An exception may come together with its client. */
const madeHere = ({ createClients }: DeclaredChange, { clientId }: PkceException): ExceptionCreation =>
  createClients.some(({ id }) => id === clientId) ? 'client_unknown' : 'created'

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
    for (const one of change.createExceptions) state.exceptions.set(one.id, keep(one))
    for (const { id, acceptedBy, deadline, at } of change.renewExceptions)
      replaceException(state, id, { acceptedBy, deadline, renewedAt: at })
    for (const { id, at } of change.revokeExceptions) replaceException(state, id, { revokedAt: at })
    for (const { kind, id } of change.disown) state.declared.delete(pairKey(kind, id))
    for (const one of change.own) state.declared.set(pairKey(one.kind, one.id), keep(one))
    addEvents(state, events)
    return true
  },
})
