import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { seconds } from '@sallyport/protocol'
import { openSqliteReplay, openSqliteStore, StoreRefused } from '@sallyport/store-sqlite'
import { expect, it } from 'vitest'
import { scratchFile } from './scratch.ts'
import { rowCounts } from './tables.ts'

const start = 1_800_000_000
const at = (offset: number) => seconds(start + offset)

const racer = fileURLToPath(new URL('replay-racer.ts', import.meta.url))

it('DP-02, B-DPOP-13 lets one of four processes remember each key, all beginning with an empty file', async () => {
  const path = scratchFile()
  const keys = Array.from({ length: 50 }, (_, index) => `dpop:${index}`)
  const children = Array.from({ length: 4 }, () =>
    fork(racer, [path], { execArgv: ['--conditions=@sallyport/source'] }),
  )
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))))
  const answers = await Promise.all(
    children.map(
      (child) =>
        new Promise<readonly boolean[]>((resolve, reject) => {
          child.once('message', (told) => {
            resolve(told as readonly boolean[])
          })
          child.once('exit', (code) => {
            reject(new Error(`racer ended with ${String(code)}`))
          })
          child.send(keys)
        }),
    ),
  )
  for (const index of keys.keys()) expect(answers.filter((of) => of[index])).toHaveLength(1)
})

it('B-DPOP-13 remembers beyond a restart, until a key expires', async () => {
  const path = scratchFile()
  const first = await openSqliteReplay({ path })
  expect(await first.rememberOnce('a', at(100), at(0))).toBe(true)
  await first.close()
  await expect(first.rememberOnce('b', at(100), at(0))).rejects.toMatchObject({ reason: 'unreachable' })
  const second = await openSqliteReplay({ path })
  expect(await second.rememberOnce('a', at(199), at(99))).toBe(false)
  expect(await second.rememberOnce('a', at(200), at(100))).toBe(true)
  await second.close()
  expect((statSync(path).mode & 0o777).toString(8)).toBe('600')
})

it('IN-01, B-DPOP-13 keeps no more than what still counts', async () => {
  const path = scratchFile()
  const replay = await openSqliteReplay({ path })
  const remember = (round: number) =>
    Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        replay.rememberOnce(`${round}/${index}`, at(round * 100 + 100), at(round * 100)),
      ),
    )
  for (let round = 0; round < 5; round++) await remember(round)
  expect(rowCounts(path)).toEqual({ once_marks: 200 })
  await replay.close()
})

it('B-DPOP-14 rejects when the file is full or locked, and nothing was remembered', async () => {
  const path = scratchFile()
  const replay = await openSqliteReplay({ path, maxBytes: 64 * 1024, patience: 50 })
  const fill = async (): Promise<void> => {
    for (let index = 0; index < 2000; index++)
      await replay.rememberOnce(`dpop:${'x'.repeat(200)}${index}`, at(100), at(0))
  }
  await expect(fill()).rejects.toMatchObject({ name: 'StoreUnavailable', reason: 'full' })
  const holder = new BetterSqlite3(path)
  holder.exec('BEGIN IMMEDIATE')
  await expect(replay.rememberOnce('a', at(100), at(0))).rejects.toMatchObject({ reason: 'timeout' })
  holder.exec('COMMIT')
  holder.close()
  // Room again, since what has expired makes way.
  expect(await replay.rememberOnce('a', at(300), at(200))).toBe(true)
  await replay.close()
})

it('FT-08 does not work in the database of a server', async () => {
  const path = scratchFile()
  await (await openSqliteStore({ path })).close()
  const refused = await openSqliteReplay({ path }).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(StoreRefused)
  expect(refused).toMatchObject({ reason: 'not_a_database' })
})
