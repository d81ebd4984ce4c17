import { contentEncryptionAlgorithms, refuse, requestEncryptionAlgorithms } from '@sallyport/protocol'
import type { GrantType } from '../model/client.ts'
import { looksLikeReserved } from './look-alike.ts'
import type { Context } from '../context.ts'
import type { CertificateMethod } from '../model/client.ts'
import { badMember, textOf, textsOf, type MetadataDocument } from './metadata-fields.ts'
import { pageUriFault } from './page-rules.ts'

const aboutPkce = /pkce|proof_?key|code_?challenge|code_?verifier/i
const asked = /^(?:require_pkce|pkce_required|require_proof_key|require_code_challenge)$/
const method = /^code_challenge_methods?(?:_supported)?$/

/** What says no more than what holds for everybody anyway. */
const saysS256 = (value: unknown): boolean =>
  value === 'S256' || (Array.isArray(value) && value.length === 1 && value[0] === 'S256')

/** PKCE cannot be switched off or weakened, and whoever tries is told instead of being ignored (A-DCR-09). */
export function refuseWeakerPkce(document: MetadataDocument): void {
  for (const [member, value] of Object.entries(document)) {
    if (!aboutPkce.test(member)) continue
    if (asked.test(member) && value === true) continue
    if (method.test(member) && saysS256(value)) continue
    throw refuse('registration_pkce', { detail: member.slice(0, 60) })
  }
}

/** Members by which a client asks for signed requests. */
const ofSignedRequests = /^(?:require_signed_request_object|request_object_signing_alg)$/

/** How a client says that it may encrypt its requests, and what it may name there. */
const requestEncryption: Readonly<Record<string, readonly unknown[]>> = {
  request_object_encryption_alg: requestEncryptionAlgorithms,
  request_object_encryption_enc: contentEncryptionAlgorithms,
}

/** Protections that a policy can take away from all clients: proofs of possession, signed requests and certificates. */
export type KeptProtections = {
  readonly dpop: boolean
  readonly requestObjects: boolean
  readonly requestObjectEncryption: boolean
  readonly certificates: boolean
}

export const keptProtections = ({ policy, mutualTls }: Pick<Context, 'policy' | 'mutualTls'>): KeptProtections => ({
  dpop: policy.dpop,
  requestObjects: policy.requestObjects,
  requestObjectEncryption: policy.requestObjectEncryption,
  certificates: mutualTls !== undefined,
})

/** Methods of clients with certificates, as far as there is what they need (RFC 8705 section 2). */
export const certificateMethods = ({ mutualTls }: Pick<Context, 'mutualTls'>): readonly CertificateMethod[] => {
  if (mutualTls === undefined) return []
  const own = 'self_signed_tls_client_auth'
  return mutualTls.check === undefined ? [own] : ['tls_client_auth', own]
}

/** A client that asks for a protection and does not get it is told: it would believe in it otherwise (RFC 7591 section 5). */
export function refuseUnkeptProtection(document: MetadataDocument, kept: KeptProtections): void {
  for (const [member, value] of Object.entries(document)) {
    const unkept =
      (member === 'dpop_bound_access_tokens' && !kept.dpop) ||
      (member === 'tls_client_certificate_bound_access_tokens' && !kept.certificates) ||
      (ofSignedRequests.test(member) && !kept.requestObjects) ||
      (Object.hasOwn(requestEncryption, member) &&
        !(kept.requestObjectEncryption && requestEncryption[member]?.includes(value) === true))
    if (unkept && value !== false) throw badMember(member, 'is a protection that is not offered')
  }
}

const addresses: ReadonlySet<string> = new Set(
  (
    'client_uri logo_uri policy_uri tos_uri jwks_uri initiate_login_uri backchannel_logout_uri frontchannel_logout_uri ' +
    'sector_identifier_uri backchannel_client_notification_endpoint'
  ).split(' '),
)

/** Every address that may ever be followed or shown is https, whether it is used today or not, in every language (DC-01). */
export function refuseForeignAddresses(document: MetadataDocument): void {
  for (const [member, value] of Object.entries(document)) {
    if (!addresses.has(member.split('#', 1)[0] ?? '')) continue
    const problem = pageUriFault(value)
    if (problem !== undefined) throw badMember(member.slice(0, 60), problem)
  }
}

/** Response types follow from the grant types, and have to agree with them where they are named (A-DCR-06). */
function refuseDisagreement(responseTypes: readonly string[] | undefined, grants: readonly string[]): void {
  if (responseTypes === undefined) return
  const wanted = grants.includes('authorization_code') ? 'code' : ''
  if (responseTypes.join(' ') !== wanted) throw refuse('registration_grant', { detail: 'response_types' })
}

/**
 * The grants a client names, `authorization_code` among them, or `unsaid` where it names none. Whatever else it names is
 * refused at every door that clients open themselves: nobody shall count on a grant that is not there (A-DCR-06, DC-09).
 */
export function grantTypesOf(
  document: MetadataDocument,
  allowed: readonly GrantType[],
  unsaid: readonly GrantType[] = ['authorization_code'],
): readonly GrantType[] {
  const grants = textsOf(document, 'grant_types') ?? unsaid
  const known = allowed as readonly string[]
  const refused = grants.find((grant) => !known.includes(grant))
  const problem = refused === undefined ? 'has no authorization_code' : `has ${refused.slice(0, 60)}`
  if (refused !== undefined || !grants.includes('authorization_code'))
    throw refuse('registration_grant', { detail: `grant_types ${problem}` })
  refuseDisagreement(textsOf(document, 'response_types'), grants)
  return [...new Set(grants)] as readonly GrantType[]
}

const shownInLanguages = /^(?:client_name|client_uri|logo_uri|policy_uri|tos_uri)#/

/** The texts for people in other languages, by member and language tag (RFC 7591 section 2.2). */
export function localizedOf(document: MetadataDocument): Readonly<Record<string, string>> {
  const entries = Object.keys(document)
    .filter((member) => shownInLanguages.test(member))
    .map((member) => [member, textOf(document, member) ?? ''] as const)
  return Object.fromEntries(entries)
}

/** No name that people could take for one that is kept for the operator, in no language (A-DCR-12, DC-14). */
export function refuseReservedNames(
  name: string,
  localized: Readonly<Record<string, string>>,
  reserved: readonly string[],
): void {
  const inLanguages = Object.entries(localized).filter(([member]) => member.startsWith('client_name#'))
  for (const shown of [name, ...inLanguages.map(([, text]) => text)])
    if (looksLikeReserved(shown, reserved)) throw refuse('registration_name')
}
