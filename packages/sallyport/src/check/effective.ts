import { createHash } from 'node:crypto'
import {
  bindsTokens,
  effectivePolicy,
  holdsFor,
  profileOf,
  type Client,
  type Policy,
  type Resource,
} from '@sallyport/server'
import type { DeclaredException } from '../config/declared.ts'
import { instant } from '../terminal.ts'
import { now } from '../workplace.ts'
import type { clientAspects, resourceAspects } from './aspects.ts'
import { comparedSettings, settingValue } from './setting-aspects.ts'
import type { Subject } from './subject.ts'
import type { EffectivePolicy, Value, Values } from './values.ts'

const sorted = (list: readonly string[]): readonly string[] => [...new Set(list)].sort()

/** A name for a set of keys that fits into one line. */
const fingerprint = (keys: object): string =>
  createHash('sha256').update(JSON.stringify(keys)).digest('base64url').slice(0, 16)

const certificateName = ({
  tlsClientAuthSubjectDn: dn,
  tlsClientAuthSanDns: dns,
  tlsClientAuthSanUri: uri,
  tlsClientAuthSanIp: ip,
  tlsClientAuthSanEmail: email,
}: Client): string | null => dn ?? dns ?? uri ?? ip ?? email ?? null

/** How it proves who it is. */
const proofValues = (client: Client) =>
  ({
    authentication: client.authenticationMethod,
    assertionAudience: client.assertionAudience,
    assertionAlgorithms: client.authenticationAlgorithm === undefined ? null : [client.authenticationAlgorithm],
    certificateName: certificateName(client),
    keys: client.jwksUri ?? (client.jwks === undefined ? null : fingerprint(client.jwks)),
  }) satisfies Values

/** What it may ask for, and what it gets unasked. */
const rightValues = (client: Client) =>
  ({
    grants: sorted(client.grantTypes),
    scope: sorted(client.scope),
    defaultScope: sorted(client.defaultScope),
    machineScope: client.grantTypes.includes('client_credentials') ? sorted(client.machineScope ?? client.scope) : [],
    resources: client.resources === undefined ? null : sorted(client.resources),
    defaultResource: client.defaultResource ?? null,
    detailTypes: client.authorizationDetailsTypes === undefined ? null : sorted(client.authorizationDetailsTypes),
    introspects: sorted(client.resourceServerOf),
    introspectsOwnTokens: client.introspectOwnTokens,
  }) satisfies Values

/** Encrypted ones are signed as well. */
function introspectionAnswers(client: Client): 'plain' | 'signed' | 'encrypted' {
  if (client.introspectionEncryptionAlgorithm !== undefined) return 'encrypted'
  return client.introspectionAlgorithm === undefined ? 'plain' : 'signed'
}

function userinfoAnswers(client: Client): 'plain' | 'signed' | 'encrypted' {
  if (client.userinfoEncryptionAlgorithm !== undefined) return 'encrypted'
  return client.userinfoAlgorithm === undefined ? 'plain' : 'signed'
}

/** What an answer to it says, and how it is protected. */
const answerValues = (client: Client) =>
  ({
    subjects: client.subjectType,
    sector: client.sectorIdentifierUri ?? null,
    idTokens: client.idTokenAlgorithm,
    encryptedIdTokens: client.idTokenEncryptionAlgorithm !== undefined,
    userinfo: userinfoAnswers(client),
    signedResponses: client.authorizationAlgorithm,
    encryptedResponses: client.authorizationEncryptionAlgorithm !== undefined,
    responseModes: client.responseModes === undefined ? null : sorted(client.responseModes),
    introspectionAnswers: introspectionAnswers(client),
    signInAge: client.defaultMaxAge ?? null,
    requireAuthTime: client.requireAuthTime,
    authenticationContexts: sorted(client.defaultAcrValues),
  }) satisfies Values

/** By the names of `clientAspects`. */
export function clientValues(policy: Policy, client: Client, excepted: boolean): Values {
  const { accessTokenLifetime, refreshTokenIdle, refreshTokenAbsolute } = effectivePolicy(policy, client)
  const refreshes = client.grantTypes.includes('refresh_token')
  return {
    type: client.type,
    ...proofValues(client),
    ...rightValues(client),
    ...answerValues(client),
    redirectUris: sorted(client.redirectUris),
    postLogoutRedirectUris: sorted(client.postLogoutRedirectUris),
    hearsOfLogout: client.backchannelLogoutUri !== undefined,
    framedAtLogout: client.frontchannelLogoutUri !== undefined,
    allowedOrigins: sorted(client.allowedOrigins),
    exceptedFromPkce: excepted,
    requireState: client.requireState || policy.stages.requireState === 'enforce',
    requirePushedRequests: client.requirePushedRequests || holdsFor(policy, client, 'requirePushedRequests'),
    requireSignedRequests: client.requireSignedRequests || holdsFor(policy, client, 'requireSignedRequests'),
    requestUris: sorted(client.requestUris),
    requestAlgorithms: client.requestObjectAlgorithm === undefined ? null : [client.requestObjectAlgorithm],
    requireRedirectUriAtToken: client.requireRedirectUriAtToken,
    boundTokens: bindsTokens(client) || holdsFor(policy, client, 'requireSenderConstraint'),
    asksConsent: !client.firstParty,
    mcp: client.mcp,
    sessionRefreshTokens: client.sessionRefreshTokens,
    accessTokenLifetime,
    // Without refresh tokens there is none that lives.
    refreshTokenIdle: refreshes ? refreshTokenIdle : 0,
    refreshTokenAbsolute: refreshes ? refreshTokenAbsolute : 0,
    owned: client.owner !== undefined,
    profile: profileOf(policy, client),
    securityLevel: client.securityLevel,
    disabled: client.disabledAt !== undefined,
  } satisfies Record<keyof typeof clientAspects, Value>
}

/** By the names of `resourceAspects`. */
export const resourceValues = (policy: Policy, resource: Resource): Values =>
  ({
    scopes: sorted(resource.scopes.map(({ name }) => name)),
    byDevice: policy.deviceGrant ? byDevice(resource) : [],
    format: resource.format,
    binding: resource.binding,
    signedWithRs256: resource.signingAlgorithm === 'RS256',
    accessTokenLifetime: Math.min(
      policy.accessTokenLifetime,
      resource.accessTokenLifetime ?? policy.accessTokenLifetime,
    ),
  }) satisfies Record<keyof typeof resourceAspects, Value>

const byName = <T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))

const isExcepted = ({ exceptions }: Subject['declarations'], { id }: Client, at: number): boolean =>
  exceptions.some(({ request }) => request.clientId === id && request.deadline > at)

/** Scopes that a device can get by a code that somebody else may have sent. */
const byDevice = ({ scopes, notByDevice }: Resource): readonly string[] =>
  sorted(scopes.map(({ name }) => name).filter((name) => !notByDevice.includes(name)))

const settingValues = ({ resolved }: Subject): readonly (readonly [string, Value])[] =>
  comparedSettings.map((setting) => [setting.key, settingValue(setting, resolved.get(setting.key)?.value)])

const exceptionValues = ({ request }: DeclaredException): Values => ({
  client: request.clientId,
  deadline: instant(request.deadline),
  acceptedBy: request.acceptedBy,
})

/** The effective policy of a configuration, of every client and resource it declares, and the exceptions that stand. */
export function effectiveOf(subject: Subject): EffectivePolicy {
  const { policy, clients, declarations } = subject
  const at = now()
  return {
    policy: byName(settingValues(subject)),
    clients: byName(
      clients.map(({ name, client }) => [name, clientValues(policy, client, isExcepted(declarations, client, at))]),
    ),
    resources: byName(declarations.resources.map(({ key, resource }) => [key, resourceValues(policy, resource)])),
    exceptions: byName(
      declarations.exceptions
        .filter(({ request }) => request.deadline > at)
        .map((declared) => [declared.key, exceptionValues(declared)]),
    ),
  }
}
