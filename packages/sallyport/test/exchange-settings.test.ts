import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { flagLayer } from '../src/config/layers.ts'
import { declaredClientId } from '../src/config/declared-ids.ts'
import { configOf, loadSettings, type Loaded } from '../src/config/load.ts'
import { createScratch, run, type Outcome } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

let files = 0
function load(text: string, environment: Record<string, string> = {}): Promise<Loaded> {
  const path = scratch.path(`settings-${files++}.yaml`)
  writeFileSync(path, `version: 1\n${text}`)
  return loadSettings({ flags: flagLayer({}), files: [path], profile: undefined, environment })
}

const trust = (more: string): string => `assertions:
  issuers:
    - issuer: https://idp.example
      jwksUri: https://idp.example/jwks
      clients: [report]
      people: { employee-7: user_alice }
${more}`

describe('issuers whose assertions count, in a file', () => {
  it('B-JB-01 are read with the clients as they are declared, from a file and from the environment alike', async () => {
    const { resolved, faults } = await load(trust('      scope: [reports]\n'))
    expect(faults).toEqual([])
    const [entry] = configOf(resolved).exchange.trustedIssuers
    const expected = {
      clients: [declaredClientId('report')],
      scope: ['reports'],
      people: { 'employee-7': 'user_alice' },
    }
    expect(entry).toMatchObject(expected)
    const text = JSON.stringify([{ ...entry, clients: ['report'] }])
    const again = await load('', { SALLYPORT_ASSERTIONS__ISSUERS: text })
    expect(configOf(again.resolved).exchange.trustedIssuers).toEqual([entry])
  })

  it.for([
    ['a word that means nothing', trust('      scope: [a]\n      scopes: [b]\n'), 'did you mean scope?'],
    ['no scope', trust(''), 'has no scope'],
    ['scope of sign-in', trust('      scope: [openid]\n'), 'belong to sign-in'],
    ['a value of another kind', trust('      scope: read\n'), 'has a scope that cannot be read'],
    ['something else than a list', 'assertions:\n  issuers: { a: b }\n', 'is no list'],
  ] as const)('B-JB-01 an entry with %s is a fault that is told', async ([, text, told]) => {
    const { faults } = await load(text)
    expect(faults.map(({ key, problem }) => `${key} ${problem}`)).toEqual([expect.stringContaining(told)])
  })
})

describe('a baseline of them', () => {
  const file = scratch.path('sallyport.yaml')
  const path = scratch.path('baseline.json')
  const check = (text: string, ...words: readonly string[]): Promise<Outcome> => {
    writeFileSync(file, `version: 1\nissuer: https://id.example.com\ndata: ${scratch.path('none')}\n${text}`)
    return run(['config', 'check', '--config', file, '--baseline', path, ...words], { cwd: scratch.folder })
  }
  const keys = async (text: string): Promise<readonly string[]> => {
    const { stdout } = await check(text, '--json')
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; key: string }[] }
    return findings.map(({ rule, key }) => `${rule} ${key}`)
  }

  it('A-GOV-07, B-JB-01 takes one more scope, client, key or person for weaker, and one less for nothing', async () => {
    const before = trust('      scope: [a, b]\n')
    expect((await check(before, '--write-baseline')).code).toBe(0)
    expect(await keys(before)).toEqual([])
    expect(await keys(trust('      scope: [a]\n'))).toEqual([])
    expect(await keys('')).toEqual([])
    const weaker = ['policy-regression policy assertions.issuers']
    expect(await keys(trust('      scope: [a, b, c]\n'))).toEqual(weaker)
    expect(await keys(before.replace('[report]', '[report, other]'))).toEqual(weaker)
    expect(await keys(before.replace('/jwks', '/other'))).toEqual(weaker)
    expect(await keys(before.replace('{ employee-7: user_alice }', 'same'))).toEqual(weaker)
    expect(await keys(before.replace('jwksUri', 'accepts: id-jag\n      jwksUri'))).toEqual(weaker)
  })

  it('A-GOV-07 finds a client that may bring assertions which nobody is trusted to make', async () => {
    const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const client = `clients:\n  report:\n    type: service\n    name: Report\n    grantTypes: ['${grant}']\n`
    expect(await keys(client)).toContain('grant-not-offered clients.report.grantTypes')
    expect(await keys(trust('      scope: [a]\n') + client)).toEqual([])
  })
})
