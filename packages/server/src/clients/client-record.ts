import {
  canonicalResource,
  lookupKey,
  parseScope,
  readKeySet,
  type KeySet,
  type Random,
  type Seconds,
} from '@sallyport/protocol'
import { clientId, typedId } from '../ids.ts'
import { stricterProfile, type SecurityProfile } from '../model/profile.ts'
import { hasSecret, type Client, type ClientAuthenticationMethod, type ClientSecret } from '../model/client.ts'
import { authorizationResponses } from './authorization-responses.ts'
import type { ClientFault } from './client-fault.ts'
import { ownedByDocument } from './document-members.ts'
import { encryptedAnswers } from './encrypted-answers.ts'
import { reviewFaults } from './inventory.ts'
import { profileFaults, underProfile } from './profile-rules.ts'
import { typeDefaults, type ClientRegistration, type TypeDefaults } from './registration.ts'
import { ClientMetadataError, registrationFaults } from './registration-rules.ts'

export type RegistrationContext = {
  /** The issuer is plain http on the loopback interface (see redirectUriFault). */
  readonly development: boolean
  readonly now: Seconds
  readonly random: Random
  readonly secretLifetime: number
  /** No new client gets a secret: keys are the only way. */
  readonly keysOnly?: boolean | undefined
  /** What the server holds every client to. */
  readonly profile?: SecurityProfile | undefined
}

/** A fresh secret of 256 bits; only its digest is kept, and it ends after `lifetime` seconds (A-TOK-10, A-CC-05). */
export function newSecret({ now, random, secretLifetime }: RegistrationContext): {
  secret: string
  record: ClientSecret
} {
  const secret = random.handle()
  return {
    secret,
    record: {
      id: typedId(random, 9),
      digest: lookupKey(secret),
      createdAt: now,
      expiresAt: (now + secretLifetime) as Seconds,
    },
  }
}

const webOrigins = (input: ClientRegistration): readonly string[] =>
  input.type === 'spa' ? [...new Set((input.redirectUris ?? []).map((uri) => new URL(uri).origin))] : []

const noSecrets: ClientFault = {
  member: 'authenticationMethod',
  problem: 'secrets are not taken here any more (stages.requirePrivateKeyJwt)',
  fix: 'use private_key_jwt',
}

/** Makes the record of a client. Throws ClientMetadataError with every fault. The secret is returned once and never again. */
export function registerClient(
  wanted: ClientRegistration,
  context: RegistrationContext,
): { client: Client; secret: string | undefined } {
  const input = underProfile(wanted, context.profile)
  const faults = [...registrationFaults(input, context.development), ...reviewFaults(input, context.now)]
  if (faults.length > 0) throw new ClientMetadataError(faults)
  const defaults = typeDefaults[input.type]
  const authenticationMethod = input.authenticationMethod ?? defaults.methods[0] ?? 'none'
  if (context.keysOnly === true && hasSecret({ authenticationMethod })) throw new ClientMetadataError([noSecrets])
  const secret = hasSecret({ authenticationMethod }) ? newSecret(context) : undefined
  const client: Client = {
    ...describedBy(input, defaults, authenticationMethod),
    id: clientId(context.random),
    version: 1,
    channel: 'managed',
    secrets: secret === undefined ? [] : [secret.record],
    documentFreshUntil: undefined,
    createdAt: context.now,
    updatedAt: context.now,
    disabledAt: undefined,
  }
  requireProfile(client, context)
  return { client, secret: secret?.secret }
}

/** Throws ClientMetadataError for a client that does not fit the profile it is held to. */
function requireProfile(client: Client, { profile = 'oauth21' }: RegistrationContext): void {
  const faults = profileFaults(stricterProfile(profile, client.profile), client)
  if (faults.length > 0) throw new ClientMetadataError(faults)
}

/** A resource as requests name it (A-RES-05); what is none stays as it is and matches nothing. */
const canonical = (resource: string): string => canonicalResource(resource) ?? resource

/** The keys without what means nothing here. The rules have been asked before. */
function keySet(jwks: ClientRegistration['jwks']): KeySet | undefined {
  const set = jwks === undefined ? undefined : readKeySet(jwks)
  return typeof set === 'string' ? undefined : set
}

type Described = Omit<
  Client,
  'id' | 'version' | 'channel' | 'secrets' | 'documentFreshUntil' | 'createdAt' | 'updatedAt' | 'disabledAt'
>

function describedBy(
  input: ClientRegistration,
  defaults: TypeDefaults,
  authenticationMethod: ClientAuthenticationMethod,
): Described {
  const encryption = input.introspectionEncryptionAlgorithm
  return {
    name: input.name.normalize('NFC').trim(),
    type: input.type,
    applicationType: defaults.applicationType,
    authenticationMethod,
    jwks: keySet(input.jwks),
    jwksUri: input.jwksUri,
    authenticationAlgorithm: input.authenticationAlgorithm,
    assertionAudience: input.assertionAudience ?? 'issuer',
    tlsClientAuthSubjectDn: input.tlsClientAuthSubjectDn,
    tlsClientAuthSanDns: input.tlsClientAuthSanDns,
    tlsClientAuthSanUri: input.tlsClientAuthSanUri,
    tlsClientAuthSanIp: input.tlsClientAuthSanIp,
    tlsClientAuthSanEmail: input.tlsClientAuthSanEmail,
    profile: input.profile ?? 'oauth21',
    redirectUris: input.redirectUris ?? [],
    postLogoutRedirectUris: input.postLogoutRedirectUris ?? [],
    backchannelLogoutUri: input.backchannelLogoutUri,
    backchannelLogoutSessionRequired: input.backchannelLogoutSessionRequired ?? false,
    frontchannelLogoutUri: input.frontchannelLogoutUri,
    frontchannelLogoutSessionRequired: input.frontchannelLogoutSessionRequired ?? false,
    allowedOrigins: input.allowedOrigins ?? webOrigins(input),
    grantTypes: input.grantTypes ?? defaults.grants,
    scope: input.scope === undefined ? [] : (parseScope(input.scope) ?? []),
    defaultScope: input.defaultScope === undefined ? [] : (parseScope(input.defaultScope) ?? []),
    machineScope: input.machineScope === undefined ? undefined : (parseScope(input.machineScope) ?? []),
    resources: input.resources?.map(canonical),
    defaultResource: input.defaultResource === undefined ? undefined : canonical(input.defaultResource),
    resourceServerOf: (input.resourceServerOf ?? []).map(canonical),
    introspectOwnTokens: input.introspectOwnTokens ?? authenticationMethod !== 'none',
    subjectType: input.subjectType ?? 'public',
    sectorIdentifierUri: input.sectorIdentifierUri,
    idTokenAlgorithm: input.idTokenAlgorithm ?? 'RS256',
    userinfoAlgorithm: input.userinfoAlgorithm,
    ...encryptedAnswers(input),
    ...authorizationResponses(input),
    // RFC 9701 section 6 has these two values where nothing is said.
    introspectionAlgorithm: input.introspectionAlgorithm ?? (encryption === undefined ? undefined : 'RS256'),
    introspectionEncryptionAlgorithm: encryption,
    introspectionContentEncryption:
      encryption === undefined ? undefined : (input.introspectionContentEncryption ?? 'A128CBC-HS256'),
    defaultMaxAge: input.defaultMaxAge,
    requireAuthTime: input.requireAuthTime ?? false,
    defaultAcrValues: input.defaultAcrValues ?? [],
    authorizationDetailsTypes: input.authorizationDetailsTypes,
    requireState: input.requireState ?? false,
    requirePushedRequests: input.requirePushedRequests ?? false,
    requireSignedRequests: input.requireSignedRequests ?? false,
    requestObjectAlgorithm: input.requestObjectAlgorithm,
    requestUris: input.requestUris ?? [],
    backchannelNotificationEndpoint: input.backchannelNotificationEndpoint,
    dpopBoundAccessTokens: input.dpopBoundAccessTokens ?? false,
    certificateBoundAccessTokens: input.certificateBoundAccessTokens ?? false,
    useMtlsEndpointAliases: input.useMtlsEndpointAliases ?? false,
    requireRedirectUriAtToken: input.requireRedirectUriAtToken ?? false,
    firstParty: input.firstParty ?? false,
    mcp: input.mcp ?? false,
    sessionRefreshTokens: input.sessionRefreshTokens ?? false,
    accessTokenLifetime: input.accessTokenLifetime,
    refreshTokenIdle: input.refreshTokenIdle,
    refreshTokenAbsolute: input.refreshTokenAbsolute,
    clientUri: input.clientUri,
    logoUri: input.logoUri,
    policyUri: input.policyUri,
    tosUri: input.tosUri,
    owner: input.owner,
    purpose: input.purpose,
    reviewBy: input.reviewBy,
    securityLevel: input.securityLevel ?? 'baseline',
    localized: input.localized ?? {},
  }
}

/** The registration a record stands for, to be changed and checked again as a whole. */
export function registrationOf(client: Client): ClientRegistration {
  const {
    id: _id,
    version: _version,
    channel: _channel,
    secrets: _secrets,
    documentFreshUntil: _fresh,
    createdAt: _created,
    updatedAt: _updated,
    disabledAt: _disabled,
    applicationType: _application,
    ...rest
  } = client
  return {
    ...rest,
    scope: rest.scope.length === 0 ? undefined : rest.scope.join(' '),
    machineScope: rest.machineScope?.join(' '),
    defaultScope: rest.defaultScope.length === 0 ? undefined : rest.defaultScope.join(' '),
  }
}

/**
 * The record after a change of its registration; its type, and with it what it is, stays for good (A-REDIR-10). A client
 * with a secret may send it another way or give it up for a key, but never become public or get a secret. Origins that
 * followed from the redirect URIs follow the new ones, and keys replace the keys there were, wherever they are.
 */
export function changeClient(
  client: Client,
  change: Partial<ClientRegistration>,
  context: RegistrationContext,
): Client {
  const before = registrationOf(client)
  const keys = change.jwks !== undefined || change.jwksUri !== undefined ? { jwks: undefined, jwksUri: undefined } : {}
  const derived = sameList(client.allowedOrigins, webOrigins(before))
  const whole: ClientRegistration = { ...before, ...(derived ? { allowedOrigins: undefined } : {}), ...keys, ...change }
  const input = underProfile(whole, context.profile)
  const faults = [
    ...changeFaults(client, input),
    ...ownedByDocument(client, before, change),
    ...registrationFaults(input, context.development, client.channel),
    ...reviewFaults(input, context.now),
  ]
  if (faults.length > 0) throw new ClientMetadataError(faults)
  const defaults = typeDefaults[input.type]
  const authenticationMethod = input.authenticationMethod ?? client.authenticationMethod
  const changed: Client = {
    ...client,
    ...describedBy(input, defaults, authenticationMethod),
    secrets: hasSecret({ authenticationMethod }) ? client.secrets : [],
    version: client.version + 1,
    updatedAt: context.now,
  }
  requireProfile(changed, context)
  return changed
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, index) => value === b[index])

function changeFaults(client: Client, input: ClientRegistration): ClientFault[] {
  if (input.type !== client.type)
    return [{ member: 'type', problem: 'one client has one type; register another client' }]
  const before = client.authenticationMethod
  const next = input.authenticationMethod ?? before
  if (next === before || (hasSecret(client) && next !== 'none')) return []
  const problem =
    before === 'none'
      ? 'a public client stays public; register another client'
      : `a client that authenticates by ${before.startsWith('client') ? 'a secret' : before === 'private_key_jwt' ? 'a key' : 'a certificate'} does not go down to ${next}; register another client`
  return [{ member: 'authenticationMethod', problem }]
}
