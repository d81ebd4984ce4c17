import { seconds } from '@sallyport/protocol'
import { openSqliteReplay } from '@sallyport/store-sqlite'

/** Remembers the keys it is sent, as one of the processes of an API, and says which of them were new. */
const replay = await openSqliteReplay({ path: process.argv[2] ?? '' })

process.on('message', (keys: readonly string[]) => {
  const now = seconds(1_800_000_000.5)
  void Promise.all(keys.map((key) => replay.rememberOnce(key, seconds(now + 100), now))).then(async (answers) => {
    await replay.close()
    process.send?.(answers)
    process.disconnect()
  })
})
process.send?.('ready')
