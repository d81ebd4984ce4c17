import type { SqliteStore } from '@sallyport/store-sqlite'
import { flagLayer } from '../src/config/layers.ts'
import { loadConfig } from '../src/config/load.ts'
import { atDoor, startDaemon } from '../src/daemon.ts'
import { readMasterKey } from '../src/master-key.ts'
import { createMetrics } from '../src/metrics.ts'
import { noticeDelivery } from '../src/notice-delivery.ts'
import { openAccounts } from '../src/people.ts'
import { issuer, type Installation } from './cli.ts'

/** Where a daemon is reached. */
export type DaemonHere = { readonly url: string; readonly management: string }

/** Runs a daemon in this process, on free ports and over a store that the test opened, for as long as `work` lasts. */
export async function withDaemonHere(
  { data }: Pick<Installation, 'data'>,
  store: SqliteStore,
  work: (daemon: DaemonHere) => Promise<void>,
): Promise<void> {
  const flags = flagLayer({
    data: { flag: '--data', value: data },
    'http.port': { flag: '--port', value: '0' },
    'management.port': { flag: '--management-port', value: '0' },
  })
  const config = await loadConfig({ flags, files: [], profile: undefined, environment: {} })
  const metrics = createMetrics()
  const notices = noticeDelivery(config, metrics)
  const accounts = await openAccounts(store, config, issuer, notices.send)
  const masterKey = readMasterKey(config.data, undefined)
  const nothing = (): void => undefined
  const log = { event: nothing, line: nothing, fault: nothing, flush: nothing }
  const rest = { masterKey, log, development: false, routes: [], onEvent: nothing }
  await atDoor(config, false, async (door) => {
    const daemon = await startDaemon({ config, issuer, store, accounts, metrics, notices, ...rest }, door)
    try {
      await work({
        url: `http://127.0.0.1:${door.port}`,
        management: `http://127.0.0.1:${daemon.managementPort}`,
      })
    } finally {
      await daemon.stop()
      await store.close()
    }
  })
}
