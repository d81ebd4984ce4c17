import type { Seconds } from '@sallyport/protocol'
import type { AdminStore, AuthorizationListing, RevocationReason } from '@sallyport/server/model'
import {
  authorizationColumns,
  readAuthorization,
  unpackDetails,
  type AuthorizationColumns,
} from './authorization-rows.ts'
import { orNull, orUndefined, type Connection } from './connection.ts'
import { eventColumns, readEvent, type EventRow } from './event-rows.ts'
import { collect, pageOf, pageSize } from './pages.ts'
import { readSession } from './sessions.ts'

type Verbs = Pick<AdminStore, 'listSessions' | 'listAuthorizations' | 'listEvents' | 'lastEvents'>

/** Above every id: ids are ASCII. */
const lastId = '\u{10ffff}'

/** Lists for operators, in the order of ids. */
export const listVerbs = (db: Connection): Verbs => ({
  listSessions: sessionLister(db),
  listAuthorizations: authorizationLister(db),
  ...eventLists(db),
})

function sessionLister(db: Connection): Verbs['listSessions'] {
  const all = db.rows<[string, number, number], [string, number]>(
    'SELECT record, seen_at FROM sessions WHERE id > ? AND expires_at > ? ORDER BY id LIMIT ?',
  )
  const ofSubject = db.rows<[string, string, number, number], [string, number]>(
    'SELECT record, seen_at FROM sessions WHERE subject = ? AND id > ? AND expires_at > ? ORDER BY id LIMIT ?',
  )
  return ({ subject }, after, limit, now) =>
    db.read(() => {
      const size = pageSize(limit) + 1
      const rows = subject === undefined ? all(after ?? '', now, size) : ofSubject(subject, after ?? '', now, size)
      return pageOf(
        rows,
        limit,
        ([record, seenAt]) => readSession(record, seenAt),
        (session) => session.id,
      )
    })
}

type ListingRow = [...AuthorizationColumns, revokedAt: number | null]

const readListing = (row: ListingRow): AuthorizationListing => ({
  authorization: readAuthorization(row, unpackDetails(row[6])),
  revokedAt: orUndefined(row[8]) as Seconds | undefined,
  revokedReason: orUndefined(row[7]) as RevocationReason | undefined,
})

function authorizationLister(db: Connection): Verbs['listAuthorizations'] {
  const end = db.value<[string, number], string>(
    'SELECT id FROM authorizations WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?',
  )
  const filters = '(? IS NULL OR client_id = ?) AND (? = 0 OR parents IS NULL)'
  type Filters = [string | null, string | null, number]
  const walk = db.rows<[string, string, ...Filters, number], ListingRow>(
    `SELECT ${authorizationColumns}, a.revoked_at FROM authorizations a
     WHERE id > ? AND id <= ? AND ${filters} ORDER BY id LIMIT ?`,
  )
  const ofSubject = db.rows<[string, string, ...Filters, number], ListingRow>(
    `SELECT ${authorizationColumns}, a.revoked_at FROM authorizations a
     WHERE subject = ? AND id > ? AND ${filters} ORDER BY id LIMIT ?`,
  )
  return async ({ subject, clientId, given }, after, limit) => {
    const wantedRows: Filters = [orNull(clientId), orNull(clientId), given === undefined ? 0 : 1]
    const size = pageSize(limit) + 1
    const select = (from: string, to: string | undefined, wanted: number): readonly ListingRow[] =>
      walk(from, to ?? lastId, ...wantedRows, wanted)
    const rows =
      subject === undefined
        ? await collect(db, { end, select }, after ?? '', size)
        : await db.read(() => ofSubject(subject, after ?? '', ...wantedRows, size))
    return pageOf(rows, limit, readListing, (listing) => listing.authorization.id)
  }
}

function eventLists(db: Connection): Pick<Verbs, 'listEvents' | 'lastEvents'> {
  const end = db.value<[string, number], string>('SELECT id FROM events WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?')
  const filters = '(? IS NULL OR client_id = ?) AND (? IS NULL OR event = ?)'
  type Filters = [string | null, string | null, string | null, string | null]
  const walk = db.rows<[string, string, ...Filters, number], EventRow>(
    `SELECT ${eventColumns} FROM events WHERE id > ? AND id <= ? AND ${filters} ORDER BY id LIMIT ?`,
  )
  const ofRequest = db.rows<[string, string, ...Filters, number], EventRow>(
    `SELECT ${eventColumns} FROM events WHERE request_id = ? AND id > ? AND ${filters} ORDER BY id LIMIT ?`,
  )
  const newest = db.rows<[number], EventRow>(`SELECT ${eventColumns} FROM events ORDER BY id DESC LIMIT ?`)
  return {
    listEvents: async ({ requestId, clientId, event }, after, limit) => {
      const wanted: Filters = [orNull(clientId), orNull(clientId), orNull(event), orNull(event)]
      const size = pageSize(limit) + 1
      const select = (from: string, to: string | undefined, count: number): readonly EventRow[] =>
        walk(from, to ?? lastId, ...wanted, count)
      const rows =
        requestId === undefined
          ? await collect(db, { end, select }, after ?? '', size)
          : await db.read(() => ofRequest(requestId, after ?? '', ...wanted, size))
      return pageOf(rows, limit, readEvent, (item) => item.id)
    },
    lastEvents: (limit) =>
      db.read(() => {
        const items = newest(pageSize(limit)).map(readEvent).reverse()
        return { items, next: items.at(-1)?.id }
      }),
  }
}
