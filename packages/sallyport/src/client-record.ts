import { sectorOf, type Client, type ClientSecret, type SecretUses } from '@sallyport/server'
import { documentHost, doorRecord } from './door.ts'
import { reviewDate } from './review-date.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { instant } from './terminal.ts'
import type { Workplace } from './workplace.ts'

const time = (seconds: number | undefined): string | undefined => (seconds === undefined ? undefined : instant(seconds))

/** A client as JSON has it, in the words of RFC 7591 where it has them. The secret is there only when it was just made. */
export const clientRecord = (client: Client, secret?: string, uses: SecretUses = {}): Record<string, unknown> => ({
  client_id: client.id,
  ...(secret === undefined ? {} : { client_secret: secret }),
  client_name: client.name,
  type: client.type,
  ...doorRecord(client),
  token_endpoint_auth_method: client.authenticationMethod,
  token_endpoint_auth_signing_alg: client.authenticationAlgorithm,
  jwks: client.jwks,
  jwks_uri: client.jwksUri,
  ...(client.authenticationMethod === 'private_key_jwt' ? { assertion_audience: client.assertionAudience } : {}),
  grant_types: client.grantTypes,
  redirect_uris: client.redirectUris,
  post_logout_redirect_uris: client.postLogoutRedirectUris,
  backchannel_logout_uri: client.backchannelLogoutUri,
  backchannel_logout_session_required: client.backchannelLogoutSessionRequired,
  frontchannel_logout_uri: client.frontchannelLogoutUri,
  frontchannel_logout_session_required: client.frontchannelLogoutSessionRequired,
  allowed_origins: client.allowedOrigins,
  scope: client.scope.join(' '),
  default_scope: client.defaultScope.join(' '),
  machine_scope: client.machineScope?.join(' '),
  resources: client.resources,
  default_resource: client.defaultResource,
  authorization_details_types: client.authorizationDetailsTypes,
  resource_server_of: client.resourceServerOf,
  subject_type: client.subjectType,
  sector_identifier_uri: client.sectorIdentifierUri,
  id_token_signed_response_alg: client.idTokenAlgorithm,
  authorization_signed_response_alg: client.authorizationAlgorithm,
  authorization_encrypted_response_alg: client.authorizationEncryptionAlgorithm,
  authorization_encrypted_response_enc: client.authorizationContentEncryption,
  response_modes: client.responseModes,
  id_token_encrypted_response_alg: client.idTokenEncryptionAlgorithm,
  id_token_encrypted_response_enc: client.idTokenContentEncryption,
  userinfo_signed_response_alg: client.userinfoAlgorithm,
  userinfo_encrypted_response_alg: client.userinfoEncryptionAlgorithm,
  userinfo_encrypted_response_enc: client.userinfoContentEncryption,
  introspection_signed_response_alg: client.introspectionAlgorithm,
  introspection_encrypted_response_alg: client.introspectionEncryptionAlgorithm,
  introspection_encrypted_response_enc: client.introspectionContentEncryption,
  first_party: client.firstParty,
  mcp: client.mcp,
  require_state: client.requireState,
  require_redirect_uri_at_token: client.requireRedirectUriAtToken,
  require_pushed_authorization_requests: client.requirePushedRequests,
  require_signed_request_object: client.requireSignedRequests,
  request_object_signing_alg: client.requestObjectAlgorithm,
  request_uris: client.requestUris.length === 0 ? undefined : client.requestUris,
  backchannel_client_notification_endpoint: client.backchannelNotificationEndpoint,
  dpop_bound_access_tokens: client.dpopBoundAccessTokens,
  tls_client_auth_subject_dn: client.tlsClientAuthSubjectDn,
  tls_client_auth_san_dns: client.tlsClientAuthSanDns,
  tls_client_auth_san_uri: client.tlsClientAuthSanUri,
  tls_client_auth_san_ip: client.tlsClientAuthSanIp,
  tls_client_auth_san_email: client.tlsClientAuthSanEmail,
  tls_client_certificate_bound_access_tokens: client.certificateBoundAccessTokens,
  use_mtls_endpoint_aliases: client.useMtlsEndpointAliases,
  session_refresh_tokens: client.sessionRefreshTokens,
  access_token_lifetime: client.accessTokenLifetime,
  owner: client.owner,
  purpose: client.purpose,
  review_by: instant(reviewDate(client)),
  profile: client.profile,
  security_level: client.securityLevel,
  pkce: 'S256, required',
  secrets: client.secrets.map(({ id, createdAt, expiresAt }) => ({
    id,
    created_at: time(createdAt),
    expires_at: time(expiresAt),
    last_used_at: time(uses[id]),
  })),
  created_at: time(client.createdAt),
  updated_at: time(client.updatedAt),
  disabled_at: time(client.disabledAt),
})

const secretText = ({ id, createdAt, expiresAt }: ClientSecret, usedAt: number | undefined): string =>
  `${id}, made ${instant(createdAt)}, ends ${instant(expiresAt)}, ${usedAt === undefined ? 'use not seen' : `last used ${instant(usedAt)}`}`

/** When each secret of a client was last used, as far as it was seen. */
export const secretUses = async ({ store }: Pick<Workplace, 'store'>, id: string): Promise<SecretUses> =>
  (await store.usage.lastUse(id))?.secrets ?? {}

/** Who entered it; nobody looked at what the others say of themselves. */
function registrar(client: Client): string {
  if (client.channel === 'managed') return 'an administrator'
  const host = documentHost(client)
  return host === undefined ? 'itself, not verified' : `its own document on ${host}, not verified`
}

/** A client for people. */
export function clientText(client: Client, secret?: string, uses: SecretUses = {}): string {
  const lines: [string, string][] = [
    ['client id', client.id],
    ...(secret === undefined ? [] : [['client secret', secret] as [string, string]]),
    ['name', client.name],
    ['type', client.type],
    ['registered by', registrar(client)],
    ['authentication', client.authenticationMethod],
    ...keyLines(client),
    ['pkce', 'S256, required of every client'],
    ['grants', client.grantTypes.join(' ')],
    ...client.redirectUris.map((uri) => ['redirect URI', uri] as [string, string]),
    ['scope', client.scope.join(' ')],
    ...(client.subjectType === 'public' ? [] : [['subjects', `pairwise in ${sectorOf(client)}`] as [string, string]]),
    ...(client.type === 'agent' ? agentLines(client) : []),
    ...client.secrets.map((one) => ['secret', secretText(one, uses[one.id])] as [string, string]),
  ]
  if (client.disabledAt !== undefined) lines.push(['disabled', instant(client.disabledAt)])
  return lines.map(([label, value]) => `${label.padEnd(15)} ${value}`.trimEnd()).join('\n')
}

const agentLines = ({ owner = '', purpose = '' }: Client): [string, string][] => [
  ['owner', owner],
  ['purpose', purpose],
]

const keyLines = ({ jwks, jwksUri }: Client): readonly [string, string][] =>
  jwksUri === undefined
    ? (jwks?.keys ?? []).map(({ kty = '', kid = 'without a kid' }) => ['key', `${kty} ${kid}`])
    : [['keys at', jwksUri]]

/** The client with this id. */
export async function findClient({ store }: Workplace, id: string | undefined): Promise<Client> {
  const client = await store.findClient(id ?? '')
  if (client === undefined)
    throw new CommandFailure(exitCode.missing, `there is no client ${id ?? ''}; see sallyport client list`)
  return client
}
