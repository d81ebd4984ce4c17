import type { CodeIssueRecords, IssuedRecords, Redemption } from '@sallyport/server/model'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { start } from '@sallyport/testing/store-contract'

/** One thing that every process tries at the same moment. */
export type Task =
  | { readonly do: 'redeem'; readonly redemption: Redemption; readonly records: IssuedRecords }
  | { readonly do: 'remember'; readonly key: string; readonly expiresAt: IssuedRecords['events'][number]['ts'] }
  | { readonly do: 'issue'; readonly records: CodeIssueRecords }
  | { readonly do: 'contain'; readonly clientId: string }
  | { readonly do: 'open' }

const store = await openSqliteStore({ path: process.argv[2] ?? '' })

process.on('message', (tasks: readonly Task[]) => {
  const answers = tasks.map((task) => {
    switch (task.do) {
      case 'redeem':
        return store.redeem(task.redemption, task.records, start)
      case 'remember':
        return store.rememberOnce(task.key, task.expiresAt, start)
      case 'issue':
        return store.issueCode(task.records, start)
      case 'contain':
        return store.containment.contain(task.clientId, start, []).then((held) => JSON.stringify(held))
      case 'open':
        return Promise.resolve(true)
    }
  })
  void Promise.allSettled(answers).then(async (settled) => {
    await store.close()
    process.send?.(settled.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason))))
    process.disconnect()
  })
})
process.send?.('ready')
