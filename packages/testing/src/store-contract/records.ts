import { randomBytes } from 'node:crypto'
import { seconds, type Seconds } from '@sallyport/protocol'
import type { Client, Consent, Interaction, SecurityEvent, Session, SigningKey, User } from '@sallyport/server/model'

/** The instant at which every contract test begins. */
export const start = seconds(1_800_000_000)
export const later = (delta: number): Seconds => seconds(start + delta)

let made = 0

/** Sets the records of this process apart from those of another that works on the same data. */
const mark = randomBytes(6).toString('base64url')

/** Text that no other record has; later ones of one process sort after earlier ones. */
export const unique = (prefix: string): string => `${prefix}-${String(++made).padStart(9, '0')}-${mark}`

/** Base64url text of 43 characters as digests have it, different from the first eight characters on within a process. */
export function digest(): string {
  let rest = ++made
  let text = ''
  for (let index = 0; index < 8; index++) {
    text += 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[rest % 64] ?? ''
    rest = Math.floor(rest / 64)
  }
  return (text + mark).padEnd(43, 'x')
}

export const client = (more: Partial<Client> = {}): Client => ({
  id: unique('client'),
  version: 1,
  name: 'An application',
  type: 'web',
  channel: 'managed',
  documentFreshUntil: undefined,
  applicationType: 'web',
  authenticationMethod: 'client_secret_basic',
  secrets: [],
  jwks: undefined,
  jwksUri: undefined,
  authenticationAlgorithm: undefined,
  assertionAudience: 'issuer',
  redirectUris: ['https://app.test/cb'],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: undefined,
  backchannelLogoutSessionRequired: false,
  frontchannelLogoutUri: undefined,
  frontchannelLogoutSessionRequired: false,
  allowedOrigins: [],
  grantTypes: ['authorization_code', 'refresh_token'],
  scope: ['openid', 'offline_access', 'read'],
  defaultScope: ['openid'],
  resources: undefined,
  defaultResource: undefined,
  machineScope: undefined,
  resourceServerOf: [],
  introspectOwnTokens: true,
  subjectType: 'public',
  sectorIdentifierUri: undefined,
  idTokenAlgorithm: 'ES256',
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
  authorizationDetailsTypes: undefined,
  requireState: false,
  requirePushedRequests: false,
  requireSignedRequests: false,
  requestObjectAlgorithm: undefined,
  requestUris: [],
  backchannelNotificationEndpoint: undefined,
  dpopBoundAccessTokens: false,
  tlsClientAuthSubjectDn: undefined,
  tlsClientAuthSanDns: undefined,
  tlsClientAuthSanUri: undefined,
  tlsClientAuthSanIp: undefined,
  tlsClientAuthSanEmail: undefined,
  certificateBoundAccessTokens: false,
  useMtlsEndpointAliases: false,
  requireRedirectUriAtToken: false,
  firstParty: false,
  mcp: false,
  sessionRefreshTokens: false,
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
  profile: 'oauth21',
  securityLevel: 'baseline',
  createdAt: start,
  updatedAt: start,
  disabledAt: undefined,
  ...more,
})

export const session = (more: Partial<Session> = {}): Session => ({
  id: unique('session'),
  digest: digest(),
  subject: unique('user'),
  authentication: { time: start, acr: undefined, amr: ['pwd'] },
  createdAt: start,
  seenAt: start,
  expiresAt: later(86_400),
  network: '192.0.2.1',
  userAgent: 'A browser',
  ...more,
})

export const interaction = (clientId: string, more: Partial<Interaction> = {}): Interaction => ({
  digest: digest(),
  browserDigest: digest(),
  request: {
    clientId,
    redirectUri: 'https://app.test/cb',
    responseMode: 'query',
    state: 'a state',
    scope: ['openid'],
    resources: [],
    codeChallenge: digest(),
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
  },
  createdAt: start,
  expiresAt: later(600),
  version: 1,
  loginSessionId: undefined,
  account: undefined,
  decision: undefined,
  ...more,
})

export const event = (more: Partial<SecurityEvent> = {}): SecurityEvent => ({
  id: unique('event'),
  event: 'token.refresh.rotated',
  severity: 'info',
  ts: start,
  requestId: unique('request'),
  clientId: undefined,
  subject: undefined,
  authorizationId: undefined,
  network: '192.0.2.1',
  reason: undefined,
  class: undefined,
  count: 1,
  detail: { sequence: 1, surface: 'token', fresh: true },
  ...more,
})

export const consent = (subject: string, clientId: string, more: Partial<Consent> = {}): Consent => ({
  subject,
  clientId,
  scope: ['openid', 'read'],
  resources: ['https://rs1.test'],
  claims: ['email'],
  grantedAt: start,
  expiresAt: later(86_400),
  ...more,
})

export const user = (more: Partial<User> = {}): User => ({
  id: unique('user'),
  username: unique('name'),
  passwordHash: '$argon2id$one',
  claims: { name: 'A person', email_verified: true },
  createdAt: start,
  updatedAt: start,
  disabledAt: undefined,
  ...more,
})

export const signingKey = (more: Partial<SigningKey> = {}): SigningKey => ({
  kid: unique('key'),
  alg: 'ES256',
  publicJwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  sealedPrivateKey: new Uint8Array([1, 2, 3]),
  externalName: undefined,
  createdAt: start,
  activeFrom: later(60),
  removeAt: undefined,
  ...more,
})
