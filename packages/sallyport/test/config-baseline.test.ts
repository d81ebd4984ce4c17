import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { systemRandom, type Seconds } from '@sallyport/protocol'
import { createPolicy, deviceGrant, registerClient, type Client, type Resource } from '@sallyport/server'
import { clientAspects, resourceAspects } from '../src/check/aspects.ts'
import { clientValues, resourceValues } from '../src/check/effective.ts'
import { clientMembersJudged, resourceMembersJudged, type Judged } from '../src/check/judged-members.ts'
import { policyChanges } from '../src/check/policy-change.ts'
import { isAnybody } from '../src/check/proxy-rule.ts'
import { settingAspects, settingValue } from '../src/check/setting-aspects.ts'
import type { EffectivePolicy, Value } from '../src/check/values.ts'
import { settings } from '../src/config/settings.ts'
import { createScratch, run, type Outcome } from './cli.ts'

const scratch = createScratch()
afterAll(() => {
  scratch.remove()
})

const nothing: EffectivePolicy = { policy: {}, clients: {}, resources: {}, exceptions: {} }

/** What is said of a change, and whether it is weaker. */
const judged = (before: Partial<EffectivePolicy>, after: Partial<EffectivePolicy>): boolean[] =>
  policyChanges({ ...nothing, ...before }, { ...nothing, ...after }).map(({ weaker }) => weaker)

/** Two values of a setting, the stronger first; `undefined` for a setting of which neither is. */
function samples(key: string): readonly [Value, Value] | undefined {
  const aspect = settingAspects[key]
  switch (aspect?.kind) {
    case 'number':
      return [10, 11]
    case 'day':
      return ['2027-01-31', '2027-02-01']
    case 'flag':
      return [!aspect.weakWhen, aspect.weakWhen]
    case 'ranked':
      return [aspect.ranks.at(-1) ?? '', aspect.ranks[0] ?? '']
    case 'set':
      return aspect.weakWhen === 'more' ? [['a'], ['a', 'b']] : [['a', 'b'], ['a']]
    default:
      return undefined
  }
}

describe('what a baseline compares', () => {
  it.each(settings.map((setting) => [setting.key, setting] as const))(
    'A-GOV-07 judges the setting %s, or says why it is harmless',
    (key, setting) => {
      const aspect = settingAspects[key]
      if (aspect?.kind === 'harmless') {
        expect(aspect.because.length).toBeGreaterThan(8)
        return
      }
      const values = samples(key)
      if (values === undefined) {
        expect(aspect?.kind).toBe('told')
        expect(judged({ policy: { [key]: 1 } }, { policy: { [key]: 2 } })).toEqual([false])
        return
      }
      const [strong, weak] = values
      expect(judged({ policy: { [key]: strong } }, { policy: { [key]: weak } })).toEqual([true])
      expect(judged({ policy: { [key]: weak } }, { policy: { [key]: strong } })).toEqual([false])
      // A baseline without it is one of a release without it.
      const fallback = settingValue(setting, setting.fallback)
      expect(judged({}, { policy: { [key]: fallback } })).toEqual([])
    },
  )

  it('A-GOV-07 knows no aspect of a setting that is not there, and takes one that nobody judged for weaker', () => {
    const known = new Set(settings.map(({ key }) => key))
    expect(Object.keys(settingAspects).filter((key) => !known.has(key))).toEqual([])
    expect(judged({ policy: { unjudged: 1 } }, { policy: { unjudged: 2 } })).toEqual([true])
  })

  const policy = createPolicy({ deviceGrant: true })
  const context = { development: false, now: 1 as Seconds, random: systemRandom(), secretLifetime: 0 }
  const { client: plain } = registerClient(
    { type: 'web', name: 'Shop', redirectUris: ['https://shop.example/cb'], scope: 'openid read' },
    context,
  )
  const base: Client = { ...plain, grantTypes: [...plain.grantTypes, 'client_credentials'] }
  const keys = (kid: string) => ({ keys: [{ kid, kty: 'EC' }] }) as unknown as Client['jwks']

  /** For each judged member: the stronger value and the weaker one, or two of which neither is. */
  const memberSamples: { readonly [name in keyof Client]?: readonly [Client[name], Client[name], 'told'?] } = {
    type: ['web', 'native', 'told'],
    authenticationMethod: ['private_key_jwt', 'client_secret_basic'],
    jwks: [keys('a'), keys('b'), 'told'],
    jwksUri: ['https://a.example/', 'https://b.example/', 'told'],
    authenticationAlgorithm: ['ES256', undefined],
    assertionAudience: ['issuer', 'interop'],
    profile: ['fapi2', 'oauth21'],
    redirectUris: [['https://a.example/'], ['https://a.example/', 'https://b.example/']],
    postLogoutRedirectUris: [[], ['https://a.example/']],
    backchannelLogoutUri: ['https://a.example/', undefined],
    frontchannelLogoutUri: ['https://a.example/', undefined],
    allowedOrigins: [[], ['https://a.example']],
    grantTypes: [['authorization_code'], ['authorization_code', deviceGrant]],
    scope: [['openid'], ['openid', 'write']],
    machineScope: [['read'], undefined],
    defaultScope: [[], ['read']],
    resources: [['https://a.example'], undefined],
    defaultResource: [undefined, 'https://a.example', 'told'],
    resourceServerOf: [[], ['https://a.example']],
    introspectOwnTokens: [false, true],
    subjectType: ['pairwise', 'public'],
    sectorIdentifierUri: [undefined, 'https://a.example/', 'told'],
    idTokenAlgorithm: ['ES256', 'RS256', 'told'],
    userinfoAlgorithm: ['ES256', undefined],
    userinfoEncryptionAlgorithm: ['ECDH-ES', undefined],
    idTokenEncryptionAlgorithm: ['ECDH-ES', undefined],
    authorizationAlgorithm: ['ES256', 'RS256', 'told'],
    authorizationEncryptionAlgorithm: ['ECDH-ES', undefined],
    responseModes: [['jwt'], undefined],
    introspectionAlgorithm: ['ES256', undefined],
    introspectionEncryptionAlgorithm: ['ECDH-ES', undefined],
    defaultMaxAge: [60, undefined],
    requireAuthTime: [true, false],
    defaultAcrValues: [['urn:a', 'urn:b'], ['urn:a']],
    authorizationDetailsTypes: [['payment'], undefined],
    requireState: [true, false],
    requirePushedRequests: [true, false],
    requireSignedRequests: [true, false],
    requestObjectAlgorithm: ['ES256', undefined],
    requestUris: [[], ['https://a.example/request']],
    dpopBoundAccessTokens: [true, false],
    certificateBoundAccessTokens: [true, false],
    tlsClientAuthSubjectDn: ['CN=a', 'CN=b', 'told'],
    tlsClientAuthSanDns: ['a.example', 'b.example', 'told'],
    tlsClientAuthSanUri: ['https://a.example', 'https://b.example', 'told'],
    tlsClientAuthSanIp: ['192.0.2.1', '192.0.2.2', 'told'],
    tlsClientAuthSanEmail: ['a@a.example', 'b@a.example', 'told'],
    requireRedirectUriAtToken: [true, false],
    firstParty: [false, true],
    mcp: [true, false],
    sessionRefreshTokens: [false, true],
    accessTokenLifetime: [60, 120],
    refreshTokenIdle: [600, 1200],
    refreshTokenAbsolute: [600, 1200],
    owner: ['Team', undefined],
    disabledAt: [1 as Seconds, undefined],
  }

  /** Members of which there is one value alone. */
  const single = ['securityLevel']

  const compared = (members: Readonly<Record<string, Judged<string>>>): string[] =>
    Object.entries(members).flatMap(([name, how]) => ('as' in how && !single.includes(name) ? [name] : []))

  it.each(compared(clientMembersJudged))('A-GOV-07 sees when the member %s of a client gets weaker', (name) => {
    expect(Object.keys(memberSamples), 'a new member needs two values in memberSamples').toContain(name)
    const [strong, weak, neutral] = memberSamples[name as keyof Client] ?? []
    const values = (value: unknown) => ({ clients: { a: clientValues(policy, { ...base, [name]: value }, false) } })
    const forth = policyChanges({ ...nothing, ...values(strong) }, { ...nothing, ...values(weak) })
    const how = clientMembersJudged[name as keyof Client]
    const own = (changes: typeof forth) =>
      changes.filter(({ aspect }) => 'as' in how && aspect === `client ${how.as}`).map(({ weaker }) => weaker)
    expect(own(forth)).toContain(neutral === undefined)
    const back = policyChanges({ ...nothing, ...values(weak) }, { ...nothing, ...values(strong) })
    expect(own(back)).toContain(false)
  })

  const api: Resource = {
    id: 'https://a.example',
    name: 'A',
    scopes: [{ name: 'pay', description: 'Pay' }],
    accessTokenLifetime: undefined,
    format: 'opaque',
    binding: 'dpop',
    signingAlgorithm: 'ES256',
    documentation: undefined,
    notByDevice: ['pay'],
  }
  const resourceSamples: { readonly [name in keyof Resource]?: readonly [Resource[name], Resource[name]] } = {
    scopes: [[], [{ name: 'pay', description: 'Pay' }]],
    accessTokenLifetime: [60, undefined],
    format: ['opaque', 'jwt'],
    binding: ['dpop', 'bearer'],
    signingAlgorithm: ['ES256', 'RS256'],
    notByDevice: [['pay'], []],
  }

  it.each(compared(resourceMembersJudged))('A-GOV-07 sees when the member %s of a resource gets weaker', (name) => {
    const [strong, weak] = resourceSamples[name as keyof Resource] ?? []
    const values = (value: unknown) => ({ resources: { a: resourceValues(policy, { ...api, [name]: value }) } })
    expect(judged(values(strong), values(weak))).toContain(true)
    expect(judged(values(weak), values(strong))).not.toContain(true)
  })

  it('A-GOV-07 says what every value means, and why a member is not compared', () => {
    expect(Object.keys(clientValues(policy, base, false)).sort()).toEqual(Object.keys(clientAspects).sort())
    expect(Object.keys(resourceValues(policy, api)).sort()).toEqual(Object.keys(resourceAspects).sort())
    for (const how of [...Object.values(clientMembersJudged), ...Object.values(resourceMembersJudged)])
      if ('harmless' in how) expect(how.harmless.length).toBeGreaterThan(8)
  })

  it('A-GOV-07 says that an older baseline knows nothing of a value, instead of passing over it', () => {
    const { mcp: _, ...older } = clientValues(policy, base, false)
    const changes = policyChanges(
      { ...nothing, clients: { a: older } },
      { ...nothing, clients: { a: clientValues(policy, base, false) } },
    )
    expect(changes.map(({ sentence }) => sentence)).toEqual([
      'the baseline says nothing of mcp of clients; write it anew',
    ])
  })
})

describe('config check of files that got weaker', () => {
  const path = scratch.path('baseline.json')
  const file = scratch.path('sallyport.yaml')
  const check = (text: string, ...words: readonly string[]): Promise<Outcome> => {
    writeFileSync(file, `version: 1\nissuer: https://id.example.com\ndata: ${scratch.path('none')}\n${text}`)
    return run(['config', 'check', '--config', file, '--baseline', path, ...words], { cwd: scratch.folder })
  }
  const client = (more: string): string =>
    `clients:\n  shop:\n    type: native\n    name: Shop\n    redirectUris: [https://shop.example/cb]\n${more}`

  it('A-GOV-07 names every one of them by its key', async () => {
    const strong = [
      'http:\n  trustedProxies: [10.0.0.7]\n',
      'alerts:\n  webhook: https://soc.example.com/hooks/t0ken\n  secret: k0123456789012345678901234567890123\n',
      'externalKeys:\n  module: /hsm.so\n  token: vault\n  pin: p1n-0f-t0ken\n  es256: [first]\n',
      'metadataDocuments:\n  accept: listed\n  blockedHosts: [evil.example]\n',
      'registration:\n  mode: initial_access_token\n  mcp: true\n  management: read_only\n  reservedNames: [Bank]\n',
      client('    mcp: true\n    defaultMaxAge: 5m\n    requireAuthTime: true\n    defaultAcrValues: [urn:mfa]\n'),
    ]
    const weak = [
      'http:\n  trustedProxies: [10.0.0.0/8]\n',
      'metadataDocuments:\n  accept: any\n',
      'registration:\n  mode: initial_access_token\n  scope: [openid, admin]\n',
      client(''),
    ]
    const written = await check(strong.join(''), '--write-baseline')
    expect([written.code, written.stderr]).toEqual([0, ''])
    // It is committed, and a webhook's path often is its password.
    expect(readFileSync(path, 'utf8')).not.toMatch(/t0ken|p1n|0123456789/)
    expect((await check(strong.join(''))).code).toBe(0)
    const { code, stdout } = await check(weak.join(''), '--json')
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; key: string }[] }
    expect(code).toBe(3)
    expect(findings.map(({ rule, key }) => `${rule} ${key}`).sort()).toEqual(
      [
        'policy http.trustedProxies',
        'policy alerts.webhook',
        'policy externalKeys.token',
        'policy metadataDocuments.accept',
        'policy metadataDocuments.blockedHosts',
        'policy registration.mcp',
        'policy registration.management',
        'policy registration.reservedNames',
        'policy registration.scope',
        'client mcp',
        'client signInAge',
        'client requireAuthTime',
        'client authenticationContexts',
      ]
        .map((key) => `policy-regression ${key}`)
        .sort(),
    )
  })

  it('A-GOV-07 writes no baseline of what breaks a rule', async () => {
    writeFileSync(path, 'as it was')
    const { code, stdout, stderr } = await check('management:\n  host: 0.0.0.0\n', '--write-baseline')
    expect(code).toBe(3)
    expect(stdout).toContain('management-exposed')
    expect(stderr).toContain('the baseline was not written: 1 finding is an error')
    expect(readFileSync(path, 'utf8')).toBe('as it was')
  })

  it.each(['0.0.0.0/0', '::/0', '128.0.0.0/1', '::ffff:0.0.0.0/96', '::/1', '::ffff:64.0.0.0/99'])(
    'A-GOV-07, A-GEN-06 takes %s for no network of proxies',
    (range) => {
      expect(isAnybody(range)).toBe(true)
    },
  )

  it('A-GOV-07, A-GEN-06 finds a proxy that anybody could be, and takes networks of one owner', async () => {
    for (const range of ['10.0.0.0/8', '127.0.0.1', 'fc00::/7', '2001:db8::1', '::ffff:10.0.0.0/104', '::1/128'])
      expect(isAnybody(range), range).toBe(false)
    writeFileSync(path, '')
    const { code, stdout } = await check('http:\n  trustedProxies: [10.0.0.7, 0.0.0.0/0]\n', '--write-baseline')
    expect(code).toBe(3)
    expect(stdout).toMatch(/error proxy-anybody http\.trustedProxies \(.*sallyport\.yaml:\d+\): 0\.0\.0\.0\/0 lets/)
  })
})
