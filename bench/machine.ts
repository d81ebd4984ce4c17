import { createRequire } from 'node:module'
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Versions and hardware a figure depends on, in one line. */
export function describeMachine(folder: string): string {
  const sync = syncMillis(folder)
  const gibibytes = Math.round(totalmem() / 2 ** 30)
  return [
    `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${gibibytes} GiB`,
    `Linux ${release()}`,
    `Node ${process.version}`,
    `oidc-provider ${versionOf('oidc-provider')}`,
    `SQLite ${sqliteVersion()} (WAL, synchronous=FULL)`,
    `fdatasync of 4 KiB: p50 ${sync.p50.toFixed(2)} ms, p99 ${sync.p99.toFixed(2)} ms`,
  ].join('; ')
}

function versionOf(name: string): string {
  const manifest = createRequire(import.meta.url)(`${name}/package.json`) as { version: string }
  return manifest.version
}

function sqliteVersion(): string {
  const db = new Database(':memory:')
  const version = String(db.prepare('SELECT sqlite_version()').pluck().get())
  db.close()
  return version
}

function syncMillis(folder: string): { p50: number; p99: number } {
  const descriptor = openSync(join(folder, 'sync-probe'), 'w')
  const page = Buffer.alloc(4096, 1)
  const times = Float64Array.from({ length: 200 }, () => {
    writeSync(descriptor, page)
    const begin = performance.now()
    fdatasyncSync(descriptor)
    return performance.now() - begin
  }).sort()
  closeSync(descriptor)
  return { p50: times[100] ?? 0, p99: times[198] ?? 0 }
}
