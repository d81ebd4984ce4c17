import type { Database } from 'better-sqlite3'
import { StoreUnavailable } from '@sallyport/server/model'
import { asStoreFault, isBusy } from './faults.ts'
import type { GroupCommit } from './group-commit.ts'

/** What SQLite takes and gives. */
export type Value = string | number | null | Uint8Array

/** A prepared statement as a function of its parameters, in the order of their question marks. */
export type Statement<P extends readonly Value[], R> = (...parameters: P) => R

/** The database as the verbs use it. */
export type Connection = Pick<GroupCommit, 'write'> & {
  /** Runs a query at once; waits for another process's lock without blocking the event loop, but not for ever. */
  read<T>(query: () => T): Promise<T>
  /** A statement that changes rows; gives their number. */
  change<P extends Value[]>(sql: string): Statement<P, number>
  /** A statement that changes at most one row and gives one column of it. */
  changedRow<P extends Value[], R extends Value>(sql: string): Statement<P, R | undefined>
  /** A query for one row, as a list of its columns. */
  row<P extends Value[], R extends readonly Value[]>(sql: string): Statement<P, R | undefined>
  /** A query for rows, each as a list of its columns. */
  rows<P extends Value[], R extends readonly Value[]>(sql: string): Statement<P, readonly R[]>
  /** A query for one column of one row. */
  value<P extends Value[], R extends Value>(sql: string): Statement<P, R | undefined>
  /** Statements run so far by verbs that write. */
  statements(): number
}

const retryDelay = 10

export function createConnection(db: Database, { write }: Pick<GroupCommit, 'write'>, patience: number): Connection {
  let statements = 0

  const later = async <T>(query: () => T): Promise<T> => {
    const limit = performance.now() + patience
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, retryDelay))
      try {
        return query()
      } catch (error) {
        if (!isBusy(error) || performance.now() > limit) throw asStoreFault(error)
      }
    }
  }

  return {
    write,
    read<T>(query: () => T): Promise<T> {
      try {
        return Promise.resolve(query())
      } catch (error) {
        if (isBusy(error)) return later(query)
        const fault = db.open ? asStoreFault(error) : new StoreUnavailable('unreachable', error)
        return Promise.reject(fault instanceof Error ? fault : new Error('query failed', { cause: fault }))
      }
    },
    change<P extends Value[]>(sql: string) {
      const statement = db.prepare<P>(sql)
      return (...parameters: P): number => {
        statements++
        return statement.run(...parameters).changes
      }
    },
    changedRow<P extends Value[], R extends Value>(sql: string) {
      const statement = db.prepare<P, R>(sql).pluck()
      return (...parameters: P): R | undefined => {
        statements++
        return statement.get(...parameters)
      }
    },
    row<P extends Value[], R extends readonly Value[]>(sql: string) {
      const statement = db.prepare<P, R>(sql).raw()
      return (...parameters: P) => statement.get(...parameters)
    },
    rows<P extends Value[], R extends readonly Value[]>(sql: string) {
      const statement = db.prepare<P, R>(sql).raw()
      return (...parameters: P) => statement.all(...parameters)
    },
    value<P extends Value[], R extends Value>(sql: string) {
      const statement = db.prepare<P, R>(sql).pluck()
      return (...parameters: P) => statement.get(...parameters)
    },
    statements: () => statements,
  }
}

/** SQL has NULL where records have `undefined`. */
export const orNull = <T>(value: T | undefined): T | null => (value === undefined ? null : value)
export const orUndefined = <T>(value: T | null): T | undefined => (value === null ? undefined : value)
