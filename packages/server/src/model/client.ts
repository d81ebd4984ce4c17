import type {
  ApplicationType,
  ContentEncryptionAlgorithm,
  JwsAlgorithm,
  KeyEncryptionAlgorithm,
  KeySet,
  Seconds,
} from '@sallyport/protocol'
import type { ResponseModeName } from './authorization-request.ts'
import type { SecurityProfile } from './profile.ts'

/** What is being built: decides redirect rules, authentication and token lifetimes. One client has one type for good. */
export type ClientType = 'web' | 'spa' | 'native' | 'device' | 'service' | 'agent'

/** By which door a client came in. */
export type ClientChannel = 'managed' | 'dynamic' | 'metadata_document'

/** Methods by which the certificate of the connection proves a client (RFC 8705 section 2). */
export type CertificateMethod = 'tls_client_auth' | 'self_signed_tls_client_auth'

/** How a client proves who it is at the token, revocation and introspection endpoints; one method per client. */
export type ClientAuthenticationMethod =
  'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | CertificateMethod

/** What an assertion of a client must name as its audience: the issuer and nothing else, or also the address it is sent to (B-CX-03). */
export type AssertionAudience = 'issuer' | 'interop'

export type GrantType =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:device_code'
  | 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  | 'urn:ietf:params:oauth:grant-type:token-exchange'
  | 'urn:openid:params:grant-type:ciba'

/** The grant of devices without a browser (RFC 8628 section 3.4). */
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code' satisfies GrantType

/** The grant for assertions of other issuers about people (RFC 7523 section 2.1). */
export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer' satisfies GrantType
/** The grant of requests that a person decides about on a device of their own (CIBA section 4). */
export const backchannelGrant = 'urn:openid:params:grant-type:ciba' satisfies GrantType

/** The grant for tokens that become others (RFC 8693). */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange' satisfies GrantType

/** The floor is the only level there is; others come with the means to keep them. */
export type SecurityLevel = 'baseline'

/** Whether every client knows a person by the same identifier, or each sector by one of its own (OpenID Connect Core section 8). */
export type SubjectType = 'public' | 'pairwise'

/** A client secret at rest: only its digest, and the instant it stops working (A-TOK-10). */
export type ClientSecret = {
  readonly id: string
  readonly digest: string
  readonly createdAt: Seconds
  readonly expiresAt: Seconds
}

/** A registered client. Records are replaced as a whole, never changed in place; `version` grows by one each time. */
export type Client = {
  readonly id: string
  readonly version: number
  readonly name: string
  readonly type: ClientType
  readonly channel: ClientChannel
  readonly applicationType: ApplicationType
  readonly authenticationMethod: ClientAuthenticationMethod
  readonly secrets: readonly ClientSecret[]
  /** Its public keys, or the address where it publishes them; never both. */
  readonly jwks: KeySet | undefined
  readonly jwksUri: string | undefined
  /** The one algorithm its assertions are signed with; `undefined` leaves it to each key. */
  readonly authenticationAlgorithm: JwsAlgorithm | undefined
  readonly assertionAudience: AssertionAudience
  /** By what its certificate names it, where an authority vouches for it: exactly one of these (RFC 8705 section 2.1.2). */
  readonly tlsClientAuthSubjectDn: string | undefined
  readonly tlsClientAuthSanDns: string | undefined
  readonly tlsClientAuthSanUri: string | undefined
  readonly tlsClientAuthSanIp: string | undefined
  readonly tlsClientAuthSanEmail: string | undefined
  /** What it is held to beyond what the server demands of all: never less than that. */
  readonly profile: SecurityProfile
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  /** Where it hears that a session has ended (Back-Channel Logout section 2.2). */
  readonly backchannelLogoutUri: string | undefined
  /** It wants to hear of which session: its logout tokens and ID Tokens name it (`sid`). */
  readonly backchannelLogoutSessionRequired: boolean
  /** Loaded in a frame of the signed-out page, so that it forgets the browser (Front-Channel Logout section 2). */
  readonly frontchannelLogoutUri: string | undefined
  /** It wants to be told the session there as well. */
  readonly frontchannelLogoutSessionRequired: boolean
  /** Origins that may call the token endpoint from a browser (A-CORS-03); for an spa they are derived from its redirect URIs when none are given. */
  readonly allowedOrigins: readonly string[]
  readonly grantTypes: readonly GrantType[]
  /** The ceiling of what the client may ask for. */
  readonly scope: readonly string[]
  /** The ceiling of what it may ask for when it acts for itself; `undefined` means that of `scope`. */
  readonly machineScope: readonly string[] | undefined
  /** The scope of a request that names none; empty means such a request fails. */
  readonly defaultScope: readonly string[]
  /** Resources it may ask tokens for; `undefined` means every registered one. */
  readonly resources: readonly string[] | undefined
  /** The resource of a request that names none; `undefined` leaves such a grant to the issuer itself (A-RES-06). */
  readonly defaultResource: string | undefined
  /** Resources whose tokens it may introspect: it is the server behind them (A-INT-02). */
  readonly resourceServerOf: readonly string[]
  /** A confidential client may ask about tokens that were issued to itself (A-INT-02). */
  readonly introspectOwnTokens: boolean
  readonly subjectType: SubjectType
  /** Its host is the sector, for clients whose redirect URIs have no host in common (OpenID Connect Core section 8.1). */
  readonly sectorIdentifierUri: string | undefined
  readonly idTokenAlgorithm: JwsAlgorithm
  /** Encrypt its ID Tokens to a key of its own (B-IDT-14); the second has a value whenever the first has. */
  readonly idTokenEncryptionAlgorithm: KeyEncryptionAlgorithm | undefined
  readonly idTokenContentEncryption: ContentEncryptionAlgorithm | undefined
  /** Answer UserInfo as a signed JWT (B-UI-08). */
  readonly userinfoAlgorithm: JwsAlgorithm | undefined
  /** Encrypt that JWT to a key of its own (B-UI-09). */
  readonly userinfoEncryptionAlgorithm: KeyEncryptionAlgorithm | undefined
  readonly userinfoContentEncryption: ContentEncryptionAlgorithm | undefined
  /** With what authorization responses are signed that travel as a JWT; and, where they are encrypted then, how (JARM section 3). */
  readonly authorizationAlgorithm: JwsAlgorithm
  readonly authorizationEncryptionAlgorithm: KeyEncryptionAlgorithm | undefined
  readonly authorizationContentEncryption: ContentEncryptionAlgorithm | undefined
  /** The only response modes it may ask for; all that are offered where nothing is said. */
  readonly responseModes: readonly ResponseModeName[] | undefined
  /** Answer introspection as a signed JWT where the caller accepts one (RFC 9701 section 6, A-INT-08). */
  readonly introspectionAlgorithm: JwsAlgorithm | undefined
  /** Encrypt those JWTs to a key of the client, and give it no other answer (A-INT-08); the second has a value whenever the first has. */
  readonly introspectionEncryptionAlgorithm: KeyEncryptionAlgorithm | undefined
  readonly introspectionContentEncryption: ContentEncryptionAlgorithm | undefined
  readonly defaultMaxAge: number | undefined
  readonly requireAuthTime: boolean
  readonly defaultAcrValues: readonly string[]
  /** Types of `authorization_details` it may use (RFC 9396 section 10); `undefined` means every type there is. */
  readonly authorizationDetailsTypes: readonly string[] | undefined
  /** Absence of `state` is an error (A-AUTHZ-10). */
  readonly requireState: boolean
  /** Requests have to be pushed first: `require_pushed_authorization_requests` (RFC 9126 section 6, B-PAR-09). */
  readonly requirePushedRequests: boolean
  /** Requests that it did not sign are refused (RFC 9101 section 10.5). */
  readonly requireSignedRequests: boolean
  /** The one algorithm its request objects are signed with; `undefined` leaves it to each key. */
  readonly requestObjectAlgorithm: JwsAlgorithm | undefined
  /** Where its request objects may be fetched from (OpenID Connect Core section 6.2). */
  readonly requestUris: readonly string[]
  /** Where it is told that there is a decision about a backchannel request of it (ping mode); without it, it only polls (CIBA section 5). */
  readonly backchannelNotificationEndpoint: string | undefined
  /** Every access token of it is bound to a key: each token request carries a proof (RFC 9449 section 5.2). */
  readonly dpopBoundAccessTokens: boolean
  /** Every access token of it is bound to the certificate of its connection (RFC 8705 section 3.4). */
  readonly certificateBoundAccessTokens: boolean
  /** It calls the endpoints on the host that asks for certificates (FAPI 2.0 security profile 5.2.2); kept and told, no more. */
  readonly useMtlsEndpointAliases: boolean
  /** A client of OAuth 2.0: it must repeat `redirect_uri` at the token endpoint (A-CODE-07), and still may where others may not. */
  readonly requireRedirectUriAtToken: boolean
  /** An administrator vouches for the operator's own client: consent is taken as given (B-OIDC-37). */
  readonly firstParty: boolean
  /** A client of MCP servers: it returns to https or to this machine, never to a scheme of its own (A-MCP-05). */
  readonly mcp: boolean
  /** Refresh tokens also without offline_access; they end with the session (A-TOK-13, A-RT-11). */
  readonly sessionRefreshTokens: boolean
  /** Shorter lifetimes than the policy's, in seconds; longer ones have no effect. */
  readonly accessTokenLifetime: number | undefined
  readonly refreshTokenIdle: number | undefined
  readonly refreshTokenAbsolute: number | undefined
  readonly clientUri: string | undefined
  readonly logoUri: string | undefined
  readonly policyUri: string | undefined
  readonly tosUri: string | undefined
  /** Who answers for it, and what it is for (A-GOV-05). */
  readonly owner: string | undefined
  readonly purpose: string | undefined
  /** When somebody looks at it again; a year after its creation where nothing is said. */
  readonly reviewBy: Seconds | undefined
  /** What it has to keep beyond any doubt: PKCE, exact redirects, rotation, none of the removed grants (A-GOV-08). */
  readonly securityLevel: SecurityLevel
  /** The texts above in other languages, by member and language tag, such as `client_name#de` (RFC 7591 section 2.2). */
  readonly localized: Readonly<Record<string, string>>
  /** For a client that describes itself in a document: until when the copy counts without looking again (A-CIMD-10). */
  readonly documentFreshUntil: Seconds | undefined
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
  readonly disabledAt: Seconds | undefined
}

declare const authenticated: unique symbol

/** A client that has proven who it is, or a public one that has nothing to prove with. Only `authenticateClient` makes one. */
export type AuthenticatedClient = Client & { readonly [authenticated]: true }

/**
 * The sector within which a pairwise identifier is the same (OpenID Connect Core section 8.1, A-PPID-03, -04): the host of
 * `sector_identifier_uri`, of the client's document, or of its redirect URIs, which registration made sure is one.
 */
export function sectorOf({ channel, id, sectorIdentifierUri, redirectUris }: Client): string {
  // The address of a document was judged before it was fetched, and may be one on this machine in development.
  if (sectorIdentifierUri === undefined && channel === 'metadata_document') return new URL(id).hostname
  const address = sectorIdentifierUri ?? redirectUris[0]
  if (address === undefined || !address.startsWith('https://')) throw new Error(`client ${id} has no sector`)
  return new URL(address).hostname
}

/** True for a client whose software can keep no secret. */
export const isPublic = (client: Client): boolean => client.authenticationMethod === 'none'

/** True for a client that shares a secret with this server. */
export const hasSecret = ({ authenticationMethod: method }: Pick<Client, 'authenticationMethod'>): boolean =>
  method === 'client_secret_basic' || method === 'client_secret_post'

/** True for a method by which the certificate of the connection proves a client. */
export const isCertificateMethod = (method: ClientAuthenticationMethod): method is CertificateMethod =>
  method === 'tls_client_auth' || method === 'self_signed_tls_client_auth'

/** True for a client that gets no access token that is bound to nothing. */
export const bindsTokens = (client: Pick<Client, 'dpopBoundAccessTokens' | 'certificateBoundAccessTokens'>): boolean =>
  client.dpopBoundAccessTokens || client.certificateBoundAccessTokens

/** True for a client that no administrator entered: whoever made it may be anybody (OAuth 2.1 section 7.9, RFC 7591 section 5). */
export const isSelfRegistered = (client: Client): boolean => client.channel !== 'managed'

/** True for a client that may get ID Tokens: a person signs in to it, with a browser or elsewhere. */
export const actsForPeople = ({ grantTypes }: Pick<Client, 'grantTypes'>): boolean =>
  grantTypes.some((grant) => grant === 'authorization_code' || grant === deviceGrant || grant === backchannelGrant)

/** True for software that acts by itself: it has an owner and a purpose, and what it holds lives short. */
export const isAgent = (client: Client): boolean => client.type === 'agent'

/** True for a client that gets an ID Token of this scope and wants to hear when the session ends. */
export const hearsOfLogout = (client: Client, scope: readonly string[]): boolean =>
  (client.backchannelLogoutUri !== undefined || client.frontchannelLogoutUri !== undefined) && scope.includes('openid')

/** True for a client whose ID Tokens name the session (`sid`), because it wants to hear which one ends. */
export const knowsSessions = (client: Client): boolean =>
  client.backchannelLogoutSessionRequired || client.frontchannelLogoutSessionRequired

/** True for a public client that runs in a browser: its refresh tokens live shorter and end with the session (A-RT-11). */
export const isBrowserBased = (client: Client): boolean => client.type === 'spa'

/**
 * Members that came after the first release of the record, with the value a record without them stands for. Drivers that
 * store the record as a document read it through this, so that a record written before is complete.
 */
export const laterClientMembers = {
  subjectType: 'public',
  sectorIdentifierUri: undefined,
  logoUri: undefined,
  policyUri: undefined,
  tosUri: undefined,
  localized: {},
  owner: undefined,
  purpose: undefined,
  reviewBy: undefined,
  securityLevel: 'baseline',
  defaultResource: undefined,
  machineScope: undefined,
  introspectionAlgorithm: undefined,
  introspectionEncryptionAlgorithm: undefined,
  introspectionContentEncryption: undefined,
  documentFreshUntil: undefined,
  jwks: undefined,
  jwksUri: undefined,
  authenticationAlgorithm: undefined,
  assertionAudience: 'issuer',
  tlsClientAuthSubjectDn: undefined,
  tlsClientAuthSanDns: undefined,
  tlsClientAuthSanUri: undefined,
  tlsClientAuthSanIp: undefined,
  tlsClientAuthSanEmail: undefined,
  profile: 'oauth21',
  dpopBoundAccessTokens: false,
  certificateBoundAccessTokens: false,
  useMtlsEndpointAliases: false,
  mcp: false,
  authorizationDetailsTypes: undefined,
  requirePushedRequests: false,
  requireSignedRequests: false,
  requestObjectAlgorithm: undefined,
  requestUris: [],
  backchannelLogoutUri: undefined,
  backchannelLogoutSessionRequired: false,
  frontchannelLogoutUri: undefined,
  frontchannelLogoutSessionRequired: false,
  authorizationAlgorithm: 'RS256',
  authorizationEncryptionAlgorithm: undefined,
  idTokenEncryptionAlgorithm: undefined,
  idTokenContentEncryption: undefined,
  userinfoEncryptionAlgorithm: undefined,
  userinfoContentEncryption: undefined,
  authorizationContentEncryption: undefined,
  responseModes: undefined,
  backchannelNotificationEndpoint: undefined,
} as const satisfies Partial<Client>
