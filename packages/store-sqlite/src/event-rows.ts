import type { Seconds } from '@sallyport/protocol'
import { chainLink, isAudited, trailStart, type SecurityEvent } from '@sallyport/server/model'
import { orNull, type Connection } from './connection.ts'

/** Writes security events inside the transaction of whoever noted them. */
export type EventRows = {
  /** An event that is there already is left as it is. An audited one gets its link in the audit trail. */
  add(events: readonly SecurityEvent[]): void
}

/** The newest link of the audit trail. It outlives the events, and tells when the last of them are gone. */
export const newestLink = (db: Connection): (() => string) => {
  const read = db.value<[], string>(`SELECT value FROM settings WHERE name = 'audit.link'`)
  return () => read() ?? trailStart
}

export function createEventRows(db: Connection): EventRows {
  const insert = db.change<
    [string, number, string, string | null, string | null, string, string | null, string | null]
  >(
    `INSERT INTO events (id, ts, event, request_id, client_id, record, previous, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  )
  // Read in each write transaction, since another process may have gone on with the trail.
  const newest = newestLink(db)
  const remember = db.change<[string]>(
    `INSERT INTO settings (name, value) VALUES ('audit.link', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
  const addRow = (event: SecurityEvent, previous: string | null, link: string | null): boolean => {
    const { id, ts, event: name, requestId, clientId } = event
    return insert(id, ts, name, orNull(requestId), orNull(clientId), packEvent(event), previous, link) === 1
  }
  return {
    add(events) {
      for (const event of events) {
        if (!isAudited(event)) {
          addRow(event, null, null)
          continue
        }
        const previous = newest()
        const link = chainLink(previous, event)
        if (addRow(event, previous, link)) remember(link)
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
