import { redirectUriFault, seconds, systemRandom } from '@sallyport/protocol'
import {
  changeClient,
  ClientMetadataError,
  registerClient,
  registrationFaults,
  registrationOf,
  type ClientRegistration,
} from '@sallyport/server'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const context = { development: false, now: seconds(1_800_000_000), random: systemRandom(), secretLifetime: 86_400 }

const uris = fc.oneof(
  { weight: 6, arbitrary: fc.constant('https://c.test/cb') },
  fc.constantFrom(
    'https://c.test/cb',
    'http://127.0.0.1/cb',
    'com.example.app:/cb',
    'http://c.test/cb',
    'https://c.test',
    'https://c.test/cb#',
    'myapp://x',
  ),
  fc.webUrl({ withQueryParameters: true }),
)

const anything: fc.Arbitrary<ClientRegistration> = fc.record(
  {
    type: fc.constantFrom('web', 'spa', 'native', 'device', 'service'),
    name: fc.oneof(
      { weight: 4, arbitrary: fc.constant('App') },
      fc.constantFrom('App', '', '  ', 'x'.repeat(101), 'a\u202eb', 'a\u0000b'),
      fc.string({ maxLength: 20 }),
    ),
    redirectUris: fc.array(uris, { maxLength: 4 }),
    allowedOrigins: fc.array(fc.constantFrom('https://c.test', 'null', 'https://c.test/', '*', 'https://C.test'), {
      maxLength: 2,
    }),
    authenticationMethod: fc.constantFrom(undefined, undefined, 'none', 'client_secret_basic', 'client_secret_post'),
    grantTypes: fc.option(
      fc.uniqueArray(fc.constantFrom('authorization_code', 'refresh_token', 'client_credentials'), { maxLength: 3 }),
      { nil: undefined },
    ),
    scope: fc.constantFrom('read', 'read', 'read write', 'openid read', 'openid  x', undefined),
    defaultScope: fc.constantFrom(undefined, undefined, 'read', 'nothing'),
  },
  { requiredKeys: ['type', 'name'] },
)

describe('the one validator', () => {
  it('RU-04, A-REDIR-10, A-REDIR-11 whatever it accepts keeps the rules of its type', () => {
    let accepted = 0
    fc.assert(
      fc.property(anything, (registration) => {
        if (registrationFaults(registration, false).length > 0) return
        accepted++
        const { client, secret } = registerClient(registration, context)
        const confidential = client.authenticationMethod !== 'none'
        expect(secret !== undefined).toBe(confidential)
        expect(client.secrets.length).toBe(confidential ? 1 : 0)
        if (['spa', 'native', 'device'].includes(client.type)) expect(confidential).toBe(false)
        if (!confidential) expect(client.grantTypes).not.toContain('client_credentials')
        if (client.grantTypes.includes('authorization_code')) expect(client.redirectUris.length).toBeGreaterThan(0)
        for (const uri of client.redirectUris) expect(redirectUriFault(uri, client.applicationType)).toBeUndefined()
        expect(client.applicationType).toBe(client.type === 'native' || client.type === 'device' ? 'native' : 'web')
        expect(client.id).toMatch(/^client_[\w-]{22}$/)
        expect(client.name).toMatch(/^\S(?:.*\S)?$/u)
        for (const value of client.defaultScope) expect(client.scope).toContain(value)
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(100)
  })

  it('RU-04 whatever it refuses cannot be registered, and it names what is wrong', () => {
    fc.assert(
      fc.property(anything, (registration) => {
        const faults = registrationFaults(registration, false)
        fc.pre(faults.length > 0)
        expect(() => registerClient(registration, context)).toThrow(ClientMetadataError)
        for (const { member, problem } of faults) expect([typeof member, problem.length > 5]).toEqual(['string', true])
      }),
    )
  })

  it('A-PKCE-15 no member switches PKCE off, and unknown ones are refused with the nearest name', () => {
    const plain = { type: 'web', name: 'App', redirectUris: ['https://c.test/cb'] } as const
    for (const member of [
      'require_pkce',
      'requirePkce',
      'pkce',
      'allowPlain',
      'codeChallengeMethod',
      'code_challenge_methods',
    ]) {
      const [fault] = registrationFaults({ ...plain, [member]: false }, false)
      expect([fault?.member, fault?.problem]).toEqual([member, expect.stringContaining('PKCE with S256 is required')])
    }
    const [typo] = registrationFaults({ ...plain, redirectUri: 'x' } as never, false)
    expect(typo?.fix).toContain('redirectUris')
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.jsonValue(), (member, value) => {
        fc.pre(!(member in registrationOf(registerClient(plain, context).client)) && member !== '__proto__')
        return registrationFaults({ ...plain, [member]: value }, false).length > 0
      }),
    )
  })

  it('A-REDIR-10 a record becomes a registration and the same record again; its type never changes', () => {
    fc.assert(
      fc.property(anything, (registration) => {
        fc.pre(registrationFaults(registration, false).length === 0)
        const { client } = registerClient(registration, context)
        const again = changeClient(client, {}, context)
        expect(again).toEqual({ ...client, version: 2, updatedAt: context.now })
        const type = client.type === 'web' ? 'native' : 'web'
        expect(() => changeClient(client, { type }, context)).toThrow(ClientMetadataError)
      }),
    )
  })

  it('A-TOK-16 ids of ten thousand clients are different and never look like a subject', () => {
    const plain = { type: 'service', name: 'App', scope: 'read' } as const
    const ids = new Set(Array.from({ length: 10_000 }, () => registerClient(plain, context).client.id))
    expect(ids.size).toBe(10_000)
    for (const id of ids) expect(id.startsWith('user_')).toBe(false)
  })
})
