import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seconds } from '@sallyport/protocol'
import { openSqliteStore, type SqliteStore } from '@sallyport/store-sqlite'
import { event, family, ground, records, refreshToken, start } from '@sallyport/testing/store-contract'
import { afterAll, describe, expect, it } from 'vitest'
import { scratchDirectory, scratchFile } from '../scratch.ts'

const mounted: string[] = []

/** A small file system of its own in memory; undefined where the tests may not mount one. */
function smallVolume(size: string): string | undefined {
  const path = scratchDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  mounted.push(path)
  return path
}

afterAll(() => {
  for (const path of mounted) execFileSync('umount', ['-l', path])
})

/** A large event, old enough to be swept. */
const big = () => event({ ts: seconds(start - 100 * 86_400), detail: { text: 'x'.repeat(20_000) } })

/** Writes until the store says that it cannot, and gives what it said and how much was acknowledged before. */
async function fill(store: SqliteStore): Promise<{ readonly fault: unknown; readonly written: number }> {
  for (let written = 0; written < 2000; written++) {
    try {
      await store.appendEvents([big()])
    } catch (fault) {
      return { fault, written }
    }
  }
  throw new Error('the volume never became full')
}

/** Every acknowledged event is there, and no other. */
async function countEvents(store: SqliteStore): Promise<number> {
  let count = 0
  let after: string | undefined
  do {
    const page = await store.admin.listEvents({}, after, 200)
    count += page.items.length
    after = page.next
  } while (after !== undefined)
  return count
}

const remount = (path: string, how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, path])

async function livesThroughFullDisk(store: SqliteStore, free: () => Promise<void>): Promise<void> {
  const on = await ground(store)
  const { token, authorization, code } = await family(store, on)
  const { fault, written } = await fill(store)
  expect(fault).toMatchObject({ name: 'StoreUnavailable', reason: 'full' })
  const next = refreshToken(authorization, { sequence: 1, sealedAnswer: new Uint8Array(20_000) })
  const rotate = () => store.redeem({ kind: 'refresh_token', digest: token.digest }, records(next, [big()]), start)
  const together = await Promise.allSettled([rotate(), store.appendEvents([big()]), store.appendEvents([big()])])
  for (const outcome of together)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable', reason: 'full' } })
  expect((await store.findAuthorizationCode(code.digest))?.state).toBe('redeemed')
  expect((await store.findRefreshToken(token.digest))?.state).toBe('current')
  expect(await countEvents(store)).toBe(written)
  await free()
  const before = await countEvents(store)
  expect(await rotate()).toBe(true)
  expect(await countEvents(store)).toBe(before + 1)
  expect(await store.integrityFaults()).toEqual([])
  await store.close()
}

describe('a full disk', () => {
  it('FT-06, A-RT-14 refuses writes, answers reads, loses nothing and goes on by itself when rows were swept', async () => {
    const store = await openSqliteStore({ path: scratchFile(), maxBytes: 2 * 1024 * 1024 })
    await livesThroughFullDisk(store, async () => {
      await store.sweep(start, 20)
    })
  })

  it('FT-06 is remembered until something was really written', async () => {
    const store = await openSqliteStore({ path: scratchFile(), maxBytes: 2 * 1024 * 1024 })
    expect(store.writeFault()).toBeUndefined()
    await fill(store)
    expect(store.writeFault()).toMatchObject({ name: 'StoreUnavailable', reason: 'full' })
    await store.appendEvents([])
    expect(store.writeFault()).toMatchObject({ reason: 'full' })
    await expect(store.tryWrite()).rejects.toMatchObject({ name: 'StoreUnavailable', reason: 'full' })
    expect(store.writeFault()).toMatchObject({ reason: 'full' })
    await store.sweep(start, 200)
    await store.tryWrite()
    expect(store.writeFault()).toBeUndefined()
    expect(await store.integrityFaults()).toEqual([])
    await store.close()
  })

  it('FT-06, A-RT-14 does so too on a volume that is really full', async () => {
    const volume = smallVolume('4m')
    const path = volume === undefined ? scratchFile() : join(volume, 'store.db')
    const ballast = join(volume ?? scratchDirectory(), 'ballast')
    writeFileSync(ballast, Buffer.alloc(1024 * 1024))
    // Where no volume can be made, the bound of the file stands in for that of the volume.
    const store = await openSqliteStore({ path, ...(volume === undefined && { maxBytes: 2 * 1024 * 1024 }) })
    await livesThroughFullDisk(store, async () => {
      rmSync(ballast)
      if (volume === undefined) await store.sweep(start, 20)
    })
  })
})

describe('a read-only file', () => {
  it('FT-08 is refused without being touched, and works again when it may be written', async () => {
    const volume = smallVolume('8m')
    const path = volume === undefined ? scratchFile() : join(volume, 'store.db')
    const store = await openSqliteStore({ path })
    const { code } = await family(store, await ground(store))
    await store.close()
    // Permissions do not bind the superuser, a volume that is mounted read-only does.
    const lock = (): unknown => (volume === undefined ? chmodSync(path, 0o400) : remount(volume, 'ro'))
    const unlock = (): unknown => (volume === undefined ? chmodSync(path, 0o600) : remount(volume, 'rw'))
    lock()
    try {
      await expect(openSqliteStore({ path, mustExist: true })).rejects.toMatchObject({
        name: 'StoreUnavailable',
        reason: 'read_only',
      })
    } finally {
      unlock()
    }
    const again = await openSqliteStore({ path, mustExist: true })
    expect((await again.findAuthorizationCode(code.digest))?.state).toBe('redeemed')
    expect(await again.integrityFaults()).toEqual([])
    await again.close()
  })
})
