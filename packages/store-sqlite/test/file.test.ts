import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { openSqliteStore, StoreRefused, type SqliteStore } from '@sallyport/store-sqlite'
import { event, family, ground, start } from '@sallyport/testing/store-contract'
import { describe, expect, it } from 'vitest'
import { scratchDirectory, scratchFile } from './scratch.ts'

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8)

const eventCount = async (store: SqliteStore): Promise<number> =>
  (await store.admin.listEvents({}, undefined, 200)).items.length

/** Copies a database as a crash would leave it: with its side files, while it is open. */
function copyAsIs(path: string, name: string): string {
  const target = join(dirname(path), name)
  for (const side of ['', '-wal', '-shm']) if (existsSync(path + side)) copyFileSync(path + side, target + side)
  return target
}

describe('the database file', () => {
  it('AR-01 is open to its owner only, side files included', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    await store.appendEvents([event()])
    expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual(['600', '600', '600'])
    await store.close()
    chmodSync(path, 0o644)
    await (await openSqliteStore({ path })).close()
    expect(mode(path)).toBe('600')
  })

  it('FT-08 is not begun anew where one is expected', async () => {
    const path = scratchFile()
    const missing = await openSqliteStore({ path, mustExist: true }).catch((error: unknown) => error)
    expect(missing).toBeInstanceOf(StoreRefused)
    expect(missing).toMatchObject({ reason: 'missing', message: expect.stringContaining(path) as string })
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, '')
    await expect(openSqliteStore({ path, mustExist: true })).rejects.toMatchObject({ reason: 'missing' })
    await (await openSqliteStore({ path })).close()
    await (await openSqliteStore({ path, mustExist: true })).close()
  })

  it('FT-08 is missed when it is removed or replaced, and nothing is acknowledged into the void', async () => {
    for (const replace of [false, true]) {
      const path = scratchFile()
      const store = await openSqliteStore({ path })
      await store.appendEvents([event()])
      renameSync(path, `${path}.away`)
      if (replace) writeFileSync(path, '')
      await new Promise((resolve) => setTimeout(resolve, 300))
      await expect(store.appendEvents([event()])).rejects.toMatchObject({
        name: 'StoreUnavailable',
        reason: 'unreachable',
      })
      rmSync(path, { force: true })
      renameSync(`${path}.away`, path)
      await store.appendEvents([event()])
      expect(await eventCount(store)).toBe(2)
      await store.close()
    }
  })

  it('FT-08 needs a directory that is there', async () => {
    const path = join(scratchDirectory(), 'nowhere', 'store.db')
    await expect(openSqliteStore({ path })).rejects.toMatchObject({ name: 'StoreUnavailable', reason: 'unreachable' })
  })

  it('FT-20 is refused in plain words when it is something else or damaged', async () => {
    const path = scratchFile()
    writeFileSync(path, 'These are notes about a party, and no database at all. '.repeat(100))
    const modeBefore = 0o755
    chmodSync(path, modeBefore)
    const other = await openSqliteStore({ path }).catch((error: unknown) => error)
    expect(other).toMatchObject({ name: 'StoreRefused', reason: 'not_a_database' })
    expect(readFileSync(path, 'utf8')).toMatch(/^These are notes/)
    expect(statSync(path).mode & 0o777).toBe(modeBefore)

    const broken = scratchFile()
    await (await openSqliteStore({ path: broken })).close()
    const file = openSync(broken, 'r+')
    writeSync(file, Buffer.alloc(3000, 0x55), 0, 3000, 100)
    closeSync(file)
    const damaged = await openSqliteStore({ path: broken }).catch((error: unknown) => error)
    expect(damaged).toMatchObject({
      name: 'StoreRefused',
      reason: 'damaged',
      message: expect.stringContaining('restore a backup') as string,
    })
  })

  it('FT-20 tells of a page that was flipped', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    await store.appendEvents(Array.from({ length: 500 }, () => event()))
    expect(await store.integrityFaults()).toEqual([])
    await store.close()
    const size = statSync(path).size
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, size - 8192)
    closeSync(file)
    const found = await openSqliteStore({ path }).then(
      async (opened) => {
        const faults = await opened.integrityFaults()
        await opened.close()
        return faults.length > 0
      },
      (error: unknown) => error instanceof StoreRefused && error.reason === 'damaged',
    )
    expect(found).toBe(true)
  })

  it('FT-20 gives whole transactions and nothing else when its log was cut anywhere', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const on = await ground(store)
    for (let index = 0; index < 20; index++) await family(store, on, { events: [event()] })
    const length = statSync(`${path}-wal`).size
    for (const share of [0, 0.2, 0.5, 0.77, 0.99, 1]) {
      const cut = copyAsIs(path, `cut-${share}.db`)
      truncateSync(`${cut}-wal`, Math.floor(length * share))
      rmSync(`${cut}-shm`)
      const opened = await openSqliteStore({ path: cut })
      expect(await opened.integrityFaults()).toEqual([])
      const { items } = await opened.admin.listAuthorizations({}, undefined, 200)
      expect(await eventCount(opened)).toBe(items.length)
      if (share === 1) expect(items).toHaveLength(20)
      await opened.close()
    }
    await store.close()
  })

  it('FT-14 can be copied while it is in use', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const { code } = await family(store, await ground(store))
    const copy = await openSqliteStore({ path: copyAsIs(path, 'copy.db'), mustExist: true })
    expect((await copy.findAuthorizationCode(code.digest))?.state).toBe('redeemed')
    expect(await copy.readCount('nothing', start)).toBe(0)
    await copy.close()
    await store.close()
  })
})
