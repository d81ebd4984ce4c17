import { sha256 } from '@sallyport/protocol'
import type { SecurityEvent } from './authorization.ts'

const auditedNames: ReadonlySet<string> = new Set([
  'client.registered',
  'client.updated',
  'client.registration.rejected',
  'consent.granted',
  'consent.revoked',
  'device.approved',
  'device.denied',
  'backchannel.approved',
  'backchannel.denied',
  'grant.revoked',
  'token.revoked',
  'token.assertion.accepted',
  'token.exchanged',
  'identity.assertion.issued',
  'keys.rotated',
  'credential.reset',
  'mfa.enrolled',
  'session.ended',
  'pkce.exception.used',
])

/** What stands before the first event of a trail. */
export const trailStart = ''

/** True for events of the audit trail (A-LOG-04). What happens with every token is none, so that tokens pay nothing for it. */
export const isAudited = ({ event }: Pick<SecurityEvent, 'event'>): boolean =>
  auditedNames.has(event) || event.startsWith('admin.') || event.startsWith('backup.')

/**
 * The link of an event in the audit trail: SHA-256 in base64url over the link before it (`trailStart` for the first) and
 * every member of the event, in an order that depends neither on the driver nor on how the record was made.
 */
export function chainLink(previous: string, event: SecurityEvent): string {
  const { id, event: name, severity, ts, requestId, clientId, subject, authorizationId, network } = event
  const detail = Object.entries(event.detail).sort(([a], [b]) => (a < b ? -1 : 1))
  const who = [requestId, clientId, subject, authorizationId, network]
  const what = [event.reason, event.class, event.count, detail]
  // An array has one JSON text only; an absent member is null in it.
  return sha256(JSON.stringify([previous, id, name, severity, ts, ...who, ...what]))
}

/** An event as a driver found it, with the links stored beside it. */
export type AuditRow = {
  readonly event: SecurityEvent
  readonly previous: string | undefined
  readonly link: string | undefined
}

/** What a look at the audit trail found. */
export type AuditReport = {
  /** Events of the trail that were looked at, the broken one included. */
  readonly checked: number
  /**
   * The id of the first event that was altered, or that does not follow the one before it; the last event there is, when
   * what came after it is gone. `undefined` when the trail is whole.
   */
  readonly brokenAt: string | undefined
}

/** Follows a trail from its oldest row; the sweep may have taken what was before. */
export type TrailCheck = {
  /** Looks at the next row; false when the trail breaks there. */
  follow(row: AuditRow): boolean
  /** The outcome, given the link that was the newest when the walk began. */
  report(newest: string): AuditReport
}

export function createTrailCheck(): TrailCheck {
  const seen = new Set<string>()
  let checked = 0
  let last: { readonly id: string; readonly link: string } | undefined
  let brokenAt: string | undefined
  return {
    follow({ event, previous, link }) {
      checked++
      const follows = previous !== undefined && (last === undefined || previous === last.link)
      if (!follows || link !== chainLink(previous, event)) {
        brokenAt = event.id
        return false
      }
      last = { id: event.id, link }
      seen.add(link)
      return true
    },
    report: (newest) => ({
      checked,
      brokenAt: brokenAt ?? (last === undefined || seen.has(newest) ? undefined : last.id),
    }),
  }
}
