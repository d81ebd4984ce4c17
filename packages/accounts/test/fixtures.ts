import { seconds } from '@sallyport/protocol'
import type {
  AuthorizationRequest,
  Client,
  ClientInteraction,
  OpenDevice,
  OpenInteraction,
  OpenLogin,
  Session,
  User,
} from '@sallyport/server/model'

export const start = seconds(1_800_000_000)

const request: AuthorizationRequest = {
  clientId: 'client_AAAAAAAAAAAAAAAAAAAAAA',
  redirectUri: 'https://prints.example/callback',
  responseMode: 'query',
  state: 'S',
  scope: ['openid'],
  resources: [],
  codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  exceptionId: undefined,
  senderKey: undefined,
  nonce: undefined,
  prompt: [],
  maxAge: undefined,
  acrValues: [],
  claims: undefined,
  loginHint: undefined,
  hintedSubject: undefined,
  uiLocales: [],
  pushed: undefined,
}

const interaction: ClientInteraction = {
  digest: 'digest',
  browserDigest: 'browser',
  request,
  createdAt: start,
  expiresAt: seconds(start + 600),
  version: 1,
  loginSessionId: undefined,
  account: undefined,
  decision: undefined,
}

const client: Client = {
  id: request.clientId,
  version: 1,
  name: 'Photo Prints',
  type: 'web',
  channel: 'managed',
  applicationType: 'web',
  authenticationMethod: 'client_secret_basic',
  secrets: [],
  jwks: undefined,
  jwksUri: undefined,
  authenticationAlgorithm: undefined,
  assertionAudience: 'issuer',
  dpopBoundAccessTokens: false,
  certificateBoundAccessTokens: false,
  useMtlsEndpointAliases: false,
  documentFreshUntil: undefined,
  redirectUris: [request.redirectUri],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: undefined,
  backchannelLogoutSessionRequired: false,
  frontchannelLogoutUri: undefined,
  frontchannelLogoutSessionRequired: false,
  allowedOrigins: [],
  grantTypes: ['authorization_code', 'refresh_token'],
  scope: ['openid'],
  defaultScope: [],
  resources: undefined,
  defaultResource: undefined,
  machineScope: undefined,
  resourceServerOf: [],
  subjectType: 'public',
  sectorIdentifierUri: undefined,
  idTokenAlgorithm: 'RS256',
  userinfoAlgorithm: undefined,
  idTokenEncryptionAlgorithm: undefined,
  idTokenContentEncryption: undefined,
  userinfoEncryptionAlgorithm: undefined,
  userinfoContentEncryption: undefined,
  authorizationAlgorithm: 'RS256',
  authorizationEncryptionAlgorithm: undefined,
  authorizationContentEncryption: undefined,
  responseModes: undefined,
  introspectionAlgorithm: undefined,
  introspectionEncryptionAlgorithm: undefined,
  introspectionContentEncryption: undefined,
  defaultMaxAge: undefined,
  requireAuthTime: false,
  defaultAcrValues: [],
  requireState: false,
  requirePushedRequests: false,
  requireSignedRequests: false,
  requestObjectAlgorithm: undefined,
  requestUris: [],
  backchannelNotificationEndpoint: undefined,
  requireRedirectUriAtToken: false,
  firstParty: false,
  mcp: false,
  sessionRefreshTokens: false,
  introspectOwnTokens: true,
  accessTokenLifetime: undefined,
  refreshTokenIdle: undefined,
  refreshTokenAbsolute: undefined,
  clientUri: undefined,
  logoUri: undefined,
  policyUri: undefined,
  tosUri: undefined,
  localized: {},
  owner: undefined,
  purpose: undefined,
  reviewBy: undefined,
  securityLevel: 'baseline',
  createdAt: start,
  updatedAt: start,
  disabledAt: undefined,
}

export const session: Session = {
  id: 'session',
  digest: 'session-digest',
  subject: 'user_AAAAAAAAAAAAAAAAAAAAAA',
  authentication: { time: start, acr: undefined, amr: ['pwd'] },
  createdAt: start,
  seenAt: start,
  expiresAt: seconds(start + 3600),
  network: '192.0.2.1',
  userAgent: 'test',
}

export const person: User = {
  id: session.subject,
  username: 'demo',
  passwordHash: '',
  claims: { name: 'Demo Person' },
  createdAt: start,
  updatedAt: start,
  disabledAt: undefined,
}

export type OpenChanges = Partial<Omit<OpenInteraction, 'client' | 'interaction'>> & {
  readonly client?: Partial<Client>
  readonly request?: Partial<AuthorizationRequest>
}

/** An interaction as a server hands it to a page, with what one case needs to be different. */
export const openInteraction = ({
  client: ofClient,
  request: ofRequest,
  ...changes
}: OpenChanges = {}): OpenInteraction => ({
  id: 'interaction-handle',
  interaction: { ...interaction, request: { ...request, ...ofRequest } },
  client: { ...client, ...ofClient },
  redirectSource: 'https://prints.example',
  step: 'login',
  optional: false,
  session: undefined,
  aside: [],
  csrf: 'csrf-token',
  scopes: [{ name: 'openid', description: undefined, resource: undefined }],
  resources: [],
  claims: [],
  earlierScope: [],
  earlierBeside: [],
  firstUse: false,
  logo: undefined,
  mayRemember: true,
  ...changes,
})

/** A sign-in for the page on which devices are let in. */
export const deviceLogin = (): OpenLogin => ({
  ...openInteraction(),
  interaction: { ...interaction, request: { page: 'device', userCode: 'WDJB-MJHT', uiLocales: [] } },
  client: undefined,
  redirectSource: undefined,
})

/** The request of a device as a server hands it to the page. */
export const openDevice = (changes: Partial<OpenDevice> = {}): OpenDevice => ({
  userCode: 'WDJB-MJHT',
  client: { ...client, name: 'Living Room TV', type: 'device', clientUri: 'https://tv.example/about' },
  session,
  scopes: ['openid', 'offline_access'].map((name) => ({ name, description: undefined, resource: undefined })),
  resources: [{ id: 'https://films.example', name: 'Films' }],
  since: start,
  network: '192.0.2.1',
  userAgent: 'Television/1.0',
  sameNetwork: true,
  csrf: 'csrf-token',
  ...changes,
})
