import { securityProfiles } from '@sallyport/server'

/** How a value is judged: what is more of it, and the words for having more and less. */
export type Aspect =
  /** `null` is no limit. */
  | { readonly kind: 'lifetime'; readonly words: string }
  /** `null` is everything. More is weaker unless `weakWhen` says that less is. */
  | { readonly kind: 'set'; readonly more: string; readonly less: string; readonly weakWhen?: 'less' }
  /** `weakWhen` is the value that protects less. */
  | { readonly kind: 'flag'; readonly weakWhen: boolean; readonly yes: string; readonly no: string }
  | { readonly kind: 'ranked'; readonly ranks: readonly string[]; readonly words: string }
  /** An instant as text; later is weaker. */
  | { readonly kind: 'end'; readonly words: string }
  /** A change is said, and is neither weaker nor stronger. */
  | { readonly kind: 'told'; readonly words: string }

/** Neither is weaker than a key of another kind. */
const certificateMethods = ['self_signed_tls_client_auth', 'tls_client_auth']

/** What each value of a client means; phrases are about several clients and begin with their verb. */
export const clientAspects = {
  type: { kind: 'told', words: 'are of type' },
  authentication: {
    kind: 'ranked',
    ranks: ['none', 'client_secret_post', 'client_secret_basic', 'private_key_jwt', ...certificateMethods],
    words: 'authenticate by',
  },
  assertionAudience: { kind: 'ranked', ranks: ['interop', 'issuer'], words: 'name the audience of assertions by' },
  assertionAlgorithms: {
    kind: 'set',
    more: 'may sign assertions with more algorithms',
    less: 'lose algorithms for assertions',
  },
  keys: { kind: 'told', words: 'prove themselves by the keys' },
  certificateName: { kind: 'told', words: 'are named in certificates as' },
  grants: { kind: 'set', more: 'may use more grants', less: 'lose grants' },
  redirectUris: { kind: 'set', more: 'may be returned to at more redirect URIs', less: 'lose redirect URIs' },
  postLogoutRedirectUris: {
    kind: 'set',
    more: 'may be returned to after sign-out at more URIs',
    less: 'lose such URIs',
  },
  hearsOfLogout: {
    kind: 'flag',
    weakWhen: false,
    yes: 'hear when sessions end',
    no: 'hear no more when sessions end',
  },
  framedAtLogout: {
    kind: 'flag',
    weakWhen: false,
    yes: 'forget the browser at sign-out',
    no: 'forget the browser at sign-out no more',
  },
  allowedOrigins: { kind: 'set', more: 'may call from more origins', less: 'lose origins' },
  scope: { kind: 'set', more: 'may ask for more scopes', less: 'lose scopes' },
  defaultScope: { kind: 'set', more: 'get more scopes without asking', less: 'get fewer scopes without asking' },
  machineScope: { kind: 'set', more: 'may ask for more scopes for themselves', less: 'lose scopes for themselves' },
  resources: { kind: 'set', more: 'may ask for tokens for more resources', less: 'lose resources' },
  detailTypes: { kind: 'set', more: 'may use more types of authorization details', less: 'lose such types' },
  defaultResource: { kind: 'told', words: 'get tokens without asking for' },
  introspects: { kind: 'set', more: 'may introspect tokens of more resources', less: 'may introspect less' },
  introspectsOwnTokens: {
    kind: 'flag',
    weakWhen: true,
    yes: 'may introspect tokens of their own',
    no: 'may introspect no tokens of their own any more',
  },
  exceptedFromPkce: {
    kind: 'flag',
    weakWhen: true,
    yes: 'are excepted from PKCE',
    no: 'need PKCE again',
  },
  subjects: { kind: 'ranked', ranks: ['public', 'pairwise'], words: 'know people by' },
  sector: { kind: 'told', words: 'belong to the sector' },
  idTokens: { kind: 'told', words: 'get ID Tokens signed with' },
  encryptedIdTokens: {
    kind: 'flag',
    weakWhen: false,
    yes: 'get their ID Tokens encrypted',
    no: 'get ID Tokens that can be read',
  },
  userinfo: { kind: 'ranked', ranks: ['plain', 'signed', 'encrypted'], words: 'get claims' },
  signedResponses: { kind: 'told', words: 'get authorization responses, as JWTs, signed with' },
  encryptedResponses: {
    kind: 'flag',
    weakWhen: false,
    yes: 'get authorization responses, as JWTs, encrypted',
    no: 'get authorization responses, as JWTs, that can be read',
  },
  responseModes: { kind: 'set', more: 'may be answered by more response modes', less: 'lose response modes' },
  introspectionAnswers: {
    kind: 'ranked',
    ranks: ['plain', 'signed', 'encrypted'],
    words: 'get answers of introspection',
  },
  signInAge: { kind: 'lifetime', words: 'sign-ins' },
  requireAuthTime: {
    kind: 'flag',
    weakWhen: false,
    yes: 'are told when people signed in',
    no: 'are not told any more when people signed in',
  },
  authenticationContexts: {
    kind: 'set',
    weakWhen: 'less',
    more: 'ask for more ways to sign in',
    less: 'ask no more for ways to sign in',
  },
  requireState: { kind: 'flag', weakWhen: false, yes: 'need state now', no: 'need no state any more' },
  requirePushedRequests: {
    kind: 'flag',
    weakWhen: false,
    yes: 'have to push their requests now',
    no: 'need not push their requests any more',
  },
  requireSignedRequests: {
    kind: 'flag',
    weakWhen: false,
    yes: 'have to sign their requests now',
    no: 'need not sign their requests any more',
  },
  requestUris: {
    kind: 'set',
    more: 'may have their requests fetched from more addresses',
    less: 'lose addresses of requests',
  },
  requestAlgorithms: {
    kind: 'set',
    more: 'may sign requests with more algorithms',
    less: 'lose algorithms for requests',
  },
  boundTokens: { kind: 'flag', weakWhen: false, yes: 'get bound tokens only', no: 'get bearer tokens again' },
  requireRedirectUriAtToken: {
    kind: 'flag',
    weakWhen: false,
    yes: 'repeat the redirect URI at the token endpoint now',
    no: 'are let off repeating the redirect URI at the token endpoint',
  },
  asksConsent: { kind: 'flag', weakWhen: false, yes: 'ask for consent now', no: 'ask for no consent any more' },
  mcp: {
    kind: 'flag',
    weakWhen: false,
    yes: 'keep the rules of MCP now',
    no: 'are let off the rules of MCP',
  },
  sessionRefreshTokens: {
    kind: 'flag',
    weakWhen: true,
    yes: 'get refresh tokens without offline_access',
    no: 'get refresh tokens only with offline_access',
  },
  accessTokenLifetime: { kind: 'lifetime', words: 'access tokens' },
  refreshTokenIdle: { kind: 'lifetime', words: 'unused refresh tokens' },
  refreshTokenAbsolute: { kind: 'lifetime', words: 'refresh token families' },
  owned: { kind: 'flag', weakWhen: false, yes: 'have an owner now', no: 'have no owner any more' },
  profile: { kind: 'ranked', ranks: securityProfiles, words: 'are held to the profile' },
  securityLevel: { kind: 'ranked', ranks: ['baseline'], words: 'are kept at the level' },
  disabled: { kind: 'flag', weakWhen: false, yes: 'are disabled', no: 'are enabled again' },
} as const satisfies Readonly<Record<string, Aspect>>

/** What each value of a resource means. */
export const resourceAspects = {
  scopes: { kind: 'set', more: 'have more scopes', less: 'lose scopes' },
  byDevice: { kind: 'set', more: 'give more scopes to devices', less: 'give fewer scopes to devices' },
  // A handle ends on every call once it is revoked; a JWT is believed until it expires.
  format: { kind: 'ranked', ranks: ['jwt', 'opaque'], words: 'are reached by' },
  binding: { kind: 'ranked', ranks: ['bearer', 'mtls', 'dpop'], words: 'are reached by' },
  // The padding of PKCS #1 v1.5 is what FAPI 2.0 does without (B-CX-20).
  signedWithRs256: {
    kind: 'flag',
    weakWhen: true,
    yes: 'have tokens signed with RS256',
    no: 'have no tokens signed with RS256 any more',
  },
  accessTokenLifetime: { kind: 'lifetime', words: 'access tokens' },
} as const satisfies Readonly<Record<string, Aspect>>

/** What each value of an exception means. */
export const exceptionAspects = {
  deadline: { kind: 'end', words: 'last' },
  client: { kind: 'told', words: 'are for' },
  acceptedBy: { kind: 'told', words: 'are accepted by' },
} as const satisfies Readonly<Record<string, Aspect>>
