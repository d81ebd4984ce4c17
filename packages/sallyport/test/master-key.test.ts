import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
