import { seconds } from '@sallyport/protocol'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { event } from '@sallyport/testing/store-contract'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { flagLayer } from '../src/config/layers.ts'
import { atDoor, startDaemon } from '../src/daemon.ts'
import { readMasterKey } from '../src/master-key.ts'
import { openAccounts } from '../src/people.ts'
import { createScratch, issuer, prepare } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

/** Runs a daemon on a store of at most 2 MiB. */
async function withSmallStore(
  work: (store: Awaited<ReturnType<typeof openSqliteStore>>, ready: () => Promise<[number, string]>) => Promise<void>,
): Promise<void> {
  const { data, store: path } = await prepare(scratch.folder)
  const flags = flagLayer({
    data: { flag: '--data', value: data },
    'http.port': { flag: '--port', value: '0' },
    'management.port': { flag: '--management-port', value: '0' },
  })
  const config = await loadConfig({ flags, files: [], profile: undefined, environment: {} })
  const store = await openSqliteStore({ path, maxBytes: 2 * 1024 * 1024 })
  const accounts = await openAccounts(store, config, issuer)
  const masterKey = readMasterKey(config.data, undefined)
  const nothing = (): void => undefined
  const log = { event: nothing, line: nothing, fault: nothing, flush: nothing }
  await atDoor(config, false, async (door) => {
    const options = {
      config,
      issuer,
      store,
      accounts,
      masterKey,
      log,
      development: false,
      routes: [],
      onEvent: nothing,
    }
    const daemon = await startDaemon(options, door)
    try {
      await work(store, async () => {
        const response = await fetch(`http://127.0.0.1:${daemon.managementPort}/health/ready`)
        return [response.status, ((await response.json()) as { status: string }).status]
      })
    } finally {
      await daemon.stop()
      await store.close()
    }
  })
}

describe('readiness', () => {
  it('FT-06 is gone while the store takes no writes, and back when it does again', async () => {
    await withSmallStore(async (store, ready) => {
      expect(await ready()).toEqual([200, 'ok'])
      const old = seconds(Date.now() / 1000 - 200 * 86_400)
      const fill = async (): Promise<void> => {
        for (;;) await store.appendEvents([event({ ts: old, detail: { text: 'x'.repeat(20_000) } })])
      }
      await expect(fill()).rejects.toMatchObject({ name: 'StoreUnavailable', reason: 'full' })
      for (let asked = 0; asked < 3; asked++) expect(await ready()).toEqual([503, 'store unavailable'])
      await store.sweep(seconds(Date.now() / 1000), 1000)
      expect(await ready()).toEqual([200, 'ok'])
    })
  })
})
