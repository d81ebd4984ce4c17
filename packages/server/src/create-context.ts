import {
  isJwsAlgorithm,
  jwsAlgorithms,
  OAuthError,
  refuse,
  seconds,
  type JwsAlgorithm,
  type Random,
  type Reason,
  type Seconds,
} from '@sallyport/protocol'
import { createAlertBook } from './alerts.ts'
import { createAuthorityCheck } from './clients/authorities.ts'
import { createClientCache } from './clients/client-cache.ts'
import { createClientKeys } from './clients/client-keys.ts'
import type { Context } from './context.ts'
import { createDocumentPolicy } from './document-policy.ts'
import { createEventWriter } from './events.ts'
import { createDetailTypes } from './detail-types.ts'
import { createExchangePolicy } from './exchange-policy.ts'
import { createIdentityAudiences } from './identity-audiences.ts'
import { parseIssuer } from './issuer.ts'
import { createLimits } from './limits.ts'
import type { SecurityEvent } from './model/authorization.ts'
import type { Resource } from './model/resource.ts'
import { StoreUnavailable, type Store } from './model/store.ts'
import { ExternalKeyFault, type ExternalKeys } from './model/external-keys.ts'
import { createLogoutNotifier } from './logout-notifier.ts'
import { createFetcher } from './outbound/fetcher.ts'
import { createMutualTls } from './mutual-tls.ts'
import { createPolicy } from './policy.ts'
import { isFapiAlgorithm } from './profiles.ts'
import { createRegistrationPolicy } from './registration-policy.ts'
import { loadSecrets, requireSamePairwiseKey } from './master-key.ts'
import type { ServerOptions } from './server-options.ts'
import { generateSigningKeyPair } from './tokens/key-pair.ts'
import { isExternal, requireSoundNames } from './tokens/external-signer.ts'
import { loadKeyRing, type KeyRing, type KeyRingOptions } from './tokens/key-ring.ts'
import { addNextKey, algorithmsWithoutKey, requireExternalSigners } from './tokens/key-schedule.ts'
import { createTrustedIssuers } from './trusted-issuers.ts'
import { createUsageBook } from './usage.ts'
import { createVerifiedTokenCache } from './tokens/verified-token-cache.ts'

const defaultAlgorithms: readonly JwsAlgorithm[] = ['ES256', 'RS256', 'EdDSA', 'Ed25519', 'PS256']

/** The algorithms to keep keys for. Throws for a name without an entry in the table of algorithms (B-IDT-06). */
function chosenAlgorithms(names: readonly JwsAlgorithm[]): readonly JwsAlgorithm[] {
  for (const name of names)
    if (!isJwsAlgorithm(name)) throw new TypeError(`${String(name)} is no signature algorithm here`)
  return [...new Set<JwsAlgorithm>(['ES256', ...names])]
}

/** Refuses names that cannot be meant, and keys for an algorithm that there are to be none for. */
function soundKeys(keys: ExternalKeys | undefined, algorithms: readonly JwsAlgorithm[]): ExternalKeys | undefined {
  if (keys === undefined) return undefined
  requireSoundNames(keys)
  for (const alg of Object.keys(jwsAlgorithms) as JwsAlgorithm[])
    if (isExternal(keys, alg) && !algorithms.includes(alg))
      throw new TypeError(`${keys.place} has keys for ${alg}, which is none of the algorithms of this server`)
  return keys
}

/** What nobody foresaw is nobody's business outside; what is away for a while is worth another try. */
function publicFault(fault: unknown): { readonly reason: Reason; readonly message: string } {
  if (fault instanceof StoreUnavailable)
    return { reason: 'store_unavailable', message: `store unavailable: ${fault.reason}` }
  if (fault instanceof ExternalKeyFault)
    return { reason: 'signing_unavailable', message: `cannot sign: ${fault.message}; ${fault.remedy}` }
  return { reason: 'internal', message: 'internal fault' }
}

type Made = {
  readonly context: Context
  readonly keyOptions: KeyRingOptions
  readonly setKeys: (ring: KeyRing) => void
}

/** Puts a context together: the only place where options become what the rest of the server works with. */
export async function createContext(options: ServerOptions & { readonly random: Random }): Promise<Made> {
  const issuer = parseIssuer(options.issuer)
  const policy = createPolicy(options.policy)
  const { store, random } = options
  if (policy.deviceGrant && options.accounts.deviceUrl === undefined)
    throw new TypeError('policy.deviceGrant needs accounts.deviceUrl, the page on which people enter user codes')
  if (policy.backchannelGrant && options.accounts.requestsUrl === undefined)
    throw new TypeError('policy.backchannelGrant needs accounts.requestsUrl, the page on which people decide')
  const now = options.now ?? (() => seconds(Date.now() / 1000))
  const secrets = await loadSecrets(store, options.masterKey)
  const chosen = chosenAlgorithms(options.algorithms ?? defaultAlgorithms)
  const algorithms = policy.profile === 'oauth21' ? chosen : chosen.filter(isFapiAlgorithm)
  const generateKeyPair = options.generateKeyPair ?? generateSigningKeyPair
  const external = soundKeys(options.externalKeys, algorithms)
  const leaveExternal = options.leaveExternalKeys ?? false
  const keyOptions = { store, secrets, policy, random, algorithms, generateKeyPair, external, leaveExternal }
  let keys = await firstKeys(keyOptions, now())
  const url = (path: string): string => `${issuer.origin}${issuer.basePath}${path}`
  const development = (options.development ?? false) && !issuer.secure
  const watch = createWatch(options, now)
  const fetch = createFetcher({ events: watch.events, now, development: !issuer.secure }, options.outbound)
  const context: Context = {
    ...issuer,
    development,
    acceptPublishedChallenges: options.acceptPublishedChallenges ?? false,
    policy,
    registration: createRegistrationPolicy(options.registration),
    mutualTls: createMutualTls(options.mutualTls, issuer, createAuthorityCheck),
    store,
    accounts: options.accounts,
    pages: options.pages,
    random,
    secrets,
    algorithms,
    ...watch,
    usage: createUsageBook({ store, now, onDropped: () => options.onMeasure?.('usage_dropped', {}) }),
    clients: createClientCache(store, now),
    clientKeys: createClientKeys(fetch, now),
    limits: createLimits(store, policy, now),
    documents: createDocumentPolicy(options.metadataDocuments, !issuer.secure && (options.outbound?.loopback ?? false)),
    fetch,
    identityAudiences: createIdentityAudiences(options.identityAudiences, issuer.issuer),
    details: createDetailTypes(options.authorizationDetails),
    exchange: createExchangePolicy(options.exchange),
    trustedIssuers: createTrustedIssuers(options.trustedIssuers, issuer.issuer),
    logouts: createLogoutNotifier(() => context),
    verifiedTokens: createVerifiedTokenCache(),
    endpoints: {
      authorize: url('/oauth2/authorize'),
      resume: url('/oauth2/resume'),
      pushed: url('/oauth2/par'),
      token: url('/oauth2/token'),
      revoke: url('/oauth2/revoke'),
      introspect: url('/oauth2/introspect'),
      userinfo: url('/oauth2/userinfo'),
      jwks: url('/oauth2/jwks'),
      logout: url('/oauth2/logout'),
      checkSession: url('/oauth2/check-session'),
      deviceAuthorization: url('/oauth2/device_authorization'),
      backchannel: url('/oauth2/backchannel_authentication'),
      registration: url('/oauth2/register'),
    },
    documentation: options.documentationPath === undefined ? undefined : url(options.documentationPath),
    helpBase: options.helpPath === undefined ? undefined : url(options.helpPath),
    now,
    keys: () => keys,
    resources: cachedResources(store, now),
    measure: options.onMeasure ?? (() => undefined),
    faultOf: (call, fault) => {
      if (fault instanceof OAuthError) return fault
      const { reason, message } = publicFault(fault)
      options.onFault?.({ requestId: call.id, message, cause: fault })
      return refuse(reason, { cause: fault })
    },
  }
  return {
    context,
    keyOptions,
    setKeys: (ring) => {
      keys = ring
    },
  }
}

/** Events, and the alerts that follow from them. */
function createWatch(
  { store, random, onEvent, onAlert, onMeasure }: ServerOptions & { readonly random: Random },
  now: () => Seconds,
): Pick<Context, 'events' | 'alerts'> {
  const alerts = createAlertBook({
    store,
    random,
    now,
    raise: (alert) => {
      onMeasure?.('alerts', { kind: alert.kind, stage: alert.final ? 'count' : 'raised' })
      onAlert?.(alert)
    },
  })
  const log = (event: SecurityEvent): void => {
    onEvent?.(event)
    alerts.see(event)
  }
  return { events: createEventWriter({ store, random, now, log }), alerts }
}

/** Loads the keys, and makes the first of each algorithm. Two nodes starting at once agree by the store's law. */
async function firstKeys(options: KeyRingOptions, now: Seconds): Promise<KeyRing> {
  const ring = await loadKeyRing(options)
  // Before anything is sealed with a key that may be the wrong one.
  await requireSamePairwiseKey(options.store, options.secrets)
  await requireExternalSigners(options, ring, now)
  const missing = algorithmsWithoutKey(options, ring.records)
  if (missing.length === 0) return ring
  await Promise.all(missing.map((alg) => addNextKey(options, alg, now, 0)))
  return loadKeyRing(options, ring)
}

/** Resources change seldom and decide on every token: one read a second serves them all. */
function cachedResources(store: Store, now: () => Seconds): () => Promise<ReadonlyMap<string, Resource>> {
  let current: ReadonlyMap<string, Resource> = new Map()
  let serial = ''
  let answer: Promise<ReadonlyMap<string, Resource>> | undefined
  let until = Number.NEGATIVE_INFINITY
  const read = async (): Promise<ReadonlyMap<string, Resource>> => {
    const resources = await store.listResources()
    const text = JSON.stringify(resources)
    // The same map as long as nothing changed: documents made from it are kept with it.
    if (text !== serial) {
      serial = text
      current = new Map(resources.map((resource) => [resource.id, resource]))
    }
    return current
  }
  return () => {
    if (answer === undefined || now() >= until) {
      until = now() + 1
      answer = read().catch((error: unknown) => {
        until = Number.NEGATIVE_INFINITY
        throw error
      })
    }
    return answer
  }
}
