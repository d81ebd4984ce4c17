import { createHash } from 'node:crypto'
import {
  securityProfiles,
  stages,
  type DetailType,
  type ExchangeRule,
  type IdentityAudience,
  type StatementIssuer,
  type TrustedIssuer,
} from '@sallyport/server'
import { keyNames } from '../config/key-settings.ts'
import { policySettings, settings, stageSettings, type AnySetting } from '../config/settings.ts'
import { actorPairs, assertionRights, audienceRights, exchangeRights } from './exchange-rights.ts'
import type { Value } from './values.ts'

/** How a change of a setting is judged; everything but `told` and `harmless` can make the policy weaker. */
export type SettingAspect =
  /** More of it is weaker. */
  | { readonly kind: 'number' }
  | { readonly kind: 'day' }
  | { readonly kind: 'flag'; readonly weakWhen: boolean }
  | { readonly kind: 'set'; readonly weakWhen: 'more' | 'less' }
  /** Weakest first. */
  | { readonly kind: 'ranked'; readonly ranks: readonly string[] }
  /** A change is said, and is neither weaker nor stronger. */
  | { readonly kind: 'told' }
  /** Not compared at all. */
  | { readonly kind: 'harmless'; readonly because: string }

const more: SettingAspect = { kind: 'number' }
const told: SettingAspect = { kind: 'told' }
const harmless = (because: string): SettingAspect => ({ kind: 'harmless', because })
const opens = (weakWhen: boolean): SettingAspect => ({ kind: 'flag', weakWhen })
const ranked = (...ranks: readonly string[]): SettingAspect => ({ kind: 'ranked', ranks })
const set = (weakWhen: 'more' | 'less'): SettingAspect => ({ kind: 'set', weakWhen })

/** Numbers of the policy of which more is neither weaker nor stronger. */
const neutral: readonly string[] = ['stateLength', 'keyPublicationLead', 'devicePollInterval']

const named: Readonly<Record<string, SettingAspect>> = {
  issuer: told,
  data: harmless('says where, not what'),
  store: harmless('says where, not what'),
  masterKey: harmless('is a secret; every one has the same length'),
  'http.host': harmless('is judged by the rule listener-without-tls'),
  'http.port': harmless('says where, not what'),
  'http.trustedProxies': set('more'),
  'http.maxConnections': more,
  'http.maxConnectionsPerAddress': more,
  'tls.cert': harmless('names a file; that there is TLS is judged by the rule listener-without-tls'),
  'tls.key': harmless('names a file'),
  'externalKeys.module': told,
  // Without a token the keys are those of the store again, and another token is another owner.
  'externalKeys.token': set('less'),
  'externalKeys.pin': harmless('is a secret; a token without one does not open'),
  ...Object.fromEntries(keyNames.map(({ key }) => [key, told])),
  // Without certificates nobody proves anything by them, and nothing is bound to them.
  'mtls.accept': told,
  'mtls.port': harmless('says where, not what'),
  'mtls.url': told,
  'mtls.proxyHeader': told,
  'mtls.trustAnchors': told,
  // Without lists a certificate that was taken back still counts.
  'mtls.revocationLists': set('less'),
  'management.host': harmless('is judged by the rule management-exposed'),
  'management.port': harmless('says where, not what'),
  'log.level': ranked('error', 'warn', 'info', 'debug'),
  'shutdown.drain': harmless('is how long the end takes'),
  'accounts.secondFactor': ranked('on_demand', 'always'),
  'acr.levels': told,
  'accounts.language': harmless('is what people read'),
  'policy.profile': ranked(...securityProfiles),
  'policy.refuseWebViews': opens(false),
  'policy.refuseUnknownHosts': opens(false),
  'policy.acrUnmetError': harmless('is the name of one and the same refusal'),
  'policy.stepUpStrict': opens(false),
  'policy.pkceExceptions': ranked('dated', 'forbidden'),
  'policy.deviceGrant': opens(true),
  'policy.backchannelGrant': opens(true),
  'policy.dpop': opens(false),
  'policy.dpopNonces': opens(false),
  'policy.requestObjects': opens(false),
  'policy.requestUris': opens(true),
  'policy.requestObjectEncryption': opens(false),
  'policy.sessionManagement': opens(true),
  'outbound.loopback': opens(true),
  'metadataDocuments.accept': ranked('any', 'review', 'listed', 'none'),
  'metadataDocuments.hosts': set('more'),
  'metadataDocuments.blockedHosts': set('less'),
  'metadataDocuments.redirects': set('more'),
  'registration.mode': ranked('open', 'initial_access_token', 'off'),
  'registration.scope': set('more'),
  'registration.mcp': opens(false),
  'registration.redirectHosts': set('more'),
  'registration.grants': set('more'),
  'registration.perNetwork': more,
  'registration.mostClients': more,
  'registration.unusedLifetime': more,
  'registration.management': ranked('full', 'read_only'),
  'registration.statementIssuers': set('more'),
  'registration.reservedNames': set('less'),
  'assertions.issuers': set('more'),
  'assertions.audiences': set('more'),
  'policy.requirePushedDetails': opens(false),
  'authorizationDetails.types': set('more'),
  'exchange.rules': set('more'),
  'exchange.mayAct': set('less'),
  'exchange.neverImpersonated': set('less'),
  // Alerts that go elsewhere no longer reach whoever waits for them.
  'notices.webhook': harmless('is told who is asked, never what would let anybody in'),
  'notices.secret': harmless('is a secret; a webhook without one does not start'),
  'alerts.webhook': set('less'),
  'alerts.secret': harmless('is a secret; a webhook without one does not start'),
  'governance.stateBy': { kind: 'day' },
  'governance.redirectUriBy': { kind: 'day' },
  'governance.secretsBy': { kind: 'day' },
  'governance.bearerBy': { kind: 'day' },
}

/** By the key of the setting. */
export const settingAspects: Readonly<Record<string, SettingAspect>> = {
  ...Object.fromEntries(policySettings.map(({ key, name }) => [key, neutral.includes(name) ? told : more])),
  ...Object.fromEntries(stageSettings.map(({ key }) => [key, ranked(...stages)])),
  ...named,
}

/** Settings whose changes are seen. One that nobody judged is among them: any change of it counts as weaker. */
export const comparedSettings: readonly AnySetting[] = settings.filter(
  ({ key }) => settingAspects[key]?.kind !== 'harmless',
)

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url)

const fingerprint = (jwks: object): string =>
  createHash('sha256').update(JSON.stringify(jwks)).digest('base64url').slice(0, 16)

/**
 * The value as a baseline has it: committed, so nothing secret is in it. The path of a webhook often is a password, hence
 * its origin alone; keys of issuers of software statements are named by a digest.
 */
export function settingValue({ key }: Pick<AnySetting, 'key'>, value: unknown): Value {
  if (key === 'mtls.revocationLists') return typeof value === 'string' ? ['there are some'] : []
  if (key === 'alerts.webhook') return typeof value === 'string' ? [originOf(value)] : []
  if (key === 'externalKeys.token') return typeof value === 'string' ? [value] : []
  if (value === undefined || value === null) return null
  if (key === 'registration.statementIssuers')
    return (value as readonly StatementIssuer[]).map(({ issuer, jwks }) => `${issuer} ${fingerprint(jwks)}`).sort()
  if (key === 'assertions.issuers') return assertionRights(value as readonly TrustedIssuer[])
  if (key === 'assertions.audiences') return audienceRights(value as readonly IdentityAudience[])
  if (key === 'authorizationDetails.types')
    return (value as readonly DetailType[]).map((one) => `${one.type} ${fingerprint(one)}`).sort()
  if (key === 'exchange.rules') return exchangeRights(value as readonly ExchangeRule[])
  if (key === 'exchange.mayAct') return actorPairs(value as Readonly<Record<string, string>>)
  if (Array.isArray(value)) return [...(value as readonly string[])].sort()
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Whether a setting protects less with the value after the change. */
export function isWeaker(aspect: SettingAspect | undefined, before: Value, after: Value): boolean {
  switch (aspect?.kind) {
    case undefined:
      return true
    case 'number':
      return Number(after) > Number(before)
    case 'day':
      return String(after) > String(before)
    case 'flag':
      return after === aspect.weakWhen
    case 'ranked':
      return aspect.ranks.indexOf(String(after)) < aspect.ranks.indexOf(String(before))
    case 'set':
      return aspect.weakWhen === 'more' ? !within(after, before) : !within(before, after)
    case 'told':
    case 'harmless':
      return false
  }
}

/** A list that is not there has no limit, so everything is in it. */
function within(inner: Value, outer: Value): boolean {
  if (!Array.isArray(outer)) return true
  return Array.isArray(inner) && inner.every((item) => (outer as readonly string[]).includes(item as string))
}
