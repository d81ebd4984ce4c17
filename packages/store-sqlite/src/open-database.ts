import { statSync } from 'node:fs'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { prepareFile } from './database-file.ts'
import { asStoreFault, isDamaged } from './faults.ts'
import { migrate, pendingSteps } from './migrate.ts'
import type { SqliteStoreOptions } from './options.ts'
import { StoreRefused } from './store-refused.ts'

/** Opens the file, checks it and brings its schema up to date. Throws `StoreRefused` or `StoreUnavailable`. */
export const openDatabase = (
  options: SqliteStoreOptions,
): Promise<{ readonly db: Database; readonly migrated: readonly string[] }> =>
  openFile(options, async (db) => ({ db, migrated: await prepareSchema(db, options) }))

/** Opens the file, checks it and lets `prepare` make of it what it has to be. Throws `StoreRefused` or `StoreUnavailable`. */
export async function openFile<T>(options: SqliteStoreOptions, prepare: (db: Database) => Promise<T>): Promise<T> {
  prepareFile(options.path, options.mustExist ?? false)
  const db = open(options)
  try {
    configure(db, options)
    refuseDamage(db, options.path)
    return await prepare(db)
  } catch (error) {
    db.close()
    throw openingFault(error, options.path)
  }
}

function open({ path, onStatement }: SqliteStoreOptions): Database {
  const verbose = onStatement && ((sql?: unknown): void => onStatement(String(sql)))
  try {
    return new BetterSqlite3(path, { timeout: 5000, fileMustExist: true, verbose })
  } catch (error) {
    throw openingFault(error, path)
  }
}

function configure(db: Database, { cacheBytes = 8 * 1024 * 1024, mmapBytes = 0, maxBytes }: SqliteStoreOptions): void {
  const pageBytes = Number(db.pragma('page_size', { simple: true }))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  // 16 MiB of log before it is folded in: pages that change often are then written back once for many commits.
  db.pragma('wal_autocheckpoint = 4000')
  db.pragma('journal_size_limit = 67108864')
  db.pragma(`cache_size = -${Math.ceil(cacheBytes / 1024)}`)
  db.pragma(`mmap_size = ${mmapBytes}`)
  if (maxBytes !== undefined) db.pragma(`max_page_count = ${Math.floor(maxBytes / pageBytes)}`)
  db.pragma('temp_store = MEMORY')
  db.pragma('foreign_keys = OFF')
  // Deleted content is overwritten with zeros where that costs no further page.
  db.pragma('secure_delete = FAST')
}

/** Files up to this size are checked whenever they are opened, which takes some hundredths of a second. */
const checkedBytes = 16 * 1024 * 1024

function refuseDamage(db: Database, path: string): void {
  if (statSync(path).size > checkedBytes) return
  const [fault] = faultsIn(db, 'quick_check(1)')
  if (fault !== undefined) throw damaged(path, new Error(fault))
}

const damaged = (path: string, cause: unknown): StoreRefused =>
  new StoreRefused(
    'damaged',
    `the database at ${path} is damaged; stop every process that uses it and restore a backup`,
    cause,
  )

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
    : damaged(path, error)
}

/** What SQLite's own check objects to. */
export function faultsIn(db: Database, check: 'quick_check(1)' | 'integrity_check'): readonly string[] {
  try {
    const found = db.prepare<[], string>(`PRAGMA ${check}`).pluck().all()
    return found.length === 1 && found[0] === 'ok' ? [] : found
  } catch (error) {
    // Some damage stops the check itself.
    if (isDamaged(error)) return [error instanceof Error ? error.message : String(error)]
    throw error
  }
}
