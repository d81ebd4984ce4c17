import type { Authorization, DerivationStore } from '@sallyport/server/model'
import {
  authorizationColumns,
  endOf,
  inForce,
  packDetails,
  parentsInForce,
  readAuthorization,
  subjectDisabled,
  unpackDetails,
  type AuthorizationColumns,
} from './authorization-rows.ts'
import type { Connection } from './connection.ts'

/** What authorizations are derived from, read in one trip. */
export function derivationStore(db: Connection): DerivationStore {
  const find = db.row<[string], [...AuthorizationColumns, disabled: number, parents: number]>(
    `SELECT ${authorizationColumns}, ${subjectDisabled}, ${parentsInForce} FROM authorizations a WHERE a.id = ?`,
  )
  return {
    find: (authorizationId) =>
      db.read(() => {
        const row = find(authorizationId)
        if (row === undefined) return undefined
        const ended = endOf(row[7], row[8]) ?? (row[9] === 1 ? undefined : 'authorization_revoked')
        return { authorization: readAuthorization(row, unpackDetails(row[6])), ended }
      }),
  }
}

/** Stores a derived authorization, inside the transaction of its answer, while everything it hangs on is in force. */
export function derivationWriter(db: Connection): (authorization: Authorization, now: number) => boolean {
  const insert = db.change<[string, string, number, number, number, number, string, string, string, string | null]>(
    `INSERT INTO authorizations (id, session_id, offline, expires_at, kept_until, redeemed_at, code_key, code_digest, details,
       client_id, subject, parents)
     SELECT ?, ?, ?, ?, ?, ?, 0, '', ?, a.client_id, a.subject, a.parents
     FROM (SELECT NULL AS revoked_at, ? AS client_id, ? AS subject, ? AS parents) a
     WHERE ${inForce} AND ${parentsInForce}`,
  )
  return (authorization, now) => {
    const { id, clientId, subject, sessionId, offline, expiresAt, derived } = authorization
    const details = packDetails(authorization, undefined)
    const parents = derived === undefined ? null : JSON.stringify(derived.parents)
    return insert(id, sessionId, offline ? 1 : 0, expiresAt, expiresAt, now, details, clientId, subject, parents) === 1
  }
}
