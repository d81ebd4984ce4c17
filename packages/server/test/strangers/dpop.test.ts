import { decodeJwt, pkcePair, type TestClient, type TestIssuer } from '@sallyport/testing'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { askInMemory } from './ask-in-memory.ts'

const idTokens = { id_token_signed_response_alg: 'ES256' }
const scope = 'openid offline_access'

type Kind = 'P' | 'D' | 'S'

/** An issuer that demands nonces, of clients that may not get a token without a proof. */
async function strict(): Promise<{ issuer: TestIssuer; clients: Record<Kind, TestClient> }> {
  const policy = { dpopNonces: true, deviceGrant: true }
  const issuer = await newIssuer({ policy, start: Date.now() / 1000 })
  const change = (kind: Kind) =>
    issuer.changeClient(issuer.clients[kind], { idTokenAlgorithm: 'ES256', dpopBoundAccessTokens: true })
  return { issuer, clients: { P: await change('P'), D: await change('D'), S: await change('S') } }
}

/** The browser follows an address that a library made, and a person signs in. */
async function followed(issuer: TestIssuer, known: TestClient, address: URL): Promise<URL> {
  const browser = issuer.browser()
  const visit = await browser.open(`${address.pathname}${address.search}`)
  const begun = { client: known, browser, verifier: '', challenge: '', sent: {}, visit }
  const { visit: ended } = await issuer.finish(begun)
  return new URL(ended.leftFor ?? '')
}

const keyIn = (accessToken: string): unknown => decodeJwt(accessToken).claims['cnf']

describe('openid-client', () => {
  const configOf = async (issuer: TestIssuer, known: TestClient): Promise<client.Configuration> => {
    const fetch = askInMemory(issuer)
    const proof = known.secret === undefined ? client.None() : client.ClientSecretBasic(known.secret)
    const options = { [client.customFetch]: fetch }
    const config = await client.discovery(new URL(issuer.issuer), known.id, idTokens, proof, options)
    config[client.customFetch] = fetch
    return config
  }
  const handleOf = async (config: client.Configuration): Promise<client.DPoPHandle> =>
    client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))

  it('B-DPOP-16, B-DPOP-19, B-DPOP-21, B-DPOP-23 signs somebody in with a bound code, asks UserInfo, and refreshes', async () => {
    const { issuer, clients } = await strict()
    const config = await configOf(issuer, clients.P)
    const DPoP = await handleOf(config)
    const jkt = await DPoP.calculateThumbprint()
    const { verifier, challenge } = pkcePair(issuer.random)
    const state = client.randomState()
    const address = client.buildAuthorizationUrl(config, {
      ...{ redirect_uri: clients.P.redirectUri, scope, state, dpop_jkt: jkt },
      ...{ code_challenge: challenge, code_challenge_method: 'S256' },
    })
    const back = await followed(issuer, clients.P, address)
    const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true }
    const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
    expect([tokens.token_type, keyIn(tokens.access_token)]).toEqual(['dpop', { jkt }])
    const { subject } = issuer.alice
    expect((await client.fetchUserInfo(config, tokens.access_token, subject, { DPoP })).sub).toBe(subject)
    const thief = await handleOf(config)
    const stolen = client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP: thief })
    await expect(stolen).rejects.toMatchObject({ error: 'invalid_grant' })
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
    expect([next.token_type, keyIn(next.access_token)]).toEqual(['dpop', { jkt }])
    await expect(client.fetchUserInfo(config, next.access_token, subject, { DPoP: thief })).rejects.toThrow()
    expect((await client.fetchUserInfo(config, next.access_token, subject, { DPoP })).sub).toBe(subject)
  })

  it('B-DPOP-22 proves its key with the pushed request', async () => {
    const { issuer, clients } = await strict()
    const config = await configOf(issuer, clients.P)
    const DPoP = await handleOf(config)
    const { verifier, challenge } = pkcePair(issuer.random)
    const parameters = { redirect_uri: clients.P.redirectUri, scope, code_challenge: challenge, state: 'of this flow' }
    const more = { code_challenge_method: 'S256' }
    const address = await client.buildAuthorizationUrlWithPAR(config, { ...parameters, ...more }, { DPoP })
    const back = await followed(issuer, clients.P, address)
    const checks = { pkceCodeVerifier: verifier, expectedState: 'of this flow' }
    const other = await handleOf(config)
    const wrong = client.authorizationCodeGrant(config, back, checks, undefined, { DPoP: other })
    await expect(wrong).rejects.toMatchObject({ error: 'invalid_grant' })
    const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
    expect(keyIn(tokens.access_token)).toEqual({ jkt: await DPoP.calculateThumbprint() })
  })

  it('B-DPOP-16, B-DPOP-18 asks for itself, as a service, and gets nothing without a proof', async () => {
    const { issuer, clients } = await strict()
    const config = await configOf(issuer, clients.S)
    const DPoP = await handleOf(config)
    const wish = { scope: 'read', resource: 'https://rs1.test' }
    await expect(client.clientCredentialsGrant(config, wish)).rejects.toMatchObject({ error: 'invalid_request' })
    const tokens = await client.clientCredentialsGrant(config, wish, { DPoP })
    expect(keyIn(tokens.access_token)).toEqual({ jkt: await DPoP.calculateThumbprint() })
    const { json } = await issuer.introspect(issuer.clients.RS1, tokens.access_token)
    expect(json).toMatchObject({ active: true, token_type: 'DPoP', cnf: keyIn(tokens.access_token) })
  })

  it('B-DPOP-16, B-DPOP-19 is let in as a device', async () => {
    const { issuer, clients } = await strict()
    const config = await configOf(issuer, clients.D)
    const DPoP = await handleOf(config)
    const device = await client.initiateDeviceAuthorization(config, { scope })
    await issuer.answerDevice({ userCode: device.user_code })
    const tokens = await client.pollDeviceAuthorizationGrant(config, device, undefined, { DPoP })
    expect(keyIn(tokens.access_token)).toEqual({ jkt: await DPoP.calculateThumbprint() })
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP })
    expect(next.token_type).toBe('dpop')
  })
})

describe('oauth4webapi', () => {
  /** The library leaves it to its user to ask again with the nonce. */
  async function twice<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      return work()
    }
  }
  async function library(issuer: TestIssuer, known: TestClient) {
    const me: oauth.Client = { client_id: known.id, ...idTokens }
    const url = new URL(issuer.issuer)
    const plain = { [oauth.customFetch]: askInMemory(issuer) }
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, plain))
    const keys = await oauth.generateKeyPair(as.dpop_signing_alg_values_supported?.[0] ?? '')
    const DPoP = oauth.DPoP(me, keys)
    const proof = known.secret === undefined ? oauth.None() : oauth.ClientSecretBasic(known.secret)
    return { as, me, proof, plain, options: { ...plain, DPoP }, jkt: await DPoP.calculateThumbprint() }
  }

  it('B-DPOP-16, B-DPOP-19, B-DPOP-21, B-DPOP-23 signs somebody in with a bound code, asks UserInfo, and refreshes', async () => {
    const { issuer, clients } = await strict()
    const { as, me, proof, options, jkt } = await library(issuer, clients.P)
    const { redirectUri, id } = clients.P
    const { verifier, challenge } = pkcePair(issuer.random)
    const state = oauth.generateRandomState()
    const address = new URL(String(as.authorization_endpoint))
    address.search = new URLSearchParams({
      ...{ response_type: 'code', client_id: id, redirect_uri: redirectUri, scope, state, dpop_jkt: jkt },
      ...{ code_challenge: challenge, code_challenge_method: 'S256' },
    }).toString()
    const back = oauth.validateAuthResponse(as, me, await followed(issuer, clients.P, address), state)
    const tokens = await twice(async () => {
      const answer = await oauth.authorizationCodeGrantRequest(as, me, proof, back, redirectUri, verifier, options)
      return oauth.processAuthorizationCodeResponse(as, me, answer, { requireIdToken: true })
    })
    expect([tokens.token_type, keyIn(tokens.access_token)]).toEqual(['dpop', { jkt }])
    const { subject } = issuer.alice
    const person = await twice(async () => {
      const answer = await oauth.userInfoRequest(as, me, tokens.access_token, options)
      return oauth.processUserInfoResponse(as, me, subject, answer)
    })
    expect(person.sub).toBe(subject)
    const next = await twice(async () => {
      const answer = await oauth.refreshTokenGrantRequest(as, me, proof, tokens.refresh_token ?? '', options)
      return oauth.processRefreshTokenResponse(as, me, answer)
    })
    expect([next.token_type, keyIn(next.access_token)]).toEqual(['dpop', { jkt }])
  })

  it('B-DPOP-16 asks for itself, as a service', async () => {
    const { issuer, clients } = await strict()
    const { as, me, proof, options, jkt } = await library(issuer, clients.S)
    const wish = { scope: 'read', resource: 'https://rs1.test' }
    const tokens = await twice(async () => {
      const answer = await oauth.clientCredentialsGrantRequest(as, me, proof, wish, options)
      return oauth.processClientCredentialsResponse(as, me, answer)
    })
    expect([tokens.token_type, keyIn(tokens.access_token)]).toEqual(['dpop', { jkt }])
  })

  it('B-DPOP-16 is let in as a device', async () => {
    const { issuer, clients } = await strict()
    const { as, me, proof, plain, options, jkt } = await library(issuer, clients.D)
    const begun = await oauth.deviceAuthorizationRequest(as, me, proof, { scope }, plain)
    const device = await oauth.processDeviceAuthorizationResponse(as, me, begun)
    await issuer.answerDevice({ userCode: device.user_code })
    const tokens = await twice(async () => {
      const answer = await oauth.deviceCodeGrantRequest(as, me, proof, device.device_code, options)
      return oauth.processDeviceCodeResponse(as, me, answer)
    })
    expect([tokens.token_type, keyIn(tokens.access_token)]).toEqual(['dpop', { jkt }])
  })
})
