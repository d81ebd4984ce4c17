import { ClientMetadataError, type ClientRegistration } from '@sallyport/server'
import { CommandFailure, exitCode } from './failure.ts'
import { readPublicKeys } from './key-files.ts'

/** What the options of `client create` and `client update` say. */
export type Options = {
  readonly type?: string
  readonly name?: string
  readonly redirectUri?: readonly string[]
  readonly allowSharedRedirectUri?: boolean
  readonly postLogoutRedirectUri?: readonly string[]
  readonly backchannelLogoutUri?: string | false
  readonly backchannelLogoutSessionRequired?: boolean
  readonly frontchannelLogoutUri?: string | false
  readonly frontchannelLogoutSessionRequired?: boolean
  readonly allowedOrigin?: readonly string[]
  readonly scope?: string
  readonly defaultScope?: string
  readonly machineScope?: string
  readonly resource?: readonly string[]
  readonly defaultResource?: string
  readonly authorizationDetailsType?: readonly string[]
  readonly resourceServerOf?: readonly string[]
  readonly grantType?: readonly string[]
  readonly authenticationMethod?: string
  readonly jwks?: string
  readonly jwksUri?: string
  readonly authenticationAlgorithm?: string
  readonly assertionAudience?: string
  readonly subjectType?: string
  readonly sectorIdentifierUri?: string | false
  readonly idTokenAlgorithm?: string
  readonly authorizationAlgorithm?: string
  readonly authorizationEncryptionAlgorithm?: string
  readonly authorizationContentEncryption?: string
  readonly responseMode?: readonly string[]
  readonly idTokenEncryptionAlgorithm?: string
  readonly idTokenContentEncryption?: string
  readonly userinfoAlgorithm?: string
  readonly userinfoEncryptionAlgorithm?: string
  readonly userinfoContentEncryption?: string
  readonly introspectionAlgorithm?: string
  readonly introspectionEncryptionAlgorithm?: string
  readonly introspectionContentEncryption?: string
  readonly firstParty?: boolean
  readonly mcp?: boolean
  readonly requireState?: boolean
  readonly requirePushedRequests?: boolean
  readonly requireSignedRequests?: boolean
  readonly requestObjectAlgorithm?: string
  readonly requestUri?: readonly string[]
  readonly requireRedirectUriAtToken?: boolean
  readonly backchannelNotificationEndpoint?: string
  readonly dpopBoundAccessTokens?: boolean
  readonly certificateBoundAccessTokens?: boolean
  readonly tlsClientAuthSubjectDn?: string
  readonly tlsClientAuthSanDns?: string
  readonly tlsClientAuthSanUri?: string
  readonly tlsClientAuthSanIp?: string
  readonly tlsClientAuthSanEmail?: string
  readonly useMtlsEndpointAliases?: boolean
  readonly sessionRefreshTokens?: boolean
  readonly accessTokenLifetime?: string
  readonly owner?: string
  readonly purpose?: string
  readonly reviewBy?: string
  readonly clientProfile?: string
  readonly securityLevel?: string
}

/** A member that can also be taken away, by the option with `no-` in front. */
function removable(
  options: Options,
  member: 'sectorIdentifierUri' | 'backchannelLogoutUri' | 'frontchannelLogoutUri',
): Partial<ClientRegistration> {
  const value = options[member]
  return value === undefined ? {} : { [member]: value === false ? undefined : value }
}

/** The registration that options describe; only members that were named. The rules of the server judge the values. */
export function registration(options: Options): Partial<ClientRegistration> {
  const wanted: Record<string, unknown> = {
    type: options.type,
    name: options.name,
    redirectUris: options.redirectUri,
    postLogoutRedirectUris: options.postLogoutRedirectUri,
    backchannelLogoutSessionRequired: options.backchannelLogoutSessionRequired,
    frontchannelLogoutSessionRequired: options.frontchannelLogoutSessionRequired,
    allowedOrigins: options.allowedOrigin,
    scope: options.scope,
    defaultScope: options.defaultScope,
    machineScope: options.machineScope,
    resources: options.resource,
    defaultResource: options.defaultResource,
    authorizationDetailsTypes: options.authorizationDetailsType,
    resourceServerOf: options.resourceServerOf,
    grantTypes: options.grantType,
    authenticationMethod: options.authenticationMethod,
    jwks: options.jwks === undefined ? undefined : readPublicKeys(options.jwks),
    jwksUri: options.jwksUri,
    authenticationAlgorithm: options.authenticationAlgorithm,
    assertionAudience: options.assertionAudience,
    subjectType: options.subjectType,
    idTokenAlgorithm: options.idTokenAlgorithm,
    authorizationAlgorithm: options.authorizationAlgorithm,
    authorizationEncryptionAlgorithm: options.authorizationEncryptionAlgorithm,
    authorizationContentEncryption: options.authorizationContentEncryption,
    responseModes: options.responseMode,
    idTokenEncryptionAlgorithm: options.idTokenEncryptionAlgorithm,
    idTokenContentEncryption: options.idTokenContentEncryption,
    userinfoAlgorithm: options.userinfoAlgorithm,
    userinfoEncryptionAlgorithm: options.userinfoEncryptionAlgorithm,
    userinfoContentEncryption: options.userinfoContentEncryption,
    introspectionAlgorithm: options.introspectionAlgorithm,
    introspectionEncryptionAlgorithm: options.introspectionEncryptionAlgorithm,
    introspectionContentEncryption: options.introspectionContentEncryption,
    firstParty: options.firstParty,
    mcp: options.mcp,
    requireState: options.requireState,
    requirePushedRequests: options.requirePushedRequests,
    requireSignedRequests: options.requireSignedRequests,
    requestObjectAlgorithm: options.requestObjectAlgorithm,
    requestUris: options.requestUri,
    requireRedirectUriAtToken: options.requireRedirectUriAtToken,
    backchannelNotificationEndpoint: options.backchannelNotificationEndpoint,
    dpopBoundAccessTokens: options.dpopBoundAccessTokens,
    certificateBoundAccessTokens: options.certificateBoundAccessTokens,
    tlsClientAuthSubjectDn: options.tlsClientAuthSubjectDn,
    tlsClientAuthSanDns: options.tlsClientAuthSanDns,
    tlsClientAuthSanUri: options.tlsClientAuthSanUri,
    tlsClientAuthSanIp: options.tlsClientAuthSanIp,
    tlsClientAuthSanEmail: options.tlsClientAuthSanEmail,
    useMtlsEndpointAliases: options.useMtlsEndpointAliases,
    owner: options.owner,
    purpose: options.purpose,
    reviewBy: options.reviewBy === undefined ? undefined : Date.parse(options.reviewBy) / 1000,
    profile: options.clientProfile,
    securityLevel: options.securityLevel,
    sessionRefreshTokens: options.sessionRefreshTokens,
    accessTokenLifetime: options.accessTokenLifetime === undefined ? undefined : Number(options.accessTokenLifetime),
  }
  const named = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined))
  return {
    ...named,
    ...removable(options, 'sectorIdentifierUri'),
    ...removable(options, 'backchannelLogoutUri'),
    ...removable(options, 'frontchannelLogoutUri'),
  }
}

/** Option for a member, so that faults name what was typed. */
const optionOf = (member: string): string => {
  const single: Readonly<Record<string, string>> = {
    redirectUris: 'redirectUri',
    postLogoutRedirectUris: 'postLogoutRedirectUri',
    allowedOrigins: 'allowedOrigin',
    resources: 'resource',
    authorizationDetailsTypes: 'authorizationDetailsType',
    grantTypes: 'grantType',
    responseModes: 'responseMode',
    requestUris: 'requestUri',
    profile: 'clientProfile',
  }
  return `--${(single[member] ?? member).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** A single word is the value that was most likely meant. */
const advice = (fix: string | undefined): string =>
  fix === undefined ? '' : `; ${fix.includes(' ') ? fix : `did you mean ${fix}?`}`

/** Makes every fault of a registration into one line in the words of the options. */
export async function explained<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof ClientMetadataError)) throw error
    const lines = error.faults.map(({ member, problem, fix }) => `${optionOf(member)}: ${problem}${advice(fix)}`)
    throw new CommandFailure(exitCode.usage, 'the client cannot be registered like this', lines)
  }
}
