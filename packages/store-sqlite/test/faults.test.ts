import { StoreUnavailable } from '@sallyport/server/model'
import { describe, expect, it } from 'vitest'
import { asStoreFault, isBusy, isDamaged } from '../src/faults.ts'

const sqliteError = (code: string): Error => Object.assign(new Error('as SQLite says it'), { code })

describe('faults of the medium', () => {
  it.each([
    ['SQLITE_FULL', 'full'],
    ['SQLITE_READONLY', 'read_only'],
    ['SQLITE_READONLY_DBMOVED', 'read_only'],
    ['SQLITE_BUSY', 'timeout'],
    ['SQLITE_BUSY_SNAPSHOT', 'timeout'],
    ['SQLITE_IOERR_FSYNC', 'unreachable'],
    ['SQLITE_IOERR_WRITE', 'unreachable'],
    ['SQLITE_CANTOPEN', 'unreachable'],
    ['SQLITE_CORRUPT', 'unreachable'],
  ])('FT-06, FT-08 %s is told as %s, with its cause', (code, reason) => {
    const error = sqliteError(code)
    const fault = asStoreFault(error)
    expect(fault).toBeInstanceOf(StoreUnavailable)
    expect(fault).toMatchObject({ reason, cause: error })
  })

  it('FT-06 errors of our own making are not blamed on the medium', () => {
    for (const error of [sqliteError('SQLITE_CONSTRAINT_UNIQUE'), new TypeError('wrong'), 'text']) {
      expect(asStoreFault(error)).toBe(error)
      expect(isBusy(error) || isDamaged(error)).toBe(false)
    }
  })
})
