import { deepEqual, equal } from 'node:assert/strict'
import { maxLogos, type ClientLogo } from '@sallyport/server/model'
import { sameRecord, type ContractPart } from './assertions.ts'
import { later, start, unique } from './records.ts'

const logo = (more: Partial<ClientLogo> = {}): ClientLogo => ({
  clientId: unique('client'),
  uri: 'https://app.test/logo.png',
  mediaType: 'image/png',
  bytes: Uint8Array.of(0, 1, 254, 255),
  expiresAt: later(600),
  ...more,
})

/** Pictures of clients: one each, bounded in number, gone when they expire. */
export const logoContract: ContractPart = ({ describe, it }, withStore) => {
  describe('logos', () => {
    it(
      'A-DCR-11 are kept byte for byte, one for each client, until they expire',
      withStore(async (store) => {
        const [one, other] = [logo(), logo({ mediaType: 'image/webp' })]
        await store.logos.save(one)
        await store.logos.save(other)
        sameRecord(await store.logos.find(one.clientId, start), one)
        sameRecord(await store.logos.find(other.clientId, later(599)), other)
        equal(await store.logos.find(one.clientId, later(600)), undefined)
        equal(await store.logos.find(unique('client'), start), undefined)
        const next = {
          ...one,
          uri: 'https://app.test/new.jpeg',
          mediaType: 'image/jpeg',
          bytes: Uint8Array.of(7),
        } as const
        await store.logos.save(next)
        sameRecord(await store.logos.find(one.clientId, start), next)
      }),
    )

    it(
      'A-DCR-11 are what was given, whatever becomes of it afterwards',
      withStore(async (store) => {
        const one = logo()
        await store.logos.save(one)
        one.bytes.fill(9)
        const found = await store.logos.find(one.clientId, start)
        deepEqual([...(found?.bytes ?? [])], [0, 1, 254, 255])
        found?.bytes.fill(9)
        deepEqual([...((await store.logos.find(one.clientId, start))?.bytes ?? [])], [0, 1, 254, 255])
      }),
    )

    it(
      'A-DCR-11 are never more than there is room for: those that expire first make place',
      withStore(async (store) => {
        const first = logo({ expiresAt: later(1) })
        await store.logos.save(first)
        const many = Array.from({ length: maxLogos }, (_, index) => logo({ expiresAt: later(10 + index) }))
        await Promise.all(many.map((one) => store.logos.save(one)))
        equal(await store.logos.find(first.clientId, start), undefined)
        for (const one of [many[0], many.at(-1)]) sameRecord(await store.logos.find(one?.clientId ?? '', start), one)
        await store.logos.save(logo({ expiresAt: later(5000) }))
        equal(await store.logos.find(many[0]?.clientId ?? '', start), undefined)
      }),
    )

    it(
      'A-DCR-11 are swept when they expire',
      withStore(async (store) => {
        await store.logos.save(logo({ expiresAt: later(60) }))
        equal((await store.sweep(later(59), 1000))['client_logos'], 0)
        equal((await store.sweep(later(60), 1000))['client_logos'], 1)
      }),
    )
  })
}
