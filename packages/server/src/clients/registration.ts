import type {
  ApplicationType,
  ContentEncryptionAlgorithm,
  JwsAlgorithm,
  KeyEncryptionAlgorithm,
  Seconds,
} from '@sallyport/protocol'
import type { ResponseModeName } from '../model/authorization-request.ts'
import type { SecurityProfile } from '../model/profile.ts'
import {
  backchannelGrant,
  deviceGrant,
  jwtBearerGrant,
  tokenExchangeGrant,
  type AssertionAudience,
  type ClientAuthenticationMethod,
  type ClientType,
  type GrantType,
  type SecurityLevel,
  type SubjectType,
} from '../model/client.ts'

/** What an operator says about a client. Everything not said follows from `type`. */
export type ClientRegistration = {
  readonly type: ClientType
  readonly name: string
  readonly redirectUris?: readonly string[] | undefined
  readonly postLogoutRedirectUris?: readonly string[] | undefined
  readonly backchannelLogoutUri?: string | undefined
  readonly backchannelLogoutSessionRequired?: boolean | undefined
  readonly frontchannelLogoutUri?: string | undefined
  readonly frontchannelLogoutSessionRequired?: boolean | undefined
  readonly allowedOrigins?: readonly string[] | undefined
  readonly authenticationMethod?: ClientAuthenticationMethod | undefined
  /** A JWK set (RFC 7517 section 5) with public keys. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | undefined
  readonly jwksUri?: string | undefined
  readonly authenticationAlgorithm?: JwsAlgorithm | undefined
  readonly assertionAudience?: AssertionAudience | undefined
  readonly tlsClientAuthSubjectDn?: string | undefined
  readonly tlsClientAuthSanDns?: string | undefined
  readonly tlsClientAuthSanUri?: string | undefined
  readonly tlsClientAuthSanIp?: string | undefined
  readonly tlsClientAuthSanEmail?: string | undefined
  readonly profile?: SecurityProfile | undefined
  readonly grantTypes?: readonly GrantType[] | undefined
  readonly scope?: string | undefined
  readonly defaultScope?: string | undefined
  readonly machineScope?: string | undefined
  readonly resources?: readonly string[] | undefined
  readonly defaultResource?: string | undefined
  readonly resourceServerOf?: readonly string[] | undefined
  readonly introspectOwnTokens?: boolean | undefined
  readonly subjectType?: SubjectType | undefined
  readonly sectorIdentifierUri?: string | undefined
  readonly idTokenAlgorithm?: JwsAlgorithm | undefined
  readonly idTokenEncryptionAlgorithm?: KeyEncryptionAlgorithm | undefined
  readonly idTokenContentEncryption?: ContentEncryptionAlgorithm | undefined
  readonly userinfoAlgorithm?: JwsAlgorithm | undefined
  readonly userinfoEncryptionAlgorithm?: KeyEncryptionAlgorithm | undefined
  readonly userinfoContentEncryption?: ContentEncryptionAlgorithm | undefined
  readonly authorizationAlgorithm?: JwsAlgorithm | undefined
  readonly authorizationEncryptionAlgorithm?: KeyEncryptionAlgorithm | undefined
  readonly authorizationContentEncryption?: ContentEncryptionAlgorithm | undefined
  readonly responseModes?: readonly ResponseModeName[] | undefined
  readonly introspectionAlgorithm?: JwsAlgorithm | undefined
  readonly introspectionEncryptionAlgorithm?: KeyEncryptionAlgorithm | undefined
  readonly introspectionContentEncryption?: ContentEncryptionAlgorithm | undefined
  readonly defaultMaxAge?: number | undefined
  readonly requireAuthTime?: boolean | undefined
  readonly defaultAcrValues?: readonly string[] | undefined
  readonly authorizationDetailsTypes?: readonly string[] | undefined
  readonly requireState?: boolean | undefined
  readonly requirePushedRequests?: boolean | undefined
  readonly requireSignedRequests?: boolean | undefined
  readonly requestObjectAlgorithm?: JwsAlgorithm | undefined
  readonly requestUris?: readonly string[] | undefined
  /** https address that is told of decisions about its backchannel requests (ping mode); without one it polls. */
  readonly backchannelNotificationEndpoint?: string | undefined
  readonly dpopBoundAccessTokens?: boolean | undefined
  readonly certificateBoundAccessTokens?: boolean | undefined
  readonly useMtlsEndpointAliases?: boolean | undefined
  readonly requireRedirectUriAtToken?: boolean | undefined
  readonly firstParty?: boolean | undefined
  readonly mcp?: boolean | undefined
  readonly sessionRefreshTokens?: boolean | undefined
  readonly accessTokenLifetime?: number | undefined
  readonly refreshTokenIdle?: number | undefined
  readonly refreshTokenAbsolute?: number | undefined
  readonly clientUri?: string | undefined
  readonly logoUri?: string | undefined
  readonly policyUri?: string | undefined
  readonly tosUri?: string | undefined
  readonly owner?: string | undefined
  readonly purpose?: string | undefined
  /** Seconds since 1970. */
  readonly reviewBy?: Seconds | undefined
  readonly securityLevel?: SecurityLevel | undefined
  readonly localized?: Readonly<Record<string, string>> | undefined
}

/** What follows from the type of a client where its registration says nothing, and what the type rules out. */
export type TypeDefaults = {
  readonly applicationType: ApplicationType
  readonly methods: readonly ClientAuthenticationMethod[]
  readonly grants: readonly GrantType[]
  readonly allowedGrants: readonly GrantType[]
}

const person: readonly GrantType[] = ['authorization_code', 'refresh_token']
const confidential: readonly ClientAuthenticationMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]

/** What each kind of client is (A-REDIR-10, A-REDIR-11): software in the hands of users has no secret. */
export const typeDefaults: Readonly<Record<ClientType, TypeDefaults>> = {
  web: {
    applicationType: 'web',
    methods: confidential,
    grants: person,
    allowedGrants: [...person, 'client_credentials', deviceGrant, jwtBearerGrant, tokenExchangeGrant, backchannelGrant],
  },
  spa: { applicationType: 'web', methods: ['none'], grants: person, allowedGrants: person },
  native: { applicationType: 'native', methods: ['none'], grants: person, allowedGrants: [...person, deviceGrant] },
  device: {
    applicationType: 'native',
    methods: ['none'],
    grants: [deviceGrant, 'refresh_token'],
    allowedGrants: [...person, deviceGrant],
  },
  // It proves who it is, whether it acts for itself or for a person: software on people's devices is of another type.
  agent: {
    applicationType: 'web',
    methods: confidential,
    grants: ['client_credentials'],
    allowedGrants: [...person, 'client_credentials', jwtBearerGrant, tokenExchangeGrant, backchannelGrant],
  },
  service: {
    applicationType: 'web',
    methods: confidential,
    grants: ['client_credentials'],
    allowedGrants: ['client_credentials', 'refresh_token', jwtBearerGrant, tokenExchangeGrant, backchannelGrant],
  },
}

export const clientTypes = Object.keys(typeDefaults) as readonly ClientType[]

/** Every member a registration may have. */
export const registrationMembers: readonly (keyof ClientRegistration)[] = [
  'type',
  'name',
  'redirectUris',
  'postLogoutRedirectUris',
  'backchannelLogoutUri',
  'backchannelLogoutSessionRequired',
  'frontchannelLogoutUri',
  'frontchannelLogoutSessionRequired',
  'allowedOrigins',
  'authenticationMethod',
  'jwks',
  'jwksUri',
  'authenticationAlgorithm',
  'assertionAudience',
  'tlsClientAuthSubjectDn',
  'tlsClientAuthSanDns',
  'tlsClientAuthSanUri',
  'tlsClientAuthSanIp',
  'tlsClientAuthSanEmail',
  'profile',
  'grantTypes',
  'scope',
  'defaultScope',
  'machineScope',
  'resources',
  'defaultResource',
  'resourceServerOf',
  'introspectOwnTokens',
  'subjectType',
  'sectorIdentifierUri',
  'idTokenAlgorithm',
  'idTokenEncryptionAlgorithm',
  'idTokenContentEncryption',
  'userinfoAlgorithm',
  'userinfoEncryptionAlgorithm',
  'userinfoContentEncryption',
  'authorizationAlgorithm',
  'authorizationEncryptionAlgorithm',
  'authorizationContentEncryption',
  'responseModes',
  'introspectionAlgorithm',
  'introspectionEncryptionAlgorithm',
  'introspectionContentEncryption',
  'defaultMaxAge',
  'requireAuthTime',
  'defaultAcrValues',
  'authorizationDetailsTypes',
  'requireState',
  'requirePushedRequests',
  'requireSignedRequests',
  'requestObjectAlgorithm',
  'requestUris',
  'backchannelNotificationEndpoint',
  'dpopBoundAccessTokens',
  'certificateBoundAccessTokens',
  'useMtlsEndpointAliases',
  'requireRedirectUriAtToken',
  'firstParty',
  'mcp',
  'sessionRefreshTokens',
  'accessTokenLifetime',
  'refreshTokenIdle',
  'refreshTokenAbsolute',
  'clientUri',
  'logoUri',
  'policyUri',
  'tosUri',
  'owner',
  'purpose',
  'reviewBy',
  'securityLevel',
  'localized',
]
