import type { Seconds } from '@sallyport/protocol'
import type {
  DynamicRegistration,
  NewRegistration,
  RegistrationOutcome,
  RegistrationStore,
  ReplacedRegistration,
} from '../model/registrations.ts'
import { addEvents, keep, pageOf, type MemoryState } from './memory-state.ts'

/** Clients that register themselves, and who may. */
export const memoryRegistrations = (state: MemoryState): RegistrationStore => ({
  addToken: async (token, events) => {
    state.registrations.tokens.set(token.digest, keep(token))
    addEvents(state, events)
  },
  findToken: async (digest) => state.registrations.tokens.get(digest),
  listTokens: async (after, limit) => pageOf(state.registrations.tokens.values(), (token) => token.id, after, limit),
  removeToken: async (id, events) => {
    for (const [digest, token] of state.registrations.tokens) {
      if (token.id !== id) continue
      state.registrations.tokens.delete(digest)
      addEvents(state, events)
      return true
    }
    return false
  },
  register: async (records, now) => register(state, records, now),
  find: async (clientId) => state.registrations.clients.get(clientId)?.registration,
  replace: async (records, now) => replace(state, records, now),
  confirmToken: async (clientId, tokenDigest) => {
    const row = state.registrations.clients.get(clientId)
    if (row?.registration.tokenDigest === tokenDigest)
      row.registration = keep({ ...row.registration, previous: undefined })
  },
  listDue: async (now, limit) => listDue(state, now, limit),
  postpone: async (clientId, usedAt) => {
    const row = state.registrations.clients.get(clientId)
    if (row !== undefined) row.dueAt = Math.max(row.dueAt, usedAt + row.registration.unusedLifetime)
  },
})

function register(state: MemoryState, records: NewRegistration, now: Seconds): RegistrationOutcome {
  const { client, registration, initialToken, most, events } = records
  const { tokens, clients } = state.registrations
  const ofThisDoor = [...clients.keys()].filter((id) => state.clients.get(id)?.channel === client.channel)
  if (ofThisDoor.length >= most) return 'full'
  if (state.clients.has(client.id)) throw new Error('a client with this id exists already')
  if (initialToken !== undefined) {
    const token = tokens.get(initialToken)
    if (token === undefined || token.expiresAt <= now || token.used >= token.uses) return 'token_spent'
    tokens.set(initialToken, keep({ ...token, used: token.used + 1 }))
  }
  state.clients.set(client.id, keep(client))
  clients.set(client.id, { registration: keep(registration), dueAt: now + registration.unusedLifetime })
  addEvents(state, events)
  return 'registered'
}

function replace(state: MemoryState, records: ReplacedRegistration, now: Seconds): boolean {
  const { client, registration, presented, withdrawConsent, events } = records
  const row = state.registrations.clients.get(client.id)
  if (row === undefined || state.clients.get(client.id)?.version !== client.version - 1) return false
  if (!tokenFits(row.registration, presented, now)) return false
  state.clients.set(client.id, keep(client))
  row.registration = keep(registration)
  if (withdrawConsent)
    for (const [key, consent] of state.consents) if (consent.clientId === client.id) state.consents.delete(key)
  addEvents(state, events)
  return true
}

const tokenFits = ({ tokenDigest, previous }: DynamicRegistration, presented: string, now: Seconds): boolean =>
  presented === tokenDigest || (previous !== undefined && previous.digest === presented && previous.until > now)

function listDue(state: MemoryState, now: Seconds, limit: number): readonly DynamicRegistration[] {
  return [...state.registrations.clients.values()]
    .filter(({ dueAt }) => dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, limit)
    .map(({ registration }) => registration)
}
