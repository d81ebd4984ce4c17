import { createTrustedIssuers, PolicyError, type Connect, type TrustedIssuer } from '@sallyport/server'
import { createClientKey, decodeJwt, tokensOf } from '@sallyport/testing'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { proven } from '../dpop/proofs.ts'
import { eventsOf, expectEvent, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { bearerGrant, bringer, foreignIssuer, trustingIssuer } from './assertions.ts'

describe('whose assertions count', () => {
  it('B-JB-01 a trusted issuer is believed about a person, for the client and API that are named', async () => {
    const { issuer, client, assertion, redeem } = await trustingIssuer()
    const answer = await redeem(assertion())
    expectTokens(answer)
    const { accessToken, refreshToken, idToken, scope } = tokensOf(client, answer)
    expect({ refreshToken, idToken, scope }).toEqual({ refreshToken: '', idToken: '', scope: 'read' })
    const { claims } = decodeJwt(accessToken)
    expect(claims).toMatchObject({ sub: issuer.alice.subject, client_id: client.id, aud: 'https://rs1.test' })
    // Nobody said when she signed in, and so does no token.
    expect(claims).not.toHaveProperty('auth_time')
    expect(claims).not.toHaveProperty('act')
    expect(await issuer.isAlive(accessToken)).toBe(true)
    expectEvent(issuer, 'token.assertion.accepted', { subject: issuer.alice.subject, clientId: client.id })
  })

  it('B-JB-01 without a trusted issuer there is no such grant, and nothing of it in the metadata', async () => {
    const issuer = await newIssuer()
    const client = await issuer.addClient(bringer)
    expectRefusal(await issuer.token(client, { grant_type: bearerGrant, assertion: 'x' }), 'unsupported_grant_type')
    const offered = async (of: typeof issuer) => (await of.get('/.well-known/openid-configuration')).json
    expect((await offered(issuer))['grant_types_supported']).not.toContain(bearerGrant)
    expect((await offered((await trustingIssuer()).issuer))['grant_types_supported']).toContain(bearerGrant)
  })

  it('B-JB-01 strangers, wrong keys and clients that nobody named are refused alike', async () => {
    const { issuer, assertion, redeem, expectNo } = await trustingIssuer()
    expectNo(await redeem(assertion({ iss: 'https://evil.test' })), 'bearer_assertion_issuer')
    expectNo(await redeem(assertion({ iss: undefined })), 'bearer_assertion_issuer')
    expectNo(await redeem(assertion({ tenant: 'other' })), 'bearer_assertion_issuer')
    expectNo(await redeem(assertion({}, {}, createClientKey())), 'bearer_assertion_invalid', 'signature')
    expectNo(await redeem(assertion({}, { kid: 'other' })), 'bearer_assertion_invalid', 'kid')
    for (const header of [{ alg: 'none' }, { alg: 'HS256' }]) {
      expectNo(await redeem(assertion({}, header)), 'bearer_assertion_invalid', 'alg')
    }
    expectNo(await redeem(assertion({}, { crit: ['exp'] })), 'bearer_assertion_invalid', 'syntax')
    const other = await issuer.addClient(bringer)
    const parameters = { grant_type: bearerGrant, assertion: assertion(), scope: 'read' }
    expectNo(await issuer.token(other, parameters), 'bearer_assertion_issuer')
  })

  it('B-JB-01, B-JAG-05 tokens of this server and of other kinds are no assertions', async () => {
    const { issuer, assertion, redeem, expectNo } = await trustingIssuer()
    const { accessToken, idToken } = await issuer.codeFlow()
    issuer.forget()
    for (const token of [accessToken, idToken]) expectNo(await redeem(token), 'bearer_assertion_issuer')
    for (const typ of ['at+jwt', 'dpop+jwt', 'logout+jwt', 'client-authentication+jwt'])
      expectNo(await redeem(assertion({}, { typ })), 'bearer_assertion_invalid', 'typ')
    expectNo(await redeem(assertion({}, { typ: 'oauth-id-jag+jwt' })), 'bearer_assertion_issuer')
    for (const typ of [undefined, 'JWT', 'application/authorization-grant+jwt'])
      expectTokens(await redeem(assertion({}, { typ })))
  })

  it('B-JB-01 keys are fetched from the address of the issuer, and once more for a key that is new', async () => {
    const key = createClientKey('ES256', 'second')
    let asked = 0
    const keys = [createClientKey('ES256', 'first').jwk]
    const connect: Connect = () =>
      Promise.resolve(
        new Duplex({
          read: () => undefined,
          write(part: Buffer, _, done) {
            done()
            if (!part.includes('\r\n\r\n')) return
            asked++
            const body = JSON.stringify({ keys })
            const head = `HTTP/1.1 200 OK\r\ncontent-type: application/jwk-set+json\r\ncontent-length: ${body.length}`
            this.push(`${head}\r\n\r\n${body}`)
          },
        }),
      )
    const outbound = { connect, resolve: () => Promise.resolve(['93.184.215.14']) }
    const jwksUri = 'https://idp.example/jwks'
    const { issuer, assertion, redeem, expectNo } = await trustingIssuer({ jwksUri, options: { outbound } })
    expectNo(await redeem(assertion({}, {}, key)), 'bearer_assertion_invalid', 'kid')
    keys.push(key.jwk)
    issuer.clock.advance(61)
    expectTokens(await redeem(assertion({}, {}, key)))
    expect(asked).toBe(2)
  })
})

describe('what an assertion says', () => {
  const now = 1_800_000_000
  const wrong: readonly (readonly [string, unknown])[] = [
    ['sub', undefined],
    ['sub', 7],
    ['aud', undefined],
    ['aud', 'https://as.test/'],
    ['aud', 'https://as.test/oauth2/token'],
    ['aud', ['https://as.test', 'https://other.test']],
    ['exp', undefined],
    ['exp', now - 1],
    ['exp', now + 301],
    ['exp', '9999999999'],
    ['iat', now + 62],
    ['nbf', now + 62],
    ['jti', undefined],
    ['jti', 'x'.repeat(513)],
    ['client_id', 'client_other'],
    ['cnf', { kid: 'x' }],
    ['scope', 7],
    ['resource', {}],
  ]
  it('B-JB-02, B-JB-03 each claim is required and checked, and one that is wrong spends nothing', async () => {
    const { assertion, redeem, expectNo } = await trustingIssuer({ options: { start: now } })
    for (const [claim, value] of wrong)
      expectNo(await redeem(assertion({ [claim]: value })), 'bearer_assertion_claims', claim)
    const again = assertion({ iat: now + 8, nbf: now + 8, exp: now + 300 })
    expectNo(await redeem(`${again}x`), 'bearer_assertion_invalid')
    expectTokens(await redeem(again))
  })

  it('B-JB-02 an assertion is used once, on every node, however many bring it at the same time', async () => {
    const { issuer, assertion, redeem, expectNo } = await trustingIssuer()
    const once = assertion()
    const node = await issuer.startNode()
    const answers = await Promise.all([...Array(8).keys()].map((index) => redeem(once, {}, index % 2 ? { node } : {})))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(eventsOf(issuer, 'token.assertion.replayed')).toHaveLength(7)
    issuer.forget()
    issuer.clock.advance(59)
    expectNo(await redeem(once), 'bearer_assertion_replayed')
  })

  it('B-JB-03 nobody but an authenticated client may bring one, and it may be too long to be looked at', async () => {
    const { issuer, assertion, redeem, expectNo } = await trustingIssuer()
    const { N } = issuer.clients
    const bare = { grant_type: bearerGrant, assertion: assertion(), client_id: N.id }
    expectRefusal(await issuer.post('/oauth2/token', bare), 'unauthorized_client')
    const open = await issuer.changeClient(N, { grantTypes: ['authorization_code', bearerGrant] })
    expectRefusal(await issuer.post('/oauth2/token', { ...bare, client_id: open.id }), 'invalid_client', 401)
    issuer.forget()
    expectNo(await redeem(assertion({ filler: 'x'.repeat(8192) })), 'bearer_assertion_invalid', 'size')
    expectRefusal(await redeem('', { assertion: undefined }), 'invalid_request')
  })

  it('B-JB-03 scope and API stay within what the operator wrote, and nothing is cut without a word', async () => {
    const { assertion, redeem } = await trustingIssuer({ resources: ['https://rs1.test'] })
    expectRefusal(await redeem(assertion(), { scope: 'read write' }), 'invalid_scope')
    expectRefusal(await redeem(assertion(), { scope: 'openid read' }), 'invalid_scope')
    expectRefusal(await redeem(assertion(), { scope: undefined }), 'invalid_scope')
    expectRefusal(await redeem(assertion(), { resource: 'https://rs2.test' }), 'invalid_target')
    expectRefusal(await redeem(assertion(), { resource: undefined }), 'invalid_target')
    const elsewhere = assertion({ scope: 'read', resource: 'https://rs2.test' })
    expectRefusal(await redeem(elsewhere), 'invalid_target')
    const narrow = await redeem(assertion({ scope: 'read write', resource: ['https://rs1.test'] }), {
      scope: undefined,
      resource: undefined,
    })
    expect(narrow.json['scope']).toBe('read')
  })
})

describe('who the person is', () => {
  it('B-JB-04 one active person by the written rule; nobody is made, and nobody found by address', async () => {
    const { issuer, assertion, redeem, expectNo } = await trustingIssuer()
    for (const sub of ['user_nobody', 'alice', 'alice@example.test'])
      expectNo(await redeem(assertion({ sub, email: 'alice@example.test' })), 'bearer_assertion_person')
    const { accessToken } = tokensOf(issuer.clients.S, await redeem(assertion()))
    await issuer.store.setSubjectActive(issuer.alice.subject, false, issuer.clock.now(), [])
    expect(await issuer.isAlive(accessToken)).toBe(false)
    issuer.forget()
    expectNo(await redeem(assertion()), 'bearer_assertion_person')
  })

  it('B-JB-04, B-JAG-05 a list says who is whom, for one tenant of the issuer', async () => {
    const options = { seed: 'a list of people' }
    const { alice } = await newIssuer(options)
    const people = { 'employee-7': alice.subject, 'employee-8': 'user_nobody' }
    const trust = await trustingIssuer({ people, tenant: 't1', options })
    const { issuer, client, assertion, redeem, expectNo } = trust
    const { accessToken } = tokensOf(client, await redeem(assertion({ sub: 'employee-7', tenant: 't1' })))
    expect(decodeJwt(accessToken).claims['sub']).toBe(issuer.alice.subject)
    for (const tenant of [undefined, 't2', ['t1']])
      expectNo(await redeem(assertion({ sub: 'employee-7', tenant })), 'bearer_assertion_issuer')
    for (const sub of [alice.subject, 'employee-8', '__proto__', 'constructor'])
      expectNo(await redeem(assertion({ sub, tenant: 't1' })), 'bearer_assertion_person')
  })

  it('B-JB-04 the token is bound to the key of its request, and what revokes it ends it', async () => {
    const { issuer, client, assertion, redeem } = await trustingIssuer()
    const bound = await redeem(assertion(), {}, proven(issuer))
    expect(bound.json['token_type']).toBe('DPoP')
    const { accessToken } = tokensOf(client, await redeem(assertion()))
    const [listed] = (await issuer.store.admin.listAuthorizations({ clientId: client.id }, undefined, 10)).items
    expect(listed?.authorization.derived).toMatchObject({ assertedBy: foreignIssuer })
    expect((await issuer.revoke(client, accessToken)).status).toBe(200)
    expect(await issuer.isAlive(accessToken)).toBe(false)
  })
})

describe('what an operator may write', () => {
  const entry: TrustedIssuer = {
    ...{ issuer: foreignIssuer, clients: ['c'], scope: ['read'] },
    people: 'same',
    jwksUri: 'https://idp.example/jwks',
  }
  const broken: readonly (readonly [string, object])[] = [
    ['no keys', { jwksUri: undefined }],
    ['two sources of keys', { jwks: { keys: [createClientKey().jwk] } }],
    ['a private key', { jwksUri: undefined, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }],
    ['no clients', { clients: [] }],
    ['no scope', { scope: [] }],
    ['scope of sign-in', { scope: ['openid'] }],
    ['an issuer that is none', { issuer: 'idp' }],
    ['itself', { issuer: 'https://as.test' }],
    ['another kind', { accepts: 'saml' }],
    ['nobody', { people: {} }],
    ['no resource', { resources: ['not an address'] }],
  ]
  it.for(broken)('B-JB-01 an entry with %s does not start', ([, change]) => {
    expect(() => createTrustedIssuers([{ ...entry, ...change }], 'https://as.test')).toThrow(PolicyError)
    expect(createTrustedIssuers([entry], 'https://as.test').of(foreignIssuer)).toHaveLength(1)
  })

  it('B-JB-01 two entries that fit the same client do not start', () => {
    expect(() => createTrustedIssuers([entry, entry], '')).toThrow(PolicyError)
    expect(createTrustedIssuers([entry, { ...entry, clients: ['d'] }], '').kinds.size).toBe(1)
  })
})
