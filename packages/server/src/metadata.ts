import {
  codeChallengeMethod,
  contentEncryptionAlgorithms,
  identityScopes,
  jwsAlgorithms,
  keyEncryptionAlgorithms,
  proofAlgorithms,
  requestEncryptionAlgorithms,
  type JwsAlgorithm,
} from '@sallyport/protocol'
import { promptValues } from './authorization/validate-request.ts'
import { supportedClaims } from './claims.ts'
import { certificateMethods } from './clients/metadata-rules.ts'
import { subjectTypes } from './clients/sector-rules.ts'
import type { Context } from './context.ts'
import { offeredGrants } from './grants/index.ts'
import { responseModeNames } from './model/authorization-request.ts'
import type { ClientAuthenticationMethod } from './model/client.ts'
import { endpointAliases } from './mutual-tls.ts'
import { isFapiAlgorithm } from './profiles.ts'
import { identityAssertionTokenType } from './tokens/identity-assertion.ts'

const allMethods: readonly ClientAuthenticationMethod[] = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
]
const keysOnly: readonly ClientAuthenticationMethod[] = ['none', 'private_key_jwt']

/** Secrets are offered no longer than they are taken (A-META-05). */
function methodsOf(ctx: Context): readonly ClientAuthenticationMethod[] {
  const { policy } = ctx
  const methods = policy.stages.requirePrivateKeyJwt === 'enforce' ? keysOnly : allMethods
  const open = policy.profile === 'oauth21' ? methods : methods.filter((method) => method !== 'none')
  return [...open, ...certificateMethods(ctx)]
}

/** Response modes that any client may ask for (B-JARM-04). */
const modesOf = ({ policy }: Context): readonly string[] =>
  policy.profile === 'fapi2-message-signing'
    ? responseModeNames.filter((name) => name.includes('jwt'))
    : responseModeNames

/** What assertions and request objects of clients may be signed with; RS256 by clients that were registered with it. */
const allAlgorithms = Object.keys(jwsAlgorithms) as readonly JwsAlgorithm[]

/** Identity assertions of other sign-ins are taken; whose, is nobody's business (B-JAG-07). */
const identityProfile = 'urn:ietf:params:oauth:grant-profile:id-jag'

/** What the metadata needs to know beside the context. */
export type MetadataFacts = {
  readonly resourceScopes: readonly string[]
  /** Every resource there are tokens for. */
  readonly protectedResources: readonly string[]
  readonly idTokenAlgorithms: readonly JwsAlgorithm[]
  readonly documentation: string | undefined
}

/**
 * Authorization server metadata (RFC 8414) and OpenID provider metadata in one document, derived from what is running, so
 * that it cannot promise anything else (A-META-05 to -07, B-DISC-03 to -07). Members without a value are left out.
 */
export function serverMetadata(ctx: Context, facts: MetadataFacts): Record<string, unknown> {
  const { endpoints } = ctx
  const methods = methodsOf(ctx)
  const clientAlgorithms = ctx.policy.profile === 'oauth21' ? allAlgorithms : allAlgorithms.filter(isFapiAlgorithm)
  const metadata: Record<string, unknown> = {
    issuer: ctx.issuer,
    authorization_endpoint: endpoints.authorize,
    pushed_authorization_request_endpoint: endpoints.pushed,
    token_endpoint: endpoints.token,
    userinfo_endpoint: endpoints.userinfo,
    jwks_uri: endpoints.jwks,
    revocation_endpoint: endpoints.revoke,
    introspection_endpoint: endpoints.introspect,
    end_session_endpoint: endpoints.logout,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    response_types_supported: ['code'],
    response_modes_supported: modesOf(ctx),
    authorization_signing_alg_values_supported: facts.idTokenAlgorithms,
    authorization_encryption_alg_values_supported: keyEncryptionAlgorithms,
    authorization_encryption_enc_values_supported: contentEncryptionAlgorithms,
    grant_types_supported: offeredGrants(ctx),
    code_challenge_methods_supported: [codeChallengeMethod],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: clientAlgorithms,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: clientAlgorithms,
    introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: clientAlgorithms,
    introspection_signing_alg_values_supported: facts.idTokenAlgorithms,
    introspection_encryption_alg_values_supported: keyEncryptionAlgorithms,
    introspection_encryption_enc_values_supported: contentEncryptionAlgorithms,
    scopes_supported: [...new Set([...identityScopes, ...facts.resourceScopes])],
    protected_resources: facts.protectedResources,
    subject_types_supported: subjectTypes,
    id_token_signing_alg_values_supported: facts.idTokenAlgorithms,
    id_token_encryption_alg_values_supported: keyEncryptionAlgorithms,
    id_token_encryption_enc_values_supported: contentEncryptionAlgorithms,
    userinfo_signing_alg_values_supported: facts.idTokenAlgorithms,
    userinfo_encryption_alg_values_supported: keyEncryptionAlgorithms,
    userinfo_encryption_enc_values_supported: contentEncryptionAlgorithms,
    claim_types_supported: ['normal'],
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'auth_time',
      'nonce',
      'acr',
      'amr',
      'at_hash',
      'sid',
      ...supportedClaims,
    ],
    claims_parameter_supported: true,
    request_parameter_supported: ctx.policy.requestObjects,
    request_uri_parameter_supported: ctx.policy.requestUris,
    require_request_uri_registration: ctx.policy.requestUris,
    prompt_values_supported: promptValues,
    display_values_supported: ['page', 'popup', 'touch', 'wap'],
  }
  if (ctx.policy.stages.requirePushedRequests === 'enforce') metadata['require_pushed_authorization_requests'] = true
  if (ctx.policy.requestObjects) metadata['request_object_signing_alg_values_supported'] = clientAlgorithms
  if (ctx.policy.requestObjectEncryption) {
    metadata['request_object_encryption_alg_values_supported'] = requestEncryptionAlgorithms
    metadata['request_object_encryption_enc_values_supported'] = contentEncryptionAlgorithms
  }
  if (ctx.policy.stages.requireSignedRequests === 'enforce') metadata['require_signed_request_object'] = true
  if (ctx.policy.sessionManagement) metadata['check_session_iframe'] = endpoints.checkSession
  if (ctx.policy.dpop) metadata['dpop_signing_alg_values_supported'] = proofAlgorithms
  if (ctx.mutualTls !== undefined) metadata['tls_client_certificate_bound_access_tokens'] = true
  if (ctx.policy.deviceGrant) metadata['device_authorization_endpoint'] = endpoints.deviceAuthorization
  if (ctx.identityAudiences.clients.size > 0)
    metadata['identity_chaining_requested_token_types_supported'] = [identityAssertionTokenType]
  if (ctx.trustedIssuers.kinds.has('id-jag')) metadata['authorization_grant_profiles_supported'] = [identityProfile]
  if (ctx.policy.backchannelGrant) {
    metadata['backchannel_authentication_endpoint'] = endpoints.backchannel
    metadata['backchannel_token_delivery_modes_supported'] = ['poll', 'ping']
    metadata['backchannel_user_code_parameter_supported'] = false
  }
  if (ctx.registration.mode !== 'off') metadata['registration_endpoint'] = endpoints.registration
  if (ctx.details.names.length > 0) metadata['authorization_details_types_supported'] = ctx.details.names
  if (ctx.accounts.acrValues.length > 0) metadata['acr_values_supported'] = ctx.accounts.acrValues
  if (ctx.accounts.uiLocales.length > 0) metadata['ui_locales_supported'] = ctx.accounts.uiLocales
  if (ctx.documents.accept !== 'none') metadata['client_id_metadata_document_supported'] = true
  if (facts.documentation !== undefined) metadata['service_documentation'] = facts.documentation
  const aliases = endpointAliases(ctx, metadata)
  if (aliases !== undefined) metadata['mtls_endpoint_aliases'] = aliases
  return metadata
}
