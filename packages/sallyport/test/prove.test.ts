import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { PolicyOptions } from '@sallyport/server'
import type { ProofReport, SignedReport } from '@sallyport/server/prove'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createMetrics } from '../src/metrics.ts'
import { keepProving } from '../src/proving.ts'
import { openStore } from '../src/workplace.ts'
import { createScratch, issuer, prepare, type Installation } from './cli.ts'
import { withDaemonHere } from './daemon-here.ts'
import { startDaemon } from './running-daemon.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder)
})
afterAll(() => {
  scratch.remove()
})

/** A report of another installation of the same issuer, with its own keys. */
async function signedElsewhere(): Promise<string> {
  const other = await prepare(scratch.path('elsewhere'))
  return JSON.stringify(await other.json(['prove', '--short']))
}

describe('sallyport prove', { timeout: 60_000 }, () => {
  it('A-PKCE-19 tells for every door and client that nothing got through', async () => {
    const { code, stdout } = await place.run(['prove'])
    expect(code).toBe(0)
    for (const line of [
      /^authorize GET +spa +\d+\/\d+ +holds$/m,
      /^token +native +\d+\/\d+ +holds$/m,
      /^pushed +agent +\d+\/\d+ +holds$/m,
      /^token +metadata document, none +\d+\/\d+ +holds$/m,
    ])
      expect(stdout).toMatch(line)
    expect(stdout).toMatch(/PKCE is enforced: \d{4} cases hold/)
  })

  it('A-PKCE-19 writes a signed report that this installation recognises, and only as it was made', async () => {
    const file = scratch.path('report.json')
    const { report } = (await place.json(['prove', '--out', file])) as { report: { proven: boolean } }
    expect(report.proven).toBe(true)
    expect(await place.json(['prove', '--verify', file])).toMatchObject({ genuine: true, proven: true })
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('"holds": true', '"holds": false'))
    const altered = await place.run(['prove', '--verify', file])
    expect([altered.code, altered.stdout]).toEqual([3, expect.stringContaining('not to be believed')])
    const other = await prepare(scratch.path('other'))
    writeFileSync(file, text)
    expect((await other.run(['prove', '--verify', file])).code).toBe(3)
  })

  it('A-PKCE-19, A-GOV-03 writes the outcome as the metrics that a running server has', async () => {
    const file = scratch.path('proof.prom')
    expect((await place.run(['prove', '--metrics', file])).code).toBe(0)
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(
      /^# HELP sallyport_pkce_enforcement_proven .+\n# TYPE \S+ gauge\nsallyport_pkce_enforcement_proven 1$/m,
    )
    expect(text).toMatch(/^sallyport_pkce_enforcement_proof_timestamp_seconds \d{10}$/m)
    const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(names).toHaveLength(3)
    const unwritable = await place.run(['prove', '--metrics', scratch.path('no/such/folder/proof.prom')])
    expect([unwritable.code, unwritable.stderr]).toEqual([1, expect.stringContaining('cannot be written')])
  })

  it('A-PKCE-19 shows no last report that this installation did not sign, and says where it looked for one', async () => {
    const answers: (readonly [number, string])[] = [
      [200, await signedElsewhere()],
      [200, '{"report":{},"signature":"x"}'],
      [200, `{"report":{},"signature":"${'x'.repeat(5 * 1024 * 1024)}"}`],
      [200, 'null'],
      [404, '{"status":"not found"}'],
      [503, '{"status":"the first proof is under way"}'],
    ]
    const told = ['not to be believed', 'not to be believed', 'no report', 'no report', 'not found', 'under way']
    const server = createServer((_request, response) => {
      const [status, body] = answers.shift() ?? [500, '']
      response.writeHead(status).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const port = String((server.address() as AddressInfo).port)
    try {
      const outcomes = []
      for (const _ of told) outcomes.push(await place.run(['prove', '--last', '--management-port', port]))
      expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 6])
      for (const [index, words] of told.entries()) expect(outcomes[index]?.stderr).toContain(words)
    } finally {
      server.close()
    }
    const nobody = await place.run(['prove', '--last', '--management-port', port])
    expect([nobody.code, nobody.stderr]).toEqual([5, expect.stringContaining(`http://127.0.0.1:${port}/proof`)])
    expect((await place.run(['prove', '--last', '--short'])).code).toBe(2)
  })

  it('says what is wrong with a file that is no report', async () => {
    const file = scratch.path('no-report.json')
    for (const text of ['', '{', '[]', '{"report":1,"signature":"x"}', 'null']) {
      writeFileSync(file, text)
      const { code, stderr } = await place.run(['prove', '--verify', file])
      expect([text, code]).toEqual([text, 1])
      expect(stderr).toContain('no-report.json')
    }
  })
})

describe('a running server', { timeout: 60_000 }, () => {
  const nothing = (): void => undefined
  const log = { event: nothing, line: nothing, fault: nothing, flush: nothing }
  const rendered = async (metrics: ReturnType<typeof createMetrics>): Promise<string> =>
    String((await metrics.render()).body)

  const plainly = async (report: ProofReport): Promise<SignedReport> => ({ report, signature: 'of the test' })

  /** Proves with a given policy, counts the proofs that ended, and waits for the next. */
  function proves(policy: PolicyOptions, sign = plainly) {
    const metrics = createMetrics()
    const emitted: object[] = []
    let ended = 0
    const set: typeof metrics.set = (name, value) => {
      if (name === 'pkce_enforcement_proven') ended++
      metrics.set(name, value)
    }
    const emit = async (draft: object): Promise<void> => void emitted.push(draft)
    const proving = keepProving({ issuer: 'https://as.test', policy, metrics: { ...metrics, set }, log, emit, sign })
    const until = async (count: number): Promise<void> => {
      while (ended < count) await pause(10)
    }
    return { proving, metrics, emitted, until, ended: () => ended }
  }

  it('A-PKCE-19, A-GOV-03 proves itself in short, then as a whole and every hour, and shows it as a metric', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const { proving, metrics, emitted, until, ended } = proves({})
      proving.begin()
      expect(await rendered(metrics)).not.toMatch(/^sallyport_pkce_enforcement_proven/m)
      expect(proving.last()).toBe('the first proof is under way')
      await until(1)
      expect(await rendered(metrics)).toMatch(/^sallyport_pkce_enforcement_proven 1$/m)
      await until(2)
      vi.advanceTimersByTime(3_599_000)
      await pause(100)
      expect(ended()).toBe(2)
      vi.advanceTimersByTime(1000)
      await until(3)
      expect([proving.holds(), emitted]).toEqual([true, []])
      await proving.stop()
      expect(proving.last()).toMatchObject({ report: { extent: 'whole', proven: true }, signature: 'of the test' })
      vi.advanceTimersByTime(7_200_000)
      await pause(100)
      expect(ended()).toBe(3)
    } finally {
      vi.useRealTimers()
    }
  })

  it('A-PKCE-19 counts a proof that cannot be made as none, says so loudly and stops being ready', async () => {
    const { proving, metrics, emitted, until } = proves({ authorizationCodeLifetime: 1 })
    proving.begin()
    await until(1)
    await proving.stop()
    expect(await rendered(metrics)).toMatch(/^sallyport_pkce_enforcement_proven 0$/m)
    expect(proving.holds()).toBe(false)
    expect(proving.last()).toMatch(/could not be made/)
    expect(emitted[0]).toEqual({ event: 'pkce.enforcement.unproven', severity: 'high', reason: 'failed' })
  })

  it('A-PKCE-19 counts what was proven also where the report could not be signed', async () => {
    const { proving, emitted, until } = proves({}, () => Promise.reject(new Error('no key')))
    proving.begin()
    await until(1)
    while (proving.last() === 'the first proof is under way') await pause(10)
    expect([proving.holds(), emitted]).toEqual([true, []])
    expect(proving.last()).toMatch(/could not be signed/)
    await proving.stop()
  })

  it('A-PKCE-19 ends at once when the server stops, and says nothing of a proof that was cut short', async () => {
    const { proving, emitted, ended } = proves({})
    proving.begin()
    await proving.stop()
    expect([ended(), emitted, proving.holds()]).toEqual([0, [], true])
  })
})

describe('sallyport start', { timeout: 60_000 }, () => {
  it('A-PKCE-19, A-GOV-03 shows at the management port that it is proven, and its keys verify the report', async () => {
    const daemon = await startDaemon(place)
    const scrape = async (): Promise<string> => (await fetch(`${daemon.management}/metrics`)).text()
    try {
      while (!(await scrape()).includes('sallyport_pkce_enforcement_proven 1\n')) await pause(20)
      expect(await scrape()).toMatch(/^sallyport_pkce_enforcement_proof_duration_seconds 0?\.?\d/m)
      const [, at] = /^sallyport_pkce_enforcement_proof_timestamp_seconds (\d+)$/m.exec(await scrape()) ?? []
      expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(60)
      expect((await fetch(`${daemon.management}/health/ready`)).status).toBe(200)
      const newest = async (): Promise<Partial<SignedReport>> =>
        (await (await fetch(`${daemon.management}/proof`)).json()) as Partial<SignedReport>
      while ((await newest()).report?.extent !== 'whole') await pause(20)
      const port = ['--management-port', String(daemon.managementPort)]
      const last = (await place.json(['prove', '--last', ...port])) as SignedReport
      expect(last).toMatchObject(await newest())
      const file = scratch.path('last.json')
      const told = await place.run(['prove', '--last', '--out', file, ...port])
      expect([told.code, told.stdout]).toEqual([
        0,
        expect.stringMatching(/^proven as a whole, 20.+Z\nPKCE is enforced/m),
      ])
      expect(await place.json(['prove', '--verify', file])).toMatchObject({ genuine: true, at: last.report.at })
      const { report, signature } = last
      const jwks = (await (await fetch(`${daemon.url}/oauth2/jwks`)).json()) as JSONWebKeySet
      const { payload, protectedHeader } = await compactVerify(signature, createLocalJWKSet(jwks))
      const claims = JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown>
      const digest = createHash('sha256').update(JSON.stringify(report)).digest('base64url')
      expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'sallyport-proof+jwt' })
      expect(claims).toMatchObject({ iss: issuer, proven: true, report_sha256: digest })
      expect(report.extent).toBe('whole')
    } finally {
      // Also while a proof is under way, a stop is a stop.
      expect(await daemon.stop()).toBe(0)
    }
    expect(daemon.lines().filter(({ level }) => level === 'error')).toEqual([])
  })

  it('A-PKCE-19 answers its first requests while the short proof has not got anywhere', async () => {
    const store = await openStore(place.store)
    await withDaemonHere(place, store, async ({ url, management }) => {
      // Between two cases a proof lets everything else go first, by these; while they are held it stands still.
      vi.useFakeTimers({ toFake: ['setImmediate'] })
      try {
        while (vi.getTimerCount() === 0) await pause(10)
        const discovery = await fetch(`${url}/.well-known/openid-configuration`)
        expect([discovery.status, await discovery.json()]).toEqual([200, expect.objectContaining({ issuer })])
        expect((await fetch(`${url}/oauth2/jwks`)).status).toBe(200)
        expect((await fetch(`${url}/docs/errors/resource`)).status).toBe(200)
        expect((await fetch(`${management}/health/ready`)).status).toBe(200)
        expect(await (await fetch(`${management}/metrics`)).text()).not.toMatch(/^sallyport_pkce_enforcement_proven/m)
        vi.runOnlyPendingTimers()
      } finally {
        vi.useRealTimers()
      }
      const proven = async (): Promise<boolean> =>
        (await (await fetch(`${management}/metrics`)).text()).includes('sallyport_pkce_enforcement_proven 1\n')
      while (!(await proven())) await pause(20)
    })
  })
})
