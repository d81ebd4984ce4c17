import type { Seconds } from '@sallyport/protocol'
import type { SecurityEvent } from '@sallyport/server/model'
import { orNull, type Connection } from './connection.ts'

/** Writes security events inside the transaction of whoever noted them. */
export type EventRows = {
  /** An event that is there already is left as it is. */
  add(events: readonly SecurityEvent[]): void
}

export function createEventRows(db: Connection): EventRows {
  const insert = db.change<[string, number, string, string | null, string | null, string]>(
    `INSERT INTO events (id, ts, event, request_id, client_id, record) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  )
  return {
    add(events) {
      for (const event of events) {
        const { id, ts, event: name, requestId, clientId } = event
        insert(id, ts, name, orNull(requestId), orNull(clientId), packEvent(event))
      }
    },
  }
}

type Rest = Omit<SecurityEvent, 'id' | 'ts' | 'event' | 'requestId' | 'clientId'>

function packEvent(event: SecurityEvent): string {
  const rest: Rest = {
    severity: event.severity,
    subject: event.subject,
    authorizationId: event.authorizationId,
    network: event.network,
    reason: event.reason,
    class: event.class,
    count: event.count,
    detail: event.detail,
  }
  return JSON.stringify(rest)
}

export const eventColumns = 'id, ts, event, request_id, client_id, record'
export type EventRow = [
  id: string,
  ts: number,
  event: string,
  requestId: string | null,
  clientId: string | null,
  record: string,
]

export function readEvent([id, ts, event, requestId, clientId, record]: EventRow): SecurityEvent {
  const rest = JSON.parse(record) as Rest
  return {
    id,
    event,
    severity: rest.severity,
    ts: ts as Seconds,
    requestId: requestId ?? undefined,
    clientId: clientId ?? undefined,
    subject: rest.subject,
    authorizationId: rest.authorizationId,
    network: rest.network,
    reason: rest.reason,
    class: rest.class,
    count: rest.count,
    detail: rest.detail,
  }
}
