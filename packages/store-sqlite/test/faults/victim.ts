import { writeSync } from 'node:fs'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { prepare, work, type Retry } from './workload.ts'

/** What the test tells the process that will be killed. */
export type Orders = {
  readonly path: string
  /** Die right before this statement, counted from the opening of the file; 0 waits to be killed from outside. */
  readonly dieAt: number
  readonly retries: readonly Retry[]
  readonly flows: number
}

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders
let statements = 0

// Written before anything goes on, so that nothing is acknowledged that the test does not know of.
const say = (line: unknown): void => {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

const store = await openSqliteStore({
  path: orders.path,
  ...(orders.dieAt > 0 && {
    onStatement: () => {
      if (++statements === orders.dieAt) process.kill(process.pid, 'SIGKILL')
    },
  }),
})
await prepare(store)
say('ready')
await work(store, (id, attempt) => say([id, attempt]), orders.retries, orders.flows)
await store.close()
