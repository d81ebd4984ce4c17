import BetterSqlite3, { type Database } from 'better-sqlite3'
import { StoreUnavailable, type Store } from '@sallyport/server/model'
import { accountStore } from './accounts.ts'
import { clientAdmin, clientVerbs } from './clients.ts'
import { codeVerbs } from './codes.ts'
import { createConnection, type Connection } from './connection.ts'
import { createFileCheck, prepareFile } from './database-file.ts'
import { createEventRows } from './event-rows.ts'
import { asStoreFault, isDamaged } from './faults.ts'
import { createGroupCommit, type Statistics } from './group-commit.ts'
import { interactionVerbs } from './interactions.ts'
import { listVerbs } from './lists.ts'
import { markVerbs } from './marks.ts'
import { migrate, pendingSteps } from './migrate.ts'
import { redeemVerbs } from './redeem.ts'
import { createSubjectEnder, sessionVerbs } from './sessions.ts'
import { settingVerbs } from './settings.ts'
import { signingKeyVerbs } from './signing-keys.ts'
import { standingVerbs } from './standing.ts'
import { StoreRefused } from './store-refused.ts'
import { createSweep } from './sweep.ts'

export type SqliteStoreOptions = {
  /** Path of the database file. Its directory must exist. */
  readonly path: string
  /** Refuse to begin with an empty file, for a server that has run here before (FT-08). Default false. */
  readonly mustExist?: boolean | undefined
  /** `apply` (default) brings the schema up to date; `require` refuses a file that is behind. */
  readonly migrations?: 'apply' | 'require' | undefined
  /** Milliseconds to wait for another process's lock. Default 5000. */
  readonly patience?: number | undefined
  /** Bytes of page cache. Default 8 MiB: a larger one makes commits dearer, because SQLite looks through all of it when pages were rearranged. */
  readonly cacheBytes?: number | undefined
  /** Bytes of the file that are read through a memory map. Default 256 MiB. */
  readonly mmapBytes?: number | undefined
  /** For fault tests: told each statement, values included, right before it runs. Slow; never for production. */
  readonly onStatement?: ((sql: string) => void) | undefined
}

/** A store in one SQLite file, and what can be asked of it beyond the port. */
export type SqliteStore = Store & {
  /** What was written since the file was opened, exactly. */
  statistics(): Statistics & { readonly statements: number }
  /** Faults that SQLite's own check finds in the file; empty for a sound one. Reads the whole file. */
  integrityFaults(): Promise<readonly string[]>
  /** Steps of the schema that were applied when the file was opened. */
  readonly migrated: readonly string[]
}

/**
 * Opens a durable store: WAL with `synchronous=FULL`, so that a promise that resolved after a write survives a power cut.
 * Several processes may use one file; SQLite's locks decide between them.
 *
 * Throws `StoreRefused` for a file that cannot be worked with (missing, damaged, of a newer release, not migrated), and
 * `StoreUnavailable` when the medium does not let itself be read or written.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  prepareFile(options.path, options.mustExist ?? false)
  const db = openDatabase(options)
  try {
    configure(db, options)
    const migrated = await prepareSchema(db, options)
    return composeStore(db, options, migrated)
  } catch (error) {
    db.close()
    throw openingFault(error, options.path)
  }
}

/** Milliseconds that SQLite itself may sleep for a lock; longer waits happen in the event loop. */
const blockingWait = 20

function openDatabase({ path, onStatement }: SqliteStoreOptions): Database {
  const verbose = onStatement && ((sql?: unknown): void => onStatement(String(sql)))
  try {
    return new BetterSqlite3(path, { timeout: 5000, fileMustExist: true, verbose })
  } catch (error) {
    throw openingFault(error, path)
  }
}

function configure(
  db: Database,
  { cacheBytes = 8 * 1024 * 1024, mmapBytes = 256 * 1024 * 1024 }: SqliteStoreOptions,
): void {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.pragma('wal_autocheckpoint = 4000')
  db.pragma(`cache_size = -${Math.ceil(cacheBytes / 1024)}`)
  db.pragma(`mmap_size = ${mmapBytes}`)
  db.pragma('temp_store = MEMORY')
  db.pragma('foreign_keys = OFF')
  // What is deleted is overwritten where it lay, so that sealed answers and hashes do not linger in free pages.
  db.pragma('secure_delete = FAST')
}

async function prepareSchema(
  db: Database,
  { path, migrations = 'apply' }: SqliteStoreOptions,
): Promise<readonly string[]> {
  if (migrations === 'apply') return migrate(db)
  const pending = pendingSteps(db)
  if (pending.length === 0) return []
  const names = pending.map((step) => step.name).join(', ')
  throw new StoreRefused(
    'not_migrated',
    `the database at ${path} lacks the schema step ${names}; run "sallyport migrate" first`,
  )
}

function openingFault(error: unknown, path: string): unknown {
  if (!isDamaged(error)) return asStoreFault(error)
  const notOurs = error instanceof Error && 'code' in error && error.code === 'SQLITE_NOTADB'
  return notOurs
    ? new StoreRefused('not_a_database', `${path} is not a SQLite database; give the path of another file`, error)
    : new StoreRefused(
        'damaged',
        `the database at ${path} is damaged; stop every process that uses it and restore a backup`,
        error,
      )
}

function composeStore(
  db: Database,
  { path, patience = 5000 }: SqliteStoreOptions,
  migrated: readonly string[],
): SqliteStore {
  db.pragma(`busy_timeout = ${Math.min(blockingWait, patience)}`)
  const group = createGroupCommit(db, { patience, checkFile: createFileCheck(path) })
  let closed = false
  const write = <T>(operation: () => T): Promise<T> =>
    closed
      ? Promise.reject(new StoreUnavailable('unreachable', new Error('the store is closed')))
      : group.write(operation)
  const connection = createConnection(db, { write }, patience)
  return {
    ...verbs(connection),
    statistics: () => ({ ...group.statistics(), statements: connection.statements() }),
    integrityFaults: () =>
      connection.read(() => {
        const found = db.prepare<[], string>('PRAGMA integrity_check').pluck().all()
        return found.length === 1 && found[0] === 'ok' ? [] : found
      }),
    migrated,
    close: async () => {
      if (closed) return
      closed = true
      await group.drain()
      db.close()
    },
  }
}

function verbs(connection: Connection): Omit<Store, 'close'> {
  const events = createEventRows(connection)
  const endAllOf = createSubjectEnder(connection)
  return {
    ...clientVerbs(connection),
    ...interactionVerbs(connection),
    ...sessionVerbs(connection, events, endAllOf),
    ...codeVerbs(connection, events),
    ...redeemVerbs(connection, events),
    ...standingVerbs(connection, events),
    ...markVerbs(connection),
    ...signingKeyVerbs(connection),
    appendEvents: (noted) => connection.write(() => events.add(noted)),
    sweep: createSweep(connection),
    admin: { ...clientAdmin(connection, events), ...listVerbs(connection), ...settingVerbs(connection) },
    accounts: accountStore(connection, endAllOf),
  }
}
