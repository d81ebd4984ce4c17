import type { Seconds } from '@sallyport/protocol'
import { maxPage, type Consent, type RevocationReason, type Session, type Store } from '@sallyport/server/model'
import type { Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { sessionClientsEnder, sessionClientsKeeper, subjectClientsEnder } from './session-clients.ts'

type Verbs = Pick<
  Store,
  | 'findSession'
  | 'startSession'
  | 'raiseSession'
  | 'touchSession'
  | 'endSession'
  | 'findConsent'
  | 'listConsents'
  | 'withdrawConsent'
  | 'subjectActive'
  | 'setSubjectActive'
  | 'endSubject'
>

/** `seenAt` lives in a column of its own, because it changes without the rest. */
export const readSession = (record: string, seenAt: number): Session => ({
  ...(JSON.parse(record) as Session),
  seenAt: seenAt as Seconds,
})

/** Ends every session and authorization of a person; runs inside the caller's transaction. */
export type SubjectEnder = (subject: string, reason: RevocationReason, now: Seconds) => void

export function createSubjectEnder(db: Connection): SubjectEnder {
  const dropInteractions = db.change<[string]>(
    'DELETE FROM interactions WHERE login_session_id IN (SELECT id FROM sessions WHERE subject = ?)',
  )
  const dropSessions = db.change<[string]>('DELETE FROM sessions WHERE subject = ?')
  const revokeAll = db.change<[number, string, string]>(
    'UPDATE authorizations SET revoked_at = ?, revoked_reason = ? WHERE subject = ? AND revoked_at IS NULL',
  )
  const endClients = subjectClientsEnder(db)
  return (subject, reason, now) => {
    endClients(subject, now)
    dropInteractions(subject)
    dropSessions(subject)
    revokeAll(now, reason, subject)
  }
}

/** Signed-in browsers, remembered agreements and the standing of people. */
export function sessionVerbs(db: Connection, events: EventRows, endAllOf: SubjectEnder): Verbs {
  return { ...browserVerbs(db, events), ...consentVerbs(db, events), ...subjectVerbs(db, events, endAllOf) }
}

function browserVerbs(
  db: Connection,
  events: EventRows,
): Pick<Verbs, 'findSession' | 'startSession' | 'raiseSession' | 'touchSession' | 'endSession'> {
  const find = db.row<[string, number], [string, number, number]>(
    `SELECT record, seen_at, (SELECT 1 FROM disabled_subjects d WHERE d.subject = s.subject) IS NULL
     FROM sessions s WHERE digest = ? AND expires_at > ?`,
  )
  const insert = db.change<[string, string, string, number, number, string]>(
    'INSERT INTO sessions (id, digest, subject, seen_at, expires_at, record) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const drop = db.change<[string]>('DELETE FROM sessions WHERE id = ?')
  const raise = db.change<[string, number, number, string, string, string]>(
    'UPDATE sessions SET digest = ?, seen_at = ?, expires_at = ?, record = ? WHERE id = ? AND digest = ?',
  )
  const touch = db.change<[number, string, number]>('UPDATE sessions SET seen_at = ? WHERE id = ? AND seen_at < ?')
  const keepClients = sessionClientsKeeper(db)
  const end = sessionEnder(db)

  return {
    findSession: (digest, now) =>
      db.read(() => {
        const row = find(digest, now)
        return row && { session: readSession(row[0], row[1]), subjectActive: row[2] === 1 }
      }),
    startSession: (session, replaces, noted) =>
      db.write(() => {
        if (replaces !== undefined) drop(replaces)
        drop(session.id)
        insert(session.id, session.digest, session.subject, session.seenAt, session.expiresAt, JSON.stringify(session))
        keepClients(session.id, session.expiresAt)
        events.add(noted)
      }),
    raiseSession: (session, before, noted) =>
      db.write(() => {
        const { id, digest, seenAt, expiresAt } = session
        if (raise(digest, seenAt, expiresAt, JSON.stringify(session), id, before) === 0) return false
        events.add(noted)
        return true
      }),
    touchSession: (id, seenAt) =>
      db.write(() => {
        touch(seenAt, id, seenAt)
      }),
    endSession: (id, now, noted) =>
      db.write(() => {
        const wasAlive = end(id, now)
        if (wasAlive) events.add(noted)
        return wasAlive
      }),
  }
}

/** True when the session was alive. What it had begun ends with it, found by its person. */
function sessionEnder(db: Connection): (id: string, now: Seconds) => boolean {
  const find = db.row<[string], [string, number]>('SELECT subject, expires_at FROM sessions WHERE id = ?')
  const drop = db.change<[string]>('DELETE FROM sessions WHERE id = ?')
  const dropInteractions = db.change<[string]>('DELETE FROM interactions WHERE login_session_id = ?')
  const destroyCodes = db.change<[number, string, string]>(
    `UPDATE authorizations SET destroyed_at = ?
     WHERE subject = ? AND session_id = ? AND redeemed_at IS NULL AND destroyed_at IS NULL`,
  )
  const revoke = db.change<[number, string, string]>(
    `UPDATE authorizations SET revoked_at = ?, revoked_reason = 'session_ended'
     WHERE subject = ? AND session_id = ? AND revoked_at IS NULL
       AND (offline = 0 OR coalesce((SELECT browser_based FROM clients WHERE id = client_id), 1) = 1)`,
  )
  const endClients = sessionClientsEnder(db)
  return (id, now) => {
    const session = find(id)
    if (session === undefined) return false
    const [subject, expiresAt] = session
    if (expiresAt > now) endClients(subject, id, now)
    drop(id)
    dropInteractions(id)
    destroyCodes(now, subject, id)
    revoke(now, subject, id)
    return expiresAt > now
  }
}

function consentVerbs(
  db: Connection,
  events: EventRows,
): Pick<Verbs, 'findConsent' | 'listConsents' | 'withdrawConsent'> {
  const find = db.value<[string, string, number], string>(
    'SELECT record FROM consents WHERE subject = ? AND client_id = ? AND expires_at > ?',
  )
  const list = db.rows<[string, number, number], [string]>(
    'SELECT record FROM consents WHERE subject = ? AND expires_at > ? ORDER BY client_id LIMIT ?',
  )
  const forget = db.change<[string, string]>('DELETE FROM consents WHERE subject = ? AND client_id = ?')
  const revoke = db.change<[number, string, string]>(
    `UPDATE authorizations SET revoked_at = ?, revoked_reason = 'consent_withdrawn'
     WHERE subject = ? AND client_id = ? AND revoked_at IS NULL`,
  )
  return {
    findConsent: (subject, clientId, now) =>
      db.read(() => {
        const record = find(subject, clientId, now)
        return record === undefined ? undefined : (JSON.parse(record) as Consent)
      }),
    listConsents: (subject, now) =>
      db.read(() => list(subject, now, maxPage).map(([record]) => JSON.parse(record) as Consent)),
    withdrawConsent: (subject, clientId, now, noted) =>
      db.write(() => {
        if (forget(subject, clientId) + revoke(now, subject, clientId) === 0) return false
        events.add(noted)
        return true
      }),
  }
}

function subjectVerbs(
  db: Connection,
  events: EventRows,
  endAllOf: SubjectEnder,
): Pick<Verbs, 'subjectActive' | 'setSubjectActive' | 'endSubject'> {
  const disabled = db.value<[string], number>('SELECT 1 FROM disabled_subjects WHERE subject = ?')
  const disable = db.change<[string, number]>(
    'INSERT INTO disabled_subjects (subject, disabled_at) VALUES (?, ?) ON CONFLICT (subject) DO NOTHING',
  )
  const enable = db.change<[string]>('DELETE FROM disabled_subjects WHERE subject = ?')
  return {
    subjectActive: (subject) => db.read(() => disabled(subject) === undefined),
    setSubjectActive: (subject, active, now, noted) =>
      db.write(() => {
        if ((active ? enable(subject) : disable(subject, now)) === 0) return
        if (!active) endAllOf(subject, 'subject_inactive', now)
        events.add(noted)
      }),
    endSubject: (subject, reason, now, noted) =>
      db.write(() => {
        endAllOf(subject, reason, now)
        events.add(noted)
      }),
  }
}
