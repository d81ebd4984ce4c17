import { createClientKey, decodeJwt, thumbprintOf, tokensOf } from '@sallyport/testing'
import { describe, expect, it } from 'vitest'
import { proven } from '../dpop/proofs.ts'
import { expectEvent, expectRefusal, expectTokens } from '../fixtures.ts'
import { signedByUs } from '../signed-by-us.ts'
import { bearerGrant, foreignIssuer, trustingIssuer } from './assertions.ts'

const trusting = (more: Parameters<typeof trustingIssuer>[0] = {}) => trustingIssuer({ accepts: 'id-jag', ...more })

describe('identity assertions of another sign-in', () => {
  it('B-JAG-04 become a token of the person, with what was said of the sign-in there', async () => {
    const { issuer, client, assertion, redeem } = await trusting()
    const auth_time = Math.floor(issuer.clock.now()) - 100
    const signedIn = { auth_time, acr: 'urn:strong', amr: ['hwk'], scope: 'read', resource: 'https://rs1.test' }
    const answer = await redeem(assertion(signedIn), { scope: undefined, resource: undefined })
    expectTokens(answer)
    const { accessToken, refreshToken, idToken, scope } = tokensOf(client, answer)
    expect([refreshToken, idToken, scope]).toEqual(['', '', 'read'])
    expect(decodeJwt(accessToken).claims).toMatchObject({
      ...{ sub: issuer.alice.subject, aud: 'https://rs1.test', client_id: client.id, auth_time },
      ...{ acr: 'urn:strong', amr: ['hwk'] },
    })
    const detail = { assertion_issuer: foreignIssuer, kind: 'id-jag', audience: 'https://rs1.test' }
    expectEvent(issuer, 'token.assertion.accepted', { detail })
    expectTokens(await redeem(assertion({ aud: [issuer.issuer] })))
  })

  it('B-JAG-04 each claim that is wrong or missing is refused', async () => {
    const { issuer, assertion, redeem, expectNo } = await trusting()
    const later = issuer.clock.now() + 62
    const wrong = {
      aud: [issuer.issuer, 'https://other.test'],
      client_id: undefined,
      exp: issuer.clock.now() + 301,
      iat: undefined,
      nbf: later,
      jti: undefined,
      sub: undefined,
    }
    for (const [claim, value] of Object.entries(wrong))
      expectNo(await redeem(assertion({ [claim]: value })), 'bearer_assertion_claims', claim)
    expectNo(await redeem(assertion({ client_id: 'client_other' })), 'bearer_assertion_claims', 'client_id')
    expectNo(await redeem(assertion({ iss: 'https://evil.test' })), 'bearer_assertion_issuer')
    for (const typ of ['JWT', undefined, 'oauth-id-jag', 'at+jwt'])
      expectNo(await redeem(assertion({}, { typ })), 'bearer_assertion_issuer')
    const once = assertion()
    expectTokens(await redeem(once))
    issuer.forget()
    expectNo(await redeem(once), 'bearer_assertion_replayed')
  })

  it('B-JAG-05 one that this server made itself is never taken, and nobody is found by e-mail', async () => {
    const { issuer, client, assertion, redeem, expectNo } = await trusting()
    const iat = Math.floor(issuer.clock.now())
    const own = { iss: issuer.issuer, sub: issuer.alice.subject, aud: issuer.issuer, client_id: client.id, iat }
    const header = { typ: 'oauth-id-jag+jwt' }
    const forged = await signedByUs(issuer, { header, claims: { ...own, exp: iat + 60, jti: 'x' } })
    expectNo(await redeem(forged), 'bearer_assertion_issuer')
    const stranger = { sub: 'employee-7', email: 'alice@example.test', email_verified: true }
    expectNo(await redeem(assertion(stranger)), 'bearer_assertion_person')
    const answer = await redeem(assertion())
    expect(answer.json).not.toHaveProperty('refresh_token')
  })

  it('B-JAG-06 one that is bound to a key is good with a proof by that key alone, and so is its token', async () => {
    const { issuer, assertion, redeem } = await trusting()
    const key = createClientKey()
    const cnf = { jkt: thumbprintOf(key) }
    expectRefusal(await redeem(assertion({ cnf })), 'invalid_request')
    expectRefusal(await redeem(assertion({ cnf }), {}, proven(issuer, createClientKey())), 'invalid_grant')
    const answer = await redeem(assertion({ cnf }), {}, proven(issuer, key))
    expectTokens(answer)
    expect(answer.json['token_type']).toBe('DPoP')
    expect(decodeJwt(String(answer.json['access_token'])).claims['cnf']).toEqual(cnf)
  })

  it('B-JAG-07 the metadata has the profile, and says of nobody that they are trusted', async () => {
    const { issuer } = await trusting()
    const { json, text } = await issuer.get('/.well-known/oauth-authorization-server')
    expect(json['authorization_grant_profiles_supported']).toEqual(['urn:ietf:params:oauth:grant-profile:id-jag'])
    expect(json['grant_types_supported']).toContain(bearerGrant)
    expect(text).not.toContain(foreignIssuer)
    const plain = await trustingIssuer()
    const other = await plain.issuer.get('/.well-known/oauth-authorization-server')
    expect(other.json).not.toHaveProperty('authorization_grant_profiles_supported')
  })
})
