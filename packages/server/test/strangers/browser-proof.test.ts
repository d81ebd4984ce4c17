import * as oauth from 'oauth4webapi'
import { expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { askInMemory } from './ask-in-memory.ts'

const origin = 'https://app.test'

it('A-SPA-04, A-CORS-04 a page in a browser gets tokens bound to a key that nobody can take out of it', async () => {
  const issuer = await newIssuer({ start: Date.now() / 1000 })
  const known = await issuer.changeClient(issuer.clients.P, { idTokenAlgorithm: 'ES256' })
  const ask = askInMemory(issuer)
  const readable: (string | null)[] = []
  // What a browser adds to each request of the page, and holds against the answer.
  const fromPage = async (url: string, init: { readonly headers: Record<string, string> }): Promise<Response> => {
    const answer = await ask(url, { ...init, headers: { ...init.headers, origin } })
    readable.push(answer.headers.get('access-control-allow-origin'))
    return answer
  }
  const options = { [oauth.customFetch]: fromPage }
  const url = new URL(issuer.issuer)
  const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
  expect(as.dpop_signing_alg_values_supported).toContain('ES256')
  expect(readable.splice(0)).toEqual(['*'])

  const keys = await oauth.generateKeyPair('ES256')
  await expect(crypto.subtle.exportKey('jwk', keys.privateKey)).rejects.toThrow()
  const me: oauth.Client = { client_id: known.id, id_token_signed_response_alg: 'ES256' }
  const DPoP = oauth.DPoP(me, keys)
  const { response, sent, verifier } = await issuer.authorize({
    client: known,
    parameters: { scope: 'openid offline_access', resource: undefined, dpop_jkt: await DPoP.calculateThumbprint() },
  })
  const callback = oauth.validateAuthResponse(as, me, response, String(sent['state']))
  const code = { ...options, DPoP }
  const answer = await oauth.authorizationCodeGrantRequest(
    as,
    me,
    oauth.None(),
    callback,
    known.redirectUri,
    verifier,
    code,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(as, me, answer, { expectedNonce: String(sent['nonce']) })
  expect(tokens.token_type).toBe('dpop')
  const renewed = await oauth.refreshTokenGrantRequest(as, me, oauth.None(), tokens.refresh_token ?? '', code)
  const { access_token: next, refresh_token: last } = await oauth.processRefreshTokenResponse(as, me, renewed)
  const claims = await oauth.userInfoRequest(as, me, next, code)
  expect(await oauth.processUserInfoResponse(as, me, issuer.alice.subject, claims)).toMatchObject({
    sub: issuer.alice.subject,
  })
  expect(readable).toEqual([origin, origin, origin])

  // What a script could carry away is of no use elsewhere.
  const stolen = await issuer.refresh({ client: known, refreshToken: last ?? '' })
  expect([stolen.status, (await issuer.userinfo(next)).status]).toEqual([400, 401])
})
