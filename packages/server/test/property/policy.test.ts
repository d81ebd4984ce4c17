import { floor, seconds, systemRandom, type PolicyNumber } from '@sallyport/protocol'
import {
  createPolicy,
  effectivePolicy,
  PolicyError,
  policyKeys,
  registerClient,
  type ClientRegistration,
  type PolicyOptions,
} from '@sallyport/server'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const names = Object.keys(floor) as readonly PolicyNumber[]

/** Any policy within its bounds, with some settings left out. */
const policies: fc.Arbitrary<PolicyOptions> = fc.record(
  Object.fromEntries(names.map((name) => [name, fc.integer({ min: floor[name].min, max: floor[name].max })])),
  { requiredKeys: [] },
)

const wish = fc.option(fc.integer({ min: 0, max: 31_536_000 }), { nil: undefined })
const registrations: fc.Arbitrary<ClientRegistration> = fc.record({
  type: fc.constantFrom('web', 'spa', 'native', 'agent'),
  owner: fc.constant('Somebody'),
  purpose: fc.constant('Something'),
  grantTypes: fc.constant(['authorization_code', 'refresh_token'] as const),
  name: fc.constant('Any client'),
  redirectUris: fc.constant(['https://c.test/cb']),
  scope: fc.constant('openid'),
  accessTokenLifetime: wish,
  refreshTokenIdle: wish,
  refreshTokenAbsolute: wish,
})

const context = { development: false, now: seconds(0), random: systemRandom(), secretLifetime: 86_400 }

/** The message a set of options is refused with; empty when it is accepted. */
function refusal(options: object): string {
  try {
    createPolicy(options)
    return ''
  } catch (error) {
    if (error instanceof PolicyError) return error.message
    throw error
  }
}

describe('bounds', () => {
  it('A-PKCE-15 whatever is within its bounds is accepted, frozen, and nothing else changes', () => {
    fc.assert(
      fc.property(policies, (options) => {
        const policy = createPolicy(options)
        expect(Object.isFrozen(policy)).toBe(true)
        for (const name of names) expect(policy[name]).toBe(options[name] ?? floor[name].default)
      }),
    )
  })

  it('A-CODE-01 whatever is outside is refused by name, for every number', () => {
    for (const name of names) {
      const { min, max } = floor[name]
      for (const value of [min - 1, max + 1, -1, Number.NaN, Number.POSITIVE_INFINITY, '60', null, {}, true, -0.5])
        if (!(typeof value === 'number' && value >= min && value <= max))
          expect(refusal({ [name]: value })).toContain(name)
      expect(refusal({ [name]: min })).toBe('')
      expect(refusal({ [name]: max })).toBe('')
    }
  })

  it('A-PKCE-15 every unknown key is refused, those that sound like an exception from PKCE included', () => {
    const wanted = [
      'requirePkce',
      'require_pkce',
      'pkce',
      'allowPlain',
      'codeChallengeMethods',
      'allowPlainCodeChallenge',
      'pkceRequired',
      'issInResponses',
      'exactRedirectUris',
      '__proto__x',
      'constructor',
    ]
    for (const key of wanted) expect(refusal({ [key]: false })).toContain(key)
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), fc.anything(), (key, value) => {
        fc.pre(!policyKeys.includes(key) && key !== '__proto__' && value !== undefined)
        return refusal({ [key]: value }) !== ''
      }),
    )
  })

  it('A-PKCE-15 all faults are told at once, each with what to do', () => {
    const options = { authorizationCodeLifetime: 0, accessTokenLifetme: 60, refuseWebViews: 'yes' }
    try {
      createPolicy(options as never)
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error
      expect(error.faults.map(({ key }) => key)).toEqual([
        'authorizationCodeLifetime',
        'accessTokenLifetme',
        'refuseWebViews',
      ])
      expect(error.faults[1]?.fix).toContain('accessTokenLifetime')
    }
  })

  it('A-PKCE-15, A-PKCE-19 there is no setting about PKCE, redirect matching, single use, or iss', () => {
    // Whether dated exceptions can be made (A-GOV-01) is the one word about it, and it has no value that is wider.
    for (const wider of ['optional', 'allowed', true, 'DATED'])
      expect(() => createPolicy({ pkceExceptions: wider as 'dated' })).toThrow(PolicyError)
    expect(createPolicy().pkceExceptions).toBe('forbidden')
    for (const key of policyKeys.filter((name) => name !== 'pkceExceptions'))
      expect(key).not.toMatch(/pkce|challenge|verifier|plain|redirect|match|iss\b|issuerParam|implicit|password/i)
  })
})

describe('clients only tighten', () => {
  it('A-TOK-14 no registration makes anything live longer than the policy says', () => {
    fc.assert(
      fc.property(policies, registrations, (options, registration) => {
        const policy = createPolicy(options)
        const { client } = registerClient(registration, context)
        const effective = effectivePolicy(policy, client)
        expect(effective.accessTokenLifetime).toBeLessThanOrEqual(policy.accessTokenLifetime)
        expect(effective.refreshTokenIdle).toBeLessThanOrEqual(policy.refreshTokenIdle)
        expect(effective.refreshTokenAbsolute).toBeLessThanOrEqual(policy.refreshTokenAbsolute)
        if (client.type === 'spa' || client.type === 'agent') {
          const kind = client.type === 'spa' ? 'browser' : 'agent'
          expect(effective.refreshTokenIdle).toBeLessThanOrEqual(policy[`${kind}RefreshTokenIdle`])
          expect(effective.refreshTokenAbsolute).toBeLessThanOrEqual(policy[`${kind}RefreshTokenAbsolute`])
        }
        if (client.type === 'agent')
          expect(effective.accessTokenLifetime).toBeLessThanOrEqual(policy.agentAccessTokenLifetime)
        for (const value of Object.values(effective)) expect(value).toBeGreaterThan(0)
      }),
      { numRuns: 1000 },
    )
  })

  it('A-TOK-14 a shorter wish is granted, down to the floor', () => {
    const policy = createPolicy()
    const effectiveFor = (accessTokenLifetime: number): number =>
      effectivePolicy(
        policy,
        registerClient({ type: 'web', name: 'C', redirectUris: ['https://c.test/cb'], accessTokenLifetime }, context)
          .client,
      ).accessTokenLifetime
    expect([effectiveFor(120), effectiveFor(60), effectiveFor(1), effectiveFor(3600)]).toEqual([120, 60, 60, 300])
  })
})
