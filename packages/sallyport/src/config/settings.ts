import { floor, type PolicyNumber } from '@sallyport/protocol'
import {
  acrUnmetErrors,
  defaultLevels,
  documentModes,
  securityProfiles,
  stages,
  tightenings,
  writeLevel,
  type AcrUnmetError,
  type DocumentMode,
  type SecurityProfile,
  type Stage,
  type Tightening,
} from '@sallyport/server'
import {
  choice,
  count,
  day,
  duration,
  flag,
  hostList,
  levelList,
  pairList,
  masterKeyText,
  networks,
  port,
  size,
  text,
  type Kind,
} from './kinds.ts'
import { detailTypes } from './detail-settings.ts'
import { exchangeSettings } from './exchange-settings.ts'
import { registrationSettings } from './registration-settings.ts'
import { setting, type Setting } from './setting.ts'
import { keyModule, keyNames, keyPin, keyToken } from './key-settings.ts'
import {
  mtlsAccept,
  mtlsPort,
  mtlsProxyHeader,
  mtlsRevocationLists,
  mtlsTrustAnchors,
  mtlsUrl,
  tlsCert,
  tlsKey,
} from './tls-settings.ts'

export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

export const issuer = setting('issuer', text, 'The issuer identifier: the https URL under which this server is known')
export const data = setting('data', text, 'Folder of the master key and of the store', { fallback: './.data' })
export const store = setting(
  'store',
  text,
  'Where everything is kept, as sqlite:PATH; sqlite:DATA/sallyport.db when left out',
  {
    standardVariable: 'DATABASE_URL',
  },
)
export const masterKey = setting(
  'masterKey',
  masterKeyText,
  'The master key itself, instead of the file DATA/master.key',
  {
    secret: true,
  },
)
export const httpHost = setting('http.host', text, 'Address of the public listener', { fallback: '127.0.0.1' })
export const httpPort = setting('http.port', port, 'Port of the public listener', {
  fallback: 7636,
  standardVariable: 'PORT',
})
export const trustedProxies = setting(
  'http.trustedProxies',
  networks,
  'Addresses or CIDR ranges of the proxies that end TLS; only their X-Forwarded-For counts',
  { fallback: [] as readonly string[] },
)
export const maxConnections = setting(
  'http.maxConnections',
  count({ min: 10, max: 100_000 }),
  'Most open connections',
  {
    fallback: 10_000,
  },
)
export const maxConnectionsPerAddress = setting(
  'http.maxConnectionsPerAddress',
  count({ min: 1, max: 100_000 }),
  'Most open connections of one address that is not a trusted proxy',
  { fallback: 1000 },
)
export const managementHost = setting('management.host', text, 'Address of health and metrics', {
  fallback: '127.0.0.1',
})
export const managementPort = setting('management.port', port, 'Port of health and metrics', { fallback: 7637 })
export const logLevel = setting('log.level', choice(logLevels), 'Least important lines that are written', {
  fallback: 'info' as LogLevel,
})
export const drainLimit = setting(
  'shutdown.drain',
  duration({ min: 0, max: 300 }),
  'Longest wait for running requests at the end',
  {
    fallback: 10,
  },
)
export const language = setting('accounts.language', text, 'Language of pages for people whose wishes are not met', {
  fallback: 'en',
})
export const secondFactor = setting(
  'accounts.secondFactor',
  choice(['always', 'on_demand'] as const),
  'When people with an authenticator app are asked for a code: at each sign-in, or only for levels that need one',
  { fallback: 'always' as const },
)
export const acrLevels = setting(
  'acr.levels',
  levelList,
  'Levels of signing in, best first: each a name (acr) and the methods it needs (pwd, otp, mfa), with spaces between',
  { fallback: defaultLevels.map(writeLevel) },
)
export const refuseWebViews = setting('policy.refuseWebViews', flag, 'Show an error page to known embedded web views', {
  fallback: false,
})

export const pkceExceptions = setting(
  'policy.pkceExceptions',
  choice(['forbidden', 'dated'] as const),
  'Whether dated exceptions from PKCE can be made and used; forbidden ends those there are',
  { fallback: 'forbidden' as const },
)
export const refuseUnknownHosts = setting(
  'policy.refuseUnknownHosts',
  flag,
  'Answer 421 to requests whose Host header is not that of the issuer',
  { fallback: false },
)
export const deviceGrant = setting(
  'policy.deviceGrant',
  flag,
  'Let devices without a browser in by a code that a person enters elsewhere; read the device guide first',
  { fallback: false },
)
export const backchannelGrant = setting(
  'policy.backchannelGrant',
  flag,
  'Let applications ask people for agreement without a browser (CIBA); read the guide first',
  { fallback: false },
)
export const dpop = setting('policy.dpop', flag, 'Take proofs of possession (DPoP) and bind tokens to their keys', {
  fallback: true,
})
export const dpopNonces = setting(
  'policy.dpopNonces',
  flag,
  'Take a proof only with a nonce that this server made in the last two minutes',
  { fallback: false },
)
export const sessionManagement = setting(
  'policy.sessionManagement',
  flag,
  'Let applications watch from a frame whether the session is still the same (check_session_iframe); read the guide first',
  { fallback: false },
)
export const requestObjects = setting(
  'policy.requestObjects',
  flag,
  'Take authorization requests that are signed by their client (JAR, RFC 9101)',
  { fallback: true },
)
export const requestObjectEncryption = setting(
  'policy.requestObjectEncryption',
  flag,
  'Publish a key that clients can encrypt signed requests to, and open what was encrypted',
  { fallback: false },
)
export const requestUris = setting(
  'policy.requestUris',
  flag,
  'Fetch signed requests from addresses that their client registered (request_uri of OpenID Connect Core 6.2)',
  { fallback: false },
)
export const documentMode = setting(
  'metadataDocuments.accept',
  choice(documentModes),
  'Whose clients may describe themselves in a document: none, listed hosts, others after review, or any',
  { fallback: 'none' as DocumentMode },
)
export const documentHosts = setting(
  'metadataDocuments.hosts',
  hostList,
  'Hosts whose metadata documents are trusted',
  {
    fallback: [] as readonly string[],
  },
)
export const blockedDocumentHosts = setting(
  'metadataDocuments.blockedHosts',
  hostList,
  'Hosts whose metadata documents are never accepted',
  { fallback: [] as readonly string[] },
)
export const documentRedirects = setting(
  'metadataDocuments.redirects',
  pairList,
  'Pairs of a metadata document and an https redirect URI on another origin that are allowed, with a space between them',
  { fallback: [] as readonly string[] },
)
export const outboundLoopback = setting(
  'outbound.loopback',
  flag,
  'Fetch from this machine itself as well, by http too; only heeded when the issuer is http on loopback itself',
  { fallback: false },
)
export const securityProfile = setting(
  'policy.profile',
  choice(securityProfiles),
  'What every client is held to: OAuth 2.1, or FAPI 2.0 without or with signed messages',
  { fallback: 'oauth21' as SecurityProfile },
)
export const acrUnmetError = setting(
  'policy.acrUnmetError',
  choice(acrUnmetErrors),
  'Error code for an essential acr that cannot be reached',
  { fallback: 'unmet_authentication_requirements' as AcrUnmetError },
)
export const stepUpStrict = setting(
  'policy.stepUpStrict',
  flag,
  'Refuse a request when none of its acr_values can be reached, instead of going on with less',
  { fallback: false },
)

export const requirePushedDetails = setting(
  'policy.requirePushedDetails',
  flag,
  'Take authorization_details only in pushed requests, so that they stand in no address',
  { fallback: true },
)

const tightened: Readonly<Record<Tightening, string>> = {
  requireState: 'state in every authorization request',
  requireNonce: 'nonce in every OpenID request',
  refuseRedirectUriAtToken: 'no redirect_uri at the token endpoint, but of clients registered as OAuth 2.0',
  requirePushedRequests: 'authorization requests that are pushed (RFC 9126)',
  requireSignedRequests: 'authorization requests that are signed by their client (RFC 9101)',
  requirePrivateKeyJwt: 'a key (private_key_jwt) of every client that would have a secret',
  requireSenderConstraint:
    'a proof of possession (DPoP) with every request for tokens, which are then bound to its key',
}

/** Tightenings that come in stages, so that whoever would break is known before. */
export const stageSettings: readonly (Setting<Stage> & { readonly name: Tightening })[] = tightenings.map((name) => ({
  ...setting(`stages.${name}`, choice(stages), `How far this has come: ${tightened[name]}`, {
    fallback: 'off' as const,
  }),
  name,
}))

export const noticeWebhook = setting(
  'notices.webhook',
  text,
  'https URL that is told when something waits for a person, so that the person can be told',
)
export const noticeSecret = setting('notices.secret', text, 'Key of the signature of notices, at least 32 characters', {
  secret: true,
})
export const alertWebhook = setting('alerts.webhook', text, 'https URL that alerts are posted to')
export const alertSecret = setting('alerts.secret', text, 'Key of the signature of alerts, at least 32 characters', {
  secret: true,
})

const target = (key: string, about: string): Setting<string> =>
  setting(`governance.${key}`, day, `Day at which no client is to ${about} any more, for the report of old habits`, {
    fallback: '2027-12-31',
  })

/** Target dates of the report of `sallyport coverage` (A-GOV-04). */
export const legacyTargets: readonly Setting<string>[] = [
  target('stateBy', 'leave out state'),
  target('redirectUriBy', 'send redirect_uri to the token endpoint'),
  target('secretsBy', 'authenticate with a secret'),
  target('bearerBy', 'get tokens without sender constraint'),
]

function policyKind(name: PolicyNumber): Kind<number> {
  const bounds = floor[name]
  if (bounds.unit === 's') return duration(bounds)
  return bounds.unit === 'bytes' ? size(bounds) : count(bounds)
}

const words = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** One for each number of the policy, with the bounds of the floor. */
export const policySettings: readonly (Setting<number> & { readonly name: PolicyNumber })[] = (
  Object.keys(floor) as PolicyNumber[]
).map((name) => ({
  ...setting(`policy.${name}`, policyKind(name), `Policy: ${words(name)}`, { fallback: floor[name].default }),
  name,
}))

/** A setting of any kind, for everything that treats them alike. */
export type AnySetting = Setting<unknown>

/** Everything that can be configured. */
export const settings: readonly AnySetting[] = [
  ...[issuer, data, store, masterKey, httpHost, httpPort, trustedProxies, maxConnections, maxConnectionsPerAddress],
  ...[tlsCert, tlsKey, mtlsAccept, mtlsPort, mtlsUrl, mtlsProxyHeader, mtlsTrustAnchors, mtlsRevocationLists],
  ...[keyModule, keyToken, keyPin, ...keyNames],
  ...[managementHost, managementPort, logLevel, drainLimit, language, secondFactor, acrLevels],
  ...policySettings,
  ...[
    securityProfile,
    refuseWebViews,
    refuseUnknownHosts,
    acrUnmetError,
    stepUpStrict,
    requirePushedDetails,
    pkceExceptions,
    deviceGrant,
    backchannelGrant,
    dpop,
    dpopNonces,
    requestObjects,
    requestUris,
    requestObjectEncryption,
    sessionManagement,
    outboundLoopback,
  ],
  ...stageSettings,
  ...[documentMode, documentHosts, blockedDocumentHosts, documentRedirects],
  ...legacyTargets,
  ...registrationSettings,
  ...exchangeSettings,
  noticeWebhook,
  noticeSecret,
  detailTypes,
  alertWebhook,
  alertSecret,
].map((one) => one as unknown as AnySetting)

/** `http.trustedProxies` → `SALLYPORT_HTTP__TRUSTED_PROXIES`. */
export const variableOf = (key: string): string =>
  `SALLYPORT_${key
    .split('.')
    .map((part) => part.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
    .join('__')}`
