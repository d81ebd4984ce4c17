import type { Seconds } from '@sallyport/protocol'
import { maxPage, type LogoutNotice, type LogoutStore } from '@sallyport/server/model'
import { orNull, orUndefined, type Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'

type NoticeRow = [
  id: string,
  clientId: string,
  subject: string,
  sessionId: string,
  createdAt: number,
  begunAt: number | null,
  attempts: number,
]

const readNotice = (row: NoticeRow, claimedUntil: Seconds): LogoutNotice => ({
  id: row[0],
  clientId: row[1],
  subject: row[2],
  sessionId: row[3],
  createdAt: row[4] as Seconds,
  begunAt: orUndefined(row[5]) as Seconds | undefined,
  attempts: row[6],
  claimedUntil,
})

/** Notices of ended sessions on their way to the clients. They are written in `session-clients.ts`. */
export function logoutStore(db: Connection, events: EventRows): LogoutStore {
  const clients = db.rows<[string, number], [string, string]>(
    'SELECT session_id, client_id FROM session_clients WHERE session_id IN (SELECT value FROM json_each(?)) LIMIT ?',
  )
  const due = db.row<[number, string], NoticeRow>(
    `SELECT id, client_id, subject, session_id, created_at, begun_at, attempts FROM logout_notices
     WHERE due_at <= ? AND client_id NOT IN (SELECT value FROM json_each(?)) ORDER BY due_at LIMIT 1`,
  )
  const claim = db.change<[number, string]>('UPDATE logout_notices SET due_at = ? WHERE id = ?')
  const remove = db.change<[string]>('DELETE FROM logout_notices WHERE id = ?')
  const putBack = db.change<[number, number | null, number, string, number]>(
    'UPDATE logout_notices SET due_at = ?, begun_at = ?, attempts = ? WHERE id = ? AND due_at = ?',
  )
  return {
    clientsOf: (sessionIds) =>
      db.read(() =>
        clients(JSON.stringify(sessionIds), maxPage).map(([sessionId, clientId]) => ({ sessionId, clientId })),
      ),
    claim: async (now, until, except) => {
      const busy = JSON.stringify(except)
      // Nearly always there is nothing to send, and then nobody waits for a lock.
      if ((await db.read(() => due(now, busy))) === undefined) return undefined
      return db.write(() => {
        const row = due(now, busy)
        if (row === undefined) return undefined
        claim(until, row[0])
        return readNotice(row, until)
      })
    },
    settle: (id, noted) =>
      db.write(() => {
        if (remove(id) === 0) return false
        events.add(noted)
        return true
      }),
    retry: ({ id, claimedUntil }, { begunAt, attempts, dueAt }) =>
      db.write(() => putBack(dueAt, orNull(begunAt), attempts, id, claimedUntil) === 1),
  }
}
