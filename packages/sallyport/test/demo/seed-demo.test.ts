import { createAccounts } from '@sallyport/accounts'
import { seconds, systemRandom } from '@sallyport/protocol'
import { openVault } from '@sallyport/server'
import { createMemoryStore } from '@sallyport/server/store'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { DemoAddresses } from '../../src/demo/demo.ts'
import { seedDemo, type SeedOptions } from '../../src/demo/seed-demo.ts'
import { createScratch } from '../cli.ts'

const scratch = createScratch()
const addresses: DemoAddresses = {
  issuer: 'http://localhost:7636',
  app: 'http://localhost:7640',
  api: 'http://localhost:7641',
  mcp: 'http://localhost:7643',
}
const now = () => seconds(1_800_000_000)

let options: SeedOptions
let count = 0

beforeEach(() => {
  const store = createMemoryStore()
  // As cheap as it gets: these tests are not about hashing.
  const { people } = createAccounts({
    store,
    now,
    hashing: { cost: { memory: 1024, passes: 1, lanes: 1 } },
  })
  const file = scratch.path(`demo-${count++}.json`)
  options = {
    store,
    people,
    vault: openVault(Buffer.alloc(32, 1), systemRandom()),
    addresses,
    file,
    random: systemRandom(),
    now,
    secretLifetime: 86_400,
  }
})

afterAll(() => {
  scratch.remove()
})

describe('the demo data', () => {
  it('AR-01 is the same after every start, and its plain words are in one file for its owner', async () => {
    const first = await seedDemo(options)
    expect(await seedDemo(options)).toEqual(first)
    expect(statSync(options.file).mode & 0o777).toBe(0o600)
    expect(first.password).toMatch(/^(?:[a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/)
    expect((await options.store.admin.listClients(undefined, 200)).items).toHaveLength(10)
  })

  it('A-REDIR-01 registers the addresses of the ports it got, also when they move', async () => {
    const before = await seedDemo(options)
    const app = 'http://localhost:7650'
    const after = await seedDemo({ ...options, addresses: { ...addresses, app, api: 'http://localhost:7651' } })
    expect(after.clients.web.id).toBe(before.clients.web.id)
    const web = await options.store.findClient(after.clients.web.id)
    expect(web?.redirectUris).toEqual([`${app}/callback`])
    expect(await options.store.findResource('http://localhost:7651')).toBeDefined()
    expect((await options.store.findClient(after.clients.api.id))?.resourceServerOf).toEqual(['http://localhost:7651'])
  })

  it('AR-02 makes new words when the file is gone or spoilt, because the store cannot give them back', async () => {
    const before = await seedDemo(options)
    writeFileSync(options.file, 'nonsense')
    const after = await seedDemo(options)
    expect(after.password).not.toBe(before.password)
    expect(after.clients.web.secret).not.toBe(before.clients.web.secret)
    expect(after.requestKey).not.toEqual(before.requestKey)
    const person = await options.people.find('demo')
    expect(person?.username).toBe('demo')
  })

  it('B-JAR-02 gives the client that pushes a key, also in data of a release that had none', async () => {
    const first = await seedDemo(options)
    const { d, ...known } = first.requestKey
    expect(d).toMatch(/^[\w-]{43}$/)
    const registered = async () => (await options.store.findClient(first.clients.pushing.id))?.jwks?.keys
    expect(await registered()).toEqual([{ ...known, alg: 'ES256', use: 'sig' }])
    const { requestKey: _key, ...older } = JSON.parse(readFileSync(options.file, 'utf8')) as Record<string, unknown>
    writeFileSync(options.file, JSON.stringify(older))
    const after = await seedDemo(options)
    expect([after.clients, after.password]).toEqual([first.clients, first.password])
    expect((await registered())?.[0]?.x).toBe(after.requestKey.x)
    expect(after.requestKey.x).not.toBe(first.requestKey.x)
  })

  it('A-TOK-10 replaces a client whose secret has ended', async () => {
    const before = await seedDemo(options)
    const later = await seedDemo({ ...options, now: () => seconds(now() + 86_400) })
    expect(later.clients.web.id).not.toBe(before.clients.web.id)
    expect(later.clients.spa.id).toBe(before.clients.spa.id)
  })
})
