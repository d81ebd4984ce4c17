import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { declaredClientId } from '../src/config/declared-ids.ts'
import { createScratch, freePort, installationIn, run, type Installation } from './cli.ts'
import { startDaemon, type RunningDaemon } from './running-daemon.ts'

// Each test runs many commands, one process each.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scratch = createScratch()
let place: Installation
let daemon: RunningDaemon
let origin: string
beforeAll(async () => {
  place = installationIn(scratch.folder)
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  await place.json(['migrate', '--issuer', origin])
  daemon = await startDaemon(place, ['--port', String(port)])
})
afterAll(async () => {
  await daemon.stop()
  scratch.remove()
})

let files = 0
function fileWith(content: unknown): string {
  const path = scratch.path(`keys-${files++}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const byKey = [
  '--type',
  'service',
  '--name',
  'Machine',
  '--scope',
  'jobs',
  '--authentication-method',
  'private_key_jwt',
]
const create = (...more: readonly string[]): Promise<Record<string, unknown>> =>
  place.json(['client', 'create', ...byKey, ...more])

async function newKey(algorithm: string): Promise<{ readonly key: string; readonly jwks: string }> {
  const key = scratch.path(`private-${files++}.json`)
  const { code, stdout, stderr } = await run(['client', 'new-key', '--out', key, '--algorithm', algorithm])
  expect([code, stderr]).toEqual([0, expect.stringContaining('private key')])
  return { key, jwks: fileWith(stdout) }
}

const m2m = (id: unknown, key: string) =>
  run(['flow', 'm2m', '--issuer', origin, '--client-id', String(id), '--key', key, '--scope', 'jobs', '--json'])

describe('client new-key', () => {
  it('AD-07 keeps the private half in a file nobody else can read, and never over another one', async () => {
    const { key, jwks } = await newKey('ES256')
    expect(statSync(key).mode & 0o777).toBe(0o600)
    const [shown] = (JSON.parse(readFileSync(jwks, 'utf8')) as { keys: Record<string, unknown>[] }).keys
    const held = JSON.parse(readFileSync(key, 'utf8')) as Record<string, unknown>
    expect(shown).not.toHaveProperty('d')
    expect(held).toEqual({ ...shown, d: expect.any(String) as string })
    const again = await run(['client', 'new-key', '--out', key])
    expect([again.code, again.stdout]).toEqual([2, ''])
    expect(JSON.parse(readFileSync(key, 'utf8'))).toEqual(held)
    expect((await run(['client', 'new-key', '--out', `${key}.x`, '--algorithm', 'HS256'])).code).toBe(2)
  })
})

/** A server in another process looks again within a second; asking all the time would meet the limit of failures. */
const patience = { timeout: 10_000, interval: 600 }

describe('clients with keys', () => {
  it.each(['ES256', 'Ed25519', 'PS256'])('B-CA-06 register with %s, get no secret, and get a token', async (alg) => {
    const { key, jwks } = await newKey(alg)
    const made = await create('--jwks', jwks)
    expect(made).not.toHaveProperty('client_secret')
    expect(made).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      assertion_audience: 'issuer',
      secrets: [],
      jwks: { keys: [{ alg, kid: expect.any(String) as string }] },
    })
    const { code, stdout } = await m2m(made['client_id'], key)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ access_token_claims: { client_id: made['client_id'], scope: 'jobs' } })
  })

  it('B-JWK-08 take a key as PEM and as a JWK, and show which keys they have', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = fileWith(String(publicKey.export({ format: 'pem', type: 'spki' })))
    const secret = fileWith(String(privateKey.export({ format: 'pem', type: 'pkcs8' })))
    const made = await create('--jwks', pem)
    expect((await m2m(made['client_id'], secret)).code).toBe(0)
    const [{ kid } = { kid: '' }] = (made['jwks'] as { keys: { kid: string }[] }).keys
    expect((await place.run(['client', 'get', String(made['client_id'])])).stdout).toContain(
      `key             EC ${kid}`,
    )
    const jwk = fileWith({ ...publicKey.export({ format: 'jwk' }), kid: 'mine' })
    expect(await create('--jwks', jwk)).toMatchObject({ jwks: { keys: [{ kid: 'mine' }] } })
  })

  it('B-JAR-08 are held to signed requests of one algorithm, until that is taken back', async () => {
    const { jwks } = await newKey('ES256')
    const app = ['client', 'create', '--type', 'web', '--name', 'App', '--redirect-uri', 'https://app.example/cb']
    const signs = ['--require-signed-requests', '--request-object-algorithm', 'ES256']
    const made = await place.json([...app, '--jwks', jwks, ...signs])
    expect(made).toMatchObject({ require_signed_request_object: true, request_object_signing_alg: 'ES256' })
    const update = ['client', 'update', String(made['client_id'])]
    expect(await place.json([...update, '--name', 'Other'])).toMatchObject({ require_signed_request_object: true })
    const free = await place.json([...update, '--no-require-signed-requests'])
    expect(free).toMatchObject({ require_signed_request_object: false, request_object_signing_alg: 'ES256' })
    const keyless = await place.run([...app, ...signs])
    expect([keyless.code, keyless.stderr]).toEqual([2, expect.stringContaining('needs jwks or jwksUri')])
  })

  it('B-JWK-08 refuse private keys, weak keys, two places, none, and what is no key', async () => {
    const { key, jwks } = await newKey('ES256')
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = fileWith(String(privateKey.export({ format: 'pem', type: 'pkcs8' })))
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['--jwks', key], '--jwks: has a private or symmetric key'],
      [['--jwks', pem], 'holds a private key'],
      [['--jwks', fileWith({ keys: [weak.export({ format: 'jwk' })] })], '--jwks: has an RSA key of 1024 bits'],
      [['--jwks', jwks, '--jwks-uri', 'https://a.example/jwks'], '--jwks-uri: and jwks exclude each other'],
      [['--jwks-uri', 'http://a.example/jwks'], '--jwks-uri: must be an https URL'],
      [['--jwks', fileWith('neither')], 'is neither JSON nor PEM'],
      [['--jwks', fileWith({ keys: 7 })], 'is no JWK set'],
      [['--jwks', scratch.path('absent')], 'cannot be read'],
      [['--jwks', jwks, '--authentication-algorithm', 'PS256'], 'has no key that signatures with PS256'],
      [['--jwks', jwks, '--assertion-audience', 'all'], '--assertion-audience: must be issuer or interop'],
      [[], '--authentication-method: private_key_jwt needs jwks or jwksUri'],
    ]
    for (const [more, words] of cases) {
      const { code, stderr } = await place.run(['client', 'create', ...byKey, ...more])
      expect([code, stderr]).toEqual([2, expect.stringContaining(words)])
    }
  })

  it('A-TOK-10 replace a secret by a key, and a key by another, which ends the one before', async () => {
    const [first, second] = [await newKey('ES256'), await newKey('Ed25519')]
    const made = await place.json(['client', 'create', '--type', 'service', '--name', 'Machine', '--scope', 'jobs'])
    const id = String(made['client_id'])
    const change = (...words: readonly string[]) => place.json(['client', 'update', id, ...words])
    await change('--authentication-method', 'private_key_jwt', '--jwks', first.jwks)
    const words = ['flow', 'm2m', '--issuer', origin, '--client-id', id, '--client-secret-stdin']
    await vi.waitFor(async () => expect((await m2m(id, first.key)).code).toBe(0), patience)
    expect((await run(words, { input: String(made['client_secret']) })).code).toBe(4)
    await change('--jwks', second.jwks)
    await vi.waitFor(async () => expect((await m2m(id, second.key)).code).toBe(0), patience)
    const refused = await m2m(id, first.key)
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('client authentication failed')])
    const rotated = await place.run(['client', 'rotate-secret', id])
    expect([rotated.code, rotated.stderr]).toEqual([2, expect.stringContaining('authenticates with a key')])
    const back = await place.run(['client', 'update', id, '--authentication-method', 'client_secret_basic'])
    expect(back.code).toBe(2)
  })

  it('B-CA-01 the flow takes a key or a secret, and a file with a key in it', async () => {
    const words = ['flow', 'm2m', '--issuer', origin, '--client-id', 'client_x']
    expect((await run([...words, '--key', fileWith('x'), '--client-secret-stdin'], { input: 'x' })).code).toBe(2)
    expect((await run([...words, '--key', fileWith('x')])).code).toBe(2)
    const { jwks } = await newKey('ES256')
    expect((await run([...words, '--key', jwks])).stderr).toContain('holds no private key')
  })
})

describe('declared clients with keys', () => {
  const file = scratch.path('sallyport.yaml')
  const declare = (client: object): void => {
    writeFileSync(file, JSON.stringify({ version: 1, issuer: origin, clients: { machine: client } }))
  }
  const config = (verb: string, ...words: readonly string[]) => place.run(['config', verb, '--config', file, ...words])

  it('A-GOV-07 are made, changed and dumped from the file, and the file is found right or wrong', async () => {
    const [one, two] = [await newKey('ES256'), await newKey('Ed25519')]
    const keys = (jwks: string): unknown => JSON.parse(readFileSync(jwks, 'utf8'))
    const machine = { type: 'service', name: 'Machine', scope: 'jobs', authenticationMethod: 'private_key_jwt' }
    declare({ ...machine, jwks: keys(one.jwks) })
    expect((await config('apply')).code).toBe(0)
    expect((await m2m(declaredClientId('machine'), one.key)).code).toBe(0)
    expect((await config('diff')).code).toBe(0)
    expect((await config('dump', '--declarations')).stdout).toContain('jwks')

    declare({ ...machine, jwks: keys(two.jwks) })
    const drift = await config('diff', '--json')
    expect([drift.code, drift.stdout]).toEqual([3, expect.stringContaining('"member":"jwks"')])
    expect((await config('apply')).code).toBe(0)
    await vi.waitFor(async () => expect((await m2m(declaredClientId('machine'), two.key)).code).toBe(0), patience)
    const refused = await place.run(['client', 'update', declaredClientId('machine'), '--jwks', one.jwks])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('jwks')])

    declare({ ...machine, jwks: { keys: [] } })
    expect((await config('check')).stdout).toContain('jwks')
    declare({ ...machine, jwks: 'keys.json' })
    expect((await config('check')).code).not.toBe(0)
  })

  it('A-GOV-07 the schema knows them', () => {
    const schema = execFileSync(process.execPath, [
      new URL('../bin/sallyport.mjs', import.meta.url).pathname,
      'config',
      'schema',
    ]).toString()
    for (const member of ['jwks', 'jwksUri', 'authenticationAlgorithm', 'assertionAudience'])
      expect(schema).toContain(`"${member}"`)
  })
})
