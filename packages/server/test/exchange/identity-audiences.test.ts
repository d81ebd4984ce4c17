import { createIdentityAudiences, PolicyError, type IdentityAudience } from '@sallyport/server'
import { createClientKey, decodeJwt, strongClass, tokensOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { proven } from '../dpop/proofs.ts'
import { expectEvent, expectRefusal, expectTokens, newIssuer } from '../fixtures.ts'
import { bearerGrant } from './assertions.ts'
import { exchangeGrant, typeOf } from './exchanges.ts'
import { issuerOfSignIn, plain, resourceIssuer, signInIssuer } from './two-issuers.ts'

describe('an identity assertion', () => {
  it('B-JAG-01, B-JAG-02 vouches for who signed in, for one audience and as the client is called there', async () => {
    const { issuer, ask, flow } = await signInIssuer()
    const { idToken, refreshToken, answer: before } = await flow()
    const answer = await ask(idToken, { scope: 'read deliver', resource: 'https://rs1.test' })
    expect(answer.status).toBe(200)
    const { access_token: assertion, ...rest } = answer.json
    expect(rest).toEqual({ issued_token_type: typeOf('id-jag'), token_type: 'N_A', expires_in: 300, scope: 'read' })
    const { header, claims } = decodeJwt(String(assertion))
    expect(header).toMatchObject({ typ: 'oauth-id-jag+jwt', alg: 'ES256' })
    const auth_time = decodeJwt(String(before.json['access_token'])).claims['auth_time']
    expect(claims).toMatchObject({
      ...{ iss: issuerOfSignIn, sub: issuer.alice.subject, aud: 'https://as.test', client_id: 'client_bringer' },
      ...{ scope: 'read', resource: 'https://rs1.test', auth_time, amr: ['pwd'] },
    })
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(300)
    expect(claims['jti']).toBeTypeOf('string')
    expectEvent(issuer, 'identity.assertion.issued', {
      ...{ subject: issuer.alice.subject, clientId: 'client_wiki' },
      detail: { audience: 'https://as.test', client_there: 'client_bringer', scope: 'read' },
    })
    expect((await ask(refreshToken, { subject_token_type: typeOf('refresh_token') })).status).toBe(200)
    // It is no token of this server: nothing here takes it.
    expect((await issuer.userinfo(String(assertion))).status).toBe(401)
    expect((await issuer.introspect(issuer.clients.RS1, String(assertion))).json).toEqual({ active: false })
  })

  it('B-JAG-02, B-JAG-04 issued at one server and redeemed at the other gives a token there, once', async () => {
    const home = await signInIssuer()
    const there = await resourceIssuer(home.issuer)
    const { idToken } = await home.flow()
    const assertion = String((await home.ask(idToken)).json['access_token'])
    const answer = await there.redeem(assertion)
    expectTokens(answer)
    const { claims } = decodeJwt(tokensOf(there.client, answer).accessToken)
    expect(claims).toMatchObject({
      ...{ iss: 'https://as.test', sub: there.issuer.alice.subject, aud: 'https://rs1.test', scope: 'read' },
      ...{ amr: ['pwd'], auth_time: decodeJwt(assertion).claims['auth_time'] },
    })
    expectRefusal(await there.redeem(assertion), 'invalid_grant')
    // The one that vouched does not take its own word, and no other kind of token is taken in its place.
    const own = { grant_type: bearerGrant, assertion }
    expectRefusal(await home.issuer.token(home.client, own), 'unsupported_grant_type')
    expectRefusal(await there.redeem(idToken), 'invalid_grant')
  })

  it('B-JAG-06 asked for with a proof it is bound to that key, from one server to the other', async () => {
    const home = await signInIssuer()
    const there = await resourceIssuer(home.issuer)
    const key = createClientKey()
    const { idToken } = await home.flow()
    const asked = async () => String((await home.ask(idToken, {}, proven(home.issuer, key))).json['access_token'])
    expectRefusal(await there.redeem(await asked()), 'invalid_request')
    expectRefusal(await there.redeem(await asked(), proven(there.issuer, createClientKey())), 'invalid_grant')
    const answer = await there.redeem(await asked(), proven(there.issuer, key))
    expect(answer.json['token_type']).toBe('DPoP')
    expect(decodeJwt(String((await home.ask(idToken)).json['access_token'])).claims).not.toHaveProperty('cnf')
  })

  it('B-JAG-02 names people as the application of the audience knows them', async () => {
    const { issuer, client, ask, flow } = await signInIssuer({ knownAs: 'client_sso' })
    expectRefusal(await ask((await flow()).idToken), 'invalid_grant')
    const sso = await issuer.addClient(
      {
        ...{ type: 'web', name: 'Their sign-in', redirectUris: ['https://partner.test/cb'], scope: 'openid' },
        subjectType: 'pairwise',
      },
      'client_sso',
    )
    const known = await issuer.codeFlow({ client: sso, parameters: { scope: 'openid', resource: undefined } })
    const { claims } = decodeJwt(String((await ask((await issuer.codeFlow({ client })).idToken)).json['access_token']))
    expect(claims['sub']).toBe(decodeJwt(known.idToken).claims['sub'])
    expect(claims['sub']).not.toBe(issuer.alice.subject)
  })
})

describe('who gets one', () => {
  it('B-JAG-01 only its own confidential client, for a known audience, with a token that is in force', async () => {
    const { issuer, client, ask, expectNo, flow } = await signInIssuer()
    const { idToken, accessToken, refreshToken } = await flow()
    const other = await issuer.codeFlow()
    issuer.forget()
    expectNo(await ask(other.idToken), 'identity_subject')
    expectNo(await ask(other.refreshToken, { subject_token_type: typeOf('refresh_token') }), 'identity_subject')
    expectNo(await ask(accessToken), 'identity_subject')
    expectNo(await ask('x'), 'identity_subject')
    for (const kind of ['access_token', 'jwt', 'saml2'])
      expectNo(await ask(accessToken, { subject_token_type: typeOf(kind) }), 'exchange_token_type', 'invalid_request')
    for (const audience of ['https://unknown.test', 'https://as.test/', undefined])
      expectNo(await ask(idToken, { audience }), 'exchange_target', 'invalid_target')
    expectNo(await ask(idToken, { resource: 'https://rs2.test' }), 'exchange_target', 'invalid_target')
    expectNo(await ask(idToken, { subject_token: undefined }), 'exchange_parameters', 'invalid_request')
    const acting = { actor_token: accessToken, actor_token_type: typeOf('access_token') }
    expectNo(await ask(idToken, acting), 'exchange_parameters', 'invalid_request')
    const N = await issuer.changeClient(issuer.clients.N, { grantTypes: ['authorization_code', exchangeGrant] })
    const open = { grant_type: exchangeGrant, requested_token_type: typeOf('id-jag'), client_id: N.id }
    expectNo(await issuer.post('/oauth2/token', open), 'grant_not_allowed', 'unauthorized_client')
    await issuer.revoke(client, refreshToken)
    expectNo(await ask(idToken), 'identity_subject')
    const late = await flow()
    issuer.clock.advance(301)
    expectNo(await ask(late.idToken), 'identity_subject')
  })

  it('B-JAG-03 by written policy: client, person, scope', async () => {
    const others = await signInIssuer({ clients: { client_other: 'x' } })
    // Nothing tells this client what its ID Tokens rest on, since it has no use for that.
    others.expectNo(await others.ask((await others.flow()).idToken), 'identity_not_allowed')
    const people = await signInIssuer({ people: ['user_nobody'] })
    people.expectNo(await people.ask((await people.flow()).idToken), 'identity_not_allowed')
    const { ask, expectNo, flow } = await signInIssuer({ scope: ['read'] })
    const { idToken } = await flow()
    expectNo(await ask(idToken, { scope: 'write' }), 'scope', 'invalid_scope')
    expectNo(await ask(idToken, { scope: 'a  b' }), 'scope_syntax', 'invalid_scope')
    expect((await ask(idToken, { scope: undefined })).json['scope']).toBe('read')
  })

  it('B-JAG-03 a sign-in that is too old or too weak is answered with what would be good enough', async () => {
    const { issuer, client, ask, expectNo } = await signInIssuer({ maxAge: 100, acrValues: [strongClass] })
    const weak = await ask((await issuer.codeFlow({ client })).idToken)
    expect(weak.json).toMatchObject({ max_age: 100, acr_values: strongClass })
    expectNo(weak, 'identity_sign_in', 'insufficient_user_authentication')
    const password = `${issuer.alice.password} 123456`
    const { idToken } = await issuer.codeFlow({ client, password })
    expect((await ask(idToken)).status).toBe(200)
    issuer.clock.advance(101)
    issuer.forget()
    expectNo(await ask(idToken), 'identity_sign_in', 'insufficient_user_authentication')
  })

  it('B-JAG-05 what another server vouched for is never passed on', async () => {
    const { issuer, ask, expectNo, flow } = await signInIssuer()
    const { refreshToken, accessToken } = await flow()
    // The authorization as it would look had it rested on the word of another issuer.
    const id = String(decodeJwt(accessToken).claims['jti']).split('.')[0] ?? ''
    const parent = await issuer.store.derivations.find(id)
    expect(parent?.authorization.derived).toBeUndefined()
    const find = issuer.store.findRefreshToken.bind(issuer.store)
    const derived = { parents: [], actor: undefined, assertedBy: 'https://other.test', signInKnown: true }
    issuer.store.findRefreshToken = async (digest) => {
      const view = await find(digest)
      return view && { ...view, authorization: { ...view.authorization, derived } }
    }
    expectNo(await ask(refreshToken, { subject_token_type: typeOf('refresh_token') }), 'identity_subject')
  })

  it('B-JAG-07 the metadata says what can be asked for, and of nobody that they are trusted', async () => {
    const { issuer } = await signInIssuer()
    const { json, text } = await issuer.get('/.well-known/oauth-authorization-server')
    expect(json['identity_chaining_requested_token_types_supported']).toEqual([typeOf('id-jag')])
    expect(json['grant_types_supported']).toContain(exchangeGrant)
    expect(text).not.toContain('https://as.test')
    const bare = await (await newIssuer()).get('/.well-known/oauth-authorization-server')
    expect(bare.json).not.toHaveProperty('identity_chaining_requested_token_types_supported')
  })

  const broken: readonly (readonly [string, Partial<IdentityAudience>])[] = [
    ['an audience without TLS', { audience: 'http://as.test' }],
    ['itself', { audience: issuerOfSignIn }],
    ['no clients', { clients: {} }],
    ['a client without a name there', { clients: { client_wiki: '' } }],
    ['no scope', { scope: [] }],
    ['a resource that is none', { resources: ['rs1'] }],
    ['nobody', { people: [] }],
    ['no age', { maxAge: 0 }],
  ]
  it.for(broken)('B-JAG-03 an audience with %s does not start', ([, change]) => {
    expect(() => createIdentityAudiences([{ ...plain, ...change }], issuerOfSignIn)).toThrow(PolicyError)
    expect(() => createIdentityAudiences([plain, plain], issuerOfSignIn)).toThrow(PolicyError)
    expect(createIdentityAudiences([plain], issuerOfSignIn).clients.has('client_wiki')).toBe(true)
  })
})
