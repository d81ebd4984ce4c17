import { prove, readSignedReport, signReport, type ProofReport, type SignedReport } from '@sallyport/server/prove'
import { floor, systemRandom, type PolicyNumber } from '@sallyport/protocol'
import type { PolicyOptions } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'

const random = systemRandom()

/** Every number of the policy at one end of what is allowed. */
const bounds = (end: 'min' | 'max'): PolicyOptions =>
  Object.fromEntries((Object.keys(floor) as PolicyNumber[]).map((name) => [name, floor[name][end]]))

describe('the proof of one configuration', () => {
  const policies: Record<string, PolicyOptions> = {
    'the default': {},
    'the strictest': {
      authorizationCodeLifetime: 10,
      accessTokenLifetime: 60,
      authorizationRequestsPerMinute: 10,
      tokenRequestsPerMinute: 60,
      refuseUnknownHosts: true,
    },
    'one that allows dated exceptions': { pkceExceptions: 'dated' },
    'every number at its floor': bounds('min'),
    'every number at its ceiling': bounds('max'),
    'the shortest sessions': { sessionIdle: floor.sessionIdle.min, sessionAbsolute: floor.sessionAbsolute.min },
    'a redirect URI at the token endpoint': { stages: { requireRedirectUriAtToken: 'enforce' } },
    'state and nonce of everybody': { stages: { requireState: 'enforce', requireNonce: 'enforce' } },
  }
  it.for(Object.entries(policies))(
    'A-PKCE-19, B-PAR-02 %s is enforced at every door, for every kind of client',
    async ([, policy]) => {
      const report = await prove({ issuer: 'https://as.test/tenant', policy, random })
      expect(report.cases.filter(({ holds }) => !holds)).toEqual([])
      expect(report).toMatchObject({ proven: true, failed: 0, issuer: 'https://as.test/tenant' })
      const seen = (key: 'entry' | 'client') => new Set(report.cases.map((one) => one[key]))
      expect([...seen('entry')].sort()).toEqual(['authorize GET', 'authorize POST', 'discovery', 'pushed', 'token'])
      expect(seen('client').size).toBe(6)
      for (const id of ['01', '02', '04', '05', '06', '07', '08', '09', '10', '13', '17'])
        expect(report.cases.some(({ requirement }) => requirement === `A-PKCE-${id}`)).toBe(true)
      for (const client of seen('client')) {
        const pushed = report.cases.filter((one) => one.entry === 'pushed' && one.client === client)
        const about = new Set(pushed.map(({ requirement }) => requirement))
        const owed = ['A-PKCE-01', 'A-PKCE-02', 'A-PKCE-04', 'B-PAR-05', 'B-PAR-06', 'B-PAR-07']
        if (client !== 'any') expect(owed.filter((one) => !about.has(one))).toEqual([])
      }
    },
  )

  it('A-GOV-04 clients with a secret are no part of it where secrets are not taken', async () => {
    const policy = { stages: { requirePrivateKeyJwt: 'enforce' } } as const
    const report = await prove({ issuer: 'https://as.test', policy, random })
    expect(report.proven).toBe(true)
    const clients = new Set(report.cases.map(({ client }) => client))
    expect(clients).toContain('web, private_key_jwt')
    expect([...clients].filter((kind) => kind.includes('client_secret'))).toEqual([])
  })

  it('A-PKCE-19, A-DEV-09, A-DEV-11 covers the grant for devices where it is on', async () => {
    const report = await prove({ issuer: 'https://as.test/tenant', policy: { deviceGrant: true }, random })
    expect(report.cases.filter(({ holds }) => !holds)).toEqual([])
    const ofDevices = report.cases.filter(({ entry }) => entry === 'device grant')
    const proven = new Set(ofDevices.map(({ requirement }) => requirement))
    const all = ['A-DEV-09', 'A-DEV-11', 'A-PKCE-02', 'A-PKCE-04', 'A-PKCE-05', 'A-PKCE-06', 'A-PKCE-07']
    expect([...proven].sort()).toEqual(all)
    expect(ofDevices.map(({ expected }) => expected)).toContain('400 authorization_pending, then 200 with tokens')
  })

  it('A-LOG-02 names no code, verifier or token', async () => {
    const report = await prove({ issuer: 'https://as.test', policy: {}, random })
    expect(JSON.stringify(report.cases)).not.toMatch(/[\w-]{43}/)
  })

  it('A-PKCE-19 lets other work go on in between', async () => {
    let pauses = 0
    const pause = async (): Promise<void> => void pauses++
    await prove({ issuer: 'https://as.test', policy: {}, random, pause })
    expect(pauses).toBeGreaterThan(100)
  })
})

describe('a signed report', () => {
  const masterKey = Buffer.alloc(32, 'test issuer')

  async function signed(): Promise<{ report: SignedReport; jwks: readonly Record<string, string>[] }> {
    const { store, clock, issuer } = await newIssuer()
    const report = await prove({ issuer, policy: {}, random })
    const made = await signReport(report, { store, masterKey, random, now: clock.now() })
    return { report: made, jwks: (await store.listSigningKeys()).map(({ publicJwk }) => publicJwk) }
  }

  it('A-PKCE-19 is genuine only with a key of the issuer, and as it was made', async () => {
    const { report, jwks } = await signed()
    expect(readSignedReport(report, jwks)).toBeUndefined()
    expect(readSignedReport(report, [])).toMatch(/not one of this issuer/)
    const other = await signed()
    expect(readSignedReport(report, other.jwks)).toMatch(/not one of this issuer/)
    const changes: readonly Partial<ProofReport>[] = [
      { proven: false },
      { failed: 1 },
      { issuer: 'https://evil.test' },
      { cases: [] },
    ]
    for (const change of changes)
      expect(readSignedReport({ ...report, report: { ...report.report, ...change } }, jwks)).toMatch(/altered/)
    expect(readSignedReport({ ...report, signature: 'x' }, jwks)).toMatch(/not one of this issuer/)
  })

  it('JW-03 an access token is no signature of a report', async () => {
    const { codeFlow, store, issuer } = await newIssuer()
    const report = await prove({ issuer, policy: {}, random })
    const { accessToken } = await codeFlow()
    const jwks = (await store.listSigningKeys()).map(({ publicJwk }) => publicJwk)
    expect(readSignedReport({ report, signature: accessToken }, jwks)).toMatch(/not one of this issuer \(typ\)/)
  })
})
