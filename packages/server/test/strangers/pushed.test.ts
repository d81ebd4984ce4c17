import { type TestClient, type TestIssuer } from '@sallyport/testing'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { detailTypes, payment, text } from '../rar/details.ts'
import { askInMemory } from './ask-in-memory.ts'

/** Nothing gets through here but what was pushed, so that a library which does not push gets nowhere. */
const pushedOnly = (): Promise<TestIssuer> =>
  newIssuer({ policy: { stages: { requirePushedRequests: 'enforce' } }, start: Date.now() / 1000 })

/** The browser follows an address that a library made, and a person signs in. */
async function followed(issuer: TestIssuer, known: TestClient, address: URL): Promise<URL> {
  expect([...address.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
  const browser = issuer.browser()
  const visit = await browser.open(`${address.pathname}${address.search}`)
  const begun = { client: known, browser, verifier: '', challenge: '', sent: {}, visit }
  const { visit: ended } = await issuer.finish(begun)
  return new URL(ended.leftFor ?? '')
}

const idTokens = { id_token_signed_response_alg: 'ES256' }

describe('openid-client', () => {
  it('B-PAR-01, B-PAR-04, B-PAR-07, B-PAR-09 pushes a request, signs somebody in, and is told what it pushed wrong', async () => {
    const issuer = await pushedOnly()
    const known = await issuer.changeClient(issuer.clients.K, { idTokenAlgorithm: 'ES256' })
    const fetch = askInMemory(issuer)
    const proof = client.ClientSecretBasic(known.secret)
    const options = { [client.customFetch]: fetch }
    const config = await client.discovery(new URL(issuer.issuer), known.id, idTokens, proof, options)
    config[client.customFetch] = fetch
    expect(config.serverMetadata().require_pushed_authorization_requests).toBe(true)
    const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()]
    const parameters = {
      ...{ redirect_uri: known.redirectUri, scope: 'openid', state, nonce },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    }
    const address = await client.buildAuthorizationUrlWithPAR(config, parameters)
    const back = await followed(issuer, known, address)
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }
    const tokens = await client.authorizationCodeGrant(config, back, checks)
    expect(tokens.claims()?.sub).toBe(issuer.alice.subject)

    const wrong = client.buildAuthorizationUrlWithPAR(config, { ...parameters, scope: 'admin' })
    await expect(wrong).rejects.toMatchObject({ status: 400, error: 'invalid_scope' })
    const direct = client.buildAuthorizationUrl(config, parameters)
    const refused = await issuer.browser().open(`${direct.pathname}${direct.search}`)
    expect(new URL(refused.leftFor ?? '').searchParams.get('error')).toBe('invalid_request')
  })
})

describe('openid-client with authorization details', () => {
  it('B-RAR-04, B-RAR-07 pushes them, is told what was granted, and asks for less at a refresh', async () => {
    const issuer = await newIssuer({ authorizationDetails: detailTypes, start: Date.now() / 1000 })
    const known = await issuer.changeClient(issuer.clients.K, { idTokenAlgorithm: 'ES256' })
    const fetch = askInMemory(issuer)
    const proof = client.ClientSecretBasic(known.secret)
    const options = { [client.customFetch]: fetch }
    const config = await client.discovery(new URL(issuer.issuer), known.id, idTokens, proof, options)
    config[client.customFetch] = fetch
    expect(config.serverMetadata()['authorization_details_types_supported']).toContain('payment')
    const verifier = client.randomPKCECodeVerifier()
    const address = await client.buildAuthorizationUrlWithPAR(config, {
      ...{ redirect_uri: known.redirectUri, scope: 'offline_access', authorization_details: text(payment('45.00')) },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    })
    const back = await followed(issuer, known, address)
    const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier })
    expect(tokens.authorization_details).toEqual([payment('45.00')])
    const refresh = (value: string) =>
      client.refreshTokenGrant(config, tokens.refresh_token ?? '', { authorization_details: text(payment(value)) })
    await expect(refresh('45.01')).rejects.toMatchObject({ error: 'invalid_authorization_details' })
    expect((await refresh('5.00')).authorization_details).toEqual([payment('5.00')])
  })
})

describe('oauth4webapi', () => {
  it('B-PAR-01, B-PAR-04, B-PAR-07 pushes the request of a client without a secret, and signs somebody in', async () => {
    const issuer = await pushedOnly()
    const known = await issuer.changeClient(issuer.clients.P, { idTokenAlgorithm: 'ES256' })
    const options = { [oauth.customFetch]: askInMemory(issuer) }
    const url = new URL(issuer.issuer)
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    const me = { client_id: known.id, ...idTokens }
    const [verifier, state, nonce] = [
      oauth.generateRandomCodeVerifier(),
      oauth.generateRandomState(),
      oauth.generateRandomNonce(),
    ]
    const parameters = {
      ...{ response_type: 'code', redirect_uri: known.redirectUri, scope: 'openid', state, nonce },
      ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    }
    const answer = await oauth.pushedAuthorizationRequest(as, me, oauth.None(), parameters, options)
    const { request_uri, expires_in } = await oauth.processPushedAuthorizationResponse(as, me, answer)
    expect(expires_in).toBe(60)
    const address = new URL(String(as.authorization_endpoint))
    address.search = new URLSearchParams({ client_id: known.id, request_uri }).toString()
    const response = oauth.validateAuthResponse(as, me, await followed(issuer, known, address), state)
    const redeemed = await oauth.authorizationCodeGrantRequest(
      ...([as, me, oauth.None(), response, known.redirectUri, verifier, options] as const),
    )
    const expected = { expectedNonce: nonce, requireIdToken: true }
    const tokens = await oauth.processAuthorizationCodeResponse(as, me, redeemed, expected)
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(issuer.alice.subject)
  })
})
