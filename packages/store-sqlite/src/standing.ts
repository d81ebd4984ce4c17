import type { Store } from '@sallyport/server/model'
import { inForce, parentsInForce, unpackDetails } from './authorization-rows.ts'
import { orNull, type Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'

type Verbs = Pick<Store, 'revokeAuthorization' | 'denyAccessToken' | 'findGranted' | 'tokenStands'>

/** What ends tokens, and the one query that tells whether a token has ended. */
export function standingVerbs(db: Connection, events: EventRows): Verbs {
  const revoke = db.change<[number, string, string]>(
    'UPDATE authorizations SET revoked_at = ?, revoked_reason = ? WHERE id = ? AND revoked_at IS NULL',
  )
  const isDenied = db.value<[string], number>('SELECT expires_at FROM denied_tokens WHERE jti = ?')
  const deny = db.change<[string, number]>(
    `INSERT INTO denied_tokens (jti, expires_at) VALUES (?, ?)
     ON CONFLICT (jti) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`,
  )
  const stands = db.value<[string, string | null, number, string], number>(
    `SELECT (SELECT 1 FROM denied_tokens WHERE jti = ?) IS NULL
       AND (SELECT ${inForce} AND a.expires_at > t.now AND a.client_id = t.client_id AND ${parentsInForce}
         FROM authorizations a WHERE a.id = t.id)
     FROM (SELECT ? AS id, ? AS now, ? AS client_id) t`,
  )
  const clientTokenStands = db.value<[string, string], number>(
    `SELECT (SELECT 1 FROM denied_tokens WHERE jti = ?) IS NULL AND (SELECT disabled_at IS NULL FROM clients WHERE id = ?)`,
  )

  const granted = db.row<[string], [subject: string, details: string]>(
    'SELECT subject, details FROM authorizations WHERE id = ?',
  )

  return {
    revokeAuthorization: (id, reason, now, noted) =>
      db.write(() => {
        if (revoke(now, reason, id) === 0) return false
        events.add(noted)
        return true
      }),
    denyAccessToken: (jti, expiresAt, noted) =>
      db.write(() => {
        const known = isDenied(jti) !== undefined
        deny(jti, expiresAt)
        if (!known) events.add(noted)
      }),
    findGranted: (authorizationId) =>
      db.read(() => {
        const row = granted(authorizationId)
        return row && { subject: row[0], claims: unpackDetails(row[1]).claims }
      }),
    tokenStands: ({ jti, authorizationId, clientId }, now) =>
      db.read(
        () =>
          (authorizationId === undefined
            ? clientTokenStands(jti, clientId)
            : stands(jti, orNull(authorizationId), now, clientId)) === 1,
      ),
  }
}
