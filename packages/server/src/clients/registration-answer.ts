import { numericDate } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { subjectMetadata } from './certificate-subject.ts'
import type { DynamicRegistration } from '../model/registrations.ts'

/** The metadata of a client as it is stored and in force (RFC 7591 section 3.2.1). */
const clientMetadata = (client: Client): Readonly<Record<string, unknown>> => ({
  client_id: client.id,
  client_id_issued_at: numericDate(client.createdAt),
  client_name: client.name,
  client_uri: client.clientUri,
  logo_uri: client.logoUri,
  policy_uri: client.policyUri,
  tos_uri: client.tosUri,
  ...client.localized,
  application_type: client.applicationType,
  redirect_uris: client.redirectUris,
  post_logout_redirect_uris: client.postLogoutRedirectUris.length === 0 ? undefined : client.postLogoutRedirectUris,
  backchannel_logout_uri: client.backchannelLogoutUri,
  backchannel_logout_session_required: client.backchannelLogoutSessionRequired,
  frontchannel_logout_uri: client.frontchannelLogoutUri,
  frontchannel_logout_session_required: client.frontchannelLogoutSessionRequired,
  token_endpoint_auth_method: client.authenticationMethod,
  token_endpoint_auth_signing_alg: client.authenticationAlgorithm,
  ...subjectMetadata(client),
  jwks: client.jwks,
  jwks_uri: client.jwksUri,
  grant_types: client.grantTypes,
  response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
  scope: client.scope.join(' '),
  subject_type: client.subjectType,
  sector_identifier_uri: client.sectorIdentifierUri,
  id_token_signed_response_alg: client.idTokenAlgorithm,
  id_token_encrypted_response_alg: client.idTokenEncryptionAlgorithm,
  id_token_encrypted_response_enc: client.idTokenContentEncryption,
  userinfo_signed_response_alg: client.userinfoAlgorithm,
  userinfo_encrypted_response_alg: client.userinfoEncryptionAlgorithm,
  userinfo_encrypted_response_enc: client.userinfoContentEncryption,
  authorization_signed_response_alg: client.authorizationAlgorithm,
  authorization_encrypted_response_alg: client.authorizationEncryptionAlgorithm,
  authorization_encrypted_response_enc: client.authorizationContentEncryption,
  response_modes: client.responseModes,
  introspection_signed_response_alg: client.introspectionAlgorithm,
  introspection_encrypted_response_alg: client.introspectionEncryptionAlgorithm,
  introspection_encrypted_response_enc: client.introspectionContentEncryption,
  require_pushed_authorization_requests: client.requirePushedRequests,
  require_signed_request_object: client.requireSignedRequests,
  request_object_signing_alg: client.requestObjectAlgorithm,
  request_uris: client.requestUris.length === 0 ? undefined : client.requestUris,
  default_max_age: client.defaultMaxAge,
  require_auth_time: client.requireAuthTime,
  dpop_bound_access_tokens: client.dpopBoundAccessTokens,
  tls_client_certificate_bound_access_tokens: client.certificateBoundAccessTokens,
  use_mtls_endpoint_aliases: client.useMtlsEndpointAliases,
  authorization_details_types: client.authorizationDetailsTypes,
  default_acr_values: client.defaultAcrValues.length === 0 ? undefined : client.defaultAcrValues,
})

/**
 * The client information response (RFC 7591 section 3.2.1, RFC 7592 section 3). Secret and registration access token are
 * there only when they were just made: the server keeps their digests and could not tell them again.
 */
export function registrationAnswer(
  ctx: Context,
  { client, registration }: { readonly client: Client; readonly registration: DynamicRegistration },
  fresh: { readonly secret?: string | undefined; readonly accessToken?: string | undefined } = {},
): Readonly<Record<string, unknown>> {
  const expiry = client.secrets.map(({ expiresAt }) => expiresAt).sort((a, b) => b - a)[0]
  return {
    ...clientMetadata(client),
    client_secret: fresh.secret,
    client_secret_expires_at: expiry === undefined ? undefined : numericDate(expiry),
    software_statement: registration.softwareStatement,
    registration_client_uri: `${ctx.endpoints.registration}/${client.id}`,
    registration_access_token: fresh.accessToken,
  }
}
