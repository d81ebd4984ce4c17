import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { floor, type PolicyNumber } from '@sallyport/protocol'
import { createPolicy } from '@sallyport/server'
import { afterAll, describe, expect, it } from 'vitest'
import { configSchema } from '../src/config/json-schema.ts'
import { flagLayer, type ConfigFault } from '../src/config/layers.ts'
import { configOf, loadSettings, type Config, type Loaded } from '../src/config/load.ts'
import { pkceExceptions, settings, variableOf } from '../src/config/settings.ts'
import { parseDuration, parseSize, writeDuration, writeSize } from '../src/config/units.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-settings-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

let files = 0
function fileWith(text: string, extension = 'yaml'): string {
  const path = join(folder, `config-${files++}.${extension}`)
  writeFileSync(path, text)
  return path
}

type Given = {
  readonly yaml?: string | readonly string[]
  readonly env?: Record<string, string>
  readonly port?: string
}

function load({ yaml, env = {}, port }: Given): Promise<Loaded> {
  const texts = yaml === undefined ? [] : typeof yaml === 'string' ? [yaml] : yaml
  return loadSettings({
    flags: flagLayer({ 'http.port': { flag: '--port', value: port } }),
    files: texts.map((text) => fileWith(text)),
    profile: undefined,
    environment: env,
  })
}

async function config(given: Given): Promise<Config> {
  const { resolved, faults } = await load(given)
  expect(faults).toEqual([])
  return configOf(resolved)
}

async function onlyFault(given: Given): Promise<ConfigFault> {
  const { faults } = await load(given)
  expect(faults).toHaveLength(1)
  return faults[0] as ConfigFault
}

describe('where settings come from', () => {
  const yaml = 'version: 1\nhttp:\n  port: 1001\n'

  it('takes a flag before a variable before a file before the default', async () => {
    expect((await config({})).http.port).toBe(7636)
    expect((await config({ yaml })).http.port).toBe(1001)
    expect((await config({ yaml, env: { SALLYPORT_HTTP__PORT: '1002' } })).http.port).toBe(1002)
    expect((await config({ yaml, env: { SALLYPORT_HTTP__PORT: '1002' }, port: '1003' })).http.port).toBe(1003)
  })

  it('lets a later file win setting by setting', async () => {
    const both = await config({ yaml: [`${yaml}log:\n  level: debug\n`, 'version: 1\nhttp:\n  port: 1004\n'] })
    expect([both.http.port, both.log.level]).toEqual([1004, 'debug'])
  })

  it('honours PORT and DATABASE_URL where no variable of ours is set', async () => {
    const env = { PORT: '8080', DATABASE_URL: 'sqlite:/srv/store.db' }
    const found = await config({ env })
    expect([found.http.port, found.storePath]).toEqual([8080, '/srv/store.db'])
    expect((await config({ env: { ...env, SALLYPORT_HTTP__PORT: '9090' } })).http.port).toBe(9090)
  })

  it('reads a value from a file that a variable names', async () => {
    const path = fileWith('https://id.example.com\n', 'txt')
    expect((await config({ env: { SALLYPORT_ISSUER_FILE: path } })).issuer).toBe('https://id.example.com')
    const both = await onlyFault({ env: { SALLYPORT_ISSUER_FILE: path, SALLYPORT_ISSUER: 'https://x.example' } })
    expect(both.problem).toContain('both set')
  })

  it('fills in variables and files in texts, and nothing else', async () => {
    const path = fileWith('id.example.com\n', 'txt')
    const text = `version: 1\nissuer: https://\${file:${path}}/\${env:TENANT}\n`
    expect((await config({ yaml: text, env: { TENANT: 'one' } })).issuer).toBe('https://id.example.com/one')
    expect((await onlyFault({ yaml: text })).problem).toContain('TENANT is not set')
    expect((await onlyFault({ yaml: 'version: 1\nissuer: ${exec:id}\n' })).problem).toContain('exec is no source')
  })

  it('reads JSON as well', async () => {
    expect((await config({ yaml: '{"version": 1, "http": {"port": 1005}}' })).http.port).toBe(1005)
  })

  it('puts the store into the data folder unless told otherwise', async () => {
    expect((await config({ yaml: 'version: 1\ndata: /srv/data\n' })).storePath).toBe('/srv/data/sallyport.db')
    expect((await config({ yaml: 'version: 1\nstore: sqlite:///srv/other.db\n' })).storePath).toBe('/srv/other.db')
  })
})

describe('faults', () => {
  it.each([
    ['A-GOV-07 an unknown key', 'version: 1\nhttp:\n  prot: 1\n', 'http.prot', 'did you mean http.port?'],
    ['A-GOV-07 an unknown section', 'version: 1\nhtpp:\n  port: 1\n', 'htpp', 'did you mean http?'],
    ['A-GOV-07 another unknown section', 'version: 1\npolcy:\n  sessionIdle: 1h\n', 'polcy', 'did you mean policy?'],
    ['A-GOV-07 a key in the wrong place', 'version: 1\nport: 1\n', 'port', 'did you mean http.port?'],
    [
      'A-PKCE-15 a key that would weaken PKCE',
      'version: 1\npolicy:\n  requirePkce: false\n',
      'policy.requirePkce',
      'remove it',
    ],
    ['A-PKCE-15 a method for PKCE', 'version: 1\npkceMethods: [plain]\n', 'pkceMethods', 'remove it'],
    ['a value of the wrong kind', 'version: 1\nhttp:\n  port: many\n', 'http.port', 'use a number'],
    [
      'HH-02 a proxy that is no address',
      'version: 1\nhttp:\n  trustedProxies: [proxy.example]\n',
      'http.trustedProxies',
      'write 10.0.0.7',
    ],
    ['a level that does not exist', 'version: 1\nlog:\n  level: loud\n', 'log.level', 'choose one of them'],
    ['a missing value', 'version: 1\nissuer:\n', 'issuer', 'give it one'],
    ['a missing version', 'issuer: https://id.example.com\n', 'version', 'version: 1'],
    ['a later version', 'version: 2\n', 'version', 'write version: 1'],
    ['a file that is no YAML', 'version: 1\n  issuer: [\n', 'syntax', 'mend the line'],
    [
      'A-GEN-07 a master key that is too short',
      'version: 1\nmasterKey: c2hvcnQ=\n',
      'masterKey',
      'use 32 random bytes',
    ],
    [
      'a measure without its unit',
      'version: 1\npolicy:\n  accessTokenLifetime: 5 minutes\n',
      'policy.accessTokenLifetime',
      'write it like 1m',
    ],
  ])('%s is told with its place and the fix', async (_, yaml, key, fix) => {
    const { faults } = await load({ yaml })
    const fault = faults.find((one) => one.key === key)
    expect(fault?.fix).toContain(fix)
    expect(fault?.kind).toBe('broken')
    expect(fault?.origin).toMatch(/config-\d+\.yaml/)
  })

  it('names the line', async () => {
    expect((await onlyFault({ yaml: 'version: 1\n\nhttp:\n  prot: 1\n' })).origin).toMatch(/:4$/)
  })

  it('objects to variables with our prefix that mean nothing', async () => {
    const fault = await onlyFault({ env: { SALLYPORT_HTTP__PROT: '1' } })
    expect(fault.fix).toBe('did you mean SALLYPORT_HTTP__PORT?')
  })

  it.each(Object.keys(floor) as PolicyNumber[])('A-TOK-15 holds policy.%s between its bounds', async (name) => {
    const { min, max } = floor[name]
    const text = (value: number): string => `version: 1\npolicy:\n  ${name}: ${value}\n`
    for (const value of [min, max]) {
      const { policy } = await config({ yaml: text(value) })
      expect(createPolicy(policy)[name]).toBe(value)
    }
    for (const value of [min - 1, max + 1].filter((one) => one >= 0))
      expect(await onlyFault({ yaml: text(value) })).toMatchObject({ key: `policy.${name}`, kind: 'weak' })
  })
})

describe('units', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['30d', 2_592_000],
  ])('reads %s as a duration', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
    expect(parseDuration(writeDuration(seconds))).toBe(seconds)
  })

  it.each([
    ['65536', 65_536],
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['10kB', 10_000],
  ])('reads %s as a size', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
    expect(parseSize(writeSize(bytes))).toBe(bytes)
  })

  it.each(['', '-1', '1.5h', '10 m', 'm', '5x', 'NaN', 'constructor', '1__proto__'])('reads nothing in %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
    expect(parseSize(text)).toBeUndefined()
  })
})

describe('the JSON Schema', () => {
  it('has every setting, and nothing beside them', () => {
    const schema = configSchema() as {
      properties: Record<string, { properties?: object }>
      additionalProperties: boolean
    }
    expect(schema.additionalProperties).toBe(false)
    for (const { key } of settings) {
      const [first = '', second] = key.split('.')
      const found = second === undefined ? schema.properties[first] : schema.properties[first]?.properties
      expect(second === undefined ? found : (found as Record<string, unknown>)[second], key).toBeDefined()
    }
  })

  it('A-PKCE-15 has nothing that could weaken PKCE', () => {
    // The one word about PKCE says whether dated exceptions can be made (A-GOV-01), and has no wider value.
    expect(pkceExceptions.kind.schema).toEqual({ enum: ['forbidden', 'dated'] })
    expect(pkceExceptions.fallback).toBe('forbidden')
    const others = settings.filter(({ key }) => key !== pkceExceptions.key)
    expect(JSON.stringify(others.map(({ key, about, kind }) => [key, about, kind.schema]))).not.toMatch(
      /pkce|plain|code_challenge/i,
    )
  })

  it('gives every setting a variable of its own', () => {
    const names = settings.map(({ key }) => variableOf(key))
    expect(new Set(names).size).toBe(names.length)
    expect(variableOf('http.trustedProxies')).toBe('SALLYPORT_HTTP__TRUSTED_PROXIES')
  })
})

describe('grants of clients that register themselves', () => {
  it('A-DCR-02 come out as the server is told them, from a file and from the environment', async () => {
    const standard = ['authorization_code', 'refresh_token']
    expect((await config({})).registration.grantTypes).toEqual(standard)
    const yaml = 'version: 1\nregistration:\n  grants: [authorization_code]\n'
    expect((await config({ yaml })).registration.grantTypes).toEqual(['authorization_code'])
    const env = { SALLYPORT_REGISTRATION__GRANTS: 'refresh_token,authorization_code' }
    expect((await config({ env })).registration.grantTypes).toEqual(standard)
  })

  it.each(['[]', '[refresh_token]', '[authorization_code, client_credentials]', '[authorization_code, implicit]'])(
    'A-DCR-02, DC-09 are refused as %s',
    async (grants) => {
      const fault = await onlyFault({ yaml: `version: 1\nregistration:\n  grants: ${grants}\n` })
      expect(fault).toMatchObject({ key: 'registration.grants' })
      expect(fault.fix).toContain('authorization_code')
    },
  )
})
