export type { MutualTlsOptions } from './mutual-tls.ts'
export { createServer, type Server, type ServerRoute } from './server.ts'
export type { Fault, ServerOptions } from './server-options.ts'
export { documentModes, hostFault, pairFault, type DocumentMode, type DocumentOptions } from './document-policy.ts'
export { IssuerError, parseIssuer, type Issuer } from './issuer.ts'
export {
  acrUnmetErrors,
  createPolicy,
  effectivePolicy,
  PolicyError,
  policyKeys,
  type AcrUnmetError,
  type ClientPolicy,
  type Policy,
  type PolicyFault,
  type PolicyOptions,
} from './policy.ts'
export {
  createRegistrationPolicy,
  quarantineScope,
  registrationGrants,
  type RegistrationMode,
  type RegistrationOptions,
  type RegistrationPolicy,
  type StatementIssuer,
} from './registration-policy.ts'
export {
  changeClient,
  newSecret,
  registerClient,
  registrationOf,
  type RegistrationContext,
} from './clients/client-record.ts'
export { clientTypes, registrationMembers, type ClientRegistration } from './clients/registration.ts'
export type { ClientFault } from './clients/client-fault.ts'
export { ClientMetadataError, registrationFaults } from './clients/registration-rules.ts'
export {
  createExchangePolicy,
  kindsOf,
  subjectTokenKinds,
  type ExchangeOptions,
  type ExchangePolicy,
  type ExchangeRule,
  type SubjectTokenKind,
} from './exchange-policy.ts'
export { createIdentityAudiences, type IdentityAudience, type IdentityAudiences } from './identity-audiences.ts'
export {
  assertionKinds,
  createTrustedIssuers,
  mostTrustedIssuers,
  type AssertionKind,
  type PersonRule,
  type TrustedIssuer,
  type TrustedIssuers,
} from './trusted-issuers.ts'
export { sectorDocumentFault } from './clients/sector-document.ts'
export { subjectTypes } from './clients/sector-rules.ts'
export { createFetcher } from './outbound/fetcher.ts'
export { resourceFaults, tokenBindings, tokenFormats } from './clients/resource-rules.ts'
export { createManagedClient, sharedRedirectUris, type RegisteredClient } from './clients/register.ts'
export { MasterKeyMismatch } from './secrets.ts'
export { changeMasterKey, masterKeyOpens, type MasterKeyChange } from './master-key.ts'
export { clientId, isClientId, orderedId, subjectId, typedId } from './ids.ts'
export { networkOf } from './network.ts'
export { openVault } from './vault.ts'
export {
  ExceptionRefused,
  mayHaveException,
  exceptionFaults,
  newException,
  requireRenewable,
  type ExceptionFault,
  type ExceptionRequest,
} from './relaxations.ts'
export { judge, isFailedExchange, type ClientHistory, type Judgement, type Verdict } from './incidents.ts'
export type { Alert, AlertKind } from './alerts.ts'
export { securityProfiles, type SecurityProfile } from './model/profile.ts'
export { profileFaults, standingFaults } from './clients/profile-rules.ts'
export { holdsFor, profileOf, tighteningsOf } from './profiles.ts'
export { stages, tightenings, type Stage, type Stages, type Tightening } from './stages.ts'
export { claimsOfScope, supportedClaims } from './claims.ts'
export { createDetailTypes, DetailTypeError, type DetailTypes } from './detail-types.ts'
export * from './model/index.ts'
