import { prove, readSignedReport, signReport, type ProofReport, type SignedReport } from '@sallyport/server/prove'
import { floor, systemRandom, type PolicyNumber } from '@sallyport/protocol'
import type { PolicyOptions } from '@sallyport/server'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'

const random = systemRandom()

/** Every number of the policy at one end of what is allowed. */
const bounds = (end: 'min' | 'max'): PolicyOptions =>
  Object.fromEntries((Object.keys(floor) as PolicyNumber[]).map((name) => [name, floor[name][end]]))

const excepted = 'web, dated exception'
/** Every kind of client that gets codes. */
const kinds = [
  'web, client_secret_basic',
  'web, client_secret_post',
  'web, private_key_jwt',
  excepted,
  'spa',
  'native',
  'native, loopback',
  'agent',
  'self-registered, none',
  'self-registered, client_secret_basic',
  'metadata document, none',
  'metadata document, private_key_jwt',
]
const held = 'spa, held to pushed requests'
const heldToSign = 'spa, held to signed requests'
const [old, alone] = ['spa, of OAuth 2.0', 'agent, for itself']
const exchanging = 'service that exchanges'
const devices = ['device', 'web with devices']
/** Requests without a challenge and without a method. */
const bare = ['no challenge', 'the answer to no challenge names it']
const everything = { deviceGrant: true, pkceExceptions: 'dated' } as const

const failedIn = ({ cases }: ProofReport) => cases.filter(({ holds }) => !holds)

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
    'no redirect URI at the token endpoint': { stages: { refuseRedirectUriAtToken: 'enforce' } },
    'FAPI 2.0': { profile: 'fapi2' },
    'FAPI 2.0 with signed messages and devices': { profile: 'fapi2-message-signing', deviceGrant: true },
    'requests that are pushed': { stages: { requirePushedRequests: 'enforce' } },
    'exceptions beside requests that are pushed': {
      ...{ pkceExceptions: 'dated', stages: { requirePushedRequests: 'enforce' } },
    },
    'requests that are signed': { stages: { requireSignedRequests: 'enforce' } },
    'requests that are signed and pushed': {
      stages: { requireSignedRequests: 'enforce', requirePushedRequests: 'enforce' },
    },
    'no signed requests': { requestObjects: false },
    'nonces in proofs of possession': { dpopNonces: true },
    'no proofs of possession': { dpop: false },
    'state and nonce of everybody': { stages: { requireState: 'enforce', requireNonce: 'enforce' } },
  }
  it.for(Object.entries(policies))('A-PKCE-19, B-PAR-02 %s is enforced at every door', async ([name, policy]) => {
    // What the policy changes does not depend on who asks and how often, so most of them are proven in short.
    const short = name !== 'the default' && !('pkceExceptions' in policy)
    const report = await prove({ issuer: 'https://as.test/tenant', policy, random, short })
    expect(failedIn(report)).toEqual([])
    const extent = short ? 'short' : 'whole'
    expect(report).toMatchObject({ proven: true, failed: 0, issuer: 'https://as.test/tenant', extent })
    const doors = ['authorize GET', 'authorize POST', 'discovery', 'loopback', 'pushed', 'registration', 'token']
    const entries = new Set(report.cases.map(({ entry }) => entry))
    // Clients that listen on this machine are public, and FAPI 2.0 has none.
    expect(doors.filter((door) => !entries.has(door))).toEqual('profile' in policy ? ['loopback'] : [])
    for (const id of ['01', '02', '04', '05', '06', '07', '08', '09', '10', '13', '17'])
      expect(report.cases.some(({ requirement }) => requirement === `A-PKCE-${id}`)).toBe(true)
  })

  it('A-PKCE-19, B-PAR-02 sends the same for every kind of client, and in short each request once at every door', async () => {
    const whole = await prove({ issuer: 'https://as.test', policy: everything, random })
    const short = await prove({ issuer: 'https://as.test', policy: everything, random, short: true })
    expect([failedIn(whole), failedIn(short)]).toEqual([[], []])
    const titlesOf = ({ cases }: ProofReport, entry: string, client: string) =>
      cases.filter((one) => one.entry === entry && one.client === client).map(({ title }) => title)
    for (const entry of ['authorize GET', 'authorize POST', 'pushed', 'signed', 'signed and pushed', 'token'])
      for (const client of kinds) {
        const own = titlesOf(whole, entry, client)
        const common = titlesOf(whole, entry, 'spa').filter((title) => client !== excepted || !bare.includes(title))
        expect([client, common.filter((title) => !own.includes(title))]).toEqual([client, []])
        if (entry.startsWith('authorize')) expect(titlesOf(short, entry, client)).toContain('control: S256')
      }
    const kindsOf = ({ cases }: ProofReport) => new Set(cases.map(({ client }) => client))
    expect([...kindsOf(whole)].sort()).toEqual(
      [...kinds, ...devices, held, heldToSign, old, alone, exchanging, 'any'].sort(),
    )
    // What is signed is judged by the same validator, so a short proof sends a part of it there.
    const everywhere = ({ entry }: ProofReport['cases'][number]) => !entry.startsWith('signed')
    const keys = ({ cases }: ProofReport) =>
      new Set(cases.filter(everywhere).map(({ entry, title }) => `${entry}: ${title}`))
    expect(keys(short)).toEqual(keys(whole))
    for (const entry of ['signed', 'signed and pushed']) {
      const sent = short.cases.filter((one) => one.entry === entry)
      expect(sent.some(({ title }) => title.startsWith('control'))).toBe(true)
      expect(sent.filter(({ seen }) => !seen.includes('with a code')).length).toBeGreaterThan(2)
    }
    const proven = new Set(short.cases.map(({ requirement }) => requirement))
    for (const id of ['01', '02', '03', '04', '05', '06', '07', '08', '12']) expect(proven).toContain(`B-JAR-${id}`)
  })

  it('A-PKCE-19 in short is little work: one server, and so many requests', async () => {
    const short = await prove({ issuer: 'https://as.test', policy: everything, random, short: true })
    expect(short.requests).toBeLessThan(900)
    expect(short.cases.length).toBeLessThan(450)
  })

  it('A-GOV-01 an exception counts only where the policy lets one be, for the client it may be for, until its end', async () => {
    const issuer = 'https://as.test'
    const outcome = async (policy: PolicyOptions) =>
      (await prove({ issuer, policy, random })).cases.filter(
        ({ client, title }) => client === excepted || bare.includes(title),
      )
    const forbidden = await outcome({})
    expect(forbidden.every(({ entry }) => entry !== 'exception')).toBe(true)
    const asked = forbidden.filter(({ client, title }) => client === excepted && bare.includes(title))
    expect(asked).toHaveLength(10)
    expect(asked.every(({ seen, holds }) => holds && !seen.includes('with a code'))).toBe(true)
    const dated = await outcome({ pkceExceptions: 'dated' })
    const under = dated.filter(({ entry }) => entry === 'exception')
    expect(under.every(({ holds }) => holds)).toBe(true)
    expect(new Set(under.map(({ requirement }) => requirement))).toEqual(
      new Set(['A-GOV-01', 'A-PKCE-08', 'A-PKCE-17', 'A-CODE-03', 'A-CODE-06']),
    )
    const others = dated.filter(({ client, title }) => client !== excepted && bare.includes(title))
    expect(new Set(others.map(({ client }) => client)).size).toBe(kinds.length - 1)
    expect(others.every(({ seen }) => !seen.includes('with a code'))).toBe(true)
  })

  it('B-PAR-09 direct requests get nothing where they have to be pushed, of one client or of all', async () => {
    for (const enforced of [false, true]) {
      const policy = enforced ? ({ stages: { requirePushedRequests: 'enforce' } } as const) : {}
      const { cases } = await prove({ issuer: 'https://as.test', policy, random, short: true })
      const direct = cases.filter(({ requirement, entry }) => requirement === 'B-PAR-09' && entry !== 'pushed')
      expect([...new Set(direct.map(({ client }) => client))].sort()).toEqual(
        enforced ? [...kinds, held].sort() : [held],
      )
      expect(direct.filter(({ seen }) => seen.includes('with a code'))).toEqual([])
      const open = cases.filter(({ entry, seen }) => entry.startsWith('authorize') && seen.includes('with a code'))
      expect(open.length > 0).toBe(!enforced)
    }
  })

  it('B-JAR-08 plain requests get nothing where they have to be signed, of one client or of all', async () => {
    for (const enforced of [false, true]) {
      const policy = enforced ? ({ stages: { requireSignedRequests: 'enforce' } } as const) : {}
      const { cases } = await prove({ issuer: 'https://as.test', policy, random, short: true })
      const plain = cases.filter(({ requirement, title }) => requirement === 'B-JAR-08' && title.includes('not signed'))
      const clients = enforced ? [...kinds, heldToSign] : [heldToSign]
      expect([...new Set(plain.map(({ client }) => client))].sort()).toEqual(clients.sort())
      expect(plain.filter(({ seen }) => seen.includes('with a code'))).toEqual([])
    }
  })

  it('A-GOV-04 clients with a secret are no part of it where secrets are not taken', async () => {
    const policy = { stages: { requirePrivateKeyJwt: 'enforce' } } as const
    const report = await prove({ issuer: 'https://as.test', policy, random })
    expect(report.proven).toBe(true)
    const clients = new Set(report.cases.map(({ client }) => client))
    expect(clients).toContain('web, private_key_jwt')
    expect([...clients].filter((kind) => kind.includes('client_secret'))).toEqual([])
  })

  it.each([false, true])(
    'A-GOV-04 sends proofs of possession where nobody gets in without, with nonces: %s',
    async (dpopNonces) => {
      const policy = { dpopNonces, deviceGrant: true, stages: { requireSenderConstraint: 'enforce' } } as const
      const common = { issuer: 'https://as.test/tenant', random, short: true } as const
      const report = await prove({ ...common, policy })
      expect(report.cases.filter(({ holds }) => !holds)).toEqual([])
      const plain = await prove({ ...common, policy: { deviceGrant: true } })
      expect(report.cases.map(({ title }) => title)).toEqual(plain.cases.map(({ title }) => title))
    },
  )

  it('A-PKCE-19, A-DEV-09, A-DEV-11 covers the grant for devices where it is on', async () => {
    const report = await prove({ issuer: 'https://as.test/tenant', policy: { deviceGrant: true }, random, short: true })
    expect(failedIn(report)).toEqual([])
    const ofDevices = report.cases.filter(({ entry }) => entry === 'device grant')
    const proven = new Set(ofDevices.map(({ requirement }) => requirement))
    const all = ['A-DEV-09', 'A-DEV-11', 'A-PKCE-02', 'A-PKCE-04', 'A-PKCE-05', 'A-PKCE-06', 'A-PKCE-07', 'A-PKCE-18']
    expect(new Set(ofDevices.map(({ client }) => client))).toEqual(new Set(devices))
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
    await prove({ issuer: 'https://as.test', policy: {}, random, pause, short: true })
    expect(pauses).toBeGreaterThan(100)
  })
})

describe('a signed report', () => {
  const masterKey = Buffer.alloc(32, 'test issuer')

  async function signed(): Promise<{ report: SignedReport; jwks: readonly Record<string, string>[] }> {
    const { store, clock, issuer } = await newIssuer()
    const report = await prove({ issuer, policy: {}, random, short: true })
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
    const report = await prove({ issuer, policy: {}, random, short: true })
    const { accessToken } = await codeFlow()
    const jwks = (await store.listSigningKeys()).map(({ publicJwk }) => publicJwk)
    expect(readSignedReport({ report, signature: accessToken }, jwks)).toMatch(/not one of this issuer \(typ\)/)
  })
})
