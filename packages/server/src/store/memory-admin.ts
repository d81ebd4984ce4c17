import { createTrailCheck, isAudited, type AuditReport } from '../model/audit.ts'
import { maxPage } from '../model/retention.ts'
import type { AdminStore, AuthorizationListing } from '../model/store.ts'
import { revoke } from './memory-authorizations.ts'
import { forgetUsage } from './memory-usage.ts'
import { addEvents, keep, pageOf, type AuthorizationRow, type MemoryState } from './memory-state.ts'

const listing = (row: AuthorizationRow): AuthorizationListing => ({
  authorization: row.authorization,
  revokedAt: row.revokedAt,
  revokedReason: row.revokedReason,
})

/** True when a filter that is given names the value. */
const matches = (wanted: string | undefined, value: string | undefined): boolean =>
  wanted === undefined || wanted === value

function verifyTrail(state: MemoryState): AuditReport {
  const trail = createTrailCheck()
  for (const event of state.events.values()) {
    const links = state.links.get(event.id)
    if (!isAudited(event) && links === undefined) continue
    if (!trail.follow({ event, previous: links?.previous, link: links?.link })) break
  }
  return trail.report(state.newestLink)
}

/** Lists and edits for operators. */
export const memoryAdmin = (state: MemoryState): AdminStore => ({
  createClient: async (client, events) => {
    if (state.clients.has(client.id)) return false
    state.clients.set(client.id, keep(client))
    addEvents(state, events)
    return true
  },
  updateClient: async (client, events) => {
    if (state.clients.get(client.id)?.version !== client.version - 1) return false
    state.clients.set(client.id, keep(client))
    addEvents(state, events)
    return true
  },
  deleteClient: async (id, now, events) => {
    if (!state.clients.delete(id)) return false
    for (const [key, consent] of state.consents) if (consent.clientId === id) state.consents.delete(key)
    for (const row of state.authorizations.values())
      if (row.authorization.clientId === id) revoke(row, 'administrator', now)
    forgetUsage(state, id)
    state.registrations.clients.delete(id)
    addEvents(state, events)
    return true
  },
  listClients: async (after, limit) => pageOf(state.clients.values(), (client) => client.id, after, limit),
  saveResource: async (resource, events) => {
    state.resources.set(resource.id, keep(resource))
    addEvents(state, events)
  },
  removeResource: async (id, events) => {
    if (!state.resources.delete(id)) return false
    addEvents(state, events)
    return true
  },
  listSessions: async (filter, after, limit, now) => {
    const rows = [...state.sessions.values()].filter(
      (row) => row.expiresAt > now && matches(filter.subject, row.subject),
    )
    return pageOf(rows, (session) => session.id, after, limit)
  },
  listAuthorizations: async (filter, after, limit) => {
    const rows = [...state.authorizations.values()].filter(
      ({ authorization }) =>
        matches(filter.subject, authorization.subject) &&
        matches(filter.clientId, authorization.clientId) &&
        (filter.given === undefined || authorization.derived === undefined),
    )
    const page = pageOf(rows, (row) => row.authorization.id, after, limit)
    return { items: page.items.map(listing), next: page.next }
  },
  listEvents: async (filter, after, limit) => {
    const rows = [...state.events.values()].filter(
      (row) =>
        matches(filter.requestId, row.requestId) &&
        matches(filter.clientId, row.clientId) &&
        matches(filter.event, row.event),
    )
    return pageOf(rows, (event) => event.id, after, limit)
  },
  lastEvents: async (limit) => {
    const sorted = [...state.events.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    const items = sorted.slice(-Math.max(1, Math.min(limit, maxPage)))
    return { items, next: items.at(-1)?.id }
  },
  verifyAudit: async () => verifyTrail(state),
  readSetting: async (name) => state.settings.get(name),
  writeSetting: async (name, value, expected) => {
    if (state.settings.get(name) !== expected) return false
    state.settings.set(name, value)
    return true
  },
})
