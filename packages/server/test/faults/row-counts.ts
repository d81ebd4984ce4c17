import BetterSqlite3 from 'better-sqlite3'

/** Rows of some tables of an open database file, counted from outside the driver. */
export function rowCounts<T extends string>(path: string, ...tables: readonly T[]): Readonly<Record<T, number>> {
  const db = new BetterSqlite3(path, { readonly: true })
  try {
    const count = (table: T): number => db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
    return Object.fromEntries(tables.map((table) => [table, count(table)])) as Record<T, number>
  } finally {
    db.close()
  }
}
