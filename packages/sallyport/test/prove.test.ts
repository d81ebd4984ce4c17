import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import type { PolicyOptions } from '@sallyport/server'
import type { ProofReport } from '@sallyport/server/prove'
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

  /** Proves with a given policy, counts the proofs that ended, and waits for the next. */
  function proves(policy: PolicyOptions) {
    const metrics = createMetrics()
    const emitted: object[] = []
    let ended = 0
    const set: typeof metrics.set = (name, value) => {
      if (name === 'pkce_enforcement_proven') ended++
      metrics.set(name, value)
    }
    const emit = async (draft: object): Promise<void> => void emitted.push(draft)
    const proving = keepProving({ issuer: 'https://as.test', policy, metrics: { ...metrics, set }, log, emit })
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
    expect(emitted[0]).toEqual({ event: 'pkce.enforcement.unproven', severity: 'high', reason: 'failed' })
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
      const { report, signature } = (await place.json(['prove'])) as { report: ProofReport; signature: string }
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
