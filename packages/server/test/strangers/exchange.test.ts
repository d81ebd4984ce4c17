import { decodeJwt, type TestClient, type TestIssuer } from '@sallyport/testing'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { bearerGrant, trustingIssuer } from '../exchange/assertions.ts'
import { aliceTokens, exchangeGrant, exchangeIssuer, typeOf } from '../exchange/exchanges.ts'
import { resourceIssuer, signInIssuer } from '../exchange/two-issuers.ts'
import { askInMemory } from './ask-in-memory.ts'

const start = Date.now() / 1000

describe('openid-client', () => {
  const configOf = async (issuer: TestIssuer, known: TestClient): Promise<client.Configuration> => {
    const fetch = askInMemory(issuer)
    const options = { [client.customFetch]: fetch }
    const secret = client.ClientSecretBasic(known.secret ?? '')
    const config = await client.discovery(new URL(issuer.issuer), known.id, {}, secret, options)
    config[client.customFetch] = fetch
    return config
  }

  it('B-TX-07, B-TX-12 exchanges a token with its generic grant, as bearer and with a key', async () => {
    const exchange = await exchangeIssuer({ options: { start } })
    const config = await configOf(exchange.issuer, exchange.client)
    const { accessToken } = await aliceTokens(exchange.issuer)
    const parameters = {
      ...{ subject_token: accessToken, subject_token_type: typeOf('access_token') },
      ...{ audience: 'https://rs2.test', scope: 'read' },
    }
    const plain = await client.genericGrantRequest(config, exchangeGrant, parameters)
    expect([plain.token_type, plain['issued_token_type']]).toEqual(['bearer', typeOf('access_token')])
    const { claims } = decodeJwt(plain.access_token)
    expect(claims).toMatchObject({ sub: exchange.issuer.alice.subject, act: { sub: exchange.client.id } })
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
    const bound = await client.genericGrantRequest(config, exchangeGrant, parameters, { DPoP })
    expect(bound.token_type).toBe('dpop')
    expect(decodeJwt(bound.access_token).claims['cnf']).toEqual({ jkt: await DPoP.calculateThumbprint() })
    const wide = client.genericGrantRequest(config, exchangeGrant, { ...parameters, scope: 'read deliver' })
    await expect(wide).rejects.toMatchObject({ error: 'invalid_scope' })
  })

  it('B-JB-01 brings the assertion of another issuer with its generic grant', async () => {
    const trust = await trustingIssuer({ options: { start } })
    const config = await configOf(trust.issuer, trust.client)
    const parameters = { assertion: trust.assertion(), scope: 'read', resource: 'https://rs1.test' }
    const tokens = await client.genericGrantRequest(config, bearerGrant, parameters)
    expect(decodeJwt(tokens.access_token).claims['sub']).toBe(trust.issuer.alice.subject)
    const again = client.genericGrantRequest(config, bearerGrant, parameters)
    await expect(again).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})

describe('oauth4webapi', () => {
  const asking = async (issuer: TestIssuer, known: TestClient) => {
    const options = { [oauth.customFetch]: askInMemory(issuer) }
    const url = new URL(issuer.issuer)
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    const me = { client_id: known.id }
    const proof = oauth.ClientSecretBasic(known.secret ?? '')
    return async (grant: string, parameters: Record<string, string>): Promise<oauth.TokenEndpointResponse> => {
      const response = await oauth.genericTokenEndpointRequest(as, me, proof, grant, parameters, options)
      const recognizedTokenTypes = { n_a: () => undefined }
      return oauth.processGenericTokenEndpointResponse(as, me, response, { recognizedTokenTypes })
    }
  }

  it('B-TX-07 exchanges a token, and hands on what is refused', async () => {
    const exchange = await exchangeIssuer({ options: { start } })
    const ask = await asking(exchange.issuer, exchange.client)
    const { accessToken } = await aliceTokens(exchange.issuer)
    const parameters = { subject_token: accessToken, subject_token_type: typeOf('access_token') }
    const tokens = await ask(exchangeGrant, { ...parameters, resource: 'https://rs2.test' })
    expect([tokens.token_type, tokens.scope]).toEqual(['bearer', 'read'])
    const elsewhere = ask(exchangeGrant, { ...parameters, resource: 'https://evil.test' })
    await expect(elsewhere).rejects.toMatchObject({ error: 'invalid_target' })
  })

  it('B-JAG-02, B-JAG-04 takes a person from one issuer to another', async () => {
    const home = await signInIssuer({}, { start })
    const there = await resourceIssuer(home.issuer, { start })
    const { idToken } = await home.flow()
    const given = await (
      await asking(home.issuer, home.client)
    )(exchangeGrant, {
      ...{ requested_token_type: typeOf('id-jag'), audience: there.issuer.issuer },
      ...{ subject_token: idToken, subject_token_type: typeOf('id_token'), scope: 'read' },
    })
    expect([given.token_type, given['issued_token_type']]).toEqual(['n_a', typeOf('id-jag')])
    const tokens = await (await asking(there.issuer, there.client))(bearerGrant, { assertion: given.access_token })
    expect(decodeJwt(tokens.access_token).claims).toMatchObject({
      ...{ iss: there.issuer.issuer, sub: there.issuer.alice.subject, aud: 'https://rs1.test' },
    })
  })
})
