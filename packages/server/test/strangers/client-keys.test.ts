import type { JwsAlgorithm } from '@sallyport/protocol'
import { createClientKey, type ClientKey, type TestIssuer } from '@sallyport/testing'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { addKeyClient } from '../client-keys/key-client.ts'
import { newIssuer } from '../fixtures.ts'
import { askInMemory } from './ask-in-memory.ts'

const importAs = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  Ed25519: { name: 'Ed25519' },
  EdDSA: { name: 'Ed25519' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const satisfies Record<JwsAlgorithm, object>

/** The key as the libraries want it. They sign by the system's own clock. */
async function imported({ privateKey, alg, kid }: ClientKey) {
  const bytes = privateKey.export({ format: 'der', type: 'pkcs8' })
  const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(bytes), importAs[alg], false, ['sign'])
  return { key, kid }
}

const newIssuerNow = (): Promise<TestIssuer> => newIssuer({ start: Date.now() / 1000 })

const algorithms = ['ES256', 'Ed25519', 'PS256', 'RS256'] as const

describe('openid-client with a key', () => {
  it.for(algorithms)('B-CA-01, B-CA-03, B-CA-06 gets a token of its own by %s', async (alg) => {
    const issuer = await newIssuerNow()
    const { client: known, key } = await addKeyClient(issuer, {}, createClientKey(alg))
    const server = new URL(issuer.issuer)
    const proof = client.PrivateKeyJwt(await imported(key))
    const fetch = askInMemory(issuer)
    const config = await client.discovery(server, known.id, {}, proof, { [client.customFetch]: fetch })
    config[client.customFetch] = fetch
    const tokens = await client.clientCredentialsGrant(config, { scope: 'read' })
    expect(tokens.scope ?? 'read').toBe('read')
    const inspected = await client.tokenIntrospection(config, tokens.access_token)
    expect(inspected).toMatchObject({ active: true, client_id: known.id })
    await client.tokenRevocation(config, tokens.access_token)
    expect((await client.tokenIntrospection(config, tokens.access_token)).active).toBe(false)
  })

  it('B-CA-01, A-CODE-01 signs somebody in and refreshes', async () => {
    const issuer = await newIssuerNow()
    const { client: known, key } = await addKeyClient(issuer, { idTokenAlgorithm: 'ES256' })
    const fetch = askInMemory(issuer)
    const metadata = { id_token_signed_response_alg: 'ES256' }
    const proof = client.PrivateKeyJwt(await imported(key))
    const options = { [client.customFetch]: fetch }
    const config = await client.discovery(new URL(issuer.issuer), known.id, metadata, proof, options)
    config[client.customFetch] = fetch
    const { response, sent, verifier } = await issuer.authorize({
      client: known,
      parameters: { scope: 'openid offline_access', resource: undefined },
    })
    const back = new URL(`${known.redirectUri}?${response.toString()}`)
    const tokens = await client.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: String(sent['state']),
      expectedNonce: String(sent['nonce']),
      idTokenExpected: true,
    })
    expect(tokens.claims()?.sub).toBe(issuer.alice.subject)
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(next.access_token).not.toBe(tokens.access_token)
  })
})

describe('oauth4webapi with a key', () => {
  it('B-CA-01, B-CA-05 gets tokens, and is told that an assertion was sent before', async () => {
    const issuer = await newIssuerNow()
    const { client: known, key } = await addKeyClient(issuer)
    const fetch = askInMemory(issuer)
    const options = { [oauth.customFetch]: fetch }
    const url = new URL(issuer.issuer)
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options))
    expect(as.token_endpoint_auth_methods_supported).toContain('private_key_jwt')
    const me = { client_id: known.id }
    let last = ''
    const recording = async (address: string, init: { body?: unknown }): Promise<Response> => {
      last = String(init.body)
      return fetch(address, init)
    }
    const proof = oauth.PrivateKeyJwt(await imported(key))
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      me,
      proof,
      { scope: 'read' },
      {
        [oauth.customFetch]: recording,
      },
    )
    expect((await oauth.processClientCredentialsResponse(as, me, response)).token_type).toBe('bearer')
    const again = await fetch(String(as.token_endpoint), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: last,
    })
    await expect(oauth.processClientCredentialsResponse(as, me, again)).rejects.toThrow(
      oauth.WWWAuthenticateChallengeError,
    )
  })
})
