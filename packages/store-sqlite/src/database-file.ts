import { accessSync, chmodSync, closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs'
import { StoreUnavailable } from '@sallyport/server/model'
import { StoreRefused } from './store-refused.ts'

/** Only the account that runs the server may read the database; SQLite gives its side files the same mode. */
const fileMode = 0o600

/** How every SQLite database begins. */
const signature = 'SQLite format 3\0'

/** A mistyped path may name somebody's file: nothing about it is changed before it is known to be a database. */
function requireDatabase(path: string): void {
  const start = Buffer.alloc(signature.length)
  const file = openSync(path, 'r')
  try {
    readSync(file, start, 0, start.length, 0)
  } finally {
    closeSync(file)
  }
  if (start.toString('latin1') !== signature) {
    throw new StoreRefused('not_a_database', `${path} is not a SQLite database; give the path of another file`)
  }
}

/** Makes sure that the file is there, is the expected one, and is closed to other accounts. */
export function prepareFile(path: string, mustExist: boolean): void {
  const size = existsSync(path) ? statSync(path).size : 0
  if (mustExist && size === 0) {
    throw new StoreRefused(
      'missing',
      `there is no database at ${path}, though one was in use before; mount the volume it lies on, restore a backup, or start without the expectation to begin with an empty one`,
    )
  }
  try {
    if (size > 0) requireDatabase(path)
    if (!existsSync(path)) closeSync(openSync(path, 'a', fileMode))
    accessSync(path, constants.W_OK)
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, fileMode)
  } catch (error) {
    if (error instanceof StoreRefused) throw error
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') throw new StoreUnavailable('read_only', error)
    throw new StoreUnavailable(code === 'ENOSPC' ? 'full' : 'unreachable', error)
  }
}

/** Milliseconds between two looks at the directory. */
const checkInterval = 250

/**
 * Notices that the file was unlinked or replaced: SQLite would go on writing into a file that nobody finds again, and
 * everything acknowledged from then on would be lost (FT-08).
 */
export function createFileCheck(path: string): () => void {
  const opened = statSync(path).ino
  let checked = performance.now()
  let gone = false
  return () => {
    const now = performance.now()
    if (now - checked >= checkInterval || gone) {
      checked = now
      gone = statSync(path, { throwIfNoEntry: false })?.ino !== opened
    }
    if (gone) throw new StoreUnavailable('unreachable', new Error('the database file was removed or replaced'))
  }
}
