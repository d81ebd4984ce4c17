import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const made: string[] = []

/** A directory that is removed when the tests of the file are done. */
export function scratchDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
  made.push(path)
  return path
}

/** A path for a database that does not exist yet. */
export const scratchFile = (): string => join(scratchDirectory(), 'store.db')

afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})
