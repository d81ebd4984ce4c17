import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mutations, type Mutation } from './mutations.ts'

const packages = fileURLToPath(new URL('../../..', import.meta.url))
const modules = join(dirname(packages), 'node_modules')
const child = fileURLToPath(new URL('prove-child.ts', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-mutants-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A checkout of nothing but the two packages, in which the edits of a mutation were made. */
function mutant(name: string, edits: Mutation['edits']): string {
  const root = join(folder, name)
  for (const one of ['protocol', 'server']) {
    cpSync(join(packages, one, 'src'), join(root, 'packages', one, 'src'), { recursive: true })
    cpSync(join(packages, one, 'package.json'), join(root, 'packages', one, 'package.json'))
  }
  mkdirSync(join(root, 'node_modules/@sallyport'), { recursive: true })
  symlinkSync(join(root, 'packages/protocol'), join(root, 'node_modules/@sallyport/protocol'))
  const { dependencies = {} } = JSON.parse(readFileSync(join(packages, 'server/package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const library of Object.keys(dependencies).filter((one) => !one.startsWith('@sallyport/')))
    symlinkSync(join(modules, library), join(root, 'node_modules', library))
  for (const { file, find, replace } of edits) {
    const path = join(root, 'packages', file)
    const text = readFileSync(path, 'utf8')
    // A check that moved or changed its words has to be mutated where it is now.
    expect(text.split(find), `${file} has exactly one: ${find}`).toHaveLength(2)
    writeFileSync(
      path,
      text.replace(find, () => replace),
    )
  }
  return join(root, 'packages/server/src/prove/index.ts')
}

type Outcome = { readonly proven: boolean; readonly failed: readonly string[]; readonly cases: number }

async function proveWith(entry: string): Promise<Outcome> {
  const args = ['--conditions=@sallyport/source', child, entry]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
  return JSON.parse(stdout) as Outcome
}

describe('a proof with mutated sources', () => {
  it('A-PKCE-19 is green where nothing was changed, so that red means something', async () => {
    const outcome = await proveWith(mutant('unchanged', []))
    expect(outcome).toMatchObject({ proven: true, failed: [] })
    expect(outcome.cases).toBeGreaterThan(200)
  })

  it.concurrent.for(mutations.map((mutation, index) => [mutation.name, mutation, index] as const))(
    'A-PKCE-19 turns red when %s',
    { timeout: 90_000 },
    async ([, { notices, edits }, index], { expect: check }) => {
      const outcome = await proveWith(mutant(`mutant-${index}`, edits))
      check(outcome.proven).toBe(false)
      check(outcome.failed).toContain(notices)
    },
  )
})
