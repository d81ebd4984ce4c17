import type { SecurityEvent } from '@sallyport/server'
import { errorOf, reasonIdOf } from './log.ts'
import { instant } from './terminal.ts'

/** An event of the store as JSON has it; unlike the log it names the person, since operators have to act on it. */
export function eventRecord(event: SecurityEvent): Record<string, unknown> {
  const { grant_type: grantType, ...detail } = event.detail
  const reasonId = reasonIdOf(event)
  return {
    id: event.id,
    time: instant(event.ts),
    event: event.event,
    severity: event.severity,
    request_id: event.requestId,
    client_id: event.clientId,
    sub: event.subject,
    grant_id: event.authorizationId,
    ip_prefix: event.network,
    grant_type: grantType,
    error: errorOf(reasonId),
    reason: event.reason,
    reason_id: reasonId,
    class: event.class,
    count: event.count,
    detail,
  }
}

/** One line for people. */
export function eventLine(event: SecurityEvent): string {
  const facts = [
    ['reason', event.reason],
    ['class', event.class],
    ['client', event.clientId],
    ['user', event.subject],
    ['request', event.requestId],
    ['from', event.network],
    ['count', event.count > 1 ? String(event.count) : undefined],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name ?? ''}=${value}`]))
  return `${instant(event.ts)} ${event.severity.padEnd(6)} ${event.event} ${facts.join(' ')}`.trimEnd()
}
