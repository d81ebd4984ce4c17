import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { openSqliteStore, type SqliteStore } from '@sallyport/store-sqlite'

/** The drivers that the same tests run on. */
export const storeNames = ['memory', 'sqlite'] as const

export type OpenedStore = {
  readonly store: Store
  /** Closes the store and removes what it left behind. */
  readonly discard: () => Promise<void>
}

export type OpenedFile = OpenedStore & {
  readonly store: SqliteStore
  readonly directory: string
  readonly path: string
}

/** A new SQLite store in a directory of its own. */
export async function openFile(): Promise<OpenedFile> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-server-test-'))
  const path = join(directory, 'store.db')
  const store = await openSqliteStore({ path })
  const discard = async (): Promise<void> => {
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return { store, directory, path, discard }
}

/** A new, empty store of one driver. */
export async function openStore(name: (typeof storeNames)[number]): Promise<OpenedStore> {
  if (name === 'sqlite') return openFile()
  const store = createMemoryStore()
  return { store, discard: () => store.close() }
}
