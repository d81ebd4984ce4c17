import BetterSqlite3 from 'better-sqlite3'
import { openSqliteStore, StoreRefused } from '@sallyport/store-sqlite'
import { ground } from '@sallyport/testing/store-contract'
import { describe, expect, it } from 'vitest'
import { steps } from '../src/migrations/index.ts'
import { scratchFile } from './scratch.ts'
import { schemaOf } from './tables.ts'

const everyStep = steps.map(({ name }) => name)

/** What opening a file came to. */
const opening = async (path: string, migrations?: 'apply' | 'require'): Promise<unknown> => {
  try {
    const store = await openSqliteStore({ path, migrations })
    await store.close()
    return store.migrated
  } catch (error) {
    return error
  }
}

describe('migrations', () => {
  it('FT-13 stand in the order of their names', () => {
    expect(everyStep).toEqual([...everyStep].sort())
    expect(everyStep[0]).toBe('0001-core')
  })

  it('FT-13 apply each step once and keep the data', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    expect(store.migrated).toEqual(everyStep)
    const on = await ground(store)
    await store.close()
    const again = await openSqliteStore({ path })
    expect(again.migrated).toEqual([])
    expect((await again.findClient(on.client.id))?.id).toBe(on.client.id)
    await again.close()
  })

  it('FT-13 leave the file as it was when a step fails', async () => {
    const path = scratchFile()
    const db = new BetterSqlite3(path)
    db.exec('CREATE TABLE events (in_the_way TEXT)')
    db.close()
    expect(await opening(path)).toBeInstanceOf(Error)
    expect(schemaOf(path)).toEqual({ events: ['in_the_way'] })
    const repaired = new BetterSqlite3(path)
    repaired.exec('DROP TABLE events')
    repaired.close()
    expect(await opening(path)).toEqual(everyStep)
  })

  it('FT-20 refuse a file of a newer release and do not touch it', async () => {
    const path = scratchFile()
    await opening(path)
    const db = new BetterSqlite3(path)
    db.exec("INSERT INTO schema_steps (name, timestamp) VALUES ('9999-of-tomorrow', '2030-01-01')")
    db.close()
    const error = await opening(path)
    expect(error).toBeInstanceOf(StoreRefused)
    expect(error).toMatchObject({
      reason: 'newer_schema',
      message: expect.stringContaining('9999-of-tomorrow') as string,
    })
  })

  it('FT-13 can be left to somebody else', async () => {
    const path = scratchFile()
    expect(await opening(path, 'require')).toMatchObject({
      reason: 'not_migrated',
      message: expect.stringContaining('sallyport migrate') as string,
    })
    expect(schemaOf(path)).toEqual({})
    await opening(path, 'apply')
    expect(await opening(path, 'require')).toEqual([])
  })
})
