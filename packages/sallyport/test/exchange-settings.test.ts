import { readFileSync, writeFileSync } from 'node:fs'
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

const rule = (more: string): string => `exchange:
  rules:
    - clients: [gateway]
      targets: [https://orders.example]
${more}`

describe('rules of exchange, in a file', () => {
  it('B-TX-02 are read with the clients as they are declared', async () => {
    const members =
      '      scope: [read]\n      from: [shop]\n      subjectTokens: [id_token]\n      actorTokens: true\n'
    const rest = '  mayAct: { shop: gateway }\n  neverImpersonated: [user_root]\n'
    const { resolved, faults } = await load(rule(members) + rest)
    expect(faults).toEqual([])
    const [shop, gateway] = [declaredClientId('shop'), declaredClientId('gateway')]
    const { exchange } = configOf(resolved).exchange
    expect(exchange).toMatchObject({
      rules: [{ clients: [gateway], from: [shop], scope: ['read'], subjectTokens: ['id_token'], actorTokens: true }],
      ...{ mayAct: { [shop]: gateway }, neverImpersonated: ['user_root'] },
    })
    expect(exchange.rules?.[0]?.impersonation).toBeUndefined()
  })

  const twin = '    - clients: [gateway]\n      targets: [https://orders.example]\n      scope: [a]\n'
  it.for([
    ['a misspelt member', rule('      scope: [read]\n      impersonate: true\n'), 'did you mean impersonation?'],
    ['no scope', rule(''), 'has no scope'],
    ['a target that is none', rule('      scope: [read]\n').replace('https://orders.example', 'orders'), 'no targets'],
    ['a twin', rule('      scope: [read]\n') + twin, 'rule 2 fits'],
    ['pairs that are none', 'exchange:\n  mayAct: [shop]\n', 'holds no pairs'],
  ] as const)('B-TX-02 %s is a fault that is told', async ([, text, told]) => {
    const { faults } = await load(text)
    expect(faults.map(({ key, problem }) => `${key} ${problem}`)).toEqual([expect.stringContaining(told)])
  })
})

const audience = `assertions:
  audiences:
    - audience: https://as.partner.example
      clients: { wiki: their-wiki }
      scope: [docs.read]
`

describe('audiences of identity assertions, in a file', () => {
  it('B-JAG-03 are read with the clients as they are declared here, and as they are called there', async () => {
    const { resolved, faults } = await load(`${audience}      knownAs: sso\n      maxAge: 1h\n`)
    expect(faults).toEqual([])
    expect(configOf(resolved).exchange.identityAudiences).toMatchObject([
      {
        ...{ audience: 'https://as.partner.example', scope: ['docs.read'], maxAge: 3600 },
        ...{ clients: { [declaredClientId('wiki')]: 'their-wiki' }, knownAs: declaredClientId('sso') },
      },
    ])
    for (const [text, told] of [
      [audience.replace('https:', 'http:'), 'no https address'],
      [audience.replace('{ wiki: their-wiki }', '[wiki]'), 'has a clients that cannot be read'],
      [`${audience}      people: user_alice\n`, 'has a people that cannot be read'],
    ] as const)
      expect((await load(text)).faults.map(({ problem }) => problem)).toEqual([expect.stringContaining(told)])
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

  it('A-GOV-07, B-TX-02, B-TX-11 takes whatever a rule of exchange allows beyond the one before for weaker', async () => {
    const before = `${rule('      scope: [a, b]\n      from: [shop]\n')}  mayAct: { shop: gateway }\n`
    expect((await check(before, '--write-baseline')).code).toBe(0)
    expect(await keys(before)).toEqual([])
    expect(await keys(before.replace('[a, b]', '[a]'))).toEqual([])
    const weaker = ['policy-regression policy exchange.rules']
    for (const [was, is] of [
      ['[a, b]', '[a, b, c]'],
      ['[gateway]\n', '[gateway, other]\n'],
      ['from: [shop]', 'from: [shop, other]'],
      ['      from: [shop]\n', ''],
      ['from: [shop]', 'from: [shop]\n      impersonation: true'],
      ['from: [shop]', 'from: [shop]\n      actorTokens: true'],
      ['from: [shop]', 'from: [shop]\n      subjectTokens: [access_token, id_token]'],
      ['[https://orders.example]', '[https://orders.example, https://other.example]'],
    ] as const)
      expect(await keys(before.replace(was, is)), is).toEqual(weaker)
    expect(await keys(before.replace('  mayAct: { shop: gateway }\n', ''))).toEqual([
      'policy-regression policy exchange.mayAct',
    ])
  })

  it('A-GOV-07, B-JAG-03 takes one more client, scope or person of an audience, or a weaker sign-in, for weaker', async () => {
    const before = `${audience}      people: [user_a]\n      maxAge: 1h\n      acrValues: [urn:strong]\n`
    expect((await check(before, '--write-baseline')).code).toBe(0)
    expect(await keys(before)).toEqual([])
    expect(await keys('')).toEqual([])
    const weaker = ['policy-regression policy assertions.audiences']
    for (const [was, is] of [
      ['[docs.read]', '[docs.read, docs.write]'],
      ['{ wiki: their-wiki }', '{ wiki: their-wiki, blog: their-blog }'],
      ['      people: [user_a]\n', ''],
      ['[user_a]', '[user_a, user_b]'],
      ['maxAge: 1h', 'maxAge: 2h'],
      ['      acrValues: [urn:strong]\n', ''],
    ] as const)
      expect(await keys(before.replace(was, is)), is).toEqual(weaker)
  })

  it('A-GOV-07 finds a client that may bring assertions which nobody is trusted to make', async () => {
    const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    const client = `clients:\n  report:\n    type: service\n    name: Report\n    grantTypes: ['${grant}']\n`
    const finding = 'grant-not-offered clients.report.grantTypes'
    expect(await keys(client)).toContain(finding)
    expect(await keys(trust('      scope: [a]\n') + client)).not.toContain(finding)
    const exchanging = client.replace('jwt-bearer', 'token-exchange')
    expect(await keys(exchanging)).toContain(finding)
    expect(await keys(rule('      scope: [a]\n') + exchanging)).not.toContain(finding)
  })
})

describe('the guide of exchange', () => {
  const guide = readFileSync(new URL('../../../docs/exchange.md', import.meta.url), 'utf8')
  const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)

  it('B-TX-02, B-JB-01, B-JAG-03 shows files that are understood whole', async () => {
    expect(blocks).toHaveLength(4)
    for (const text of blocks) {
      const { faults } = await load(text.replace('version: 1\n', ''))
      expect(faults, text).toEqual([])
    }
  })

  it('B-TX-02 shows clients and APIs that no rule of the check objects to', async () => {
    const whole = blocks.find((text) => text.includes('exchange:\n  rules:')) ?? ''
    writeFileSync(scratch.path('gateway.secret'), 'x'.repeat(43))
    const file = scratch.path('guide.yaml')
    writeFileSync(file, whole.replace('version: 1\n', 'version: 1\nissuer: https://id.example.com\n'))
    const { code, stdout } = await run(['config', 'check', '--config', file], { cwd: scratch.folder })
    expect([code, stdout]).toEqual([0, expect.any(String)])
  })
})
