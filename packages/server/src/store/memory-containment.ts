import type { Seconds } from '@sallyport/protocol'
import type { ContainmentStore, Held } from '../model/containment.ts'
import { revoke } from './memory-authorizations.ts'
import { addEvents, keep, type AuthorizationRow, type DeviceRow, type MemoryState } from './memory-state.ts'

const isHeld = ({ authorization, revokedAt }: AuthorizationRow, clientId: string, now: Seconds): boolean =>
  authorization.clientId === clientId && revokedAt === undefined && authorization.expiresAt > now

const isWaiting = ({ request, state }: DeviceRow, clientId: string, now: Seconds): boolean =>
  request.clientId === clientId && (state === 'pending' || state === 'claimed') && request.expiresAt > now

const isUnredeemed = ({ code, redeemedAt, destroyedAt }: AuthorizationRow, now: Seconds): boolean =>
  code !== undefined && redeemedAt === undefined && destroyedAt === undefined && code.expiresAt > now

type Found = {
  readonly authorizations: readonly AuthorizationRow[]
  readonly consents: readonly string[]
  readonly devices: readonly DeviceRow[]
}

const foundOf = (state: MemoryState, clientId: string, now: Seconds): Found => ({
  authorizations: [...state.authorizations.values()].filter((row) => isHeld(row, clientId, now)),
  consents: [...state.consents].flatMap(([key, consent]) =>
    consent.clientId === clientId && consent.expiresAt > now ? [key] : [],
  ),
  devices: [...state.devices.rows.values()].filter((row) => isWaiting(row, clientId, now)),
})

const counted = ({ authorizations, consents, devices }: Found, now: Seconds): Held => ({
  authorizations: authorizations.length,
  codes: authorizations.filter((row) => isUnredeemed(row, now)).length,
  consents: consents.length,
  devices: devices.length,
})

/** Containment in memory: nothing else runs between the first line of a verb and its last. */
export const memoryContainment = (state: MemoryState): ContainmentStore => ({
  held: async (clientId, now) =>
    state.clients.has(clientId) ? counted(foundOf(state, clientId, now), now) : undefined,
  contain: async (clientId, now, events) => {
    const client = state.clients.get(clientId)
    if (client === undefined) return undefined
    const found = foundOf(state, clientId, now)
    const held = counted(found, now)
    const disabledAt = client.disabledAt ?? now
    state.clients.set(clientId, keep({ ...client, version: client.version + 1, updatedAt: now, disabledAt }))
    for (const row of found.authorizations) revoke(row, 'administrator', now)
    for (const key of found.consents) state.consents.delete(key)
    for (const row of found.devices) {
      row.state = 'destroyed'
      state.devices.userCodes.delete(row.request.userCodeKey)
    }
    addEvents(state, events)
    return held
  },
})
