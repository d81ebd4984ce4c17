import BetterSqlite3 from 'better-sqlite3'
import { openSqliteStore, type SqliteStore } from '@sallyport/store-sqlite'
import { event } from '@sallyport/testing/store-contract'
import { describe, expect, it } from 'vitest'
import { scratchFile } from './scratch.ts'

type Tampered = { readonly store: SqliteStore; readonly ids: readonly string[] }

/** A store with five audited events, changed behind its back; `?1` to `?5` are their ids. */
async function tampered(...statements: readonly string[]): Promise<Tampered> {
  const path = scratchFile()
  const store = await openSqliteStore({ path })
  const events = Array.from({ length: 5 }, () => event({ event: 'grant.revoked', detail: { surface: 'page' } }))
  for (const each of events) await store.appendEvents([each, event()])
  const ids = events.map(({ id }) => id)
  const db = new BetterSqlite3(path)
  for (const sql of statements) {
    const text = sql.replace(/\?(\d)/g, (_, number: string) => `'${ids[Number(number) - 1] ?? ''}'`)
    expect(db.prepare(text).run().changes).toBe(1)
  }
  db.close()
  return { store, ids }
}

describe('the audit trail in a file', () => {
  it('A-LOG-04 is whole when nobody touched it', async () => {
    const { store } = await tampered()
    expect(await store.admin.verifyAudit()).toEqual({ checked: 5, brokenAt: undefined })
    await store.close()
  })

  it.each<[string, number, readonly string[]]>([
    ['a changed detail', 3, [`UPDATE events SET record = replace(record, 'page', 'none') WHERE id = ?3`]],
    ['a changed client', 2, [`UPDATE events SET client_id = 'other' WHERE id = ?2`]],
    ['a changed name', 3, [`UPDATE events SET event = 'login.failed' WHERE id = ?3`]],
    ['a lost link', 3, [`UPDATE events SET previous = NULL, link = NULL WHERE id = ?3`]],
    ['a row deleted in the middle', 4, [`DELETE FROM events WHERE id = ?3`]],
    ['the last row deleted', 4, [`DELETE FROM events WHERE id = ?5`]],
    [
      'two rows in another order',
      3,
      [
        `UPDATE events SET n = 1000 WHERE id = ?2`,
        `UPDATE events SET n = 3 WHERE id = ?3`,
        `UPDATE events SET n = 5 WHERE id = ?2`,
      ],
    ],
    [
      'a row slipped in',
      0,
      [
        `INSERT INTO events (id, ts, event, record) VALUES ('forged', 0, 'admin.action', '{"severity":"info","count":1,"detail":{}}')`,
      ],
    ],
  ])('A-LOG-04 is broken by %s', async (_, at, statements) => {
    const { store, ids } = await tampered(...statements)
    expect((await store.admin.verifyAudit()).brokenAt).toBe(ids[at - 1] ?? 'forged')
    await store.close()
  })

  it('A-LOG-04 is one chain when several stores write to one file', async () => {
    const path = scratchFile()
    const one = await openSqliteStore({ path })
    const other = await openSqliteStore({ path })
    const writes = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? one : other).appendEvents([event({ event: 'keys.rotated' })]),
    )
    await Promise.all(writes)
    expect(await one.admin.verifyAudit()).toEqual({ checked: 40, brokenAt: undefined })
    await one.close()
    await other.close()
  })
})
