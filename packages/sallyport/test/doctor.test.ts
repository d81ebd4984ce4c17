import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, freePort, installationIn, prepare, type Installation } from './cli.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder, `http://127.0.0.1:${await freePort()}`)
})
afterAll(() => {
  scratch.remove()
})

let copies = 0
function copyOf(): Installation {
  const folder = scratch.path(`copy-${copies++}`)
  cpSync(place.data, join(folder, 'data'), { recursive: true })
  chmodSync(join(folder, 'data'), 0o700)
  cpSync(place.store, join(folder, 'store.db'))
  return installationIn(folder)
}

type Check = { readonly check: string; readonly state: string; readonly message: string; readonly remedy?: string }

async function findings(
  one: Installation,
  words: readonly string[] = [],
): Promise<{ code: number | null; found: Check[] }> {
  const { code, stdout } = await one.run(['doctor', '--json', ...words])
  const { checks } = JSON.parse(stdout) as { checks: Check[] }
  return { code, found: checks.filter(({ state }) => state === 'finding') }
}

describe('doctor', () => {
  it('A-PKCE-19 proves that PKCE is enforced, and says with how many cases', async () => {
    const { stdout } = await copyOf().run(['doctor'])
    expect(stdout).toMatch(/ok {5} proof: PKCE is enforced: (\d{4}) of \1 cases hold/)
  })

  it('finds a server that does not run, says what to do and ends with 3', async () => {
    const { code, found } = await findings(copyOf())
    expect(found.map(({ check }) => check)).toEqual(['issuer'])
    expect(found[0]?.remedy).toContain('start the server')
    expect(code).toBe(3)
  })

  it('AR-06 finds keys and data that others can read', async () => {
    const one = copyOf()
    chmodSync(one.data, 0o755)
    chmodSync(join(one.data, 'master.key'), 0o640)
    const { found } = await findings(one)
    const remedies = found.filter(({ check }) => check === 'permissions').map(({ remedy }) => remedy)
    expect(remedies).toEqual([`run: chmod 700 ${one.data}`, `run: chmod 600 ${join(one.data, 'master.key')}`])
  })

  it('AR-06 finds a master key that is gone, or another one', async () => {
    const one = copyOf()
    writeFileSync(join(one.data, 'master.key'), Buffer.alloc(32, 3).toString('base64'))
    expect((await findings(one)).found).toContainEqual(expect.objectContaining({ check: 'keys' }))
    rmSync(join(one.data, 'master.key'))
    expect((await findings(one)).found).toContainEqual(expect.objectContaining({ check: 'master key' }))
  })

  it('FT-20 finds a store that is gone, and one that is none', async () => {
    const one = copyOf()
    writeFileSync(one.store, 'this is not a database, and it is long enough to be looked at')
    expect((await findings(one)).found).toContainEqual(
      expect.objectContaining({ check: 'store', message: expect.stringContaining('not a SQLite database') as string }),
    )
    rmSync(one.store)
    expect((await findings(one)).found).toContainEqual(
      expect.objectContaining({ check: 'store', message: expect.stringContaining('there is no store') as string }),
    )
  })

  it('A-CC-05 finds a client secret that ends within 30 days', async () => {
    const one = copyOf()
    const create = ['client', 'create', '--type', 'service', '--name', 'Robot']
    await one.json(create)
    expect((await findings(one)).found.map(({ check }) => check)).not.toContain('secrets')
    const env = { SALLYPORT_POLICY__CLIENT_SECRET_LIFETIME: '20d' }
    const { client_id: id } = await one.json(create, { env })
    const found = (await findings(one)).found.filter(({ check }) => check === 'secrets')
    expect(found).toHaveLength(1)
    expect(found[0]?.message).toContain(String(id))
    expect(found[0]?.remedy).toBe(`run: sallyport client rotate-secret ${String(id)}`)
  })

  it('finds an issuer that is not that of the store', async () => {
    const { found } = await findings(copyOf(), ['--issuer', 'https://id.example.com'])
    expect(found.map(({ message }) => message).join()).toContain('the store belongs to')
  })

  it('finds what is wrong with the configuration', async () => {
    const path = scratch.path('bad.yaml')
    writeFileSync(path, 'version: 1\nhttp:\n  prot: 1\n')
    const { code, found } = await findings(copyOf(), ['--config', path])
    expect(found).toMatchObject([{ check: 'configuration', remedy: 'did you mean http.port?' }])
    expect(code).toBe(3)
  })
})
