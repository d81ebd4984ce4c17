import type { Store } from '@sallyport/server/model'
import type { Connection } from './connection.ts'

type Verbs = Pick<Store, 'rememberOnce' | 'count' | 'readCount' | 'clearCount'>

/** Puts a mark there, inside a write; true when it was not there, or no longer counted. */
export function rememberVerb(db: Connection): (mark: string, expiresAt: number, now: number) => boolean {
  const put = db.change<[string, number, number]>(
    `INSERT INTO once_marks (mark, expires_at) VALUES (?, ?)
     ON CONFLICT (mark) DO UPDATE SET expires_at = excluded.expires_at WHERE once_marks.expires_at <= ?`,
  )
  return (mark, expiresAt, now) => put(mark, expiresAt, now) === 1
}

/** Replay marks and counters. */
export function markVerbs(db: Connection): Verbs {
  const remember = rememberVerb(db)
  const count = db.changedRow<[string, number, number, number, number], number>(
    `INSERT INTO counters (name, value, ends_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET
       value = CASE WHEN ends_at <= ? THEN excluded.value ELSE value + excluded.value END,
       ends_at = CASE WHEN ends_at <= ? THEN excluded.ends_at ELSE ends_at END
     RETURNING value`,
  )
  const read = db.value<[string, number], number>('SELECT value FROM counters WHERE name = ? AND ends_at > ?')
  const clear = db.change<[string]>('DELETE FROM counters WHERE name = ?')

  return {
    rememberOnce: (key, expiresAt, now) => db.write(() => remember(key, expiresAt, now)),
    count: (key, window, now, by = 1) => db.write(() => count(key, by, now + window, now, now) ?? by),
    readCount: (key, now) => db.read(() => read(key, now) ?? 0),
    clearCount: (key) =>
      db.write(() => {
        clear(key)
      }),
  }
}
