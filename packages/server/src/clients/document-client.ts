import { identityScopes, OAuthError, parseScope } from '@sallyport/protocol'
import type { GrantType, SubjectType } from '../model/client.ts'
import { authorizationResponseMembers, type AuthorizationResponses } from './authorization-responses.ts'
import { applicationTypeOf, subjectOf, type SelfDescription } from './client-metadata.ts'
import { parseDocument } from './document-json.ts'
import { encryptedAnswerMembers, type EncryptedAnswers } from './encrypted-answers.ts'
import { introspectionMembers } from './introspection-metadata.ts'
import { logoutMembers, type LogoutMembers } from './logout-metadata.ts'
import { algorithmOf, flagOf, secondsOf, textOf, textsOf, type MetadataDocument } from './metadata-fields.ts'
import {
  grantTypesOf,
  localizedOf,
  refuseForeignAddresses,
  refuseReservedNames,
  refuseUnkeptProtection,
  refuseWeakerPkce,
  type KeptProtections,
} from './metadata-rules.ts'
import { registrationFaults } from './registration-rules.ts'
import { subjectTypes } from './sector-rules.ts'

/** What is wrong with a document, for the operator and for whoever wrote it. */
export class DocumentFault extends Error {}

const fail = (problem: string): never => {
  throw new DocumentFault(problem)
}

/** A public document can hold no secret (A-CIMD-05); its keys are looked at with the rest. */
function requireNoSecret(document: MetadataDocument): void {
  for (const member of Object.keys(document))
    if (member.startsWith('client_secret')) fail(`${member} has no place in a public document`)
}

/** What the rules of the other doors say, as a fault of this document. */
function judged<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    const { detail, description } = error
    return fail(detail === undefined ? description : `${detail} (${description})`)
  }
}

/** Nothing, or a key: a document cannot hold a secret, and a key that it declares is asked for everywhere (A-CIMD-07). */
function methodOf(document: MetadataDocument): 'none' | 'private_key_jwt' {
  const method = textOf(document, 'token_endpoint_auth_method') ?? 'none'
  if (method === 'none' || method === 'private_key_jwt') return method
  return fail(`token_endpoint_auth_method ${method.slice(0, 50)} is not accepted; use none or private_key_jwt`)
}

/**
 * https addresses to return to stay on the origin of the document: who can write the one can answer at the other. An operator
 * may allow a pair of both (A-CIMD-06).
 */
function returns(
  document: MetadataDocument,
  member: 'redirect_uris' | 'post_logout_redirect_uris',
  allowed: readonly string[],
): readonly string[] {
  const uris = textsOf(document, member) ?? []
  const clientId = textOf(document, 'client_id') ?? ''
  for (const uri of uris) {
    if (!uri.startsWith('https://') || allowed.includes(`${clientId} ${uri}`)) continue
    if (!URL.canParse(uri) || new URL(uri).origin !== new URL(clientId).origin)
      fail(`${member} has an https address of another origin than the document`)
  }
  return uris
}

/** Like redirects, notices of ended sessions go to the origin of the document alone: nobody asks a foreign host by proxy. */
function noticesOf(document: MetadataDocument): LogoutMembers {
  const members = logoutMembers(document)
  const { backchannelLogoutUri: uri } = members
  if (
    uri !== undefined &&
    (!URL.canParse(uri) || new URL(uri).origin !== new URL(String(document['client_id'])).origin)
  )
    return fail('backchannel_logout_uri is of another origin than the document')
  return members
}

/** A document may ask for what people can agree to, and says itself when it wants less; nothing else is its to say (DC-09). */
function scopeOf(document: MetadataDocument, askable: readonly string[]): string | undefined {
  const wanted = textOf(document, 'scope')
  const all = [...identityScopes, ...askable]
  if (wanted === undefined) return all.join(' ')
  const scope = parseScope(wanted) ?? fail('scope is not a list of scope values with single spaces')
  return scope.filter((value) => all.includes(value)).join(' ') || undefined
}

/** Pairwise unless the document says otherwise; its sector is the host of the document itself (A-PPID-01, A-PPID-04). */
function subjectTypeOf(document: MetadataDocument): SubjectType {
  const named = textOf(document, 'subject_type') ?? 'pairwise'
  return subjectTypes.find((type) => type === named) ?? fail('subject_type is neither public nor pairwise')
}

export type DocumentFacts = {
  /** Scopes of registered APIs. */
  readonly askable: readonly string[]
  /** Pairs of document and redirect URI that an operator allows. */
  readonly allowed: readonly string[]
  /** Grants that clients may have without an administrator. */
  readonly grantTypes: readonly GrantType[]
  /** Which protections there are. */
  readonly kept: KeptProtections
  /** Names that nobody may have or look like. */
  readonly reservedNames: readonly string[]
}

/**
 * What a metadata document says of its client, by the rules of those who register themselves. Members that no rule knows mean
 * nothing here: the document cannot give itself anything. Throws `DocumentFault`.
 */
export function documentDescription(body: Uint8Array, clientId: string, facts: DocumentFacts): SelfDescription {
  const document = parseDocument(body)
  if (typeof document === 'string') throw new DocumentFault(`the document ${document}`)
  if (document['client_id'] !== clientId) fail('client_id is not the address of the document')
  requireNoSecret(document)
  const description = judged(() => {
    refuseWeakerPkce(document)
    refuseUnkeptProtection(document, facts.kept)
    refuseForeignAddresses(document)
    return read(document, facts)
  })
  const [fault] = registrationFaults(description, false, 'metadata_document')
  return fault === undefined ? description : fail(`${fault.member}: ${fault.problem}`)
}

/** Without a word about grants it is an application that people stay signed in to, as far as the door gives that. */
const usual = ({ grantTypes }: DocumentFacts): readonly GrantType[] =>
  (['authorization_code', 'refresh_token'] as const).filter((grant) => grantTypes.includes(grant))

function read(document: MetadataDocument, facts: DocumentFacts): SelfDescription {
  const method = methodOf(document)
  const redirectUris = returns(document, 'redirect_uris', facts.allowed)
  if (redirectUris.length === 0) fail('redirect_uris is missing')
  const name = textOf(document, 'client_name') ?? fail('client_name is missing')
  const localized = localizedOf(document)
  refuseReservedNames(name, localized, facts.reservedNames)
  // Software in a browser is the stricter case, so it is the one that is assumed of a client without a key.
  const onDevice = redirectUris.some((uri) => !uri.startsWith('https://'))
  const native = applicationTypeOf(document) === 'native' || onDevice
  const signs = algorithmOf(document, 'token_endpoint_auth_signing_alg')
  return {
    type: native ? 'native' : method === 'none' ? 'spa' : 'web',
    name,
    redirectUris,
    postLogoutRedirectUris: returns(document, 'post_logout_redirect_uris', facts.allowed),
    allowedOrigins: undefined,
    ...subjectOf(document),
    // Documents are how MCP clients are known, and no document can prove whose a private-use scheme is (A-MCP-05).
    mcp: true,
    authenticationMethod: method,
    jwks: document['jwks'] as SelfDescription['jwks'],
    jwksUri: textOf(document, 'jwks_uri'),
    authenticationAlgorithm: method === 'private_key_jwt' ? signs : undefined,
    grantTypes: grantTypesOf(document, facts.grantTypes, usual(facts)),
    scope: scopeOf(document, facts.askable),
    subjectType: subjectTypeOf(document),
    // The host of the document is the sector, whatever else it names (A-PPID-04).
    sectorIdentifierUri: undefined,
    ...noticesOf(document),
    ...answersOf(document),
    clientUri: textOf(document, 'client_uri'),
    logoUri: textOf(document, 'logo_uri'),
    policyUri: textOf(document, 'policy_uri'),
    tosUri: textOf(document, 'tos_uri'),
    localized,
  }
}

type Answers = Pick<
  SelfDescription,
  | 'idTokenAlgorithm'
  | keyof EncryptedAnswers
  | 'userinfoAlgorithm'
  | keyof AuthorizationResponses
  | 'introspectionAlgorithm'
  | 'introspectionEncryptionAlgorithm'
  | 'introspectionContentEncryption'
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
>

/** What the client wants to be sure of in requests and answers. */
const answersOf = (document: MetadataDocument): Answers => ({
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
})
