import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { decodeJwt } from '@sallyport/testing'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newTokenFolder, type TokenFolder } from '../../../../scripts/softhsm.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { keyFindings } from '../../src/doctor/keys.ts'
import { openStore } from '../../src/workplace.ts'
import { createScratch, freePort, installationIn, run as command, type Installation, type Outcome } from '../cli.ts'
import { startDaemon } from '../running-daemon.ts'

const pin = '314159'
const scratch = createScratch()
const pinned: { folder: TokenFolder; place: Installation; issuer: string } = {} as never

/** The configuration of the test, with other lines for the place of keys. */
function configured(keys: Readonly<Record<string, unknown>> | undefined): readonly string[] {
  const file = scratch.path(`sallyport-${Math.random().toString(36).slice(2)}.json`)
  writeFileSync(file, JSON.stringify({ version: 1, ...(keys === undefined ? {} : { externalKeys: keys }) }))
  return ['--config', file]
}

const whole = (): Record<string, unknown> => ({
  ...{ module: pinned.folder.module, token: 'sallyport', pin },
  ...{ es256: ['es-1', 'es-2'], rs256: ['rs-1'] },
})

const run = (
  words: readonly string[],
  keys: Readonly<Record<string, unknown>> | undefined = whole(),
): Promise<Outcome> => pinned.place.run([...words, ...configured(keys)])

const create = (alg: string, name: string, ...more: readonly string[]): Promise<Outcome> =>
  command(['key', 'create', '--alg', alg, '--name', name, ...more, ...configured(whole())])

type Key = Readonly<Record<string, string>>
const listed = async (): Promise<readonly Key[]> =>
  (JSON.parse((await run(['key', 'list', '--json'])).stdout) as { keys: Key[] }).keys

/** What the doctor finds about keys; the rest of what he looks at has tests of its own. */
async function keyCheck(keys: Readonly<Record<string, unknown>> | undefined = whole()): Promise<Finding | undefined> {
  const { store: path, data } = pinned.place
  const [, file = ''] = configured(keys)
  const flags = new Map([
    ['store', { value: `sqlite:${path}`, origin: 'test' }],
    ['data', { value: data, origin: 'test' }],
  ])
  const config = await loadConfig({ flags, files: [file], profile: undefined, environment: {} })
  const store = await openStore(config.storePath)
  try {
    const [found] = await keyFindings(config, store, pinned.issuer)
    return found
  } finally {
    await store.close()
  }
}

beforeAll(async () => {
  const folder = await newTokenFolder()
  process.env['SOFTHSM2_CONF'] = folder.env.SOFTHSM2_CONF
  await folder.addToken('sallyport', pin)
  const issuer = `http://127.0.0.1:${await freePort()}`
  Object.assign(pinned, { folder, place: installationIn(scratch.folder), issuer })
})
afterAll(() => {
  rmSync(dirname(pinned.folder.tokens), { recursive: true, force: true })
  scratch.remove()
})

// One story of one installation: each part begins where the one before ended.
describe('an installation with keys on a token', () => {
  it('AR-06 is not made while a key is missing, and says which', async () => {
    const { code, stderr } = await run(['migrate', '--issuer', pinned.issuer])
    expect([code, stderr]).toEqual([78, expect.stringContaining('there is no private key es-1 on the token')])
    expect(stderr).toContain('make it, or correct its name')
    expect(stderr).not.toContain(pin)
  })

  it('B-JWK-01 gets its keys made there, each once, and starts with them', async () => {
    for (const [alg, name] of [
      ['ES256', 'es-1'],
      ['RS256', 'rs-1'],
      ['ES256', 'es-2'],
    ] as const) {
      const { stdout } = await create(alg, name, '--json')
      expect(JSON.parse(stdout)).toMatchObject({ alg, name, created: true, named: true })
    }
    expect((await create('ES256', 'es-1')).code).toBe(78)
    expect((await create('ES255', 'x')).stderr).toContain('did you mean ES256?')
    expect((await run(['migrate', '--issuer', pinned.issuer])).code).toBe(0)
    const kept = (await listed()).map(({ alg, location, name }) => [alg, location, name])
    expect(new Set(kept.map(String))).toEqual(
      new Set(['ES256,external,es-1', 'RS256,external,rs-1', 'Ed25519,store,', 'EdDSA,store,', 'PS256,store,']),
    )
    expect((await run(['key', 'list'])).stdout).toMatch(/KEPT IN\n[^]*external: es-1/)
  })

  it('B-IDT-07 serves as a process of its own, and its tokens verify with the published keys', async () => {
    const api = ['resource', 'create', 'https://api.example.com', '--name', 'Jobs', '--scope', 'jobs=Run jobs']
    await pinned.place.json(api)
    const client = await pinned.place.json([
      'client',
      'create',
      '--type',
      'service',
      '--name',
      'Job',
      '--scope',
      'jobs',
    ])
    const daemon = await startDaemon(pinned.place, configured(whole()), { env: { SOFTHSM2_CONF: softhsm() } })
    const answer = await fetch(`${daemon.url}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: basic(client), 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&scope=jobs&resource=https%3A%2F%2Fapi.example.com',
    })
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const keys = (await (await fetch(`${daemon.url}/oauth2/jwks`)).json()) as JSONWebKeySet
    await compactVerify(token, createLocalJWKSet(keys))
    const first = (await listed()).find(({ alg }) => alg === 'ES256')
    expect(decodeJwt(token).header['kid']).toBe(first?.['kid'])
    // The proof of the start was signed by the key on the token, too.
    const last = ['prove', '--last', '--management-port', String(daemon.managementPort)]
    await expect.poll(async () => (await run(last)).code, { timeout: 20_000, interval: 250 }).toBe(0)
    expect(await daemon.stop()).toBe(0)
    expect(daemon.output()).not.toContain(pin)
  })

  it('AR-06 is looked at by the doctor, who says what to do', async () => {
    expect(await keyCheck()).toEqual({
      check: 'keys',
      state: 'ok',
      message: expect.stringContaining('and those in pkcs11:token=sallyport sign') as string,
    })
    expect(await keyCheck({ ...whole(), pin: '999999' })).toMatchObject({
      message: expect.stringContaining('CKR_PIN_INCORRECT') as string,
      remedy: expect.stringContaining('externalKeys.pin') as string,
    })
    expect(await keyCheck({ ...whole(), module: '/nowhere.so' })).toMatchObject({
      message: 'there is no module at /nowhere.so',
    })
    const { stdout } = await run(['doctor', '--json'])
    expect(stdout).toContain('and those in pkcs11:token=sallyport sign')
    const away = `${pinned.folder.tokens}-away`
    renameSync(pinned.folder.tokens, away)
    try {
      expect((await keyCheck())?.state).toBe('finding')
      const started = await run(['start', '--port', '0', '--management-port', '0'])
      expect([started.code, started.stdout + started.stderr]).toEqual([78, expect.stringMatching(/token|initialised/)])
    } finally {
      renameSync(away, pinned.folder.tokens)
    }
  })

  it('B-JWK-02 rotates to the next name, and says when the list has ended', async () => {
    const rotated = await run(['key', 'rotate'])
    expect([rotated.code, rotated.stderr]).toEqual([
      78,
      expect.stringContaining('every key that is named for RS256 in pkcs11:token=sallyport was used'),
    ])
    expect(rotated.stderr).toContain('externalKeys.rs256')
    const es = (await listed()).filter(({ alg }) => alg === 'ES256')
    expect(es.map(({ name, state }) => [name, state])).toEqual([
      ['es-1', 'retiring'],
      ['es-2', 'next'],
    ])
  })

  it('AR-06 does not start without the place of its keys, until it is left for good', async () => {
    const ports = ['--port', '0', '--management-port', '0']
    const started = await pinned.place.run(['start', ...ports])
    expect([started.code, started.stdout + started.stderr]).toEqual([78, expect.stringContaining('nothing says where')])
    expect((await run(['key', 'rotate', '--leave-external'])).code).toBe(2)
    expect((await pinned.place.run(['key', 'rotate', '--leave-external'])).code).toBe(0)
    const signing = (await listed()).filter(({ state }) => state === 'signing')
    expect(new Set(signing.map(({ location }) => location))).toEqual(new Set(['store']))
    const daemon = await startDaemon(pinned.place)
    expect(await daemon.stop()).toBe(0)
  })

  const halves: Record<string, [Record<string, unknown>, string]> = {
    'no PIN': [{ pin: undefined }, 'externalKeys.pin'],
    'no token': [{ token: undefined }, 'externalKeys.token'],
    'no module': [{ module: undefined }, 'externalKeys.module'],
    'no key': [{ es256: undefined, rs256: undefined }, 'externalKeys.es256'],
    'one key for two algorithms': [{ rs256: ['es-1'] }, 'externalKeys.rs256'],
  }
  it.for(Object.entries(halves))('AR-06, B-JWK-09 half a configuration is refused: %s', async ([, [change, key]]) => {
    const keys = { ...whole(), ...change }
    for (const words of [['key', 'list'], ['start'], ['config', 'check']]) {
      const { code, stdout, stderr } = await run(words, keys)
      expect([words, code === 0, `${stdout}${stderr}`.includes(key)]).toEqual([words, false, true])
    }
  })

  it('AR-06 the PIN is shown by no command', async () => {
    const { stdout } = await run(['config', 'dump'])
    expect(stdout).toContain('es-1')
    expect(stdout).not.toContain(pin)
  })
})

const softhsm = (): string => pinned.folder.env.SOFTHSM2_CONF

const basic = ({ client_id: id, client_secret: secret }: Record<string, unknown>): string =>
  `Basic ${Buffer.from(`${String(id)}:${String(secret)}`).toString('base64')}`
