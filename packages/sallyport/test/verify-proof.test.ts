import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { SqliteStore } from '@sallyport/store-sqlite'
import { signReport, type ProofReport } from '@sallyport/server/prove'
import { seconds, systemRandom } from '@sallyport/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMasterKey } from '../src/master-key.ts'
import { openStore } from '../src/workplace.ts'
import { createScratch, environment, prepare, type Outcome } from './cli.ts'

const script = fileURLToPath(new URL('../../../docs/ci/verify-proof.mjs', import.meta.url))
const scratch = createScratch()
let store: SqliteStore
let masterKey: Uint8Array
let server: Server
let issuer = ''

/** The store of an installation, and the key that its signing keys are sealed with. */
async function installed(name: string) {
  const folder = scratch.path(name)
  mkdirSync(folder)
  const place = await prepare(folder)
  return { store: await openStore(place.store), masterKey: readMasterKey(place.data, undefined) }
}

beforeAll(async () => {
  ;({ store, masterKey } = await installed('own'))
  server = createServer((request, response) => {
    const answer = async (): Promise<object> =>
      request.url === '/jwks'
        ? { keys: (await store.listSigningKeys()).map(({ publicJwk }) => publicJwk) }
        : { issuer, jwks_uri: `${issuer}/jwks` }
    void answer().then((body) => response.end(JSON.stringify(body)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await store.close()
  scratch.remove()
})

const run = (...words: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...words], { env: environment() })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })

// The keys are made after this file is loaded.
const now = seconds(Date.now() / 1000 + 10)
const reportOf = (more: Partial<ProofReport> = {}): ProofReport => ({
  ...{ version: 1, extent: 'whole', issuer, at: now, milliseconds: 5, proven: true, failed: 0, requests: 2 },
  policy: { accessTokenLifetime: 300 },
  cases: [
    {
      ...{ requirement: 'A-PKCE-01', entry: 'authorize GET', client: 'spa', title: 'no challenge' },
      ...{ expected: 'invalid_request', seen: 'invalid_request', holds: true },
    },
  ],
  ...more,
})

let files = 0
/** Writes a report as `sallyport prove --out` does. */
async function written(report: ProofReport, change: (text: string) => string = (text) => text): Promise<string> {
  const signed = await signReport(report, { store, masterKey, random: systemRandom(), now })
  const path = scratch.path(`proof-${files++}.json`)
  writeFileSync(path, change(`${JSON.stringify(signed, undefined, 2)}\n`))
  return path
}

describe('the recipe that verifies a proof elsewhere', () => {
  it('A-PKCE-19 believes a report by the published keys of its issuer alone', async () => {
    expect(await run(await written(reportOf()), issuer)).toEqual({
      code: 0,
      stdout: 'genuine: 1 cases hold\n',
      stderr: '',
    })
  })

  it('A-PKCE-19 ends with 3 for a genuine report of something that does not hold', async () => {
    const [one] = reportOf().cases
    const cases = one === undefined ? [] : [{ ...one, seen: 'a code', holds: false }]
    const outcome = await run(await written(reportOf({ proven: false, failed: 1, cases })), issuer)
    expect([outcome.code, outcome.stdout]).toEqual([3, 'genuine: 1 cases do not hold\n'])
  })

  it.each<[string, () => Promise<string>, string]>([
    ['that was altered', () => written(reportOf(), (text) => text.replace('no challenge', 'a challenge')), 'altered'],
    [
      'whose verdict was altered',
      () => written(reportOf({ proven: false }), (text) => text.replace('"proven": false', '"proven": true')),
      'altered',
    ],
    ['of another issuer', () => written(reportOf({ issuer: 'https://other.example' })), 'another issuer'],
    ['that is old', () => written(reportOf({ at: seconds(now - 25 * 3600) })), 'it was made'],
    [
      'with another signature',
      () => written(reportOf(), (text) => text.replace(/(\.[\w-]+\.)[\w-]{6}/, '$1AAAAAA')),
      'does not fit',
    ],
    [
      'that is signed as a token',
      () => written(reportOf(), (text) => text.replace(/"signature": "[^.]+/, `"signature": "${head('at+jwt')}`)),
      'signed as something else',
    ],
    [
      'that is not signed',
      () =>
        written(reportOf(), (text) => text.replace(/"signature": "[^"]+/, `"signature": "${head('x', 'none')}.e30.`)),
      'signed as something else',
    ],
    ['that is none', () => written(reportOf(), () => '{}'), 'not to be believed'],
  ])('A-PKCE-19 does not believe a report %s', async (_what, file, told) => {
    const { code, stdout, stderr } = await run(await file(), issuer)
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout).toContain(told)
  })

  it('A-PKCE-19 does not believe a report by keys that the issuer does not publish', async () => {
    const other = await installed('other')
    const path = scratch.path('strange.json')
    writeFileSync(path, JSON.stringify(await signReport(reportOf(), { ...other, random: systemRandom(), now })))
    await other.store.close()
    expect((await run(path, issuer)).stdout).toContain('its key is not published')
  })

  it('A-PKCE-19 believes nothing while the issuer cannot be asked', async () => {
    const outcome = await run(await written(reportOf()), 'http://127.0.0.1:1')
    expect([outcome.code, outcome.stdout]).toEqual([1, expect.stringContaining('not to be believed')])
  })
})

const head = (typ: string, alg = 'ES256'): string =>
  Buffer.from(JSON.stringify({ alg, typ, kid: 'x' })).toString('base64url')
