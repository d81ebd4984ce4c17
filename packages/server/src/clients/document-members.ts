import type { Client } from '../model/client.ts'
import type { ClientFault } from './client-fault.ts'
import type { SelfDescription } from './client-metadata.ts'
import type { ClientRegistration } from './registration.ts'

/**
 * The one place that says whose a member of a client with a metadata document is. These are said by the document, each time
 * it is fetched; every other member is an operator's, and no document changes it.
 */
const saidByDocument: Readonly<Record<keyof SelfDescription, true>> = {
  type: true,
  name: true,
  redirectUris: true,
  postLogoutRedirectUris: true,
  backchannelLogoutUri: true,
  backchannelLogoutSessionRequired: true,
  frontchannelLogoutUri: true,
  frontchannelLogoutSessionRequired: true,
  allowedOrigins: true,
  mcp: true,
  authenticationMethod: true,
  jwks: true,
  jwksUri: true,
  authenticationAlgorithm: true,
  grantTypes: true,
  scope: true,
  subjectType: true,
  sectorIdentifierUri: true,
  idTokenAlgorithm: true,
  idTokenEncryptionAlgorithm: true,
  idTokenContentEncryption: true,
  userinfoAlgorithm: true,
  userinfoEncryptionAlgorithm: true,
  userinfoContentEncryption: true,
  authorizationAlgorithm: true,
  authorizationEncryptionAlgorithm: true,
  authorizationContentEncryption: true,
  responseModes: true,
  introspectionAlgorithm: true,
  introspectionEncryptionAlgorithm: true,
  introspectionContentEncryption: true,
  requirePushedRequests: true,
  requireSignedRequests: true,
  requestObjectAlgorithm: true,
  requestUris: true,
  defaultMaxAge: true,
  requireAuthTime: true,
  defaultAcrValues: true,
  authorizationDetailsTypes: true,
  dpopBoundAccessTokens: true,
  certificateBoundAccessTokens: true,
  tlsClientAuthSubjectDn: true,
  tlsClientAuthSanDns: true,
  tlsClientAuthSanUri: true,
  tlsClientAuthSanIp: true,
  tlsClientAuthSanEmail: true,
  useMtlsEndpointAliases: true,
  clientUri: true,
  logoUri: true,
  policyUri: true,
  tosUri: true,
  localized: true,
}

const isDocuments = (member: string): boolean => Object.hasOwn(saidByDocument, member)

/**
 * The registration of a client with what its document says now and what an operator said before. Of a default scope there
 * stays what the document still asks for, and what depends on how the client proves itself begins anew when that changes.
 */
export function withOperatorsPart(described: SelfDescription, before: ClientRegistration): ClientRegistration {
  const kept = Object.fromEntries(Object.entries(before).filter(([member]) => !isDocuments(member)))
  const asked = described.scope?.split(' ') ?? []
  const defaults = before.defaultScope?.split(' ').filter((value) => asked.includes(value)) ?? []
  const proves = before.authenticationMethod === described.authenticationMethod
  return {
    ...kept,
    ...described,
    defaultScope: defaults.length === 0 ? undefined : defaults.join(' '),
    assertionAudience: proves ? before.assertionAudience : undefined,
    introspectOwnTokens: proves ? before.introspectOwnTokens : undefined,
  }
}

/** A change of what the document says would be undone by the next fetch, so whoever makes it is told. */
export const ownedByDocument = (
  { channel }: Client,
  before: ClientRegistration,
  change: Partial<ClientRegistration>,
): ClientFault[] =>
  channel !== 'metadata_document'
    ? []
    : Object.entries(change)
        .filter(([member, value]) => isDocuments(member) && JSON.stringify(value) !== valueOf(before, member))
        .map(([member]) => ({
          member,
          problem: 'is what the document of the client says; the next fetch would undo the change',
          fix: 'have the document changed, or block its host in metadataDocuments.blockedHosts',
        }))

const valueOf = (before: ClientRegistration, member: string): string | undefined =>
  JSON.stringify((before as Readonly<Record<string, unknown>>)[member])
