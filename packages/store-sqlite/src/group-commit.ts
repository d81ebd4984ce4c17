import type { Database } from 'better-sqlite3'
import { StoreUnavailable } from '@sallyport/server/model'
import { asStoreFault, isBusy } from './faults.ts'

/** How much was written, exactly; for tests and metrics. */
export type Statistics = {
  /** Write transactions that were committed. */
  readonly transactions: number
  /** Operations that these transactions carried. */
  readonly operations: number
}

export type GroupCommit = {
  /**
   * Runs `operation` inside a write transaction shared with everything else that waits in this turn of the event loop (or
   * comes within a quarter of a millisecond, while there is much to do), and resolves with its result once that
   * transaction is durable. An operation that throws takes nobody with it: the transaction is rolled back and each
   * operation runs again in one of its own. It must therefore change nothing but the database, and be fit to run twice.
   */
  write<T>(operation: () => T): Promise<T>
  /** Resolves when nothing waits any more. */
  drain(): Promise<void>
  statistics(): Statistics
  /** Why the last write failed; `undefined` again once something was written. */
  writeFault(): StoreUnavailable | undefined
}

export type GroupCommitOptions = {
  /** Milliseconds an operation waits for another process's lock before it is refused. */
  readonly patience: number
  /** Asked before each transaction; throws when the file is not the one that was opened. */
  readonly checkFile: () => void
}

type Waiting = {
  readonly run: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly since: number
}

/** Milliseconds between two attempts to get a lock that another process holds. */
const retryDelay = 10

export function createGroupCommit(db: Database, { patience, checkFile }: GroupCommitOptions): GroupCommit {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const idle: (() => void)[] = []
  let waiting: Waiting[] = []
  /** Operations of a transaction that failed; each gets one of its own. */
  let alone: Waiting[] = []
  let scheduled = false
  const changes = db.prepare<[], number>('SELECT total_changes()').pluck()
  let fault: StoreUnavailable | undefined
  let transactions = 0
  let operations = 0

  /** What the callers are told; a fault of the medium is remembered. */
  const told = (error: unknown): unknown => {
    const cause = asStoreFault(error)
    if (cause instanceof StoreUnavailable) fault = cause
    return cause
  }

  const attempt = (batch: readonly Waiting[]): void => {
    begin.run()
    // An empty transaction asks nothing of the medium and so proves nothing.
    const before = fault && changes.get()
    try {
      const results: unknown[] = []
      for (const { run } of batch) results.push(run())
      commit.run()
      if (fault !== undefined && changes.get() !== before) fault = undefined
      transactions++
      operations += batch.length
      for (const [index, { resolve }] of batch.entries()) resolve(results[index])
    } catch (error) {
      // SQLite rolls back by itself after some faults of the medium.
      if (db.inTransaction) rollback.run()
      if (batch.length > 1) alone = [...alone, ...batch]
      else batch[0]?.reject(told(error))
    }
  }

  const refuse = (batch: readonly Waiting[], error: unknown): void => {
    if (!isBusy(error)) {
      const cause = told(error)
      for (const { reject } of batch) reject(cause)
      return
    }
    const limit = performance.now() - patience
    const late = batch.filter(({ since }) => since <= limit)
    waiting = [...batch.filter(({ since }) => since > limit), ...waiting]
    for (const { reject } of late) reject(told(error))
  }

  const flush = (): void => {
    scheduled = false
    const [single, ...others] = alone
    const batch = single === undefined ? waiting : [single]
    if (single === undefined) waiting = []
    else alone = others
    let delayed = false
    try {
      checkFile()
      attempt(batch)
    } catch (error) {
      delayed = isBusy(error)
      refuse(batch, error)
    }
    if (waiting.length + alone.length > 0) schedule(delayed)
    else for (const resolve of idle.splice(0)) resolve()
  }

  const schedule = (delayed: boolean): void => {
    if (scheduled) return
    scheduled = true
    if (delayed) setTimeout(flush, retryDelay)
    else setImmediate(flush)
  }

  return {
    write: <T>(operation: () => T) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ run: operation, resolve: (value) => resolve(value as T), reject, since: performance.now() })
        schedule(false)
      }),
    drain: () => (scheduled ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
    statistics: () => ({ transactions, operations }),
    writeFault: () => fault,
  }
}
