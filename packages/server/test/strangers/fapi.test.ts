import type { ClientRegistration } from '@sallyport/server'
import {
  createClientKey,
  decodeJwt,
  selfSignedCertificate,
  type TestClient,
  type TestCertificate,
  type TestIssuer,
} from '@sallyport/testing'
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { describe, expect, it } from 'vitest'
import { newIssuer } from '../fixtures.ts'
import { askInMemory } from './ask-in-memory.ts'

/** How a client proves itself, what its tokens are bound to, and whether people sign in: every way that FAPI 2.0 has. */
const ways = (['private_key_jwt', 'self_signed_tls_client_auth'] as const).flatMap((proof) =>
  (['DPoP', 'certificate'] as const).flatMap((binding) =>
    (['OpenID', 'OAuth'] as const).map((kind) => ({ proof, binding, kind })),
  ),
)
type Way = (typeof ways)[number]

type World = {
  readonly issuer: TestIssuer
  readonly known: TestClient
  readonly key: CryptoKey
  readonly fetch: ReturnType<typeof askInMemory>
}

const jwkOf = ({ der, privateKey }: TestCertificate) => {
  const { kty = '', crv = '', x = '', y = '' } = privateKey.export({ format: 'jwk' })
  return { kty, crv, x, y, x5c: [Buffer.from(der).toString('base64')] }
}

/** A server under the profile, and a client that is registered in one of the ways. */
async function opened(
  profile: 'fapi2' | 'fapi2-message-signing',
  { proof, binding, kind }: Way,
  more: Partial<ClientRegistration> = {},
): Promise<World> {
  const start = Date.now() / 1000
  const issuer = await newIssuer({ policy: { profile }, mutualTls: {}, start, clients: [] })
  const pair = createClientKey()
  const certificate = selfSignedCertificate('bank')
  const certified = proof === 'self_signed_tls_client_auth'
  const known = await issuer.addClient({
    ...{ type: 'web', name: 'Bank', redirectUris: ['https://bank.test/cb'] },
    ...{ authenticationMethod: proof, jwks: { keys: [pair.jwk, ...(certified ? [jwkOf(certificate)] : [])] } },
    ...{ scope: kind === 'OpenID' ? 'openid offline_access read' : 'offline_access read' },
    ...(binding === 'certificate' ? { certificateBoundAccessTokens: true } : { dpopBoundAccessTokens: true }),
    ...more,
  })
  const jwk = pair.privateKey.export({ format: 'jwk' })
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const shown = certified || binding === 'certificate' ? { der: certificate.der, chain: [] } : undefined
  return { issuer, known, key, fetch: askInMemory(issuer, shown) }
}

/** The browser follows an address that a library made, and a person signs in and allows. */
async function followed({ issuer, known }: World, address: URL): Promise<URL> {
  const browser = issuer.browser()
  const visit = await browser.open(`${address.pathname}${address.search}`)
  const begun = { client: known, browser, verifier: '', challenge: '', sent: {}, visit }
  const { visit: ended } = await issuer.finish(begun)
  return new URL(ended.leftFor ?? '')
}

const resource = 'https://rs1.test'
const scopeOf = ({ kind }: Pick<Way, 'kind'>): string =>
  kind === 'OpenID' ? 'openid offline_access read' : 'offline_access read'
const metadata = { id_token_signed_response_alg: 'ES256', authorization_signed_response_alg: 'ES256' }

/** To what a token is bound. */
const boundBy = (accessToken: string): unknown => Object.keys(decodeJwt(accessToken).claims['cnf'] as object)[0]
const nameOf: Readonly<Record<Way['binding'], string>> = { DPoP: 'jkt', certificate: 'x5t#S256' }

describe('openid-client', () => {
  async function configured(world: World, { proof }: Way): Promise<client.Configuration> {
    const { issuer, known, key, fetch } = world
    const shown = proof === 'private_key_jwt' ? client.PrivateKeyJwt({ key, kid: 'key-1' }) : client.TlsClientAuth()
    const options = { [client.customFetch]: fetch }
    const config = await client.discovery(new URL(issuer.issuer), known.id, metadata, shown, options)
    config[client.customFetch] = fetch
    return config
  }

  it.each(ways)(
    'B-FAPI-02, B-FAPI-03, B-FAPI-05, B-FAPI-08 goes through FAPI 2.0 with $proof, $binding and $kind',
    async (way) => {
      const world = await opened('fapi2', way)
      const config = await configured(world, way)
      const DPoP =
        way.binding === 'DPoP'
          ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
          : undefined
      const [verifier, state] = [client.randomPKCECodeVerifier(), client.randomState()]
      const parameters = {
        ...{ redirect_uri: world.known.redirectUri, scope: scopeOf(way), state, resource },
        ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      }
      const address = await client.buildAuthorizationUrlWithPAR(config, parameters, DPoP)
      const back = await followed(world, address)
      expect(back.searchParams.get('iss')).toBe(world.issuer.issuer)
      const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: way.kind === 'OpenID' }
      const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, DPoP)
      expect(tokens.claims()?.sub).toBe(way.kind === 'OpenID' ? world.issuer.alice.subject : undefined)
      const kept = tokens.refresh_token ?? ''
      for (const answer of [
        tokens,
        await client.refreshTokenGrant(config, kept, { resource }, DPoP),
        await client.refreshTokenGrant(config, kept, { resource }, DPoP),
      ])
        expect([boundBy(answer.access_token), answer.refresh_token]).toEqual([nameOf[way.binding], kept])
      await client.tokenRevocation(config, kept)
      await expect(client.refreshTokenGrant(config, kept, { resource }, DPoP)).rejects.toMatchObject({
        error: 'invalid_grant',
      })
    },
  )

  it.each(ways)('B-MS-01, B-MS-03 signs and verifies messages with $proof, $binding and $kind', async (way) => {
    const world = await opened('fapi2-message-signing', way)
    const config = await configured(world, way)
    client.useJwtResponseMode(config)
    const DPoP =
      way.binding === 'DPoP'
        ? { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
        : undefined
    const [verifier, state] = [client.randomPKCECodeVerifier(), client.randomState()]
    const parameters = {
      ...{ redirect_uri: world.known.redirectUri, scope: scopeOf(way), state, resource },
      ...{ code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
    }
    const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, { key: world.key, kid: 'key-1' })
    const address = await client.buildAuthorizationUrlWithPAR(config, signed.searchParams, DPoP)
    const back = await followed(world, address)
    expect([...back.searchParams.keys()]).toEqual(['response'])
    const checks = { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: way.kind === 'OpenID' }
    const tokens = await client.authorizationCodeGrant(config, back, checks, undefined, DPoP)
    expect(boundBy(tokens.access_token)).toBe(nameOf[way.binding])
  })
})

describe('oauth4webapi', () => {
  const shownBy = ({ key }: World, { proof }: Way): oauth.ClientAuth =>
    proof === 'private_key_jwt' ? oauth.PrivateKeyJwt({ key, kid: 'key-1' }) : oauth.TlsClientAuth()

  async function flow(world: World, way: Way, signs: boolean): Promise<oauth.TokenEndpointResponse> {
    const { issuer, known, key } = world
    const plain = { [oauth.customFetch]: world.fetch }
    const url = new URL(issuer.issuer)
    const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, plain))
    const me = { client_id: known.id, ...metadata }
    const bound = way.binding === 'DPoP' ? { DPoP: oauth.DPoP({}, await oauth.generateKeyPair('ES256')) } : undefined
    const options = { ...plain, ...bound }
    const shown = shownBy(world, way)
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()]
    const wanted = {
      ...{ response_type: 'code', redirect_uri: known.redirectUri, scope: scopeOf(way), state, resource },
      ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      ...(signs ? { response_mode: 'jwt' } : {}),
    }
    const request = signs ? { request: await oauth.issueRequestObject(as, me, wanted, { key, kid: 'key-1' }) } : wanted
    const pushed = await oauth.pushedAuthorizationRequest(as, me, shown, request, options)
    const { request_uri } = await oauth.processPushedAuthorizationResponse(as, me, pushed)
    const address = new URL(String(as.authorization_endpoint))
    address.search = new URLSearchParams({ client_id: known.id, request_uri }).toString()
    const back = await followed(world, address)
    const response = signs
      ? await oauth.validateJwtAuthResponse(as, me, back, state, plain)
      : oauth.validateAuthResponse(as, me, back, state)
    const redeemed = await oauth.authorizationCodeGrantRequest(
      ...([as, me, shown, response, known.redirectUri, verifier, options] as const),
    )
    return oauth.processAuthorizationCodeResponse(as, me, redeemed, { requireIdToken: way.kind === 'OpenID' })
  }

  it.each(ways)(
    'B-FAPI-02, B-FAPI-03, B-FAPI-08 goes through FAPI 2.0 with $proof, $binding and $kind',
    async (way) => {
      const world = await opened('fapi2', way)
      const tokens = await flow(world, way, false)
      expect(boundBy(tokens.access_token)).toBe(nameOf[way.binding])
      const { subject } = world.issuer.alice
      expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(way.kind === 'OpenID' ? subject : undefined)
    },
  )

  it.each(ways)('B-MS-01, B-MS-03 signs and verifies messages with $proof, $binding and $kind', async (way) => {
    const tokens = await flow(await opened('fapi2-message-signing', way), way, true)
    expect(boundBy(tokens.access_token)).toBe(nameOf[way.binding])
  })
})
