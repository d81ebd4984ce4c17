import { chmodSync, cpSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, installationIn, issuer, prepare, type Installation, type Outcome } from './cli.ts'
import { startDaemon } from './running-daemon.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder)
})
afterAll(() => {
  scratch.remove()
})

let copies = 0
function copyOf(): Installation & { readonly key: string } {
  const folder = scratch.path(`copy-${copies++}`)
  cpSync(place.data, join(folder, 'data'), { recursive: true })
  cpSync(place.store, join(folder, 'store.db'))
  return { ...installationIn(folder), key: join(folder, 'data/master.key') }
}

const start = (one: Installation): Promise<Outcome> => one.run(['start', '--port', '0', '--management-port', '0'])

function expectRefused({ code, stdout, stderr }: Outcome, words: string): void {
  expect(stderr).toContain(words)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  expect(code).toBe(78)
  expect(stdout).toContain('lifecycle.config_refused')
}

const another = Buffer.alloc(32, 9).toString('base64')

describe('the master key', () => {
  it('AR-06 is 32 random bytes', () => {
    const bytes = (one: Installation): Buffer =>
      Buffer.from(readFileSync(join(one.data, 'master.key'), 'utf8'), 'base64')
    expect(bytes(place)).toHaveLength(32)
    expect(new Set(bytes(place)).size).toBeGreaterThan(16)
  })

  it('AR-06 refuses to start without it, and makes no other one', async () => {
    const one = copyOf()
    rmSync(one.key)
    expectRefused(await start(one), 'restore the file from a backup')
    const migrated = await one.run(['migrate', '--issuer', issuer])
    expect(migrated.code).toBe(78)
    expect(migrated.stderr).toContain('there is no master key')
  })

  it('AR-06 refuses to start with another one', async () => {
    const one = copyOf()
    writeFileSync(one.key, another)
    const refused = await start(one)
    expectRefused(refused, 'the master key does not open signing key')
    expect(refused.stderr + refused.stdout).not.toContain(another)
  })

  it('AR-06 refuses a file that others can read, and says how to close it', async () => {
    const one = copyOf()
    chmodSync(one.key, 0o644)
    expectRefused(await start(one), `chmod 600 ${one.key}`)
  })

  it('AR-06 refuses a file that was cut off', async () => {
    const one = copyOf()
    writeFileSync(one.key, readFileSync(one.key, 'utf8').slice(0, 20))
    expectRefused(await start(one), 'must hold 32 bytes')
  })

  it('AR-06 takes the key from a variable or a file that a variable names', async () => {
    const one = copyOf()
    const elsewhere = scratch.path('secret.key')
    cpSync(one.key, elsewhere)
    rmSync(one.key)
    const env = { SALLYPORT_MASTER_KEY_FILE: elsewhere }
    const daemon = await startDaemon(one, [], { env })
    expect((await fetch(`${daemon.url}/oauth2/jwks`)).status).toBe(200)
    await daemon.stop()
    expect(daemon.output()).not.toContain(readFileSync(elsewhere, 'utf8').trim())
  })
})

describe('master-key rotate', () => {
  type Key = Readonly<Record<string, string>>
  const kids = async (one: Installation): Promise<readonly string[]> =>
    ((await one.json(['key', 'list'])) as { keys: Key[] }).keys.map(({ kid }) => kid ?? '')
  const text = (path: string): string => readFileSync(path, 'utf8')

  it('AR-06 seals everything anew: the old key opens nothing, and the signing keys are the same', async () => {
    const one = copyOf()
    const [before, old] = [await kids(one), text(one.key)]
    const { code, stdout } = await one.run(['master-key', 'rotate', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ changed: true, former_key_file: `${one.key}.before` })
    expect(text(one.key)).not.toBe(old)
    expect(text(`${one.key}.before`)).toBe(old)
    for (const file of [one.key, `${one.key}.before`]) expect(statSync(file).mode & 0o777).toBe(0o600)
    const daemon = await startDaemon(one)
    expect(await daemon.stop()).toBe(0)
    expect(await kids(one)).toEqual(before)
    writeFileSync(one.key, old)
    expectRefused(await start(one), 'the master key does not open')
    expect((await one.run(['audit', 'verify'])).code).toBe(0)
    expect((await one.run(['events', 'tail', '--json'])).stdout).toContain('master_key_changed')
  })

  it('AR-06 is finished when it was cut off, before or after the store was changed', async () => {
    const early = copyOf()
    writeFileSync(`${early.key}.next`, another, { mode: 0o600 })
    expectRefused(await start(early), 'was not finished; run: sallyport master-key rotate')
    expect((await early.run(['master-key', 'rotate'])).code).toBe(0)
    expect(text(early.key)).toBe(another)
    const late = copyOf()
    const old = text(late.key)
    expect((await late.run(['master-key', 'rotate'])).code).toBe(0)
    // As a crash between the store and the file leaves it.
    renameSync(late.key, `${late.key}.next`)
    writeFileSync(late.key, old, { mode: 0o600 })
    expect((await late.run(['master-key', 'rotate'])).code).toBe(0)
    for (const one of [early, late]) {
      const daemon = await startDaemon(one)
      expect(await daemon.stop()).toBe(0)
    }
  })

  it('AR-06 changes nothing with a wrong key, while a server runs, and for a trial', async () => {
    const one = copyOf()
    const old = text(one.key)
    writeFileSync(one.key, another)
    expect((await one.run(['master-key', 'rotate'])).code).toBe(78)
    expect(existsSync(`${one.key}.next`)).toBe(false)
    writeFileSync(one.key, old)
    expect((await one.run(['master-key', 'rotate', '--dry-run'])).code).toBe(0)
    const daemon = await startDaemon(one)
    const busy = await one.run(['master-key', 'rotate'])
    expect([busy.code, busy.stderr]).toEqual([78, expect.stringContaining('another server is already serving')])
    expect(await daemon.stop()).toBe(0)
    expect([text(one.key), existsSync(`${one.key}.next`)]).toEqual([old, false])
  })

  it('AR-06 takes the new key from its owner where the key is configured', async () => {
    const one = copyOf()
    const env = { SALLYPORT_MASTER_KEY: text(one.key).trim() }
    const file = scratch.path('configured.key')
    writeFileSync(file, another, { mode: 0o600 })
    expect((await one.run(['master-key', 'rotate'], { env })).code).toBe(2)
    expect((await one.run(['master-key', 'rotate', '--new-key-file', file], { env })).code).toBe(0)
    const refused = await one.run(['key', 'rotate'], { env })
    expect([refused.code, refused.stderr]).toEqual([78, expect.stringContaining('the master key does not open')])
    expect((await one.run(['key', 'rotate'], { env: { SALLYPORT_MASTER_KEY: another } })).code).toBe(0)
  })
})
