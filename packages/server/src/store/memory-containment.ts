import type { Seconds } from '@sallyport/protocol'
import type { ContainmentStore, Held } from '../model/containment.ts'
import { isInForce } from '../model/exception.ts'
import { isPageRequest, type Interaction } from '../model/interaction.ts'
import { revoke } from './memory-authorizations.ts'
import { freeUserCode } from './memory-devices.ts'
import { replaceException } from './memory-exceptions.ts'
import { addEvents, keep, type AuthorizationRow, type DeviceRow, type MemoryState } from './memory-state.ts'

const isHeld = ({ authorization, revokedAt }: AuthorizationRow, clientId: string, now: Seconds): boolean =>
  authorization.clientId === clientId && revokedAt === undefined && authorization.expiresAt > now

const isWaiting = ({ request, state }: DeviceRow, clientId: string, now: Seconds): boolean =>
  request.clientId === clientId && (state === 'pending' || state === 'claimed') && request.expiresAt > now

const isUnredeemed = ({ code, redeemedAt, destroyedAt }: AuthorizationRow, now: Seconds): boolean =>
  code !== undefined && redeemedAt === undefined && destroyedAt === undefined && code.expiresAt > now

const isOpenPage = ({ request, expiresAt }: Interaction, clientId: string, now: Seconds): boolean =>
  !isPageRequest(request) && request.clientId === clientId && expiresAt > now

type Found = {
  readonly authorizations: readonly AuthorizationRow[]
  readonly consents: readonly string[]
  readonly devices: readonly DeviceRow[]
  readonly pushed: readonly string[]
  readonly pages: readonly string[]
  readonly exceptions: readonly string[]
}

const foundOf = (state: MemoryState, clientId: string, now: Seconds): Found => ({
  authorizations: [...state.authorizations.values()].filter((row) => isHeld(row, clientId, now)),
  consents: [...state.consents].flatMap(([key, consent]) =>
    consent.clientId === clientId && consent.expiresAt > now ? [key] : [],
  ),
  devices: [...state.devices.rows.values()].filter((row) => isWaiting(row, clientId, now)),
  pushed: [...state.pushed].flatMap(([digest, { request }]) =>
    request.clientId === clientId && request.expiresAt > now ? [digest] : [],
  ),
  pages: [...state.interactions].flatMap(([digest, one]) => (isOpenPage(one, clientId, now) ? [digest] : [])),
  exceptions: [...state.exceptions.values()].flatMap((one) =>
    one.clientId === clientId && isInForce(one, now) ? [one.id] : [],
  ),
})

const counted = ({ authorizations, consents, devices, pushed, pages, exceptions }: Found, now: Seconds): Held => ({
  authorizations: authorizations.length,
  codes: authorizations.filter((row) => isUnredeemed(row, now)).length,
  consents: consents.length,
  devices: devices.length,
  pushed: pushed.length,
  pages: pages.length,
  exceptions: exceptions.length,
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
      freeUserCode(state, row.request)
    }
    for (const digest of found.pushed) state.pushed.delete(digest)
    for (const digest of found.pages) state.interactions.delete(digest)
    for (const id of found.exceptions) replaceException(state, id, { revokedAt: now })
    addEvents(state, events)
    return held
  },
})
