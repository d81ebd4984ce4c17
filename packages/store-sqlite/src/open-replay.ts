import type { Database } from 'better-sqlite3'
import { StoreUnavailable, type Store } from '@sallyport/server/model'
import { createConnection } from './connection.ts'
import { createFileCheck } from './database-file.ts'
import { createGroupCommit } from './group-commit.ts'
import { rememberVerb } from './marks.ts'
import { openFile } from './open-database.ts'
import { StoreRefused } from './store-refused.ts'

export type SqliteReplayOptions = {
  /** Path of the file, which is nobody else's. Its directory must exist. */
  readonly path: string
  /** Milliseconds to wait for another process's lock. Default 5000. */
  readonly patience?: number | undefined
  /** Largest size of the file in bytes. Default 256 MiB; beyond it every call rejects, so that nobody gets in. */
  readonly maxBytes?: number | undefined
}

/** Remembers what was used, for all processes that open the same file. */
export type SqliteReplay = Pick<Store, 'rememberOnce'> & {
  /** Waits for what is being written and lets go of the file. */
  close(): Promise<void>
}

/** Milliseconds that SQLite itself may sleep for a lock; longer waits happen in the event loop. */
const blockingWait = 5

/** Marks that are removed with each one that is added: more than come, so their number is that of those that count. */
const removedAtOnce = 2

const tables = ['once_marks']

/** A table of its own and no other: a file with more in it belongs to somebody else. */
async function prepareTable(db: Database, path: string): Promise<Database> {
  const found = db.prepare<[], string>(`SELECT name FROM sqlite_master WHERE type = 'table'`).pluck().all()
  if (found.some((name) => !tables.includes(name)))
    throw new StoreRefused('not_a_database', `${path} holds other data; give the path of a file for used proofs alone`)
  db.exec(`BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS once_marks (mark TEXT NOT NULL PRIMARY KEY, expires_at REAL NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS once_marks_expiry ON once_marks (expires_at);
    COMMIT`)
  return db
}

/**
 * Opens a file in which an API remembers used proofs (RFC 9449 section 11.1), for its processes on one machine. What was
 * remembered survives a crash and a power cut. Throws `StoreRefused` for a file that is something else, and
 * `StoreUnavailable` when the medium does not let itself be read or written.
 */
export async function openSqliteReplay(options: SqliteReplayOptions): Promise<SqliteReplay> {
  const { path, patience = 5000, maxBytes = 256 * 1024 * 1024 } = options
  const db = await openFile({ path, maxBytes }, (opened) => prepareTable(opened, path))
  db.pragma(`busy_timeout = ${Math.min(blockingWait, patience)}`)
  const group = createGroupCommit(db, { patience, checkFile: createFileCheck(path) })
  const connection = createConnection(db, group, patience)
  const remember = rememberVerb(connection)
  const forget = connection.change<[number, number]>(
    'DELETE FROM once_marks WHERE mark IN (SELECT mark FROM once_marks WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)',
  )
  let closed = false
  return {
    async rememberOnce(key, expiresAt, now) {
      if (closed) throw new StoreUnavailable('unreachable', new Error('the store is closed'))
      return connection.write(() => {
        forget(now, removedAtOnce)
        return remember(key, expiresAt, now)
      })
    },
    async close() {
      if (closed) return
      closed = true
      await group.drain()
      db.close()
    },
  }
}
