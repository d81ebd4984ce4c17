import BetterSqlite3 from 'better-sqlite3'

/** Tables of a database file with their columns, without those of SQLite and of the migration notes. */
export function schemaOf(path: string): Readonly<Record<string, readonly string[]>> {
  const db = new BetterSqlite3(path, { readonly: true })
  try {
    const tables = db
      .prepare<[], string>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .pluck()
      .all()
    const columns = (table: string): readonly string[] =>
      db.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all()
    return Object.fromEntries(tables.map((table) => [table, columns(table)]))
  } finally {
    db.close()
  }
}

/** Rows of each table, seen from outside the driver. */
export function rowCounts(path: string): Readonly<Record<string, number>> {
  const tables = Object.keys(schemaOf(path))
  const db = new BetterSqlite3(path, { readonly: true })
  try {
    const count = (table: string): number => db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
    return Object.fromEntries(tables.map((table) => [table, count(table)]))
  } finally {
    db.close()
  }
}
