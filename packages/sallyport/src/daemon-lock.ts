import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { CommandFailure, exitCode } from './failure.ts'

/** The claim of one daemon on one store. */
export type DaemonLock = {
  /** The process that had the claim before ended without letting go of it. */
  readonly recovered: boolean
  release(): void
}

/**
 * Claims a store for this process (FT-19). The claim is a lock that the operating system holds on a file beside the store
 * and drops when the process ends, however it ends; so there is never a stale one. Commands do not need it.
 */
export function claimStore(storePath: string): DaemonLock {
  const file = `${storePath}.lock`
  const note = `${storePath}.pid`
  let lock: Database.Database
  try {
    lock = new Database(file, { timeout: 0 })
    lock.pragma('journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code.startsWith('SQLITE_BUSY')) throw claimed(storePath, note)
    throw new CommandFailure(
      exitCode.unreachable,
      `the lock file ${file} cannot be written (${code}); the folder of the store must be writable`,
    )
  }
  for (const path of [file, note]) if (existsSync(path)) chmodSync(path, 0o600)
  const recovered = existsSync(note)
  writeFileSync(note, `${process.pid}\n`, { mode: 0o600 })
  return {
    recovered,
    release: () => {
      rmSync(note, { force: true })
      lock.close()
    },
  }
}

function claimed(storePath: string, note: string): CommandFailure {
  const pid = existsSync(note) ? readFileSync(note, 'utf8').trim() : ''
  const who = /^\d+$/.test(pid) ? ` (process ${pid})` : ''
  return new CommandFailure(
    exitCode.unusable,
    `another server is already serving ${storePath}${who}; stop it first, or use another store`,
  )
}
