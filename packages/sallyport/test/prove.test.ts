import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMetrics } from '../src/metrics.ts'
import { keepProving } from '../src/proving.ts'
import { createScratch, prepare, type Installation } from './cli.ts'

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

  it('A-PKCE-19, A-GOV-03 proves itself at the start and shows it as a metric', async () => {
    const metrics = createMetrics()
    const emitted: string[] = []
    const emit = async ({ event }: { event: string }): Promise<void> => void emitted.push(event)
    const proving = keepProving({ issuer: 'https://as.test', policy: {}, metrics, log, emit })
    await proving.stop()
    expect(await rendered(metrics)).toMatch(/^sallyport_pkce_enforcement_proven 1$/m)
    expect([proving.holds(), emitted]).toEqual([true, []])
  })

  it('A-PKCE-19 counts a proof that cannot be made as none, says so loudly and stops being ready', async () => {
    const metrics = createMetrics()
    const emitted: object[] = []
    const emit = async (draft: object): Promise<void> => void emitted.push(draft)
    const policy = { authorizationCodeLifetime: 1 }
    const proving = keepProving({ issuer: 'https://as.test', policy, metrics, log, emit })
    await proving.stop()
    expect(await rendered(metrics)).toMatch(/^sallyport_pkce_enforcement_proven 0$/m)
    expect(proving.holds()).toBe(false)
    expect(emitted).toEqual([{ event: 'pkce.enforcement.unproven', severity: 'high', reason: 'failed' }])
  })
})
