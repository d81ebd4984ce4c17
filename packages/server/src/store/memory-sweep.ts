import type { Seconds } from '@sallyport/protocol'
import { isAudited } from '../model/audit.ts'
import { retention } from '../model/retention.ts'
import type { Swept } from '../model/store.ts'
import { isoWeek } from '../model/usage.ts'
import { freeUserCode } from './memory-devices.ts'
import { pairKey, type AuthorizationRow, type MemoryState } from './memory-state.ts'

/** Removes at most `limit` entries that are over, in the order in which they were stored. */
function sweepMap<K, V>(
  map: Map<K, V>,
  limit: number,
  over: (value: V, key: K) => boolean,
  also?: (value: V, key: K) => void,
): number {
  let removed = 0
  for (const [key, value] of map) {
    if (removed >= limit) break
    if (!over(value, key)) continue
    map.delete(key)
    also?.(value, key)
    removed++
  }
  return removed
}

function sweepSealedAnswers(state: MemoryState, now: Seconds, limit: number): number {
  let cleared = 0
  for (const row of state.refreshTokens.values()) {
    if (cleared >= limit) break
    if (row.sealedAnswer === undefined || row.token.issuedAt >= now - retention.sealedAnswer) continue
    row.sealedAnswer = undefined
    cleared++
  }
  return cleared
}

/** The audit trail is only ever cut at its old end: behind an event of it that stays, the others stay too. */
function sweepEvents(state: MemoryState, now: Seconds, limit: number): number {
  let held = false
  return sweepMap(
    state.events,
    limit,
    (row) => {
      const over = row.ts + retention.event <= now
      if (!isAudited(row)) return over
      held ||= !over
      return !held
    },
    (row) => state.links.delete(row.id),
  )
}

/** Removes what no decision needs any more. */
export function sweepMemory(state: MemoryState, now: Seconds, limit: number): Swept {
  const forget = ({ code }: AuthorizationRow): void => {
    if (code === undefined) return
    state.codes.delete(code.digest)
    if (code.codeChallenge !== undefined) state.challenges.delete(pairKey(code.clientId, code.codeChallenge))
  }
  return {
    consumedInteractions: sweepMap(state.consumedInteractions, limit, (expiresAt) => expiresAt <= now),
    interactions: sweepMap(state.interactions, limit, (row) => row.expiresAt <= now),
    sessions: sweepMap(
      state.sessions,
      limit,
      (row) => row.expiresAt + retention.session <= now,
      (row) => state.sessionIds.delete(row.digest),
    ),
    consents: sweepMap(state.consents, limit, (row) => row.expiresAt <= now),
    sealed_answers: sweepSealedAnswers(state, now, limit),
    refresh_tokens: sweepMap(state.refreshTokens, limit, (row) => row.keptUntil <= now),
    authorizations: sweepMap(state.authorizations, limit, (row) => row.keptUntil <= now, forget),
    opaque_access_tokens: sweepMap(state.accessTokens, limit, ({ claims }) => claims.exp <= now),
    denied_tokens: sweepMap(state.deniedTokens, limit, (expiresAt) => expiresAt <= now),
    once_marks: sweepMap(state.onceMarks, limit, (expiresAt) => expiresAt <= now),
    counters: sweepMap(state.counters, limit, (row) => row.endsAt <= now),
    signing_keys: sweepMap(
      state.signingKeys,
      limit,
      (row) => row.removeAt !== undefined && row.removeAt + retention.signingKey <= now,
    ),
    events: sweepEvents(state, now, limit),
    pkce_exceptions: sweepMap(state.exceptions, limit, (row) => row.deadline + retention.exception <= now),
    initial_access_tokens: sweepMap(state.registrations.tokens, limit, (row) => row.expiresAt + retention.event <= now),
    device_requests: sweepMap(
      state.devices.rows,
      limit,
      (row) => row.keptUntil <= now,
      ({ request }) => {
        freeUserCode(state, request)
      },
    ),
    client_logos: sweepMap(state.logos, limit, (row) => row.expiresAt <= now),
    pushed_requests: sweepMap(state.pushed, limit, (row) => row.keptUntil <= now),
    session_clients: sweepMap(state.logouts.clients, limit, (row) => row.expiresAt + retention.session <= now),
    logout_notices: sweepMap(
      state.logouts.notices,
      limit,
      ({ notice }) => notice.createdAt + retention.logoutNotice <= now,
    ),
    client_usage: sweepMap(state.usage.weeks, limit, (row) => row.week < isoWeek(now - retention.usage)),
  }
}
