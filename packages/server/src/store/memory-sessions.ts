import type { Seconds } from '@sallyport/protocol'
import type { RevocationReason } from '../model/authorization.ts'
import { isBrowserBased } from '../model/client.ts'
import type { Session } from '../model/interaction.ts'
import { maxPage } from '../model/retention.ts'
import type { Store } from '../model/store.ts'
import { revoke } from './memory-authorizations.ts'
import { endSessionClients, keepSessionClients } from './memory-logouts.ts'
import {
  addEvents,
  consumeInteraction,
  keep,
  pairKey,
  type AuthorizationRow,
  type MemoryState,
} from './memory-state.ts'

type Verbs = Pick<
  Store,
  | 'saveInteraction'
  | 'findInteraction'
  | 'advanceInteraction'
  | 'endInteraction'
  | 'findSession'
  | 'startSession'
  | 'raiseSession'
  | 'touchSession'
  | 'endSession'
  | 'findConsent'
  | 'listConsents'
  | 'withdrawConsent'
  | 'subjectActive'
  | 'setSubjectActive'
  | 'endSubject'
>

/** Unfinished requests, signed-in browsers, agreements and the standing of people. */
export const memorySessions = (state: MemoryState): Verbs => ({
  saveInteraction: async (interaction) => {
    if (state.interactions.has(interaction.digest)) throw new Error('interaction exists')
    state.interactions.set(interaction.digest, keep(interaction))
  },
  findInteraction: async (digest, now) => {
    if ((state.consumedInteractions.get(digest) ?? 0) > now) return 'consumed'
    const interaction = state.interactions.get(digest)
    return interaction !== undefined && interaction.expiresAt > now ? interaction : undefined
  },
  advanceInteraction: async (next, fromVersion) => {
    if (next.version <= fromVersion) throw new RangeError('an interaction only moves to a higher version')
    if (state.interactions.get(next.digest)?.version !== fromVersion) return false
    state.interactions.set(next.digest, keep(next))
    return true
  },
  endInteraction: async (digest, version) =>
    state.interactions.get(digest)?.version === version && consumeInteraction(state, digest),

  findSession: async (digest, now) => {
    const session = state.sessions.get(state.sessionIds.get(digest) ?? '')
    if (session === undefined || session.expiresAt <= now) return undefined
    return { session, subjectActive: !state.disabledSubjects.has(session.subject) }
  },
  startSession: async (session, replaces, events) => {
    const holder = state.sessionIds.get(session.digest)
    if (holder !== undefined && holder !== session.id && holder !== replaces) throw new Error('session handle exists')
    if (replaces !== undefined) dropSession(state, replaces)
    dropSession(state, session.id)
    state.sessions.set(session.id, keep(session))
    state.sessionIds.set(session.digest, session.id)
    keepSessionClients(state, session.id, session.expiresAt)
    addEvents(state, events)
  },
  raiseSession: async (session, before, events) => {
    if (state.sessions.get(session.id)?.digest !== before) return false
    if (state.sessionIds.has(session.digest)) throw new Error('session handle exists')
    dropSession(state, session.id)
    state.sessions.set(session.id, keep(session))
    state.sessionIds.set(session.digest, session.id)
    addEvents(state, events)
    return true
  },
  touchSession: async (id, seenAt) => {
    const session = state.sessions.get(id)
    if (session !== undefined && session.seenAt < seenAt) state.sessions.set(id, keep({ ...session, seenAt }))
  },
  endSession: async (id, now, events) => {
    const session = dropSession(state, id)
    if (session === undefined) return false
    dropInteractions(state, new Set([id]))
    for (const row of state.authorizations.values())
      if (row.authorization.sessionId === id) endWithSession(state, row, now)
    if (session.expiresAt <= now) return false
    endSessionClients(state, session, now)
    addEvents(state, events)
    return true
  },

  findConsent: async (subject, clientId, now) => {
    const consent = state.consents.get(pairKey(subject, clientId))
    return consent !== undefined && consent.expiresAt > now ? consent : undefined
  },
  listConsents: async (subject, now) =>
    [...state.consents.values()]
      .filter((consent) => consent.subject === subject && consent.expiresAt > now)
      .sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
      .slice(0, maxPage),
  withdrawConsent: async (subject, clientId, now, events) => {
    let withdrawn = state.consents.delete(pairKey(subject, clientId))
    for (const row of state.authorizations.values()) {
      if (row.authorization.subject !== subject || row.authorization.clientId !== clientId) continue
      if (revoke(row, 'consent_withdrawn', now)) withdrawn = true
    }
    if (withdrawn) addEvents(state, events)
    return withdrawn
  },

  subjectActive: async (subject) => !state.disabledSubjects.has(subject),
  setSubjectActive: async (subject, active, now, events) => {
    if (active === !state.disabledSubjects.has(subject)) return
    if (active) state.disabledSubjects.delete(subject)
    else {
      state.disabledSubjects.set(subject, now)
      endAllOf(state, subject, 'subject_inactive', now)
    }
    addEvents(state, events)
  },
  endSubject: async (subject, reason, now, events) => {
    endAllOf(state, subject, reason, now)
    addEvents(state, events)
  },
})

function dropSession(state: MemoryState, id: string): Session | undefined {
  const session = state.sessions.get(id)
  if (session === undefined) return undefined
  state.sessions.delete(id)
  state.sessionIds.delete(session.digest)
  return session
}

function dropInteractions(state: MemoryState, sessionIds: ReadonlySet<string>): void {
  for (const { digest, loginSessionId } of state.interactions.values()) {
    if (loginSessionId !== undefined && sessionIds.has(loginSessionId)) state.interactions.delete(digest)
  }
}

/** What a sign-out does to one authorization: an unredeemed code is gone in any case, the rest unless it is offline. */
function endWithSession(state: MemoryState, row: AuthorizationRow, now: Seconds): void {
  if (row.redeemedAt === undefined && row.destroyedAt === undefined) row.destroyedAt = now
  const client = state.clients.get(row.authorization.clientId)
  if (!row.authorization.offline || client === undefined || isBrowserBased(client)) revoke(row, 'session_ended', now)
}

/** Ends every session and authorization of a person. */
export function endAllOf(state: MemoryState, subject: string, reason: RevocationReason, now: Seconds): void {
  const ended = new Set<string>()
  for (const session of state.sessions.values()) {
    if (session.subject !== subject) continue
    dropSession(state, session.id)
    if (session.expiresAt > now) endSessionClients(state, session, now)
    ended.add(session.id)
  }
  dropInteractions(state, ended)
  for (const row of state.authorizations.values()) if (row.authorization.subject === subject) revoke(row, reason, now)
}
