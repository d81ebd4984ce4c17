import { StoreUnavailable } from '@sallyport/server/model'

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** True when somebody else holds the lock; the same call may work a moment later. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error)
  return code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')
}

/** True for a file that SQLite finds to be broken or no database at all. */
export function isDamaged(error: unknown): boolean {
  const code = codeOf(error)
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}

/** What the medium did, as the port tells it; errors of our own making come back unchanged. */
export function asStoreFault(error: unknown): unknown {
  const code = codeOf(error)
  if (code === 'SQLITE_FULL') return new StoreUnavailable('full', error)
  if (code.startsWith('SQLITE_READONLY')) return new StoreUnavailable('read_only', error)
  if (isBusy(error)) return new StoreUnavailable('timeout', error)
  if (code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN') || isDamaged(error)) {
    return new StoreUnavailable('unreachable', error)
  }
  return error
}
