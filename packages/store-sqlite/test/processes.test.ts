import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { openSqliteStore } from '@sallyport/store-sqlite'
import {
  client,
  digest,
  event,
  family,
  ground,
  issue,
  later,
  records,
  refreshToken,
  start,
  unique,
} from '@sallyport/testing/store-contract'
import { describe, expect, it } from 'vitest'
import { steps } from '../src/migrations/index.ts'
import type { Task } from './racer.ts'
import { scratchFile } from './scratch.ts'
import { rowCounts } from './tables.ts'

const racer = fileURLToPath(new URL('racer.ts', import.meta.url))

type Answers = readonly (boolean | string)[]

/** Gives each task list to a process of its own and lets them all go in the same moment. */
async function raceProcesses(path: string, tasks: readonly (readonly Task[])[]): Promise<readonly Answers[]> {
  const children = tasks.map(() => fork(racer, [path], { execArgv: ['--conditions=@sallyport/source'] }))
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))))
  return Promise.all(
    children.map(
      (child, index) =>
        new Promise<Answers>((resolve, reject) => {
          child.once('message', (answers) => resolve(answers as Answers))
          child.once('exit', (code) => reject(new Error(`racer ended with ${String(code)}`)))
          child.send(tasks[index] ?? [])
        }),
    ),
  )
}

describe('several processes on one file', () => {
  it('FT-19, CO-02 redeem each code once between them', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const on = await ground(store)
    const all = Array.from({ length: 20 }, () => issue(on))
    await Promise.all(all.map((issued) => store.issueCode(issued, start)))
    const before = rowCounts(path)
    const tasks = (): readonly Task[] =>
      all.map(({ code, authorization }) => ({
        do: 'redeem',
        redemption: { kind: 'authorization_code', digest: code.digest },
        records: records(refreshToken(authorization), [event()]),
      }))
    const answers = await raceProcesses(path, [tasks(), tasks(), tasks(), tasks()])
    for (const index of all.keys())
      expect(answers.map((of) => of[index]).filter((answer) => answer === true)).toHaveLength(1)
    expect(answers.flat().every((answer) => typeof answer === 'boolean')).toBe(true)
    expect(rowCounts(path)).toEqual({ ...before, refresh_tokens: 20, events: 20 })
    expect(await store.integrityFaults()).toEqual([])
    await store.close()
  })

  it('FT-19, RT-02 rotate each token once, and remember each mark once', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const on = await ground(store)
    const families = await Promise.all(Array.from({ length: 10 }, () => family(store, on)))
    const marks = Array.from({ length: 10 }, () => unique('mark'))
    const tasks = (): readonly Task[] => [
      ...families.map(({ token, authorization }): Task => {
        const next = refreshToken(authorization, { sequence: 1, digest: digest() })
        return { do: 'redeem', redemption: { kind: 'refresh_token', digest: token.digest }, records: records(next) }
      }),
      ...marks.map((key): Task => ({ do: 'remember', key, expiresAt: later(60) })),
    ]
    const answers = await raceProcesses(path, [tasks(), tasks(), tasks()])
    for (let index = 0; index < 20; index++) {
      expect(answers.map((of) => of[index]).filter((answer) => answer === true)).toHaveLength(1)
    }
    expect(rowCounts(path)).toMatchObject({ refresh_tokens: 20, once_marks: 10 })
    await store.close()
  })

  it('A-GOV-05, FT-19 contain a client in one transaction, while others issue codes and rotate its tokens', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const on = await ground(store)
    const families = await Promise.all(Array.from({ length: 20 }, () => family(store, on)))
    const busy = (of: number): readonly Task[] =>
      Array.from({ length: 40 }, (_, index): Task => {
        const old = families[(index + of) % families.length]
        if (index % 2 === 0 || old === undefined) return { do: 'issue', records: issue(on) }
        const next = refreshToken(old.authorization, { sequence: 1, digest: digest() })
        return { do: 'redeem', redemption: { kind: 'refresh_token', digest: old.token.digest }, records: records(next) }
      })
    const answers = await raceProcesses(path, [busy(0), busy(7), [{ do: 'contain', clientId: on.client.id }], busy(13)])
    const issued = answers.flat().filter((answer) => answer === 'issued').length
    // What it says that it ended is all that there was: nothing before it was left out, nothing came after it.
    expect(JSON.parse(String(answers[2]?.[0]))).toMatchObject({
      authorizations: families.length + issued,
      codes: issued,
    })
    const rows = new BetterSqlite3(path)
      .prepare<[], { alive: number; ended: number; instants: number }>(
        'SELECT sum(revoked_at IS NULL) AS alive, count(revoked_at) AS ended, count(DISTINCT revoked_at) AS instants FROM authorizations',
      )
      .get()
    expect(rows).toEqual({ alive: 0, ended: families.length + issued, instants: 1 })
    await store.close()
  })

  it('A-GOV-05 contain a client although the newest rows were swept and their numbers given anew', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path })
    const on = await ground(store)
    const { session } = on
    const stranger = client()
    await store.admin.createClient(stranger, [])
    await family(store, { client: stranger, session })
    await family(store, on)
    const file = new BetterSqlite3(path)
    file.exec('CREATE TEMP TABLE later AS SELECT * FROM authorizations WHERE n = 2; UPDATE later SET n = 1')
    file.exec('DELETE FROM authorizations WHERE n = 2')
    const contained = store.containment.contain(on.client.id, start, [])
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    // The rows were read by now, and the transaction waits for its turn.
    file.exec('BEGIN; DELETE FROM authorizations; INSERT INTO authorizations SELECT * FROM later; COMMIT')
    expect(await contained).toMatchObject({ authorizations: 1 })
    expect(await store.containment.held(on.client.id, start)).toMatchObject({ authorizations: 0 })
    file.close()
    await store.close()
  })

  it('FT-13 bring an empty file up to date once, when they all begin at the same moment', async () => {
    const path = scratchFile()
    const answers = await raceProcesses(path, [[{ do: 'open' }], [{ do: 'open' }], [{ do: 'open' }], [{ do: 'open' }]])
    expect(answers).toEqual([[true], [true], [true], [true]])
    expect(rowCounts(path)).toMatchObject({ schema_steps: steps.length, clients: 0 })
  })

  it('FT-07 wait for a lock and then refuse, while reading goes on', async () => {
    const path = scratchFile()
    const store = await openSqliteStore({ path, patience: 300 })
    const on = await ground(store)
    const holder = new BetterSqlite3(path)
    holder.exec('BEGIN IMMEDIATE')
    const began = performance.now()
    const refused = expect(store.issueCode(issue(on), start)).rejects.toMatchObject({
      name: 'StoreUnavailable',
      reason: 'timeout',
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await store.findClient(on.client.id))?.id).toBe(on.client.id)
    await refused
    expect(performance.now() - began).toBeGreaterThan(290)
    const waits = store.issueCode(issue(on), start)
    await new Promise((resolve) => setTimeout(resolve, 100))
    holder.exec('COMMIT')
    expect(await waits).toBe('issued')
    holder.close()
    await store.close()
  })
})
