import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createScratch, issuer, prepare, run, type Installation, type Outcome } from './cli.ts'

const scratch = createScratch()
let place: Installation
beforeAll(async () => {
  place = await prepare(scratch.folder)
})
afterAll(() => {
  scratch.remove()
})

let files = 0
function withFile(text: string): readonly string[] {
  const path = scratch.path(`config-${files++}.yaml`)
  writeFileSync(path, `version: 1\n${text}`)
  return ['--config', path]
}

const start = (words: readonly string[]): Promise<Outcome> =>
  place.run(['start', '--port', '0', '--management-port', '0', ...words])

/** What a refused start says: one line a fault on stderr, and the event on stdout. */
function expectRefused({ code, stdout, stderr }: Outcome, message: RegExp): void {
  expect(stderr).toMatch(message)
  expect(code).toBe(78)
  expect(JSON.parse(stdout)).toMatchObject({ level: 'error', event: 'lifecycle.config_refused' })
}

describe('start refuses', () => {
  it('A-GEN-01 an issuer without TLS outside this machine', async () => {
    const outcome = await run(['migrate', '--issuer', 'http://as.example', '--data', scratch.path('as')])
    expect(outcome.code).toBe(78)
    expect(outcome.stderr).toContain('plain http')
  })

  it('A-GEN-01 an issuer without TLS, before it looks for the store', async () => {
    const words = ['start', '--issuer', 'http://id.example.com', '--data', scratch.path('nowhere')]
    expectRefused(await run(words), /issuer .*http:\/\/id\.example\.com is plain http; use https/)
  })

  it('A-GOV-07 an unknown key, with the nearest one', async () => {
    expectRefused(
      await start(withFile('http:\n  prot: 1\n')),
      /http\.prot .*is not a setting; did you mean http\.port\?/,
    )
  })

  it('A-TOK-15 a bound exceeded', async () => {
    expectRefused(
      await start(withFile('policy:\n  accessTokenLifetime: 2h\n')),
      /accessTokenLifetime .*above the ceiling; use at most 1h/,
    )
  })

  it('A-GEN-07 a secret that is too short', async () => {
    const refused = await start(withFile('masterKey: c2VjcmV0LWNhbmFyeQ==\n'))
    expectRefused(refused, /masterKey .*instead of 32; use 32 random bytes/)
    expect(refused.stderr + refused.stdout).not.toContain('c2VjcmV0')
  })

  it('A-BCP-04, HH-10 plain http that other machines could reach', async () => {
    expectRefused(await start(['--host', '0.0.0.0']), /http\.host .*other machines; .*trustedProxies/)
    expectRefused(await start(['--host', '::']), /http\.host/)
  })

  it('an issuer that is not the one of the store', async () => {
    expectRefused(await start(['--issuer', 'https://id.example.com']), new RegExp(`belongs to ${issuer}`))
  })

  it('A-GOV-07 where alerts would go in the open, or unsigned, and an issuer, with file and line', async () => {
    const alerts = (await start(withFile('alerts:\n  webhook: http://soc.test/hook\n'))).stderr
    expect(alerts).toMatch(/alerts\.webhook \(\S+\.yaml:\d+\): is no https URL/)
    expect(alerts).toMatch(/alerts\.secret \(\S+\.yaml:\d+\): has fewer than 32/)
    const weak = withFile('issuer: http://id.example.com\nalerts:\n  webhook: https://soc.test/\n  secret: short\n')
    const { stderr } = await start(weak)
    expect(stderr).toMatch(/issuer \(\S+\.yaml:\d+\): the issuer http:\/\/id\.example\.com is plain http/)
    expect(stderr).toMatch(/alerts\.secret \(\S+\.yaml:\d+\): has fewer than 32/)
    const variable = { env: { SALLYPORT_ALERTS__WEBHOOK: 'https://soc.test/' } }
    expect((await place.run(['start', '--port', '0', '--management-port', '0'], variable)).stderr).toMatch(
      /alerts\.secret \(SALLYPORT_ALERTS__WEBHOOK\)/,
    )
  })

  it('more than one fault, one line each', async () => {
    const { stderr } = await start(withFile('http:\n  prot: 1\nlog:\n  level: loud\npolicy:\n  sessionIdle: 90d\n'))
    expect(stderr.trim().split('\n')).toHaveLength(4)
  })

  it('a store of a kind it does not have', async () => {
    const { code, stderr } = await run(['client', 'list', '--store', 'postgres://db/x'])
    expect(code).toBe(78)
    expect(stderr).toContain('sqlite:PATH')
  })
})

describe('config check', () => {
  const check = (text: string): Promise<Outcome> =>
    run(['config', 'check', '--json', '--data', scratch.path('no'), ...withFile(text)])
  const keys = ({ stdout }: Outcome): string[] =>
    (JSON.parse(stdout) as { findings: { key: string }[] }).findings.map(({ key }) => key)

  it.each([
    ['an issuer without TLS, and so without HSTS', 'issuer: http://localhost:7636\n', 'issuer', 'issuer'],
    ['an issuer that no one may have', 'issuer: http://id.example.com\n', 'issuer'],
    ['weak bounds', 'issuer: https://id.example.com\npolicy:\n  refreshRetryGrace: 10m\n', 'policy.refreshRetryGrace'],
    ['a public listener without TLS', 'issuer: https://id.example.com\nhttp:\n  host: 0.0.0.0\n', 'http.host'],
    ['metrics for everybody', 'issuer: https://id.example.com\nmanagement:\n  host: 0.0.0.0\n', 'management.host'],
  ])('A-GOV-07 finds %s and ends with 3', async (_, text, ...expected) => {
    const outcome = await check(text)
    expect(keys(outcome)).toEqual(expected)
    expect(outcome.code).toBe(3)
  })

  it('A-GOV-07 says what is only for development, which fails nothing where the issuer of the store is', async () => {
    const redirectUri = 'http://127.0.0.1:9/callback'
    await place.json(['client', 'create', '--type', 'web', '--name', 'App', '--redirect-uri', redirectUri])
    const outcome = await place.run(['config', 'check', '--json'])
    type Told = { rule: string; severity: string; origin: string; problem: string }
    const told = (JSON.parse(outcome.stdout) as { findings: Told[] }).findings
    expect(told.map(({ rule, severity, origin }) => [rule, severity, origin])).toEqual([
      ['issuer-development', 'note', 'the store'],
      ['client-development', 'note', 'App'],
    ])
    for (const { problem } of told) expect(problem).toContain('only for development')
    expect(told[1]?.problem).toContain(redirectUri)
    expect(outcome.code).toBe(0)
    // For production the same client is an error.
    const production = await place.run(['config', 'check', '--json', '--issuer', 'https://id.example.com'])
    expect(production.stdout).toContain('redirect-uri-not-exact')
    expect(production.code).toBe(3)
  })

  it('A-GOV-07 ends with 78 for a file that cannot be loaded', async () => {
    expect((await check('issuer: [\n')).code).toBe(78)
    expect((await check('isuer: https://id.example.com\n')).code).toBe(78)
  })

  it('A-GOV-07 lists every fault that start lists', async () => {
    const file = withFile(
      'htpp:\n  port: 1\nhttp:\n  host: 0.0.0.0\npolicy:\n  sessionIdle: 90d\n  accessTokenLifetime: 2h\n',
    )
    const [checked, started] = await Promise.all([run(['config', 'check', ...file]), start(file)])
    const faults = ({ stderr }: Outcome): string[] => stderr.trim().split('\n').slice(1)
    expect(faults(checked)).toHaveLength(4)
    expect(faults(checked)).toEqual(faults(started))
    expect(checked.code).toBe(78)
  })

  it('ends with 0 when there is nothing to find', async () => {
    const outcome = await check(
      'issuer: https://id.example.com\nhttp:\n  host: 0.0.0.0\n  trustedProxies: [10.0.0.0/8]\n',
    )
    expect([keys(outcome), outcome.code]).toEqual([[], 0])
  })
})

describe('config dump and schema', () => {
  const key = Buffer.alloc(32, 7).toString('base64')

  it('A-LOG-02 masks secrets and says where each value came from', async () => {
    const { stdout } = await run(['config', 'dump', '--origin'], {
      env: { SALLYPORT_MASTER_KEY: key, SALLYPORT_LOG__LEVEL: 'debug' },
      cwd: scratch.folder,
    })
    expect(stdout).toContain('masterKey: "********" # SALLYPORT_MASTER_KEY')
    expect(stdout).toContain('level: "debug" # SALLYPORT_LOG__LEVEL')
    expect(stdout).toContain('port: 7636 # default')
    expect(stdout).not.toContain(key)
  })

  it('writes what it can read again', async () => {
    const dumped = await run(['config', 'dump'], { cwd: scratch.folder })
    const path = scratch.path('dumped.yaml')
    writeFileSync(path, dumped.stdout)
    const again = await run(['config', 'dump', '--config', path], { cwd: scratch.folder })
    expect(again.stdout).toBe(dumped.stdout)
  })

  it('prints a JSON Schema', async () => {
    const { code, stdout } = await run(['config', 'schema'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', required: ['version'] })
  })
})
