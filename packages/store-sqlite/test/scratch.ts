import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'

const made: string[] = []

/** A directory for one test, removed after it. */
export function scratchDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  made.push(path)
  return path
}

/** A path for a database that does not exist yet. */
export const scratchFile = (): string => join(scratchDirectory(), 'store.db')

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})
