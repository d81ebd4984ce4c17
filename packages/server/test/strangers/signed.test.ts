import { createClientKey, type TestClient, type TestIssuer } from '@sallyport/testing'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { addSigningClient } from '../signed/fixtures.ts'
import { askInMemory } from './ask-in-memory.ts'

/** Nothing gets through here but what was signed, so that a library which does not sign gets nowhere. */
async function signedOnly(): Promise<{ issuer: TestIssuer; known: TestClient; key: CryptoKey }> {
  const policy = { stages: { requireSignedRequests: 'enforce' } } as const
  const issuer = await newIssuer({ policy, start: Date.now() / 1000 })
  const pair = createClientKey()
  const { client: known } = await addSigningClient(issuer, { idTokenAlgorithm: 'ES256' }, pair)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const jwk = pair.privateKey.export({ format: 'jwk' })
  return { issuer, known, key: await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']) }
}

/** The browser follows an address that a library made, and a person signs in. */
async function followed(issuer: TestIssuer, known: TestClient, address: URL): Promise<URL> {
  const browser = issuer.browser()
  const visit = await browser.open(`${address.pathname}${address.search}`)
  const begun = { client: known, browser, verifier: '', challenge: '', sent: {}, visit }
  const { visit: ended } = await issuer.finish(begun)
  return new URL(ended.leftFor ?? '')
}

const idTokens = { id_token_signed_response_alg: 'ES256' }

describe('openid-client', () => {
  it('B-JAR-01, B-JAR-02, B-JAR-04, B-JAR-08 signs a request, by value and pushed, and signs somebody in', async () => {
    const { issuer, known, key } = await signedOnly()
    const fetch = askInMemory(issuer)
    const proof = client.ClientSecretBasic(known.secret)
    const config = await client.discovery(new URL(issuer.issuer), known.id, idTokens, proof, {
      [client.customFetch]: fetch,
    })
    config[client.customFetch] = fetch
    const metadata = config.serverMetadata()
    expect([metadata.require_signed_request_object, metadata.request_parameter_supported]).toEqual([true, true])
    for (const pushed of [false, true]) {
      const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()]
      const parameters = {
        ...{ redirect_uri: known.redirectUri, scope: 'openid', state, nonce, max_age: '600' },
        ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      }
      const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, { key, kid: 'key-1' })
      expect([...signed.searchParams.keys()].sort()).toEqual(['client_id', 'request'])
      const address = pushed ? await client.buildAuthorizationUrlWithPAR(config, signed.searchParams) : signed
      const back = await followed(issuer, known, address)
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 600 }
      const tokens = await client.authorizationCodeGrant(config, back, checks)
      expect(tokens.claims()?.sub).toBe(issuer.alice.subject)
      const plain = await issuer
        .browser()
        .open(client.buildAuthorizationUrl(config, parameters).href.slice(issuer.issuer.length))
      expect(new URL(plain.leftFor ?? '').searchParams.get('error')).toBe('invalid_request')
    }
  })
})

describe('oauth4webapi', () => {
  it('B-JAR-01, B-JAR-02, B-JAR-04, B-JAR-12 makes request objects that are taken once, and signs somebody in', async () => {
    const { issuer, known, key } = await signedOnly()
    const options = { [oauth.customFetch]: askInMemory(issuer) }
    const url = new URL(issuer.issuer)
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    const me = { client_id: known.id, ...idTokens }
    const proof = oauth.ClientSecretBasic(known.secret ?? '')
    for (const pushed of [false, true]) {
      const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
      const parameters = {
        ...{ response_type: 'code', redirect_uri: known.redirectUri, scope: 'openid', state },
        ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      }
      const request = await oauth.issueRequestObject(as, me, parameters, { key, kid: 'key-1' })
      const carried = { client_id: known.id, request }
      const reference = async () => {
        const answer = await oauth.pushedAuthorizationRequest(as, me, proof, carried, options)
        return oauth.processPushedAuthorizationResponse(as, me, answer)
      }
      const query: Record<string, string> = pushed
        ? { client_id: known.id, request_uri: (await reference()).request_uri }
        : carried
      const address = new URL(String(as.authorization_endpoint))
      address.search = new URLSearchParams(query).toString()
      const response = oauth.validateAuthResponse(as, me, await followed(issuer, known, address), state)
      const redeemed = await oauth.authorizationCodeGrantRequest(
        ...([as, me, proof, response, known.redirectUri, verifier, options] as const),
      )
      const tokens = await oauth.processAuthorizationCodeResponse(as, me, redeemed, { requireIdToken: true })
      expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(issuer.alice.subject)
      await expect(reference()).rejects.toMatchObject({ error: 'invalid_request_object' })
    }
  })
})

describe('signed responses', () => {
  const response = (address: URL): URL => {
    expect([...address.searchParams.keys()]).toEqual(['response'])
    return address
  }

  it('B-JARM-01, B-JARM-02, B-JARM-03 openid-client verifies one, and the error in one', async () => {
    const { issuer, known, key } = await signedOnly()
    const fetch = askInMemory(issuer)
    const policy = { idTokenAlgorithm: 'ES256', authorizationAlgorithm: 'ES256', responseModes: ['jwt'] } as const
    await issuer.changeClient(known, policy)
    const own = { ...idTokens, authorization_signed_response_alg: 'ES256' }
    const options = { [client.customFetch]: fetch }
    const proof = client.ClientSecretBasic(known.secret)
    const config = await client.discovery(new URL(issuer.issuer), known.id, own, proof, options)
    config[client.customFetch] = fetch
    client.useJwtResponseMode(config)
    for (const scope of ['openid', 'openid admin']) {
      const [verifier, state] = [client.randomPKCECodeVerifier(), client.randomState()]
      const address = await client.buildAuthorizationUrlWithJAR(
        config,
        {
          ...{ redirect_uri: known.redirectUri, scope, state },
          ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
        },
        { key, kid: 'key-1' },
      )
      const back = response(await followed(issuer, known, address))
      const granted = client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state })
      if (scope === 'openid') expect((await granted).claims()?.sub).toBe(issuer.alice.subject)
      else await expect(granted).rejects.toMatchObject({ error: 'invalid_scope' })
    }
  })

  it('B-JARM-01, B-JARM-02, B-JARM-03 oauth4webapi verifies one, and no other in its place', async () => {
    const { issuer, known, key } = await signedOnly()
    await issuer.changeClient(known, { authorizationAlgorithm: 'ES256' })
    const options = { [oauth.customFetch]: askInMemory(issuer) }
    const url = new URL(issuer.issuer)
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    const me = { client_id: known.id, ...idTokens, authorization_signed_response_alg: 'ES256' }
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
    const parameters = {
      ...{ response_type: 'code', response_mode: 'jwt', redirect_uri: known.redirectUri, scope: 'openid', state },
      ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    }
    const request = await oauth.issueRequestObject(as, me, parameters, { key, kid: 'key-1' })
    const address = new URL(String(as.authorization_endpoint))
    address.search = new URLSearchParams({ client_id: known.id, request }).toString()
    const back = response(await followed(issuer, known, address))
    const validated = await oauth.validateJwtAuthResponse(as, me, back, state, options)
    const proof = oauth.ClientSecretBasic(known.secret ?? '')
    const redeemed = await oauth.authorizationCodeGrantRequest(
      ...([as, me, proof, validated, known.redirectUri, verifier, options] as const),
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, me, redeemed, { requireIdToken: true })
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(issuer.alice.subject)
    const other = { ...me, client_id: issuer.clients.E.id }
    await expect(oauth.validateJwtAuthResponse(as, other, back, state, options)).rejects.toThrow(/aud/)
    const altered = new URL(back.href.slice(0, -4) + 'AAAA')
    await expect(oauth.validateJwtAuthResponse(as, me, altered, state, options)).rejects.toThrow(/signature/)
  })
})
