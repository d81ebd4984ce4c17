import type { AccessTokenClaims, AccessTokenStore, OpaqueAccessToken } from '@sallyport/server/model'
import { inForce, parentsInForce } from './authorization-rows.ts'
import { orNull, orUndefined, type Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { digestKey } from './lookup-key.ts'

type Row = [authorizationId: string | null, record: string, stands: number | null]

/** Access tokens that are handles. One query reads the token and all that decides about it. */
export function accessTokenStore(db: Connection, events: EventRows): AccessTokenStore {
  const find = db.row<[number, number, string, number], Row>(
    `SELECT t.authorization_id, t.record, CASE WHEN t.authorization_id IS NULL
       THEN (SELECT disabled_at IS NULL FROM clients WHERE id = t.client_id)
       ELSE (SELECT ${inForce} AND a.expires_at > ? AND a.client_id = t.client_id AND ${parentsInForce}
         FROM authorizations a WHERE a.id = t.authorization_id) END
     FROM opaque_access_tokens t
     WHERE n = (SELECT n FROM opaque_access_tokens WHERE digest_key = ? AND digest = ?) AND t.expires_at > ?`,
  )
  const remove = db.change<[number, string]>('DELETE FROM opaque_access_tokens WHERE digest_key = ? AND digest = ?')
  return {
    find: (digest, now) =>
      db.read(() => {
        const row = find(now, digestKey(digest), digest, now)
        if (row === undefined) return undefined
        const [authorizationId, record, stands] = row
        const claims = JSON.parse(record) as AccessTokenClaims
        return { token: { digest, authorizationId: orUndefined(authorizationId), claims }, stands: stands === 1 }
      }),
    revoke: (digest, noted) =>
      db.write(() => {
        if (remove(digestKey(digest), digest) === 0) return false
        events.add(noted)
        return true
      }),
  }
}

/** Stores one, inside the transaction of its answer. */
export function accessTokenStorer(db: Connection): (token: OpaqueAccessToken) => void {
  const insert = db.change<[number, string, string | null, string, number, string]>(
    `INSERT INTO opaque_access_tokens (digest_key, digest, authorization_id, client_id, expires_at, record)
     VALUES (?, ?, ?, ?, ?, ?)`,
  )
  return ({ digest, authorizationId, claims }) => {
    insert(digestKey(digest), digest, orNull(authorizationId), claims.client_id, claims.exp, JSON.stringify(claims))
  }
}
