import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { declaredClientId } from '../src/config/declared-ids.ts'
import { createScratch, prepare, run, type Outcome } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

let files = 0
function withFile(text: string): readonly string[] {
  const path = scratch.path(`check-${files++}.yaml`)
  writeFileSync(path, `version: 1\nissuer: https://id.example.com\ndata: ${scratch.path('none')}\n${text}`)
  return ['--config', path]
}

const check = (text: string, ...words: readonly string[]): Promise<Outcome> =>
  run(['config', 'check', ...withFile(text), ...words], { cwd: scratch.folder })

type Found = { rule: string; severity: string; key: string; file?: string; line?: number; problem: string; fix: string }
const found = ({ stdout }: Outcome): Found[] => (JSON.parse(stdout) as { findings: Found[] }).findings

const client = (name: string, type: string, more: string): string =>
  `  ${name}:\n    type: ${type}\n    name: App\n${more}`
const web = client('shop', 'web', '    redirectUris: [https://shop.example/cb]\n    scope: openid orders:read\n')
const orders = 'resources:\n  https://api.example/orders:\n    scopes: {"orders:read": See your orders}\n'

describe('config check of declared objects', () => {
  it('A-GOV-07 passes what is in order, without a store', async () => {
    const outcome = await check(`clients:\n${web}${orders}`, '--json')
    expect([found(outcome), outcome.code]).toEqual([[], 0])
  })

  it.each([
    ['redirect-uri-not-exact', client('spa', 'spa', '    redirectUris: [https://*.example/cb]\n'), ''],
    ['redirect-uri-not-exact', client('spa', 'web', '    redirectUris: [http://shop.example/cb]\n'), ''],
    [
      'client-refused',
      client(
        'm2m',
        'service',
        '    grantTypes: [authorization_code, client_credentials]\n    redirectUris: [https://m2m.example/]\n',
      ),
      '',
    ],
    ['redirect-uri-shared', web + client('other', 'spa', '    redirectUris: [https://shop.example/cb]\n'), ''],
    [
      'client-id-twice',
      `${web}${client(declaredClientId('shop'), 'native', '    redirectUris: [com.example.a:/cb]\n')}`,
      '',
    ],
    ['resource-unknown', client('m2m', 'service', '    resources: [https://api.example/none]\n'), orders],
    ['certificate-not-offered', web, `${orders}    binding: mtls\n`],
    ['certificate-not-offered', client('m2m', 'service', '    certificateBoundAccessTokens: true\n'), ''],
    ['resource-refused', web, `${orders}    binding: paseto\n`],
    ['scope-unknown', client('m2m', 'service', '    scope: orders:write\n'), orders],
    ['secret-without-use', client('spa', 'spa', '    redirectUris: [https://a.example/]\n    secretFile: /x\n'), ''],
  ])('A-GOV-07 finds %s, with its place and what to do', async (rule, clients, more) => {
    const outcome = await check(`clients:\n${clients}${more}`, '--json')
    expect(found(outcome).map((one) => one.rule)).toEqual([rule])
    const [one] = found(outcome)
    expect(one?.file).toMatch(/check-\d+\.yaml$/)
    expect(one?.line).toBeGreaterThan(4)
    expect(one?.fix).not.toBe('')
    expect(outcome.code).toBe(3)
  })

  it('A-GOV-07, A-GOV-05 finds a review that is too far ahead, and a day that is none', async () => {
    const review = (day: string): Promise<Outcome> => check(`clients:\n${web}    reviewBy: ${day}\n${orders}`, '--json')
    const far = await review('2999-01-01')
    expect(found(far).map(({ rule, key }) => [rule, key])).toEqual([['client-refused', 'clients.shop.reviewBy']])
    expect((await review('soon')).code).toBe(78)
    expect((await review(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10))).code).toBe(0)
  })

  it('A-GOV-07, A-CIMD-04 finds the relaxation for documents on loopback', async () => {
    const outcome = await check('outbound:\n  loopback: true\n', '--json')
    expect(found(outcome).map(({ rule }) => rule)).toEqual(['fetch-loopback'])
    expect(outcome.code).toBe(3)
  })

  it('A-GOV-07, A-DCR-02 finds open registration without limits', async () => {
    const open = 'registration:\n  mode: open\n'
    const outcome = await check(open, '--json')
    expect(found(outcome).map(({ rule }) => rule)).toEqual(['registration-open'])
    expect(outcome.code).toBe(3)
    expect((await check(`${open}  redirectHosts: [apps.example]\n`)).code).toBe(0)
    expect((await check('registration:\n  mode: initial_access_token\n')).code).toBe(0)
  })

  it('A-GOV-07, A-DEV-02 finds a device that the policy never lets in', async () => {
    const television = `clients:\n${client('tv', 'device', '    scope: openid\n')}`
    const outcome = await check(television, '--json')
    expect(found(outcome).map(({ rule, key }) => [rule, key])).toEqual([['grant-not-offered', 'clients.tv.type']])
    expect((await check(`policy:\n  deviceGrant: true\n${television}`)).code).toBe(0)
  })

  it('A-GOV-07 ends with 78 for a declaration that cannot be understood', async () => {
    const outcome = await check(`clients:\n${web}    firstparty: true\n`)
    expect(outcome.code).toBe(78)
    expect(outcome.stderr).toMatch(/clients\.shop\.firstparty \(.*check-\d+\.yaml:10\): .*did you mean firstParty\?/)
  })

  it('B-FAPI-01, B-FAPI-03, B-FAPI-06, B-FAPI-12 says what the FAPI profile asks for beyond that', async () => {
    const spa = client('spa', 'spa', '    redirectUris: [https://a.example/]\n')
    const outcome = await check(
      `policy:\n  authorizationCodeLifetime: 2m\n  pkceExceptions: dated\nclients:\n${web}${spa}`,
      '--profile',
      'fapi2',
      '--json',
    )
    expect(found(outcome).map((one) => one.rule)).toEqual([
      'fapi2-code-lifetime',
      'fapi2-exceptions',
      'fapi2-shared-secret',
      'fapi2-algorithm',
      'fapi2-public-client',
      'fapi2-algorithm',
      'fapi2-bearer',
      'fapi2-bearer',
      'fapi2-direct-request',
      'fapi2-direct-request',
    ])
  })

  it('B-FAPI-08 says which clients need not push, whoever would hold them to it', async () => {
    const direct = async (head: string, more: string): Promise<string[]> =>
      found(await check(`${head}clients:\n${web}${more}`, '--profile', 'fapi2', '--json'))
        .filter(({ rule }) => rule === 'fapi2-direct-request')
        .map(({ key }) => key)
    expect(await direct('', '')).toEqual(['clients.shop.requirePushedRequests'])
    expect(await direct('', '    requirePushedRequests: true\n')).toEqual([])
    expect(await direct('stages:\n  requirePushedRequests: enforce\n', '')).toEqual([])
    expect(await direct('stages:\n  requirePushedRequests: warn\n', '')).toHaveLength(1)
  })

  it('B-FAPI-04, B-CX-20 finds APIs whose tokens are signed with RS256', async () => {
    const signed = async (member: string): Promise<string[]> =>
      found(
        await check(`resources:\n  https://api.example:\n    name: API\n${member}`, '--profile', 'fapi2', '--json'),
      ).map(({ rule, key }) => `${rule} ${key}`)
    const finding = ['fapi2-algorithm resources.https://api.example.signingAlgorithm']
    expect(await signed('    signingAlgorithm: RS256\n')).toEqual(finding)
    expect(await signed('    signingAlgorithm: PS256\n')).toEqual([])
    expect(await signed('    signingAlgorithm: RS256\n    format: opaque\n')).toEqual([])
  })

  it('B-FAPI-01, B-FAPI-03, A-DCR-02 finds doors by which a weaker client could still come', async () => {
    const doors = async (text: string): Promise<string[]> =>
      found(await check(text, '--profile', 'fapi2', '--json')).map(
        ({ rule, key, problem }) => `${rule} ${key}: ${problem}`,
      )
    const all = 'be public, have a secret, get ID Tokens signed with RS256'
    const loose = 'get access tokens that are bound to no key and send requests that are not pushed'
    const dynamic = 'fapi2-registration registration.mode: a client that registers itself may'
    const document = 'fapi2-registration metadataDocuments.accept: a client that is described by a document may'
    const listed = 'metadataDocuments:\n  accept: listed\n  hosts: [apps.example]\n'
    const token = 'registration:\n  mode: initial_access_token\n'
    expect(await doors('')).toEqual([])
    expect(await doors(token)).toEqual([`${dynamic} ${all}, ${loose}`])
    expect(await doors(`registration:\n  mode: open\n  redirectHosts: [apps.example]\n`)).toHaveLength(1)
    expect(await doors(listed)).toEqual([`${document} be public, get ID Tokens signed with RS256, ${loose}`])
    const stages = ['requirePrivateKeyJwt', 'requireSenderConstraint', 'requirePushedRequests']
    const enforced = `stages:\n${stages.map((stage) => `  ${stage}: enforce\n`).join('')}`
    expect(await doors(`${token}${listed}${enforced}`)).toEqual([
      `${dynamic} be public and get ID Tokens signed with RS256`,
      `${document} be public and get ID Tokens signed with RS256`,
    ])
    expect(await doors('registration:\n  mode: "off"\nmetadataDocuments:\n  accept: none\n')).toEqual([])
  })

  it('B-FAPI-04, B-CA-06 says which clients with keys the FAPI profile would not take', async () => {
    const jwk = {
      ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
      alg: 'RS256',
    }
    const keyed = (more: string): string =>
      client('keyed', 'service', `    authenticationMethod: private_key_jwt\n    idTokenAlgorithm: ES256\n${more}`)
    const rules = async (more: string): Promise<string[]> =>
      found(await check(`clients:\n${keyed(more)}`, '--profile', 'fapi2', '--json')).map((one) => one.rule)
    expect(await rules('    jwksUri: https://a.example/jwks\n')).toEqual(['fapi2-bearer'])
    expect(await rules('    jwksUri: https://a.example/jwks\n    assertionAudience: interop\n')).toEqual([
      'fapi2-assertion-audience',
      'fapi2-bearer',
    ])
    expect(await rules(`    jwks: ${JSON.stringify({ keys: [jwk] })}\n`)).toEqual(['fapi2-algorithm', 'fapi2-bearer'])
  })

  it('B-FAPI-02 passes a whole configuration of the FAPI profile, and finds each thing that loosens it', async () => {
    const bank = (more: string, type = 'web'): string =>
      client(
        'bank',
        type,
        `    redirectUris: [https://bank.example/cb]\n    idTokenAlgorithm: ES256\n    authenticationMethod: private_key_jwt\n    jwksUri: https://bank.example/jwks\n${more}`,
      )
    const strict = '    requirePushedRequests: true\n    dpopBoundAccessTokens: true\n'
    const outcome = (head: string, more: string): Promise<Outcome> =>
      check(`${head}clients:\n${bank(more)}`, '--profile', 'fapi2', '--json')
    const rules = async (head: string, more: string): Promise<string[]> =>
      found(await outcome(head, more)).map(({ rule, key }) => `${rule} ${key}`)
    const whole = await outcome('', strict)
    expect([found(whole), whole.code]).toEqual([[], 0])
    const stages = 'stages:\n  requirePushedRequests: enforce\n  requireSenderConstraint: '
    expect(await rules(`${stages}enforce\n`, '')).toEqual([])
    const bearer = 'fapi2-bearer clients.bank.dpopBoundAccessTokens'
    expect(await rules(`${stages}warn\n`, '')).toEqual([bearer])
    expect(await rules('', '    requirePushedRequests: true\n')).toEqual([bearer])
    expect(await rules('', '    dpopBoundAccessTokens: true\n')).toEqual([
      'fapi2-direct-request clients.bank.requirePushedRequests',
    ])
    expect(await rules('policy:\n  authorizationCodeLifetime: 61s\n', strict)).toEqual([
      'fapi2-code-lifetime policy.authorizationCodeLifetime',
    ])
  })

  it('B-FAPI-08, B-FAPI-10, A-GOV-07 names settings that would take back what the profile demands, and clients that do not fit it', async () => {
    const head = 'policy:\n  profile: fapi2\n'
    const bank = client(
      'bank',
      'web',
      '    redirectUris: [https://bank.example/cb]\n    authenticationMethod: private_key_jwt\n    jwksUri: https://bank.example/jwks\n',
    )
    const whole = await check(`${head}clients:\n${bank}`, '--profile', 'fapi2', '--json')
    expect([found(whole), whole.code]).toEqual([[], 0])
    const old = found(await check(`${head}clients:\n${web}`, '--json'))
    expect(old.map(({ rule, key }) => `${rule} ${key.split('.').at(-1) ?? ''}`)).toContain(
      'client-refused authenticationMethod',
    )
    for (const [more, key] of [
      ['  authorizationCodeLifetime: 61s\n', 'policy.authorizationCodeLifetime'],
      ['  pushedRequestLifetime: 600s\n', 'policy.pushedRequestLifetime'],
      ['  pkceExceptions: dated\n', 'policy.pkceExceptions'],
      ['  dpop: false\n', 'stages.requireSenderConstraint'],
      ['stages:\n  requirePushedRequests: warn\n', 'stages.requirePushedRequests'],
    ] as const) {
      const { code, stderr } = await check(`${head}${more}`)
      expect([code, stderr]).toEqual([78, expect.stringContaining(key)])
    }
  })

  it('B-MS-01, B-MS-03, B-JARM-03 says which clients may still send or get what is not signed', async () => {
    const signs = [
      ...['requireSignedRequests: true', 'requestObjectAlgorithm: ES256', 'responseModes: [jwt, form_post.jwt]'],
      'authorizationAlgorithm: ES256',
    ]
    const unsigned = async (members: readonly string[], head = ''): Promise<string[]> => {
      const bank = client(
        'bank',
        'web',
        `    redirectUris: [https://bank.example/cb]\n    jwksUri: https://bank.example/jwks\n${members.map((one) => `    ${one}\n`).join('')}`,
      )
      const outcome = await check(`${head}clients:\n${bank}`, '--profile', 'fapi2-message-signing', '--json')
      const rules = found(outcome)
      expect(rules.some(({ rule }) => rule === 'fapi2-direct-request')).toBe(true)
      return rules.filter(({ rule }) => rule === 'fapi2-unsigned').map(({ key }) => key.replace('clients.bank.', ''))
    }
    expect(await unsigned(signs)).toEqual([])
    expect(await unsigned([])).toEqual(['requireSignedRequests', 'responseModes', 'authorizationAlgorithm'])
    expect(await unsigned(signs.slice(1), 'stages:\n  requireSignedRequests: enforce\n')).toEqual([])
    expect(await unsigned([...signs.slice(0, 2), 'responseModes: [jwt, query]', signs[3] ?? ''])).toEqual([
      'responseModes',
    ])
    expect(await unsigned([signs[0] ?? '', 'requestObjectAlgorithm: RS256', ...signs.slice(2)])).toEqual([
      'requestObjectAlgorithm',
    ])
  })

  it('B-JAR-08, B-JAR-09, B-JAR-11 finds whoever has to sign where nothing signed is taken, and addresses that are never asked', async () => {
    const more =
      '    jwksUri: https://shop.example/jwks\n    requireSignedRequests: true\n    requestUris: [https://shop.example/r]\n'
    const rules = async (head: string): Promise<string[]> =>
      found(await check(`${head}clients:\n${web}${more}`, '--json')).map(({ rule, key }) => `${rule} ${key}`)
    const unasked = 'request-uri-not-offered clients.shop.requestUris'
    expect(await rules('policy:\n  requestObjects: false\n')).toEqual([
      'signed-request-not-offered clients.shop.requireSignedRequests',
      unasked,
    ])
    expect(await rules('')).toEqual([unasked])
    expect(await rules('policy:\n  requestUris: true\n')).toEqual([])
  })

  it('B-DPOP-33 finds whoever demands bound tokens while no proof is taken', async () => {
    const yaml = `clients:\n${web}    dpopBoundAccessTokens: true\n${orders}    binding: dpop\n`
    const off = found(await check(`policy:\n  dpop: false\n${yaml}`, '--json'))
    expect(off.map(({ rule, key }) => [rule, key])).toEqual([
      ['proof-not-offered', 'clients.shop.dpopBoundAccessTokens'],
      ['proof-not-offered', 'resources.https://api.example/orders.binding'],
    ])
    expect(off.every(({ line }) => (line ?? 0) > 4)).toBe(true)
    expect(found(await check(yaml, '--json'))).toEqual([])
  })

  it('A-RES-06 says what the MCP profile asks for beyond that', async () => {
    const outcome = await check(`clients:\n${web}`, '--profile', 'mcp', '--json')
    expect(found(outcome).map((one) => one.rule)).toEqual(['mcp-no-resource', 'mcp-unnamed-resource'])
    expect((await check('', '--profile', 'oauth21')).code).toBe(0)
  })

  it('A-RES-06 takes a server that was registered by command for a resource as well', async () => {
    const issuer = 'https://id.example.com'
    const place = await prepare(scratch.folder, issuer)
    const rules = async () =>
      found(await place.run(['config', 'check', '--profile', 'mcp', '--json'])).map(({ rule }) => rule)
    expect(await rules()).toEqual(['mcp-no-resource'])
    await place.json(['resource', 'create', 'https://mcp.example/mcp', '--name', 'Notes', '--scope', 'notes.read=Read'])
    expect(await rules()).toEqual([])
  })

  it('A-MCP-05 finds redirect URIs that MCP does not know, and a door for them', async () => {
    const rules = async (yaml: string): Promise<string[]> =>
      found(await check(yaml, '--profile', 'mcp', '--json')).map((one) => one.rule)
    const native = (uri: string): string =>
      `resources:\n  https://mcp.example/mcp:\n    name: Notes\nclients:\n  desk:\n    type: native\n    name: Desk\n    redirectUris: ['${uri}']\n    resources: [https://mcp.example/mcp]\n`
    expect(await rules(native('com.example.desk:/cb'))).toEqual(['mcp-private-scheme'])
    expect(await rules(native('http://127.0.0.1/cb'))).toEqual([])
    const door = (mcp: string): string =>
      `registration:\n  mode: initial_access_token\n${mcp}${native('http://127.0.0.1/cb')}`
    expect(await rules(door(''))).toEqual(['mcp-registration'])
    expect(await rules(door('  mcp: true\n'))).toEqual([])
  })

  it('names the nearest format, and needs a file to write', async () => {
    expect((await check('', '--format', 'sarrif')).stderr).toContain('did you mean sarif?')
    expect((await check('', '--write-baseline')).code).toBe(2)
  })
})

describe('what config check prints', () => {
  const hostile = client('shop', 'web', '    redirectUris: ["https://shop.example/<]]>&\\"\\u0001*"]\n')

  it('A-GOV-07 is SARIF 2.1.0 with rule, level, file and line', async () => {
    const outcome = await check(`clients:\n${hostile}`, '--format', 'sarif')
    type Sarif = {
      version: string
      runs: {
        tool: { driver: { rules: { id: string }[] } }
        results: {
          ruleId: string
          ruleIndex: number
          level: string
          locations: { physicalLocation: { region: { startLine: number } } }[]
        }[]
      }[]
    }
    const { version, runs } = JSON.parse(outcome.stdout) as Sarif
    const [one] = runs
    const [result] = one?.results ?? []
    expect(version).toBe('2.1.0')
    expect(result).toMatchObject({ ruleId: 'redirect-uri-not-exact', level: 'error' })
    expect(one?.tool.driver.rules[result?.ruleIndex ?? -1]?.id).toBe('redirect-uri-not-exact')
    expect(result?.locations[0]?.physicalLocation.region.startLine).toBe(8)
    expect(outcome.code).toBe(3)
  })

  it('A-GOV-07 gives a place in SARIF to findings that no line caused, since one without spoils the whole report', async () => {
    const baseline = scratch.path('sarif-baseline.json')
    await check(`clients:\n${web}    requireState: true\n`, '--baseline', baseline, '--write-baseline')
    const weaker = `management:\n  host: 0.0.0.0\nclients:\n${web}`
    const { stdout, code } = await check(weaker, '--baseline', baseline, '--format', 'sarif')
    type Place = { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } } }
    const { runs } = JSON.parse(stdout) as { runs: { results: { ruleId: string; locations: Place[] }[] }[] }
    const results = runs[0]?.results ?? []
    expect(results.map(({ ruleId }) => ruleId)).toEqual(expect.arrayContaining(['policy-regression']))
    for (const { locations } of results) {
      expect(locations[0]?.physicalLocation.artifactLocation.uri).toMatch(/(?:check-\d+\.yaml|sarif-baseline\.json)$/)
      expect(locations[0]?.physicalLocation.region.startLine).toBeGreaterThanOrEqual(1)
    }
    expect(code).toBe(3)
  })

  it('A-GOV-07 is JUnit XML in which nothing breaks out', async () => {
    const { stdout, code } = await check(`clients:\n${hostile}`, '--format', 'junit')
    expect(stdout).toMatch(
      /<testcase classname="sallyport.config" name="redirect-uri-not-exact">\n\s*<failure type="error"/,
    )
    expect(stdout).toContain('name="issuer-not-https"/>')
    expect(stdout).not.toContain('<]]>')
    // Well-formed: every element that is opened is closed, in order.
    const open: string[] = []
    for (const [, close, name = '', rest = ''] of stdout.matchAll(/<(\/?)([a-z]+)\b([^<>]*)>/g)) {
      if (close === '/') expect(open.pop()).toBe(name)
      else if (!rest.endsWith('/')) open.push(name)
    }
    expect(open).toEqual([])
    expect(code).toBe(3)
  })
})

describe('config check against a baseline', () => {
  const three = (more: string, policy = ''): string =>
    `${policy}clients:\n${['a', 'b', 'c'].map((name) => client(name, 'web', `    redirectUris: [https://${name}.example/cb]\n${more}`)).join('')}`
  const path = scratch.path('baseline.json')
  const against = (text: string): Promise<Outcome> => check(text, '--baseline', path)

  it('A-GOV-07 tells in words what got weaker, for how many, and ends with 3', async () => {
    const before = three('    requireState: true\n    accessTokenLifetime: 2m\n')
    expect((await check(before, '--baseline', path, '--write-baseline')).code).toBe(0)
    expect((await against(before)).code).toBe(0)

    const { code, stdout } = await against(three(''))
    expect(code).toBe(3)
    expect(stdout).toContain('3 clients need no state any more: a, b, c')
    expect(stdout).toContain('access tokens of 3 clients live 5m instead of 2m: a, b, c')
  })

  it('A-GOV-07 compares what holds, not what is written', async () => {
    await check(three('    accessTokenLifetime: 5m\n'), '--baseline', path, '--write-baseline')
    expect((await against(three(''))).code).toBe(0)
    expect((await against(three('    accessTokenLifetime: 50m\n'))).code).toBe(0)
    const { code, stdout } = await against(
      three('    accessTokenLifetime: 50m\n', 'policy:\n  accessTokenLifetime: 1h\n'),
    )
    expect(code).toBe(3)
    expect(stdout).toContain('access tokens of 3 clients live 50m instead of 5m')
    expect(stdout).toContain('policy.accessTokenLifetime is 3600 instead of 300')
  })

  it('A-GOV-01, A-GOV-07 takes a policy that allows exceptions for a weaker one', async () => {
    await check(three(''), '--baseline', path, '--write-baseline')
    const { code, stdout } = await against(three('', 'policy:\n  pkceExceptions: dated\n'))
    expect(code).toBe(3)
    expect(stdout).toContain('policy.pkceExceptions is dated instead of forbidden')
  })

  it('A-GOV-07, A-GOV-04 takes a stage that goes back for a weaker policy, and what it enforced for lost', async () => {
    await check(three('', 'stages:\n  requireState: enforce\n'), '--baseline', path, '--write-baseline')
    const { code, stdout } = await against(three('', 'stages:\n  requireState: warn\n'))
    expect(code).toBe(3)
    expect(stdout).toContain('stages.requireState is warn instead of enforce')
    expect(stdout).toContain('3 clients need no state any more: a, b, c')
  })

  it('B-PAR-09, A-GOV-07 takes clients that need not push any more for a weaker policy', async () => {
    const loosened = '3 clients need not push their requests any more: a, b, c'
    await check(three('    requirePushedRequests: true\n'), '--baseline', path, '--write-baseline')
    const { code, stdout } = await against(three(''))
    expect([code, stdout]).toEqual([3, expect.stringContaining(loosened)])
    await check(three('', 'stages:\n  requirePushedRequests: enforce\n'), '--baseline', path, '--write-baseline')
    expect((await against(three('    requirePushedRequests: true\n'))).stdout).not.toContain(loosened)
    expect((await against(three(''))).stdout).toContain(loosened)
  })

  it('A-DEV-02, A-GOV-07 takes the grant for devices, and a scope that may be given to them, for a weaker policy', async () => {
    const money = (mark: string): string =>
      `resources:\n  https://money.example:\n    name: Money\n    scopes:\n      pay: Pay\n${mark}`
    const on = 'policy:\n  deviceGrant: true\n'
    const marked = money('    notByDevice: [pay]\n')
    await check(three('', marked), '--baseline', path, '--write-baseline')
    const opened = await against(three('', on + marked))
    expect([opened.code, opened.stdout]).toEqual([
      3,
      expect.stringContaining('policy.deviceGrant is true instead of false'),
    ])
    await check(three('', on + marked), '--baseline', path, '--write-baseline')
    expect((await against(three('', on + marked))).code).toBe(0)
    const unmarked = await against(three('', on + money('')))
    expect([unmarked.code, unmarked.stdout]).toEqual([
      3,
      expect.stringContaining('1 resource gives more scopes to devices (pay)'),
    ])
  })

  it('A-GOV-07, A-DCR-02 takes a door that opens for a weaker policy', async () => {
    await check(three(''), '--baseline', path, '--write-baseline')
    const { code, stdout } = await against(three('', 'registration:\n  mode: initial_access_token\n'))
    expect(code).toBe(3)
    expect(stdout).toContain('registration.mode is initial_access_token instead of off')
  })

  it('A-GOV-07 lets through what got stronger, and says so', async () => {
    await check(three(''), '--baseline', path, '--write-baseline')
    const { code, stdout } = await against(three('    requireState: true\n'))
    expect(code).toBe(0)
    expect(stdout).toContain('changed: 3 clients need state now: a, b, c')
  })

  it('A-GOV-07 ends with 78 for a baseline that is missing, damaged or none', async () => {
    expect((await check('', '--baseline', scratch.path('gone.json'))).code).toBe(78)
    for (const text of ['{', '[]', '{"baseline_version":1,"policy":{"a":{}},"clients":{},"resources":{}}']) {
      writeFileSync(path, text)
      expect((await against('')).code).toBe(78)
    }
  })

  it('writes nothing on a dry run', async () => {
    writeFileSync(path, 'as it was')
    await check(three(''), '--baseline', path, '--write-baseline', '--dry-run')
    expect(readFileSync(path, 'utf8')).toBe('as it was')
  })
})
