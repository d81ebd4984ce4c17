import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, prepare, run, runApart, startProcess, type Installation } from './cli.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder)
})
afterAll(() => {
  scratch.remove()
})

describe('exit codes and messages', () => {
  it.each([
    [['clint', 'list'], 'did you mean client?'],
    [['client', 'lst'], 'did you mean list?'],
    [['client', 'list', '--jsn'], 'did you mean --json?'],
    [['client', 'create', '--type', 'web', '--nmae', 'x'], 'did you mean --name?'],
    [['client', 'create', '--type', 'wob', '--name', 'x'], 'did you mean web?'],
    [['client', 'create', '--type', 'web'], "'--name <name>' not specified"],
    [['client'], 'needs a verb: create, update, get, list'],
    [['client', 'get'], "missing required argument 'client-id'"],
    [['client', 'list', 'more'], 'too many arguments'],
    [['events', 'tail', '--filter', 'evnt=x'], 'did you mean event?'],
    [['events', 'tail', '--lines', '1000'], '--lines'],
    [['key', 'rotate', '--lead', 'soon'], '--lead'],
    [['session', 'revoke', 'x', '--dry-run'], '--dry-run'],
  ])('names what was meant by %s and ends with 2', async (words, message) => {
    const { code, stdout, stderr } = await place.run(words)
    expect(stderr).toContain(message)
    expect(code).toBe(2)
    expect(stdout).toBe('')
  })

  it('ends with 5 where there is no store, and says how to make one', async () => {
    const { code, stderr } = await run(['client', 'list', '--store', `sqlite:${scratch.path('none.db')}`])
    expect(code).toBe(5)
    expect(stderr).toContain('sallyport migrate --issuer URL')
  })

  it('FT-20 ends with 78 for a file that is no store', async () => {
    const path = scratch.path('notes.txt')
    writeFileSync(path, 'Notes about something else entirely, long enough to be looked at.')
    const { code, stderr } = await run(['client', 'list', '--store', `sqlite:${path}`])
    expect(code).toBe(78)
    expect(stderr).toContain('is not a SQLite database')
  })

  it('ends with 6 for what is not there', async () => {
    const { code, stderr } = await place.run(['client', 'get', 'client_none'])
    expect(code).toBe(6)
    expect(stderr).toContain('sallyport client list')
  })

  it('tells failures as JSON on stderr with --json', async () => {
    const { code, stdout, stderr } = await place.run(['client', 'get', 'client_none', '--json'])
    expect(code).toBe(6)
    expect(stdout).toBe('')
    expect(JSON.parse(stderr)).toMatchObject({ schema_version: 1, error: { exit_code: 6, details: [] } })
  })

  it('prints help with the way words are put together, and the version', async () => {
    const help = await run(['--help'])
    expect(help.code).toBe(0)
    for (const word of ['dev', 'start', 'migrate', 'client', 'doctor', 'explain', '--json', '--no-input'])
      expect(help.stdout).toContain(word)
    expect((await run(['client', 'create', '--help'])).stdout).toContain('--redirect-uri <uri>')
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect((await run(['--version'])).stdout.trim()).toBe(version)
    for (const words of [
      ['--version', '--json'],
      ['--json', '-V'],
    ])
      expect(JSON.parse((await run(words)).stdout)).toEqual({ schema_version: 1, version })
  })

  it('prints help on stderr and ends with 2 when nothing was asked', async () => {
    const { code, stdout, stderr } = await run([])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: sallyport')
  })

  it('ends quietly when the reader of its output has had enough', async () => {
    const child = startProcess(['config', 'schema'])
    child.stdin?.end()
    child.stdout?.destroy()
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect([code, stderr]).toEqual([0, ''])
  })

  it('AR-05 shows no stack for anything a person can mistype', async () => {
    const { stderr } = await place.run(['client', 'create', '--type', '', '--name', ''])
    expect(stderr).not.toMatch(/\n {4}at /)
  })

  it('loads for a simple call only what that call takes', async () => {
    const list = scratch.path('loaded.txt')
    const hook = scratch.path('hook.mjs')
    writeFileSync(
      hook,
      `import { appendFileSync } from 'node:fs'
       import { registerHooks } from 'node:module'
       const load = (url, context, next) => (appendFileSync(${JSON.stringify(list)}, url + '\\n'), next(url, context))
       registerHooks({ load })`,
    )
    const env = { NODE_OPTIONS: `--import=${pathToFileURL(hook).href}` }
    const { code } = await runApart(['client', 'list', ...place.place], { env })
    const loaded = readFileSync(list, 'utf8').trimEnd().split('\n')
    expect(code).toBe(0)
    // A module takes about half a millisecond to load, and a simple call is to answer within 200 ms.
    expect(loaded.length).toBeGreaterThan(50)
    expect(loaded.length).toBeLessThan(400)
    const foreign = loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])
    expect([...new Set(foreign)].toSorted()).toEqual(['better-sqlite3', 'commander'])
  })
})
