import { identityScopes, isJwsAlgorithm, OAuthError, parseScope } from '@sallyport/protocol'
import type { SubjectType } from '../model/client.ts'
import { parseDocument } from './document-json.ts'
import { looksLikeReserved } from './look-alike.ts'
import { algorithmOf } from './metadata-fields.ts'
import {
  refuseDisagreement,
  refuseForeignAddresses,
  refuseRemovedGrants,
  refuseUnkeptProtection,
  refuseWeakerPkce,
} from './metadata-rules.ts'
import type { ClientRegistration } from './registration.ts'
import { registrationFaults } from './registration-rules.ts'
import { subjectTypes } from './sector-rules.ts'

type Document = Readonly<Record<string, unknown>>

/** What is wrong with a document, for the operator and for whoever wrote it. */
export class DocumentFault extends Error {}

const fail = (problem: string): never => {
  throw new DocumentFault(problem)
}

const text = (document: Document, member: string): string | undefined => {
  const value = document[member]
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : fail(`${member} is no text`)
}

const flag = (document: Document, member: string): boolean | undefined => {
  const value = document[member]
  if (value === undefined) return undefined
  return typeof value === 'boolean' ? value : fail(`${member} is neither true nor false`)
}

const texts = (document: Document, member: string): readonly string[] | undefined => {
  const value = document[member]
  if (value === undefined) return undefined
  if (!Array.isArray(value) || value.length > 50) return fail(`${member} is no list of texts`)
  return value.map((one) => (typeof one === 'string' ? one : fail(`${member} is no list of texts`)))
}

/** A public document can hold no secret (A-CIMD-05); its keys are looked at with the rest. */
function requireNoSecret(document: Document): void {
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

/**
 * What no client may say at any door (A-DCR-06, A-DCR-09, DC-01), so that nobody believes in a protection that is not given.
 * Grants that this server knows nothing of, or gives to others, are passed over: one document speaks to many servers.
 */
function requireKeepable(document: Document, proofs: boolean): void {
  refuseWeakerPkce(document)
  refuseUnkeptProtection(document, proofs)
  refuseForeignAddresses(document)
  const grants = texts(document, 'grant_types') ?? ['authorization_code']
  if (!grants.includes('authorization_code')) fail('grant_types has no authorization_code')
  refuseRemovedGrants(grants)
  refuseDisagreement(texts(document, 'response_types'), grants)
}

/** People see this name beside the ones that are kept for the operator (A-DCR-12, DC-14). */
function nameOf(document: Document, reserved: readonly string[]): string {
  const name = text(document, 'client_name') ?? fail('client_name is missing')
  return looksLikeReserved(name, reserved) ? fail('client_name looks like a name that is reserved') : name
}

/** Nothing, or a key: a document cannot hold a secret, and a key that it declares is asked for everywhere (A-CIMD-07). */
function methodOf(document: Document): 'none' | 'private_key_jwt' {
  const method = text(document, 'token_endpoint_auth_method') ?? 'none'
  if (method === 'none' || method === 'private_key_jwt') return method
  return fail(`token_endpoint_auth_method ${method.slice(0, 50)} is not accepted; use none or private_key_jwt`)
}

function keysOf(
  document: Document,
  method: 'none' | 'private_key_jwt',
): Pick<ClientRegistration, 'jwks' | 'jwksUri' | 'authenticationAlgorithm'> {
  const jwks = document['jwks'] as ClientRegistration['jwks']
  const jwksUri = text(document, 'jwks_uri')
  if (method === 'none') return { jwks, jwksUri }
  const algorithm = text(document, 'token_endpoint_auth_signing_alg')
  if (algorithm !== undefined && !isJwsAlgorithm(algorithm))
    return fail('token_endpoint_auth_signing_alg is no algorithm of this server')
  return { jwks, jwksUri, authenticationAlgorithm: algorithm }
}

/**
 * https redirects stay on the origin of the document: who can write the one can answer at the other. An operator may allow a
 * pair of both (A-CIMD-06).
 */
function redirects(document: Document, clientId: string, allowed: readonly string[]): readonly string[] {
  const uris = texts(document, 'redirect_uris') ?? []
  if (uris.length === 0) fail('redirect_uris is missing')
  for (const uri of uris) {
    if (!uri.startsWith('https://') || allowed.includes(`${clientId} ${uri}`)) continue
    if (!URL.canParse(uri) || new URL(uri).origin !== new URL(clientId).origin)
      fail('redirect_uris has an https address of another origin than the document')
  }
  return uris
}

/** Grants that a client of this kind may have; whatever else a document names is for other servers. */
const grantTypes = (document: Document) =>
  (['authorization_code', 'refresh_token'] as const).filter((grant) =>
    (texts(document, 'grant_types') ?? ['authorization_code', 'refresh_token']).includes(grant),
  )

/** A document may ask for what people can agree to, and says itself when it wants less; nothing else is its to say (DC-09). */
function scopeOf(document: Document, askable: readonly string[]): string | undefined {
  const wanted = text(document, 'scope')
  const all = [...identityScopes, ...askable]
  if (wanted === undefined) return all.join(' ')
  const scope = parseScope(wanted) ?? fail('scope is not a list of scope values with single spaces')
  return scope.filter((value) => all.includes(value)).join(' ') || undefined
}

export type DocumentFacts = {
  /** Scopes of registered APIs. */
  readonly askable: readonly string[]
  /** Pairs of document and redirect URI that an operator allows. */
  readonly allowed: readonly string[]
  /** Whether proofs of possession are taken, so that a client may want all its tokens bound. */
  readonly proofs: boolean
  /** Names that nobody may have or look like. */
  readonly reservedNames: readonly string[]
}

/**
 * The registration that a metadata document stands for. Members that no rule knows mean nothing here: the document cannot
 * give itself anything. Throws `DocumentFault`.
 */
export function documentRegistration(
  body: Uint8Array,
  clientId: string,
  { askable, allowed, proofs, reservedNames }: DocumentFacts,
): { readonly registration: ClientRegistration; readonly subjectType: SubjectType } {
  const document = parseDocument(body)
  if (typeof document === 'string') throw new DocumentFault(`the document ${document}`)
  if (document['client_id'] !== clientId) fail('client_id is not the address of the document')
  requireNoSecret(document)
  judged(() => {
    requireKeepable(document, proofs)
  })
  const method = methodOf(document)
  const redirectUris = redirects(document, clientId, allowed)
  // Software in a browser is the stricter case, so it is the one that is assumed of a client without a key.
  const onDevice = redirectUris.some((uri) => !uri.startsWith('https://'))
  const registration: ClientRegistration = {
    type: onDevice || text(document, 'application_type') === 'native' ? 'native' : method === 'none' ? 'spa' : 'web',
    name: nameOf(document, reservedNames),
    redirectUris,
    authenticationMethod: method,
    ...keysOf(document, method),
    grantTypes: grantTypes(document),
    scope: scopeOf(document, askable),
    idTokenAlgorithm: judged(() => algorithmOf(document, 'id_token_signed_response_alg')),
    userinfoAlgorithm: judged(() => algorithmOf(document, 'userinfo_signed_response_alg')),
    requirePushedRequests: flag(document, 'require_pushed_authorization_requests'),
    dpopBoundAccessTokens: flag(document, 'dpop_bound_access_tokens'),
    clientUri: text(document, 'client_uri'),
    logoUri: text(document, 'logo_uri'),
    // Documents are how MCP clients are known, and no document can prove whose a private-use scheme is (A-MCP-05).
    mcp: true,
    policyUri: text(document, 'policy_uri'),
    tosUri: text(document, 'tos_uri'),
  }
  const [fault] = registrationFaults(registration, false, 'metadata_document')
  return fault === undefined
    ? { registration, subjectType: subjectTypeOf(document) }
    : fail(`${fault.member}: ${fault.problem}`)
}

/** Pairwise unless the document says otherwise; its sector is the host of the document itself (A-PPID-01, A-PPID-04). */
function subjectTypeOf(document: Document): SubjectType {
  const named = text(document, 'subject_type') ?? 'pairwise'
  return subjectTypes.find((type) => type === named) ?? fail('subject_type is neither public nor pairwise')
}
