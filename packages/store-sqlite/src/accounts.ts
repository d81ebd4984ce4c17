import type { Seconds } from '@sallyport/protocol'
import { maxPage, usernameKey, type AccountClaims, type AccountStore, type User } from '@sallyport/server/model'
import { orUndefined, type Connection } from './connection.ts'
import type { SubjectEnder } from './sessions.ts'

type UserRow = [
  id: string,
  username: string,
  passwordHash: string,
  claims: string,
  createdAt: number,
  updatedAt: number,
  disabledAt: number | null,
]

const columns = `id, username, password_hash, claims, created_at, updated_at,
  (SELECT disabled_at FROM disabled_subjects d WHERE d.subject = users.id)`

const readUser = ([id, username, passwordHash, claims, createdAt, updatedAt, disabledAt]: UserRow): User => ({
  id,
  username,
  passwordHash,
  claims: JSON.parse(claims) as AccountClaims,
  createdAt: createdAt as Seconds,
  updatedAt: updatedAt as Seconds,
  disabledAt: orUndefined(disabledAt) as Seconds | undefined,
})

/** People with password accounts. */
export function accountStore(db: Connection, endAllOf: SubjectEnder): AccountStore {
  const insert = db.change<[string, string, string, string, string, number, number]>(
    `INSERT INTO users (id, username, username_key, password_hash, claims, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (username_key) DO NOTHING`,
  )
  const disable = db.change<[string, number]>(
    'INSERT INTO disabled_subjects (subject, disabled_at) VALUES (?, ?) ON CONFLICT (subject) DO NOTHING',
  )
  const byName = db.row<[string], UserRow>(`SELECT ${columns} FROM users WHERE username_key = ?`)
  const byId = db.row<[string], UserRow>(`SELECT ${columns} FROM users WHERE id = ?`)
  const list = db.rows<[string, number], UserRow>(`SELECT ${columns} FROM users WHERE id > ? ORDER BY id LIMIT ?`)
  const replace = db.change<[string, number, string]>('UPDATE users SET password_hash = ?, updated_at = ? WHERE id = ?')
  const rehash = db.change<[string, string, string]>(
    'UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?',
  )

  return {
    createUser: (user) =>
      db.write(() => {
        const { id, username, passwordHash, claims, createdAt, updatedAt, disabledAt } = user
        const key = usernameKey(username)
        if (insert(id, username, key, passwordHash, JSON.stringify(claims), createdAt, updatedAt) === 0) return false
        if (disabledAt !== undefined) disable(id, disabledAt)
        return true
      }),
    findUserByName: (username) =>
      db.read(() => {
        const row = byName(usernameKey(username))
        return row && readUser(row)
      }),
    findUser: (id) =>
      db.read(() => {
        const row = byId(id)
        return row && readUser(row)
      }),
    listUsers: (after, limit) => db.read(() => list(after ?? '', Math.max(1, Math.min(limit, maxPage))).map(readUser)),
    replacePassword: (id, passwordHash, now) =>
      db.write(() => {
        if (replace(passwordHash, now, id) === 0) return false
        endAllOf(id, 'credential_change', now)
        return true
      }),
    rehashPassword: (id, passwordHash, previous) => db.write(() => rehash(passwordHash, id, previous) === 1),
  }
}
