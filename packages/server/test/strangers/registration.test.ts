import * as oauth from 'oauth4webapi'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { initialToken, manage, redirectUri } from '../registration/registrations.ts'
import { askInMemory } from './ask-in-memory.ts'

describe('oauth4webapi', () => {
  it('A-DCR-03, B-REG-02 registers a client, signs somebody in with it, and the client removes itself', async () => {
    const issuer = await newIssuer({ registration: { mode: 'initial_access_token' }, start: Date.now() / 1000 })
    const options = { [oauth.customFetch]: askInMemory(issuer) }
    const as = await oauth.processDiscoveryResponse(
      new URL(issuer.issuer),
      await oauth.discoveryRequest(new URL(issuer.issuer), options),
    )
    const metadata = { client_name: 'A stranger', redirect_uris: [redirectUri], id_token_signed_response_alg: 'ES256' }
    const registration = { ...options, initialAccessToken: await initialToken(issuer) }
    const made = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(as, metadata, registration),
    )
    const { client_id: id, client_secret: secret } = made
    const record = await issuer.store.findClient(id)
    if (record === undefined || typeof secret !== 'string') throw new Error('the client is not there')

    const client = { id, secret, record, redirectUri, method: record.authenticationMethod }
    const { response, sent, verifier } = await issuer.authorize({
      client,
      parameters: { scope: 'openid', resource: undefined },
    })
    const parameters = oauth.validateAuthResponse(as, made, response, String(sent['state']))
    const answer = await oauth.authorizationCodeGrantRequest(
      as,
      made,
      oauth.ClientSecretBasic(secret),
      parameters,
      redirectUri,
      verifier,
      options,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, made, answer, {
      expectedNonce: String(sent['nonce']),
      requireIdToken: true,
    })
    // Whoever registers itself knows people by identifiers of its own sector (B-SUB-02).
    const sub = oauth.getValidatedIdTokenClaims(tokens)?.sub
    expect(sub).toMatch(/^[\w-]{43}$/)
    expect(sub).not.toBe(issuer.alice.subject)

    expect((await manage(issuer, 'DELETE', id, made['registration_access_token'])).status).toBe(204)
    expect(await issuer.store.findClient(id)).toBeUndefined()
  })
})
