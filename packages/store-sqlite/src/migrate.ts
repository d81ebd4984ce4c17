import type { Database } from 'better-sqlite3'
import { steps, type Step } from './migrations/index.ts'
import { StoreRefused } from './store-refused.ts'

/** Table in which the steps that were done are noted. */
export const versionTable = 'schema_steps'
const lockTable = 'schema_lock'

/** Names of the steps this file has behind it. */
export function appliedSteps(db: Database): readonly string[] {
  const present = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(versionTable)
  if (present === undefined) return []
  return db.prepare<[], string>(`SELECT name FROM ${versionTable} ORDER BY name`).pluck().all()
}

/** The steps that are still to be done; throws for a file that a newer release has written. */
export function pendingSteps(db: Database): readonly Step[] {
  const applied = appliedSteps(db)
  const unknown = applied.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    throw new StoreRefused(
      'newer_schema',
      `the database was written by a newer release (it has the schema step ${unknown.join(', ')}, which this release does not know); start that release, or restore a backup made before the upgrade`,
    )
  }
  return steps.filter((step) => !applied.includes(step.name))
}

/**
 * Brings the schema up to date: all pending steps and their notes in one transaction, so that a crash leaves the file as
 * it was and a second process waits and then finds nothing to do (FT-13). Kysely is loaded only when there is work.
 */
export async function migrate(db: Database): Promise<readonly string[]> {
  if (pendingSteps(db).length === 0) return []
  const { Kysely, SqliteDialect, sql } = await import('kysely')
  const { Migrator } = await import('kysely/migration')
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: db }) })
  const migrations = Object.fromEntries(
    steps.map((step) => [
      step.name,
      {
        up: async (target: typeof kysely): Promise<void> => {
          for (const statement of step.statements) await sql.raw(statement).execute(target)
        },
      },
    ]),
  )
  const migrator = new Migrator({
    db: kysely,
    provider: { getMigrations: async () => migrations },
    migrationTableName: versionTable,
    migrationLockTableName: lockTable,
    // Steps are numbered by area: a later release may add one between two that a file has behind it.
    allowUnorderedMigrations: true,
  })
  db.exec('BEGIN IMMEDIATE')
  try {
    // Looked at again under the lock: another process may have been here first.
    const pending = pendingSteps(db)
    const { error, results } = await migrator.migrateToLatest()
    if (error !== undefined) throw error instanceof Error ? error : new Error('migration failed', { cause: error })
    db.exec('COMMIT')
    return pending.length === 0 ? [] : (results ?? []).map((result) => result.migrationName)
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}
