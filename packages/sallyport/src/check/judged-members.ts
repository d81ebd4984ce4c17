import type { Client, Resource } from '@sallyport/server'
import type { clientAspects, resourceAspects } from './aspects.ts'

/** Under which name a member is compared, or why it is not. */
export type Judged<Name> = { readonly as: Name } | { readonly harmless: string }

const as = <Name>(name: Name): Judged<Name> => ({ as: name })
const harmless = (because: string): Judged<never> => ({ harmless: because })

/** Every member of a client has to stand here, so that none is forgotten: this does not compile without it. */
export const clientMembersJudged: Readonly<Record<keyof Client, Judged<keyof typeof clientAspects>>> = {
  id: harmless('is who it is; another id is another client'),
  version: harmless('counts changes'),
  name: harmless('is what people read'),
  type: as('type'),
  channel: harmless('is the same for all that a file declares'),
  applicationType: harmless('follows the type'),
  authenticationMethod: as('authentication'),
  secrets: harmless('live as long as policy.clientSecretLifetime says'),
  jwks: as('keys'),
  jwksUri: as('keys'),
  authenticationAlgorithm: as('assertionAlgorithms'),
  assertionAudience: as('assertionAudience'),
  redirectUris: as('redirectUris'),
  postLogoutRedirectUris: as('postLogoutRedirectUris'),
  backchannelLogoutUri: as('hearsOfLogout'),
  backchannelLogoutSessionRequired: harmless('decides whether one session ends there or all of a person'),
  allowedOrigins: as('allowedOrigins'),
  grantTypes: as('grants'),
  scope: as('scope'),
  machineScope: as('machineScope'),
  defaultScope: as('defaultScope'),
  resources: as('resources'),
  defaultResource: as('defaultResource'),
  resourceServerOf: as('introspects'),
  introspectOwnTokens: as('introspectsOwnTokens'),
  subjectType: as('subjects'),
  sectorIdentifierUri: as('sector'),
  idTokenAlgorithm: as('idTokens'),
  userinfoAlgorithm: as('userinfo'),
  introspectionAlgorithm: as('introspectionAnswers'),
  introspectionEncryptionAlgorithm: as('introspectionAnswers'),
  introspectionContentEncryption: harmless('is one of three that are all strong enough'),
  defaultMaxAge: as('signInAge'),
  requireAuthTime: as('requireAuthTime'),
  defaultAcrValues: as('authenticationContexts'),
  requireState: as('requireState'),
  requirePushedRequests: as('requirePushedRequests'),
  requireSignedRequests: as('requireSignedRequests'),
  requestObjectAlgorithm: as('requestAlgorithms'),
  dpopBoundAccessTokens: as('boundTokens'),
  requireRedirectUriAtToken: as('requireRedirectUriAtToken'),
  firstParty: as('asksConsent'),
  mcp: as('mcp'),
  sessionRefreshTokens: as('sessionRefreshTokens'),
  accessTokenLifetime: as('accessTokenLifetime'),
  refreshTokenIdle: as('refreshTokenIdle'),
  refreshTokenAbsolute: as('refreshTokenAbsolute'),
  clientUri: harmless('is what people read'),
  logoUri: harmless('is what people see'),
  policyUri: harmless('is what people read'),
  tosUri: harmless('is what people read'),
  owner: as('owned'),
  purpose: harmless('is what people read'),
  reviewBy: harmless('lies at most twelve months ahead, whatever is written'),
  securityLevel: as('securityLevel'),
  localized: harmless('is what people read'),
  documentFreshUntil: harmless('belongs to clients that no file declares'),
  createdAt: harmless('is a time'),
  updatedAt: harmless('is a time'),
  disabledAt: as('disabled'),
}

/** Every member of a resource, in the same way. */
export const resourceMembersJudged: Readonly<Record<keyof Resource, Judged<keyof typeof resourceAspects>>> = {
  id: harmless('is who it is; another id is another resource'),
  name: harmless('is what people read'),
  scopes: as('scopes'),
  accessTokenLifetime: as('accessTokenLifetime'),
  format: as('format'),
  binding: as('binding'),
  documentation: harmless('is what developers read'),
  notByDevice: as('byDevice'),
}
