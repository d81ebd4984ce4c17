import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { beforeAll, describe, expect, it } from 'vitest'
import { scratchDirectory, scratchFile } from '../scratch.ts'
import { anomalies, probe, type Attempt } from './history.ts'
import type { Orders } from './victim.ts'
import type { Retry } from './workload.ts'

const victim = fileURLToPath(new URL('victim.ts', import.meta.url))

/** Compiled code of the victims, so that each is up in a moment; written when the first one ends in peace. */
const compiled = scratchDirectory()

type Death = { readonly signal: NodeJS.Signals | null; readonly code: number | null; readonly errors: string }

/** Runs a process until it dies or is done, and adds what it said to the history. */
function run(orders: Orders, history: Map<string, Attempt>, killAfter: number | undefined): Promise<Death> {
  const child = spawn(process.execPath, ['--conditions=@sallyport/source', victim, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  })
  let said = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said === '' && killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter)
    said += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve) =>
    child.on('close', (code, signal) => {
      for (const line of said.split('\n').slice(0, -1)) {
        const entry = JSON.parse(line) as 'ready' | [string, Attempt]
        if (entry !== 'ready') history.set(entry[0], entry[1])
      }
      resolve({ signal, code, errors })
    }),
  )
}

/** Handles whose redemption nobody saw the end of. */
function open(history: ReadonlyMap<string, Attempt>): readonly Retry[] {
  const found = new Map<string, Retry>()
  for (const attempt of history.values()) {
    if (attempt.op === 'redeem' && attempt.answer === undefined) found.set(attempt.from, attempt)
  }
  return [...found.values()].slice(0, 20)
}

/** Kills one process after the other on one file, then looks whether anything is wrong. */
async function killAndCheck(
  kills: readonly { readonly dieAt: number; readonly killAfter?: number }[],
): Promise<number> {
  const path = scratchFile()
  const history = new Map<string, Attempt>()
  let died = 0
  for (const { dieAt, killAfter } of kills) {
    const death = await run({ path, dieAt, retries: open(history), flows: 400 }, history, killAfter)
    expect(death.errors).toBe('')
    if (death.signal === 'SIGKILL') died++
  }
  const last = await run({ path, dieAt: 0, retries: open(history), flows: 4 }, history, undefined)
  expect(last).toEqual({ signal: null, code: 0, errors: '' })
  const store = await openSqliteStore({ path, mustExist: true })
  try {
    const attempts = [...history.values()]
    expect(anomalies(attempts, await probe(store, attempts))).toEqual([])
    expect(await store.integrityFaults()).toEqual([])
    expect(attempts.some(({ answer }) => answer === true)).toBe(true)
  } finally {
    await store.close()
  }
  return died
}

const range = (from: number, count: number, step = 1): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index * step)

describe('a process that is killed', () => {
  beforeAll(async () => {
    await run({ path: scratchFile(), dieAt: 0, retries: [], flows: 4 }, new Map(), undefined)
  })

  it.concurrent('FT-01, FT-13 between any two of the first statements, from the empty file on', async () => {
    expect(await killAndCheck(range(1, 75).map((dieAt) => ({ dieAt })))).toBe(75)
  })

  it.concurrent('FT-01, FT-02 between any two statements of its first transactions', async () => {
    expect(await killAndCheck(range(76, 75).map((dieAt) => ({ dieAt })))).toBeGreaterThan(65)
  })

  it.concurrent('FT-03 anywhere, at random moments', async () => {
    const kills = range(0, 50).map(() => ({ dieAt: 0, killAfter: Math.random() * 60 }))
    expect(await killAndCheck(kills)).toBeGreaterThan(25)
  })
})
