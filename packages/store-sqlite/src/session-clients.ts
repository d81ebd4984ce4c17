import type { Seconds } from '@sallyport/protocol'
import type { Connection } from './connection.ts'

// Each of these runs inside the transaction of the verb that it belongs to.

/** Notes that a client wants to hear when a session ends. */
export function sessionClientNoter(db: Connection): (sessionId: string, clientId: string) => void {
  const note = db.change<[string, string]>(
    `INSERT INTO session_clients (session_id, client_id, expires_at) SELECT id, ?, expires_at FROM sessions WHERE id = ?
     ON CONFLICT (session_id, client_id) DO UPDATE SET expires_at = excluded.expires_at`,
  )
  return (sessionId, clientId) => {
    note(clientId, sessionId)
  }
}

/** The clients of a session stay noted for as long as it now lives. */
export function sessionClientsKeeper(db: Connection): (sessionId: string, expiresAt: Seconds) => void {
  const keep = db.change<[number, string]>('UPDATE session_clients SET expires_at = ? WHERE session_id = ?')
  return (sessionId, expiresAt) => {
    keep(expiresAt, sessionId)
  }
}

/** Writes a notice for each client of some sessions and forgets that they were noted. */
const notice = `INSERT INTO logout_notices (id, client_id, subject, session_id, created_at, due_at, attempts)
  SELECT lower(hex(randomblob(16))), client_id, ?, session_id, ?, ?, 0 FROM session_clients WHERE session_id`

export function sessionClientsEnder(db: Connection): (subject: string, sessionId: string, now: Seconds) => void {
  const write = db.change<[string, number, number, string]>(`${notice} = ?`)
  const forget = db.change<[string]>('DELETE FROM session_clients WHERE session_id = ?')
  return (subject, sessionId, now) => {
    if (write(subject, now, now, sessionId) > 0) forget(sessionId)
  }
}

export function subjectClientsEnder(db: Connection): (subject: string, now: Seconds) => void {
  const ofSubject = 'IN (SELECT id FROM sessions WHERE subject = ? AND expires_at > ?)'
  const write = db.change<[string, number, number, string, number]>(`${notice} ${ofSubject}`)
  const forget = db.change<[string, number]>(`DELETE FROM session_clients WHERE session_id ${ofSubject}`)
  return (subject, now) => {
    if (write(subject, now, now, subject, now) > 0) forget(subject, now)
  }
}
