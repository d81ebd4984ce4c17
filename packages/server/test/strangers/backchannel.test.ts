import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { bankIssuer } from '../backchannel/fixtures.ts'
import { askInMemory } from './ask-in-memory.ts'

describe('client libraries that ask people without a browser', () => {
  it('B-CIBA-01, B-CIBA-03, B-CIBA-05 openid-client waits for the person and gets its tokens', async () => {
    const { issuer, client: known } = await bankIssuer({ start: Date.now() / 1000 })
    const ask = askInMemory(issuer)
    const answers: string[] = []
    const fetch = async (url: string, init: object): Promise<Response> => {
      if (url.endsWith('/oauth2/token')) issuer.clock.advance(5)
      const response = await ask(url, init)
      if (url.endsWith('/oauth2/token'))
        answers.push(((await response.clone().json()) as { error?: string }).error ?? 'tokens')
      return response
    }
    const options = { [client.customFetch]: fetch }
    const proof = client.ClientSecretBasic(known.secret)
    const config = await client.discovery(new URL(issuer.issuer), known.id, {}, proof, options)
    config[client.customFetch] = fetch
    const begun = await client.initiateBackchannelAuthentication(config, {
      scope: 'openid offline_access',
      login_hint: issuer.alice.username,
      binding_message: 'W4SCT',
    })
    expect(begun.interval).toBe(5)
    const waiting = client.pollBackchannelAuthenticationGrant(config, begun)
    await expect.poll(() => answers, { timeout: 15_000 }).toEqual(['authorization_pending'])
    await issuer.answerRequest()
    const tokens = await waiting
    expect(tokens.claims()?.sub).toBe(issuer.alice.subject)
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(next.access_token).toBeTypeOf('string')
  })

  it('B-CIBA-04, B-CIBA-05 oauth4webapi is told of nobody, of a person who says no, and of one who agrees', async () => {
    const { issuer, client: known } = await bankIssuer({ start: Date.now() / 1000 })
    const options = { [oauth.customFetch]: askInMemory(issuer) }
    const url = new URL(issuer.issuer)
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    const self = { client_id: known.id }
    const proof = oauth.ClientSecretBasic(known.secret ?? '')
    const begin = async (hint: string) =>
      oauth.processBackchannelAuthenticationResponse(
        as,
        self,
        await oauth.backchannelAuthenticationRequest(as, self, proof, { scope: 'openid', login_hint: hint }, options),
      )
    await expect(begin('mallory')).rejects.toMatchObject({ error: 'unknown_user_id' })
    const redeem = async (id: string | undefined) =>
      oauth.processBackchannelAuthenticationGrantResponse(
        as,
        self,
        await oauth.backchannelAuthenticationGrantRequest(as, self, proof, id ?? '', options),
      )
    const refused = await begin('alice')
    await issuer.answerRequest({ decision: 'deny' })
    await expect(redeem(refused.auth_req_id)).rejects.toMatchObject({ error: 'access_denied' })
    const agreed = await begin('alice')
    await issuer.answerRequest()
    const tokens = await redeem(agreed.auth_req_id)
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(issuer.alice.subject)
  })
})
