import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { networkOf, relyingParty } from '../logout/relying-party.ts'
import { askInMemory } from './ask-in-memory.ts'

describe('openid-client', () => {
  it('B-LOG-01, B-LOG-03, B-LOG-05, B-LOG-09 signs somebody out, comes back, and hears which session it was', async () => {
    const party = await relyingParty('shop.example')
    const issuer = await newIssuer({ start: Date.now() / 1000, outbound: networkOf(party) })
    const known = await issuer.changeClient(issuer.clients.K, {
      idTokenAlgorithm: 'ES256',
      backchannelLogoutUri: party.logoutUri,
      backchannelLogoutSessionRequired: true,
    })
    const fetch = askInMemory(issuer)
    const idTokens = { id_token_signed_response_alg: 'ES256' }
    const proof = client.ClientSecretBasic(known.secret)
    const options = { [client.customFetch]: fetch }
    const config = await client.discovery(new URL(issuer.issuer), known.id, idTokens, proof, options)
    config[client.customFetch] = fetch
    expect(config.serverMetadata()).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    })
    const [verifier, state] = [client.randomPKCECodeVerifier(), client.randomState()]
    const asked = client.buildAuthorizationUrl(config, {
      ...{ redirect_uri: known.redirectUri, scope: 'openid', state },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    })
    const browser = issuer.browser()
    const visit = await browser.open(`${asked.pathname}${asked.search}`)
    const begun = { client: known, browser, verifier: '', challenge: '', sent: {}, visit }
    const back = new URL((await issuer.finish(begun)).visit.leftFor ?? '')
    const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true }
    const tokens = await client.authorizationCodeGrant(config, back, checks)
    const address = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: known.record.postLogoutRedirectUris[0] ?? '',
      state: 'S',
    })
    const left = await browser.open(`${address.pathname}${address.search}`)
    expect(left.leftFor).toBe(`${known.record.postLogoutRedirectUris[0] ?? ''}?state=S`)
    await issuer.server.maintain()
    const keys = createLocalJWKSet((await issuer.get('/oauth2/jwks')).json as unknown as JSONWebKeySet)
    const logoutToken = party.posts[0]?.body.get('logout_token') ?? ''
    const expected = { issuer: issuer.issuer, audience: known.id, typ: 'logout+jwt', algorithms: ['ES256'] }
    const { payload } = await jwtVerify(logoutToken, keys, expected)
    expect([payload.sub, payload['sid']]).toEqual([tokens.claims()?.sub, tokens.claims()?.['sid']])
    const other = client.randomPKCECodeVerifier()
    const again = client.buildAuthorizationUrl(config, {
      ...{ redirect_uri: known.redirectUri, scope: 'openid', prompt: 'none', state },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(other), code_challenge_method: 'S256' },
    })
    const silent = await browser.open(`${again.pathname}${again.search}`)
    expect(new URL(silent.leftFor ?? '').searchParams.get('error')).toBe('login_required')
  })
})
