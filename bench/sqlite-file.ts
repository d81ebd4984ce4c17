import Database from 'better-sqlite3'

/** Opens a database file durably: WAL, and an fsync before each commit is answered. */
export function openDurable(file: string): Database.Database {
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('cache_size = -16000')
  return db
}

/** Runs a write; the promise resolves when it is durable. */
export type DurableWrite = (write: () => void) => Promise<void>

/** Each write is its own transaction with its own fsync. */
export const writeAlone: DurableWrite = (write) => {
  write()
  return Promise.resolve()
}

interface Queued {
  readonly write: () => void
  readonly done: (error?: Error) => void
}

/** All writes of one turn of the event loop share a transaction and its fsync. */
export function groupWrites(db: Database.Database): DurableWrite {
  let queue: Queued[] = []
  const commit = db.transaction((group: readonly Queued[]) => {
    for (const { write } of group) write()
  })
  const flush = (): void => {
    const group = queue
    queue = []
    try {
      commit.immediate(group)
      for (const { done } of group) done()
    } catch (error) {
      for (const { done } of group) done(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return (write) =>
    new Promise((resolve, reject) => {
      if (queue.length === 0) setImmediate(flush)
      queue.push({ write, done: (error) => (error === undefined ? resolve() : reject(error)) })
    })
}
