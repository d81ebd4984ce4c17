import type Database from 'better-sqlite3'
import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'
import type { DurableWrite } from '../sqlite-file.ts'

interface Row {
  readonly payload: string
  readonly consumed_at: number | null
}

const seconds = (): number => Math.floor(Date.now() / 1000)

/** What stands on one row when a model is known only by its name, as oidc-provider asks for it. */
const toPayload = (row: Row | undefined): AdapterPayload | undefined => {
  if (row === undefined) return undefined
  const payload = JSON.parse(row.payload) as AdapterPayload
  if (row.consumed_at !== null) payload.consumed = row.consumed_at
  return payload
}

/**
 * The adapter a careful user of oidc-provider writes for SQLite: a table for each model keyed by the id, prepared
 * statements, only the indexes that model is looked up by, expired rows neither found nor kept.
 */
export function sqliteAdapters(db: Database.Database, write: DurableWrite): AdapterFactory {
  const sweeps: (() => void)[] = []
  setInterval(() => sweeps.forEach((sweep) => sweep()), 60_000).unref()
  return (model) => {
    const { adapter, sweep } = createAdapter(db, model, write)
    sweeps.push(sweep)
    return adapter
  }
}

const grantable = new Set([
  'AccessToken',
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
])

function createTable(db: Database.Database, table: string, model: string): void {
  db.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, uid TEXT,
       user_code TEXT, expires_at INTEGER, consumed_at INTEGER) WITHOUT ROWID;
     CREATE INDEX IF NOT EXISTS ${table}_expires ON ${table} (expires_at) WHERE expires_at IS NOT NULL;`,
  )
  const index = (column: string): void => {
    db.exec(`CREATE INDEX IF NOT EXISTS ${table}_${column} ON ${table} (${column}) WHERE ${column} IS NOT NULL;`)
  }
  if (grantable.has(model)) index('grant_id')
  if (model === 'Session') index('uid')
  if (model === 'DeviceCode') index('user_code')
}

function prepare(db: Database.Database, table: string) {
  const find = (column: string): Database.Statement<[string, number], Row> =>
    db.prepare(
      `SELECT payload, consumed_at FROM ${table} WHERE ${column} = ? AND (expires_at IS NULL OR expires_at > ?)`,
    )
  return {
    upsert: db.prepare<[string, string, string | null, string | null, string | null, number | null]>(
      `INSERT INTO ${table} (id, payload, grant_id, uid, user_code, expires_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
         user_code = excluded.user_code, expires_at = excluded.expires_at`,
    ),
    find: find('id'),
    findByUid: find('uid'),
    findByUserCode: find('user_code'),
    consume: db.prepare<[number, string]>(`UPDATE ${table} SET consumed_at = ? WHERE id = ?`),
    destroy: db.prepare<[string]>(`DELETE FROM ${table} WHERE id = ?`),
    revoke: db.prepare<[string]>(`DELETE FROM ${table} WHERE grant_id = ?`),
    sweep: db.prepare<[number]>(
      `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE expires_at <= ? LIMIT 1000)`,
    ),
  }
}

function createAdapter(
  db: Database.Database,
  model: string,
  write: DurableWrite,
): { adapter: Adapter; sweep: () => void } {
  const table = `oidc_${model.toLowerCase()}`
  createTable(db, table, model)
  const statements = prepare(db, table)
  const adapter: Adapter = {
    upsert: (id, payload, expiresIn) => {
      const { grantId = null, uid = null, userCode = null } = payload
      const expiresAt = expiresIn === undefined ? null : seconds() + expiresIn
      const text = JSON.stringify(payload)
      return write(() => statements.upsert.run(id, text, grantId, uid, userCode, expiresAt))
    },
    find: async (id) => toPayload(statements.find.get(id, seconds())),
    findByUid: async (uid) => toPayload(statements.findByUid.get(uid, seconds())),
    findByUserCode: async (userCode) => toPayload(statements.findByUserCode.get(userCode, seconds())),
    consume: (id) => write(() => statements.consume.run(seconds(), id)),
    destroy: (id) => write(() => statements.destroy.run(id)),
    revokeByGrantId: (grantId) => write(() => statements.revoke.run(grantId)),
  }
  return { adapter, sweep: () => statements.sweep.run(seconds()) }
}
