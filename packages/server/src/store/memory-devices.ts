import type { Seconds } from '@sallyport/protocol'
import {
  maxWaitingRequests,
  nextPoll,
  type DeviceApproval,
  type DeviceApprovalOutcome,
  type DeviceRequest,
  type DeviceState,
  type DeviceStore,
  type DeviceView,
} from '../model/device.ts'
import { retention } from '../model/retention.ts'
import { clientInForce, endOf, sessionInForce } from './memory-authorizations.ts'
import { noteSessionClient } from './memory-logouts.ts'
import { addEvents, keep, type DeviceRow, type MemoryState } from './memory-state.ts'

/** Requests of devices. Each verb runs without a pause, so nothing can come between its steps. */
export const memoryDevices = (state: MemoryState): DeviceStore => ({
  create: async (request) => create(state, request),
  find: async (digest) => {
    const row = state.devices.rows.get(digest)
    return row && view(state, row)
  },
  findWaiting: async (userCodeKey, now) => {
    const row = state.devices.rows.get(state.devices.userCodes.get(userCodeKey) ?? '')
    return row !== undefined && row.request.expiresAt > now ? view(state, row) : undefined
  },
  listWaiting: async (subject, now) =>
    [...state.devices.rows.values()]
      .filter((row) => row.request.backchannel?.subject === subject && waits(row) && row.request.expiresAt > now)
      .sort((a, b) => a.request.expiresAt - b.request.expiresAt)
      .slice(0, maxWaitingRequests)
      .map((row) => view(state, row)),
  poll: async (digest, now) => {
    const row = state.devices.rows.get(digest)
    if (row === undefined) return false
    const { early, interval } = nextPoll(row.interval, row.polledAt, now)
    row.interval = interval
    row.polledAt = now
    return early
  },
  claim: async (digest, sessionId, now) => {
    const row = state.devices.rows.get(digest)
    if (row === undefined || !waits(row) || row.request.expiresAt <= now) return false
    if (row.claimedBy !== undefined) return row.claimedBy === sessionId
    row.claimedBy = sessionId
    row.state = 'claimed'
    return true
  },
  approve: async (approval, now) => approve(state, approval, now),
  end: async (digest, { as, sessionId }, now, events) => {
    const row = state.devices.rows.get(digest)
    if (row === undefined || row.request.expiresAt <= now) return false
    const may = sessionId === undefined ? waits(row) || row.state === 'approved' : claimedBy(row, sessionId)
    if (!may) return false
    settle(state, row, as)
    addEvents(state, events)
    return true
  },
})

const waits = (row: DeviceRow): boolean => row.state === 'pending' || row.state === 'claimed'
const claimedBy = (row: DeviceRow, sessionId: string): boolean => row.state === 'claimed' && row.claimedBy === sessionId

/** Makes a user code free for another request, where it still is this one's. */
export function freeUserCode(state: MemoryState, { userCodeKey, digest }: DeviceRequest): void {
  if (userCodeKey !== undefined && state.devices.userCodes.get(userCodeKey) === digest)
    state.devices.userCodes.delete(userCodeKey)
}

/** A request that was decided has no user code any more. */
function settle(state: MemoryState, row: DeviceRow, as: DeviceState): void {
  row.state = as
  freeUserCode(state, row.request)
}

function create(state: MemoryState, request: DeviceRequest): boolean {
  const { rows, userCodes } = state.devices
  if (request.userCodeKey !== undefined && userCodes.has(request.userCodeKey)) return false
  if (rows.has(request.digest)) throw new Error('device code exists')
  rows.set(request.digest, {
    request: keep(request),
    state: 'pending',
    claimedBy: undefined,
    authorizationId: undefined,
    interval: request.interval,
    polledAt: undefined,
    keptUntil: request.expiresAt + retention.deviceRequest,
  })
  if (request.userCodeKey !== undefined) userCodes.set(request.userCodeKey, request.digest)
  return true
}

function view(state: MemoryState, row: DeviceRow): DeviceView {
  const parent = row.authorizationId === undefined ? undefined : state.authorizations.get(row.authorizationId)
  return {
    request: row.request,
    state: row.state,
    claimedBy: row.claimedBy,
    authorization: parent?.authorization,
    ended: parent && endOf(state, parent),
  }
}

function approve(
  state: MemoryState,
  { digest, authorization, hearsOfLogout, events }: DeviceApproval,
  now: Seconds,
): DeviceApprovalOutcome {
  if (!clientInForce(state, authorization.clientId)) return 'client_disabled'
  if (!sessionInForce(state, authorization, now)) return 'session_ended'
  const row = state.devices.rows.get(digest)
  if (row === undefined || row.request.expiresAt <= now || !claimedBy(row, authorization.sessionId))
    return 'request_ended'
  if (row.request.clientId !== authorization.clientId)
    throw new TypeError('request and authorization do not belong together')
  if (state.authorizations.has(authorization.id)) throw new Error('authorization exists')
  state.authorizations.set(authorization.id, {
    authorization: keep(authorization),
    code: undefined,
    redeemedAt: undefined,
    destroyedAt: undefined,
    revokedAt: undefined,
    revokedReason: undefined,
    keptUntil: row.keptUntil,
  })
  row.authorizationId = authorization.id
  settle(state, row, 'approved')
  if (hearsOfLogout) noteSessionClient(state, authorization.sessionId, authorization.clientId)
  addEvents(state, events)
  return 'approved'
}
