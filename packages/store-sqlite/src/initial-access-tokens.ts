import type { InitialAccessToken, RegistrationStore } from '@sallyport/server/model'
import type { Seconds } from '@sallyport/protocol'
import type { Connection } from './connection.ts'
import type { EventRows } from './event-rows.ts'
import { pageOf, pageSize } from './pages.ts'

type Verbs = Pick<RegistrationStore, 'addToken' | 'findToken' | 'listTokens' | 'removeToken'>
type Row = [string, string, number, number, number, string]
type Rest = Pick<InitialAccessToken, 'label' | 'scope' | 'createdAt'>

const columns = 'id, digest, uses, used, expires_at, record'

function readToken([id, digest, uses, used, expiresAt, record]: Row): InitialAccessToken {
  const { label, scope, createdAt } = JSON.parse(record) as Rest
  return { id, digest, label, uses, used, scope, createdAt, expiresAt: expiresAt as Seconds }
}

/** Tokens of administrators that allow registrations. */
export function initialTokenVerbs(db: Connection, events: EventRows): Verbs {
  const insert = db.change<Row>(`INSERT INTO initial_access_tokens (${columns}) VALUES (?, ?, ?, ?, ?, ?)`)
  const find = db.row<[string], Row>(`SELECT ${columns} FROM initial_access_tokens WHERE digest = ?`)
  const list = db.rows<[string, number], Row>(
    `SELECT ${columns} FROM initial_access_tokens WHERE id > ? ORDER BY id LIMIT ?`,
  )
  const remove = db.change<[string]>('DELETE FROM initial_access_tokens WHERE id = ?')
  return {
    addToken: ({ id, digest, uses, used, expiresAt, label, scope, createdAt }, noted) =>
      db.write(() => {
        insert(id, digest, uses, used, expiresAt, JSON.stringify({ label, scope, createdAt } satisfies Rest))
        events.add(noted)
      }),
    findToken: (digest) =>
      db.read(() => {
        const row = find(digest)
        return row === undefined ? undefined : readToken(row)
      }),
    listTokens: (after, limit) =>
      db.read(() => pageOf(list(after ?? '', pageSize(limit) + 1), limit, readToken, (token) => token.id)),
    removeToken: (id, noted) =>
      db.write(() => {
        if (remove(id) === 0) return false
        events.add(noted)
        return true
      }),
  }
}
