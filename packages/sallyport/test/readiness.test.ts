import { seconds } from '@sallyport/protocol'
import { openSqliteStore } from '@sallyport/store-sqlite'
import { event } from '@sallyport/testing/store-contract'
import { afterAll, describe, expect, it } from 'vitest'
import { createScratch, prepare } from './cli.ts'
import { withDaemonHere } from './daemon-here.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

describe('readiness', () => {
  it('FT-06 is gone while the store takes no writes, and back when it does again', async () => {
    const place = await prepare(scratch.folder)
    const store = await openSqliteStore({ path: place.store, maxBytes: 2 * 1024 * 1024 })
    await withDaemonHere(place, store, async ({ management }) => {
      const ready = async (): Promise<[number, string]> => {
        const response = await fetch(`${management}/health/ready`)
        return [response.status, ((await response.json()) as { status: string }).status]
      }
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
