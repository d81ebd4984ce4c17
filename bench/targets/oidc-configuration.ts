import { generateKeyPairSync } from 'node:crypto'
import type { AdapterFactory, Configuration, JWK } from 'oidc-provider'
import {
  benchApiScope,
  benchOpaqueResource,
  benchRedirectUri,
  benchResource,
  type BenchClient,
  type BenchSigner,
} from '../deployment.ts'

export interface OidcClients {
  readonly app: BenchClient
  readonly service: BenchClient
  readonly bank: BenchSigner
  readonly cookieKey: string
}

const generatedKey = (): JWK => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kty: 'EC', kid: 'bench-es256', alg: 'ES256', use: 'sig' }
}

/** The public half; ES256 as everywhere here. */
const publicJwk = ({ kty, crv, x, y, kid }: BenchSigner['privateKey']): JWK =>
  ({ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }) as JWK

const clients = ({ app, service, bank }: OidcClients): NonNullable<Configuration['clients']> => [
  {
    client_id: app.id,
    client_secret: app.secret,
    redirect_uris: [benchRedirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  },
  {
    client_id: service.id,
    client_secret: service.secret,
    redirect_uris: [],
    grant_types: ['client_credentials'],
    response_types: [],
    id_token_signed_response_alg: 'ES256',
  },
  {
    client_id: bank.id,
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [publicJwk(bank.privateKey)] },
    redirect_uris: [benchRedirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
    require_pushed_authorization_requests: true,
    dpop_bound_access_tokens: true,
  },
]

/** oidc-provider with what the bench needs and nothing else, and every default that costs time left as its authors set it. */
export function oidcConfiguration(adapter: AdapterFactory, known: OidcClients): Configuration {
  return {
    adapter,
    clients: clients(known),
    jwks: { keys: [generatedKey()] },
    cookies: { keys: [known.cookieKey] },
    scopes: ['openid', 'offline_access'],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    // Without a consent page no offline_access is granted, so the refresh token ends with the session, as by default.
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 300, ClientCredentials: 300, AuthorizationCode: 60, IdToken: 300, RefreshToken: 1209600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) =>
          // Its introspection endpoint refuses JWTs, so the API that introspects has opaque tokens.
          resource === benchOpaqueResource
            ? { scope: benchApiScope, accessTokenFormat: 'opaque', accessTokenTTL: 300 }
            : { scope: benchApiScope, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: 'ES256' } } },
      },
    },
  }
}

export const benchResources = [benchResource, benchOpaqueResource]
