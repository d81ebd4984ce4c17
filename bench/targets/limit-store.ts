import type Database from 'better-sqlite3'

/** What stands behind a code or a refresh token: the sign-in it belongs to and what its tokens say. */
export interface Ticket {
  readonly family: string
  readonly client: string
  readonly nonce: string
  readonly challenge: string
  readonly expires: number
}

/** The statements a code flow cannot do without. */
export function prepareLimitStore(db: Database.Database) {
  const columns =
    'family TEXT NOT NULL, client TEXT NOT NULL, nonce TEXT NOT NULL, challenge TEXT NOT NULL, expires INTEGER NOT NULL'
  db.exec(
    `CREATE TABLE IF NOT EXISTS code (id BLOB PRIMARY KEY, ${columns}) WITHOUT ROWID;
     CREATE TABLE IF NOT EXISTS refresh (id BLOB PRIMARY KEY, ${columns}) WITHOUT ROWID;`,
  )
  const insert = (table: string): Database.Statement<[Buffer, string, string, string, string, number]> =>
    db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?)`)
  const find = (table: string): Database.Statement<[Buffer], Ticket> =>
    db.prepare(`SELECT family, client, nonce, challenge, expires FROM ${table} WHERE id = ?`)
  const consume = (table: string): Database.Statement<[Buffer]> => db.prepare(`DELETE FROM ${table} WHERE id = ?`)
  return {
    code: { insert: insert('code'), find: find('code'), consume: consume('code') },
    refresh: { insert: insert('refresh'), find: find('refresh'), consume: consume('refresh') },
  }
}
