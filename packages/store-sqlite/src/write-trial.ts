import type { Connection } from './connection.ts'

/** Larger than what one request writes, so that the space it finds is enough for those. */
const trialBytes = 64 * 1024
const name = 'write_trial'

/** Two transactions, because SQLite does not write pages that are taken and given back within one. */
export function createWriteTrial(db: Connection): () => Promise<void> {
  const put = db.change<[string, string]>('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)')
  const remove = db.change<[string]>('DELETE FROM settings WHERE name = ?')
  const text = 'x'.repeat(trialBytes)
  return async () => {
    await db.write(() => put(name, text))
    await db.write(() => remove(name))
  }
}
