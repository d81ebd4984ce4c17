import { parseScope, redirectUriFault, refuse, type ApplicationType, type Reason } from '@sallyport/protocol'
import type { ClientAuthenticationMethod, ClientType } from '../model/client.ts'
import type { RegistrationPolicy } from '../registration-policy.ts'
import { authorizationResponseMembers, type AuthorizationResponses } from './authorization-responses.ts'
import { encryptedAnswerMembers, type EncryptedAnswers } from './encrypted-answers.ts'
import { introspectionMembers, type IntrospectionMembers } from './introspection-metadata.ts'
import { logoutMembers, type LogoutMembers } from './logout-metadata.ts'
import { algorithmOf, badMember, flagOf, secondsOf, textOf, textsOf, type MetadataDocument } from './metadata-fields.ts'
import {
  grantTypesOf,
  localizedOf,
  refuseForeignAddresses,
  refuseReservedNames,
  refuseUnkeptProtection,
  refuseWeakerPkce,
  type KeptProtections,
} from './metadata-rules.ts'
import type { SubjectMember, SubjectMembers } from './certificate-subject.ts'
import type { ClientRegistration } from './registration.ts'
import { commonHost, subjectTypes } from './sector-rules.ts'

export type MetadataFacts = {
  readonly policy: RegistrationPolicy
  /** Scope the client may be given at most. */
  readonly scopeCeiling: readonly string[]
  readonly development: boolean
  /** No new client gets a secret: keys are the only way. */
  readonly keysOnly: boolean
  /** Methods by which certificates prove clients here. */
  readonly certificateMethods: readonly string[]
  /** Which protections there are. */
  readonly kept: KeptProtections
}

/** What a client can say about itself: exactly these members, so that a member left out of an update is reset (A-DCM-04). */
export type SelfDescription = Required<
  Pick<
    ClientRegistration,
    | 'type'
    | 'name'
    | 'redirectUris'
    | 'postLogoutRedirectUris'
    | 'allowedOrigins'
    | 'mcp'
    | 'authenticationMethod'
    | 'jwks'
    | 'jwksUri'
    | 'authenticationAlgorithm'
    | 'grantTypes'
    | 'scope'
    | 'subjectType'
    | 'sectorIdentifierUri'
    | 'idTokenAlgorithm'
    | keyof EncryptedAnswers
    | 'userinfoAlgorithm'
    | keyof AuthorizationResponses
    | 'requirePushedRequests'
    | 'requireSignedRequests'
    | 'requestObjectAlgorithm'
    | 'requestUris'
    | 'defaultMaxAge'
    | 'requireAuthTime'
    | 'defaultAcrValues'
    | 'authorizationDetailsTypes'
    | 'dpopBoundAccessTokens'
    | 'certificateBoundAccessTokens'
    | 'useMtlsEndpointAliases'
    | SubjectMember
    | 'clientUri'
    | 'logoUri'
    | 'policyUri'
    | 'tosUri'
    | 'localized'
  >
> &
  IntrospectionMembers &
  LogoutMembers

/**
 * Client metadata (RFC 7591 section 2) as a registration for the one validator. A list of what is read, so that everything
 * else, privileges above all, has no effect (DC-09). Throws `OAuthError` with what RFC 7591 section 3.2.2 wants to be told.
 */
export function readClientMetadata(document: MetadataDocument, facts: MetadataFacts): SelfDescription {
  refuseWeakerPkce(document)
  refuseUnkeptProtection(document, facts.kept)
  refuseForeignAddresses(document)
  const applicationType = applicationTypeOf(document)
  const redirectUris = redirectUrisOf(document, applicationType, facts)
  const grantTypes = grantTypesOf(document, facts.policy.grantTypes)
  const authenticationMethod = methodOf(document, applicationType, facts)
  const name = textOf(document, 'client_name') ?? standIn(redirectUris)
  const localized = localizedOf(document)
  refuseReservedNames(name, localized, facts.policy.reservedNames)
  return {
    type: typeOf(applicationType, authenticationMethod),
    name,
    redirectUris,
    postLogoutRedirectUris: postLogoutUrisOf(document, applicationType, redirectUris, facts),
    ...logoutMembers(document),
    allowedOrigins: undefined,
    mcp: facts.policy.mcp,
    authenticationMethod,
    ...keysOf(document, authenticationMethod),
    ...subjectOf(document),
    grantTypes,
    scope: scopeOf(document, facts),
    ...sectorMembers(document, redirectUris),
    idTokenAlgorithm: algorithmOf(document, 'id_token_signed_response_alg'),
    userinfoAlgorithm: algorithmOf(document, 'userinfo_signed_response_alg'),
    ...encryptedAnswerMembers(document),
    ...authorizationResponseMembers(document),
    ...introspectionMembers(document),
    requirePushedRequests: flagOf(document, 'require_pushed_authorization_requests'),
    requireSignedRequests: flagOf(document, 'require_signed_request_object'),
    requestObjectAlgorithm: algorithmOf(document, 'request_object_signing_alg'),
    requestUris: textsOf(document, 'request_uris'),
    defaultMaxAge: secondsOf(document, 'default_max_age'),
    requireAuthTime: flagOf(document, 'require_auth_time'),
    defaultAcrValues: textsOf(document, 'default_acr_values'),
    authorizationDetailsTypes: textsOf(document, 'authorization_details_types'),
    dpopBoundAccessTokens: flagOf(document, 'dpop_bound_access_tokens'),
    certificateBoundAccessTokens: flagOf(document, 'tls_client_certificate_bound_access_tokens'),
    useMtlsEndpointAliases: flagOf(document, 'use_mtls_endpoint_aliases'),
    clientUri: textOf(document, 'client_uri'),
    logoUri: textOf(document, 'logo_uri'),
    policyUri: textOf(document, 'policy_uri'),
    tosUri: textOf(document, 'tos_uri'),
    localized,
  }
}

/** Pairwise where nothing is said and there is a sector for it: whoever registers itself need not recognise people elsewhere (A-PPID-01). */
function sectorMembers(
  document: MetadataDocument,
  redirectUris: readonly string[],
): Pick<SelfDescription, 'subjectType' | 'sectorIdentifierUri'> {
  const sectorIdentifierUri = textOf(document, 'sector_identifier_uri')
  const hasSector = sectorIdentifierUri !== undefined || commonHost(redirectUris) !== undefined
  const named = textOf(document, 'subject_type') ?? (hasSector ? 'pairwise' : 'public')
  const subjectType = subjectTypes.find((type) => type === named)
  if (subjectType === undefined) throw badMember('subject_type', 'is neither public nor pairwise')
  return { subjectType, sectorIdentifierUri }
}

export function applicationTypeOf(document: MetadataDocument): ApplicationType {
  const type = textOf(document, 'application_type') ?? 'web'
  if (type !== 'web' && type !== 'native') throw badMember('application_type', 'is neither web nor native')
  return type
}

const typeOf = (application: ApplicationType, method: ClientAuthenticationMethod): ClientType =>
  application === 'native' ? 'native' : method === 'none' ? 'spa' : 'web'

const literalAddress = /^https:\/\/(?:\[|\d{1,3}(?:\.\d{1,3}){3}(?=[:/]))/

/** Exact and complete, as everywhere, and at a host of the operator's list where there is one (A-DCR-05, A-DCR-14). */
function redirectUrisOf(document: MetadataDocument, type: ApplicationType, facts: MetadataFacts): readonly string[] {
  const { policy, development } = facts
  const listed = document['redirect_uris']
  if (listed !== undefined && !Array.isArray(listed))
    throw refuse('registration_redirect_uri', { detail: 'is no list' })
  const uris = (listed ?? []) as readonly unknown[]
  if (uris.length === 0 || uris.length > 20)
    throw refuse('registration_redirect_uri', { detail: `${uris.length} entries` })
  return uris.map((uri) => {
    if (typeof uri !== 'string') throw refuse('registration_redirect_uri', { detail: 'an entry is no text' })
    const problem = redirectUriFault(uri, type, development)
    if (problem !== undefined) {
      const fitsNative = type === 'web' && redirectUriFault(uri, 'native', development) === undefined
      throw refuse(fitsNative ? 'registration_redirect_type' : 'registration_redirect_uri', { detail: problem })
    }
    if (policy.mcp && !/^https?:/.test(uri))
      throw refuse('registration_redirect_uri', { detail: 'a private-use scheme, which MCP does not know' })
    if (literalAddress.test(uri)) throw refuse('registration_redirect_uri', { detail: 'names an address, not a host' })
    if (policy.redirectHosts?.includes(hostOf(uri)) === false)
      throw refuse('registration_redirect_host', { detail: hostOf(uri) })
    return uri
  })
}

/**
 * Sign-out sends people to no other place than sign-in: the operator's hosts where there is a list, and where anybody may
 * register, hosts of the client's own redirect URIs (DC-11).
 */
function postLogoutUrisOf(
  document: MetadataDocument,
  type: ApplicationType,
  redirectUris: readonly string[],
  { policy, development }: MetadataFacts,
): readonly string[] | undefined {
  const member = 'post_logout_redirect_uris'
  const uris = textsOf(document, member)
  const hosts = policy.redirectHosts ?? (policy.mode === 'open' ? redirectUris.map(hostOf) : undefined)
  for (const uri of uris ?? []) {
    const problem = redirectUriFault(uri, type, development)
    if (problem !== undefined) throw badMember(member, problem)
    if (hosts?.includes(hostOf(uri)) === false)
      throw refuse('registration_redirect_host', { detail: `${member} names ${hostOf(uri)}` })
  }
  return uris
}

/** The host of a redirect URI, or its scheme with a colon where there is none. */
const hostOf = (uri: string): string =>
  /^https?:/.test(uri) ? new URL(uri).hostname : uri.slice(0, uri.indexOf(':') + 1)

const standIn = ([first = '']: readonly string[]): string => hostOf(first).replace(/:$/, '').slice(0, 100)

/** The refusal whose words name the methods that are taken: secrets are among them, or are not any more. */
export const authenticationRefusal = (keysOnly: boolean): Reason =>
  keysOnly ? 'registration_authentication_key' : 'registration_authentication'

const methods: readonly string[] = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']

/** Software on people's devices keeps no secret: where it names no method it is public (A-DCR-07). */
function methodOf(
  document: MetadataDocument,
  type: ApplicationType,
  { keysOnly, certificateMethods }: MetadataFacts,
): ClientAuthenticationMethod {
  const method = textOf(document, 'token_endpoint_auth_method') ?? (type === 'native' ? 'none' : 'client_secret_basic')
  if (!(methods.includes(method) || certificateMethods.includes(method)) || (type === 'native' && method !== 'none'))
    throw refuse(authenticationRefusal(keysOnly), { detail: 'token_endpoint_auth_method' })
  return method as ClientAuthenticationMethod
}

/** By what its certificate names it; the one validator says whether that is enough. */
export const subjectOf = (document: MetadataDocument): SubjectMembers => ({
  tlsClientAuthSubjectDn: textOf(document, 'tls_client_auth_subject_dn'),
  tlsClientAuthSanDns: textOf(document, 'tls_client_auth_san_dns'),
  tlsClientAuthSanUri: textOf(document, 'tls_client_auth_san_uri'),
  tlsClientAuthSanIp: textOf(document, 'tls_client_auth_san_ip'),
  tlsClientAuthSanEmail: textOf(document, 'tls_client_auth_san_email'),
})

/** Its keys, which the one validator looks into, and the algorithm it signs with where it signs (A-DCR-08). */
function keysOf(
  document: MetadataDocument,
  method: ClientAuthenticationMethod,
): Pick<SelfDescription, 'jwks' | 'jwksUri' | 'authenticationAlgorithm'> {
  const jwks = document['jwks'] as ClientRegistration['jwks']
  const algorithm = algorithmOf(document, 'token_endpoint_auth_signing_alg')
  return {
    jwks,
    jwksUri: textOf(document, 'jwks_uri'),
    authenticationAlgorithm: method === 'private_key_jwt' ? algorithm : undefined,
  }
}

/**
 * The scope a client asks for, within the ceiling. Clients of MCP servers name what the first challenge told them and come
 * for more later, so theirs is the whole ceiling: the answer says so, and people are asked about each scope all the same.
 */
function scopeOf(document: MetadataDocument, { scopeCeiling, policy }: MetadataFacts): string | undefined {
  const text = textOf(document, 'scope')
  const scope = text === undefined ? scopeCeiling : parseScope(text)
  if (scope?.every((value) => scopeCeiling.includes(value)) !== true) throw refuse('registration_scope')
  const granted = policy.mcp ? scopeCeiling : scope
  return granted.length === 0 ? undefined : granted.join(' ')
}
