import { readFileSync } from 'node:fs'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { describe, expect, it } from 'vitest'
import { scratchFile } from './scratch.ts'
import { schemaOf } from './tables.ts'

const document = new URL('../../../docs/reference/storage-schema.md', import.meta.url)

/** Tables (headings of the third level) and columns (first cells of the table below) that the page names. */
function documented(text: string): Readonly<Record<string, readonly string[]>> {
  const tables: Record<string, string[]> = {}
  let columns: string[] | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) columns = undefined
    const table = /^### (\w+)$/.exec(line)?.[1]
    if (table !== undefined) columns = tables[table] = []
    const column = /^\| (\w+) \|/.exec(line)?.[1]
    if (column !== undefined && column !== 'Column') columns?.push(column)
  }
  return tables
}

describe('docs/reference/storage-schema.md', () => {
  it('AR-01 names exactly the tables and columns of the file', async () => {
    const path = scratchFile()
    await (await openSqliteStore({ path })).close()
    expect(documented(readFileSync(document, 'utf8'))).toEqual(schemaOf(path))
  })
})
