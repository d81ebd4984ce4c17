import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { reasons } from '../src/reasons.ts'

const isTable = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The names of each area, read from the folder, so that a table that nobody joined is found. */
async function areaNames(): Promise<readonly string[]> {
  const folder = new URL('../src/reasons/', import.meta.url)
  const files = readdirSync(folder).filter((name) => name !== 'entry.ts')
  const modules = await Promise.all(files.map((name): Promise<unknown> => import(new URL(name, folder).href)))
  return modules.flatMap((module) =>
    isTable(module) ? Object.values(module).filter(isTable).flatMap(Object.keys) : [],
  )
}

describe('the table of reasons', () => {
  it('A-TOK-12 joins every area, and no area takes the name of another', async () => {
    const names = await areaNames()
    expect(names.toSorted()).toEqual(Object.keys(reasons).toSorted())
    expect(new Set(names).size).toBe(names.length)
  })
})
