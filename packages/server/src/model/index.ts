export { usernameKey, type AccountClaims, type AccountStore, type User } from './account.ts'
export type { AccessTokenClaims, Actor, OpaqueAccessToken } from './access-token.ts'
export type { AccessTokenStore, OpaqueAccessTokenView } from './access-tokens.ts'
export type { DeviceNotice, Notice, RequestNotice } from './notice.ts'
export type { Accounts } from './accounts.ts'
export type { ConnectedApp, ConnectedApps, ConnectedAppsView } from './connected-apps.ts'
export {
  chainLink,
  createTrailCheck,
  isAudited,
  trailStart,
  type AuditReport,
  type AuditRow,
  type TrailCheck,
} from './audit.ts'
export {
  endFor,
  type Authentication,
  type Authorization,
  type AuthorizationCode,
  type AuthorizationCodeView,
  type AuthorizationEnd,
  type Derivation,
  type IssuedRecords,
  type Redemption,
  type RefreshToken,
  type RefreshTokenView,
  type RevocationReason,
  type SecurityEvent,
} from './authorization.ts'
export type {
  AuthorizationRequest,
  ClaimRequest,
  ClaimsRequest,
  Prompt,
  ResponseMode,
} from './authorization-request.ts'
export {
  backchannelGrant,
  deviceGrant,
  bindsTokens,
  isCertificateMethod,
  hasSecret,
  isBrowserBased,
  actsForPeople,
  laterClientMembers,
  isPublic,
  isAgent,
  isSelfRegistered,
  jwtBearerGrant,
  type AssertionAudience,
  type Client,
  type ClientAuthenticationMethod,
  type ClientChannel,
  type ClientSecret,
  type ClientType,
  sectorOf,
  tokenExchangeGrant,
  type GrantType,
  type SubjectType,
} from './client.ts'
export { securityProfiles, type SecurityProfile } from './profile.ts'
export { laterResourceMembers, type Resource, type TokenBinding, type TokenFormat } from './resource.ts'
export {
  exceptionCoolingOff,
  exceptionEnd,
  exceptionSpan,
  isInForce,
  type ExceptionCreation,
  type ExceptionStore,
  type PkceException,
} from './exception.ts'
export type { WaitingRequest, WaitingRequests, WaitingStep } from './waiting-requests.ts'
export type { ContainmentStore, Held } from './containment.ts'
export type { DeclarationStore, DeclaredChange, DeclaredKind, DeclaredObject, ExceptionRenewal } from './declaration.ts'
export type { LogoutNotice, LogoutStore, SessionClient } from './logout.ts'
export { recoveryCodes, type FactorStore, type SecondFactor, type SecondFactorView } from './factor.ts'
export { maxLogoBytes, maxLogos, type ClientLogo, type LogoStore, type LogoType } from './logo.ts'
export type { DerivationStore, ParentView } from './derivation.ts'
export {
  maxDetails,
  maxDetailsLength,
  narrowings,
  type AuthorizationDetail,
  type DetailInWords,
  type DetailType,
  type DetailWords,
  type Narrowing,
} from './detail.ts'
export type { DeviceDecision, DevicePage, DeviceProblem, DeviceStep, OpenDevice } from './device-page.ts'
export {
  maxPollInterval,
  maxWaitingRequests,
  nextPoll,
  pollPenalty,
  pollSlack,
  type BackchannelFacts,
  type DeviceApproval,
  type DeviceApprovalOutcome,
  type DeviceEnd,
  type DeviceRequest,
  type DeviceState,
  type DeviceStore,
  type DeviceView,
} from './device.ts'
export { ExternalKeyFault, type ExternalKey, type ExternalKeys } from './external-keys.ts'
export type { HttpFault, HttpHeaders, HttpRequest, HttpResponse } from './http.ts'
export {
  isPageRequest,
  maxFailedCodes,
  type ClientInteraction,
  type Consent,
  type FirstFactor,
  type Interaction,
  type InteractionDecision,
  type PageRequest,
  type Session,
} from './interaction.ts'
export type {
  ConsentDecision,
  Interactions,
  InteractionStep,
  Login,
  OpenInteraction,
  OpenLogin,
  ScopeInWords,
  Sessions,
} from './interactions.ts'
export type {
  Connect,
  ConnectTarget,
  Fetcher,
  FetchAnswer,
  FetchFault,
  FetchPurpose,
  FetchRequest,
  FetchResult,
  OutboundOptions,
  Resolve,
} from './outbound.ts'
export type { OwnPages, Vault, Visitor } from './own-pages.ts'
export type { OtherSession, OwnSessions, OwnSessionsView } from './own-sessions.ts'
export type { ErrorView, FormPostView, Pages, SignedOutView, SignOutView } from './pages.ts'
export {
  defaultLevels,
  levelOf,
  levelsFault,
  levelsWithin,
  multiFactorAcr,
  passwordAcr,
  readLevel,
  writeLevel,
  type Level,
} from './level.ts'
export type { Page } from './page.ts'
export type { PushedRequest, PushedRequestUse, PushedRequestView, PushedStore } from './pushed-request.ts'
export type {
  DynamicRegistration,
  InitialAccessToken,
  NewRegistration,
  RegistrationOutcome,
  RegistrationStore,
  ReplacedRegistration,
} from './registrations.ts'
export { maxPage, retention } from './retention.ts'
export type { EventDraft, PageOptions, Route, RouteHandler, RouteHost } from './route.ts'
export type { SealedChange, SealedItem, SealedStore } from './sealed.ts'
export type { SigningKey } from './signing-key.ts'
export {
  StoreUnavailable,
  type AdminStore,
  type AuthorizationListing,
  type CodeIssue,
  type CodeIssueRecords,
  type Granted,
  type SessionView,
  type Store,
  type Swept,
  type TokenStanding,
} from './store.ts'
export {
  addCounts,
  isoWeek,
  mergeLastUse,
  mergeSecretUses,
  usageNames,
  type ClientUsage,
  type LastUse,
  type SecretUses,
  type UsageCounts,
  type UsageDelta,
  type UsageName,
  type UsageStore,
} from './usage.ts'
