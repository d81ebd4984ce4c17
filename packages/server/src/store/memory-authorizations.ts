import type { Seconds } from '@sallyport/protocol'
import {
  endFor,
  type Authorization,
  type AuthorizationCode,
  type AuthorizationCodeView,
  type AuthorizationEnd,
  type IssuedRecords,
  type Redemption,
  type RefreshTokenView,
  type RevocationReason,
} from '../model/authorization.ts'
import { isInForce } from '../model/exception.ts'
import { retention } from '../model/retention.ts'
import type { CodeIssue, CodeIssueRecords, Store } from '../model/store.ts'
import { mayUsePushed, usePushed } from './memory-pushed.ts'
import { noteSessionClient } from './memory-logouts.ts'
import { useException } from './memory-exceptions.ts'
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
  | 'challengeUsed'
  | 'issueCode'
  | 'findAuthorizationCode'
  | 'destroyAuthorizationCode'
  | 'findRefreshToken'
  | 'redeem'
  | 'revokeAuthorization'
  | 'denyAccessToken'
  | 'findGranted'
  | 'tokenStands'
>

/** Codes, refresh tokens and what they hang on. Each verb runs without a pause, so nothing can come between its steps. */
export const memoryAuthorizations = (state: MemoryState): Verbs => ({
  challengeUsed: async (clientId, codeChallenge) => state.challenges.has(pairKey(clientId, codeChallenge)),
  issueCode: async (records, now) => issueCode(state, records, now),
  findAuthorizationCode: async (digest) => codeView(state, digest),
  destroyAuthorizationCode: async (digest, now, events) => {
    const row = codeRow(state, digest)
    if (row === undefined || row.redeemedAt !== undefined || row.destroyedAt !== undefined) return false
    row.destroyedAt = now
    addEvents(state, events)
    return true
  },
  findRefreshToken: async (digest) => refreshTokenView(state, digest),
  redeem: async (redemption, records, now) => redeem(state, redemption, records, now),
  revokeAuthorization: async (id, reason, now, events) => {
    const row = state.authorizations.get(id)
    if (row === undefined || !revoke(row, reason, now)) return false
    addEvents(state, events)
    return true
  },
  denyAccessToken: async (jti, expiresAt, events) => {
    const present = state.deniedTokens.get(jti)
    if (present === undefined || present < expiresAt) state.deniedTokens.set(jti, expiresAt)
    if (present === undefined) addEvents(state, events)
  },
  findGranted: async (authorizationId) => {
    const row = state.authorizations.get(authorizationId)
    return row && { subject: row.authorization.subject, claims: row.authorization.claims }
  },
  tokenStands: async (token, now) => {
    if (state.deniedTokens.has(token.jti) || !clientInForce(state, token.clientId)) return false
    return token.authorizationId === undefined || authorizationStands(state, token.authorizationId, token.clientId, now)
  },
})

/** True while an authorization of this client is in force. */
export function authorizationStands(state: MemoryState, id: string, clientId: string, now: Seconds): boolean {
  const row = state.authorizations.get(id)
  return (
    row !== undefined &&
    row.authorization.clientId === clientId &&
    row.authorization.expiresAt > now &&
    stands(state, row)
  )
}

/** Marks an authorization as ended; false when it already was. */
export function revoke(row: AuthorizationRow, reason: RevocationReason, now: Seconds): boolean {
  if (row.revokedAt !== undefined) return false
  row.revokedAt = now
  row.revokedReason = reason
  return true
}

function codeRow(state: MemoryState, digest: string): AuthorizationRow | undefined {
  const id = state.codes.get(digest)
  return id === undefined ? undefined : state.authorizations.get(id)
}

export function clientInForce(state: MemoryState, id: string): boolean {
  const client = state.clients.get(id)
  return client !== undefined && client.disabledAt === undefined
}

/** True while authorization, person and client are in force, and with it everything that it hangs on. */
const stands = (state: MemoryState, row: AuthorizationRow): boolean =>
  row.revokedAt === undefined &&
  !state.disabledSubjects.has(row.authorization.subject) &&
  clientInForce(state, row.authorization.clientId) &&
  parentsStand(state, row.authorization)

/** Every authorization is named by those that hang on it, so one look at each is enough. */
export const parentsStand = (state: MemoryState, { derived }: Authorization): boolean =>
  derived === undefined ||
  derived.parents.every((id) => {
    const row = state.authorizations.get(id)
    return row !== undefined && stands(state, row)
  })

export function endOf(state: MemoryState, row: AuthorizationRow): AuthorizationEnd | undefined {
  if (row.revokedReason !== undefined) return endFor(row.revokedReason)
  return state.disabledSubjects.has(row.authorization.subject) ? 'subject_inactive' : undefined
}

/** True while the session that an authorization comes from lives and is still that person's. */
export function sessionInForce(state: MemoryState, authorization: Authorization, now: Seconds): boolean {
  const session = state.sessions.get(authorization.sessionId)
  if (session === undefined || session.subject !== authorization.subject || session.expiresAt <= now) return false
  return !state.disabledSubjects.has(authorization.subject)
}

function refusal(
  state: MemoryState,
  { authorization, code, interaction, pushed }: CodeIssueRecords,
  now: Seconds,
): CodeIssue {
  if (!clientInForce(state, authorization.clientId)) return 'client_disabled'
  if (!sessionInForce(state, authorization, now)) return 'session_ended'
  if (interaction !== undefined) {
    const open = state.interactions.get(interaction.digest)
    if (open === undefined || open.version !== interaction.version || open.expiresAt <= now)
      return 'interaction_consumed'
  }
  const { codeChallenge, clientId } = code
  if (codeChallenge !== undefined && state.challenges.has(pairKey(clientId, codeChallenge))) return 'challenge_reused'
  if (pushed !== undefined && !mayUsePushed(state, pushed)) return 'pushed_used'
  return 'issued'
}

function issueCode(state: MemoryState, records: CodeIssueRecords, now: Seconds): CodeIssue {
  const { authorization, code, consent } = records
  if (code.authorizationId !== authorization.id || code.clientId !== authorization.clientId) {
    throw new TypeError('code and authorization do not belong together')
  }
  const outcome = refusal(state, records, now)
  if (outcome !== 'issued') return outcome
  if (code.exceptionId !== undefined && !useException(state, code.exceptionId, code.clientId, now))
    return 'exception_ended'
  if (state.authorizations.has(authorization.id) || state.codes.has(code.digest))
    throw new Error('authorization or code exists')
  if (records.pushed !== undefined) usePushed(state, records.pushed)
  if (records.interaction !== undefined) consumeInteraction(state, records.interaction.digest)
  if (consent !== undefined) state.consents.set(pairKey(consent.subject, consent.clientId), keep(consent))
  state.authorizations.set(authorization.id, {
    authorization: keep(authorization),
    code: keep(code),
    redeemedAt: undefined,
    destroyedAt: undefined,
    revokedAt: undefined,
    revokedReason: undefined,
    keptUntil: Math.max(code.expiresAt, code.issuedAt + retention.code),
  })
  state.codes.set(code.digest, authorization.id)
  if (code.codeChallenge !== undefined)
    state.challenges.set(pairKey(code.clientId, code.codeChallenge), authorization.id)
  if (records.hearsOfLogout) noteSessionClient(state, authorization.sessionId, authorization.clientId)
  addEvents(state, records.events)
  return 'issued'
}

function codeView(state: MemoryState, digest: string): AuthorizationCodeView | undefined {
  const row = codeRow(state, digest)
  if (row?.code === undefined) return undefined
  const unredeemed = row.destroyedAt === undefined ? 'issued' : 'destroyed'
  return {
    code: row.code,
    state: row.redeemedAt === undefined ? unredeemed : 'redeemed',
    authorization: row.authorization,
    ended: endOf(state, row),
  }
}

function refreshTokenView(state: MemoryState, digest: string): RefreshTokenView | undefined {
  const row = state.refreshTokens.get(digest)
  const parent = row === undefined ? undefined : state.authorizations.get(row.token.authorizationId)
  if (row === undefined || parent === undefined) return undefined
  const successor = row.successor === undefined ? undefined : state.refreshTokens.get(row.successor)
  return {
    token: row.token,
    state: row.rotatedAt === undefined ? 'current' : 'rotated',
    rotatedAt: row.rotatedAt,
    successor: successor && {
      digest: successor.token.digest,
      state: successor.rotatedAt === undefined ? 'current' : 'rotated',
      sealedAnswer: successor.sealedAnswer?.slice(),
    },
    authorization: parent.authorization,
    ended: endOf(state, parent),
  }
}

function redeem(
  state: MemoryState,
  redemption: Redemption,
  { refreshToken, accessToken, events }: IssuedRecords,
  now: Seconds,
): boolean {
  const parent = refreshToken === undefined ? undefined : state.authorizations.get(refreshToken.authorizationId)
  if (refreshToken !== undefined && (parent === undefined || state.refreshTokens.has(refreshToken.digest))) {
    throw new Error('refresh token exists or has no authorization')
  }
  if (!spend(state, redemption, refreshToken?.digest, now)) return false
  if (refreshToken !== undefined && parent !== undefined) {
    state.refreshTokens.set(refreshToken.digest, {
      token: keep({
        digest: refreshToken.digest,
        authorizationId: refreshToken.authorizationId,
        clientId: refreshToken.clientId,
        sequence: refreshToken.sequence,
        senderKey: refreshToken.senderKey,
        issuedAt: refreshToken.issuedAt,
        idleExpiresAt: refreshToken.idleExpiresAt,
      }),
      sealedAnswer: refreshToken.sealedAnswer?.slice(),
      rotatedAt: undefined,
      successor: undefined,
      keptUntil: parent.authorization.expiresAt,
    })
  }
  if (accessToken !== undefined) state.accessTokens.set(accessToken.digest, keep(accessToken))
  addEvents(state, events)
  return true
}

function excepted(state: MemoryState, code: AuthorizationCode, now: Seconds): boolean {
  const exception = code.exceptionId === undefined ? undefined : state.exceptions.get(code.exceptionId)
  return exception !== undefined && isInForce(exception, now)
}

function spendDeviceCode(state: MemoryState, digest: string, now: Seconds): boolean {
  const row = state.devices.rows.get(digest)
  const parent = row?.authorizationId === undefined ? undefined : state.authorizations.get(row.authorizationId)
  if (row?.state !== 'approved' || row.request.expiresAt <= now || parent === undefined || !stands(state, parent))
    return false
  row.state = 'redeemed'
  parent.redeemedAt = now
  parent.keptUntil = Math.max(parent.keptUntil, parent.authorization.expiresAt)
  row.keptUntil = Math.max(row.keptUntil, parent.authorization.expiresAt)
  return true
}

function derive(state: MemoryState, authorization: Authorization, now: Seconds): boolean {
  if (state.authorizations.has(authorization.id)) throw new Error('authorization exists')
  const row: AuthorizationRow = {
    authorization: keep(authorization),
    code: undefined,
    redeemedAt: now,
    destroyedAt: undefined,
    revokedAt: undefined,
    revokedReason: undefined,
    keptUntil: authorization.expiresAt,
  }
  if (!stands(state, row)) return false
  state.authorizations.set(authorization.id, row)
  return true
}

function spend(state: MemoryState, redemption: Redemption, successor: string | undefined, now: Seconds): boolean {
  switch (redemption.kind) {
    case 'none':
      return true
    case 'authorization_code': {
      const row = codeRow(state, redemption.digest)
      if (row?.code === undefined || row.redeemedAt !== undefined || row.destroyedAt !== undefined) return false
      if (row.code.codeChallenge === undefined && !excepted(state, row.code, now)) return false
      if (!stands(state, row)) return false
      row.redeemedAt = now
      row.keptUntil = Math.max(row.keptUntil, row.authorization.expiresAt)
      return true
    }
    case 'device_code':
      return spendDeviceCode(state, redemption.digest, now)
    case 'derivation':
      return derive(state, redemption.authorization, now)
    case 'kept_refresh_token':
    case 'refresh_token': {
      const row = state.refreshTokens.get(redemption.digest)
      const parent = row === undefined ? undefined : state.authorizations.get(row.token.authorizationId)
      if (row === undefined || parent === undefined || row.rotatedAt !== undefined || !stands(state, parent))
        return false
      row.sealedAnswer = undefined
      if (redemption.kind === 'kept_refresh_token') {
        if (redemption.idleExpiresAt > row.token.idleExpiresAt)
          row.token = { ...row.token, idleExpiresAt: redemption.idleExpiresAt }
        return true
      }
      row.rotatedAt = now
      row.successor = successor
      return true
    }
  }
}
