import { floor, nearest, type PolicyNumber } from '@sallyport/protocol'
import { isAgent, isBrowserBased, type Client } from './model/client.ts'
import { securityProfiles, type SecurityProfile } from './model/profile.ts'
import { isFapi, profileLifetimes, tighteningsOf } from './profiles.ts'
import { stageFault, stagesOf, type Stages } from './stages.ts'

declare const brand: unique symbol

/** `dated` lets an administrator make exceptions that name a client and a deadline; there is no wider word. */
export type PkceExceptions = 'forbidden' | 'dated'

/** Error codes for an essential `acr` that cannot be reached; one module of the conformance suite knows only the second (B-CX-14). */
export const acrUnmetErrors = ['unmet_authentication_requirements', 'access_denied'] as const
export type AcrUnmetError = (typeof acrUnmetErrors)[number]

/** Numbers an operator may set, each within its bounds, switches that only tighten, and one grant that is off unless asked for. */
export type PolicyOptions = { readonly [key in PolicyNumber]?: number } & {
  /** What every client is held to: OAuth 2.1 when left out, or FAPI 2.0 without or with signed messages. */
  readonly profile?: SecurityProfile
  /** Show an error page to known embedded web views (A-REDIR-15). */
  readonly refuseWebViews?: boolean
  /** Whether dated exceptions from PKCE can be made and used at all (A-GOV-01); `forbidden` when left out. */
  readonly pkceExceptions?: PkceExceptions
  /** Answer 421 to a request whose Host header is not that of the issuer (HH-01). */
  readonly refuseUnknownHosts?: boolean
  /** Offer the grant for devices without a browser (RFC 8628); off when left out, because a person can be talked into entering a code. */
  readonly deviceGrant?: boolean
  readonly backchannelGrant?: boolean
  /** Take proofs of possession and bind tokens to their keys (RFC 9449); on when left out. */
  readonly dpop?: boolean
  /** Answer a proof without a nonce of this server with a nonce (RFC 9449 section 8). */
  readonly dpopNonces?: boolean
  /** Take requests that are signed by their client (RFC 9101); on when left out. */
  readonly requestObjects?: boolean
  /** Publish a key that clients can encrypt them to, and open what was; off when left out. */
  readonly requestObjectEncryption?: boolean
  /** Fetch such requests from addresses that their client registered; off when left out, since the server then asks where others say. */
  readonly requestUris?: boolean
  /** Let applications watch the session from a frame (OpenID Connect Session Management); off when left out. */
  readonly sessionManagement?: boolean
  readonly acrUnmetError?: AcrUnmetError
  /** Refuse a request when none of its `acr_values` can be reached, so that clients do not loop (RFC 9470 section 5). */
  readonly stepUpStrict?: boolean
  /** Take `authorization_details` in pushed requests only, so that they are in no address and nobody changes them (RFC 9396 section 12); on when left out. */
  readonly requirePushedDetails?: boolean
  /** How far tightenings of all clients have come; each is `off` when left out. */
  readonly stages?: Partial<Stages>
}

/** A checked, frozen policy; the brand can only be made by `createPolicy`. */
export type Policy = { readonly [key in PolicyNumber]: number } & {
  readonly profile: SecurityProfile
  readonly refuseWebViews: boolean
  readonly pkceExceptions: PkceExceptions
  readonly refuseUnknownHosts: boolean
  readonly deviceGrant: boolean
  readonly backchannelGrant: boolean
  readonly dpop: boolean
  readonly dpopNonces: boolean
  readonly requestObjects: boolean
  readonly requestUris: boolean
  readonly requestObjectEncryption: boolean
  readonly sessionManagement: boolean
  readonly acrUnmetError: AcrUnmetError
  readonly stepUpStrict: boolean
  readonly requirePushedDetails: boolean
  readonly stages: Stages
  readonly [brand]: 'Policy'
}

/** A setting that may not be used as it is: which, why, and what to do. */
export type PolicyFault = { readonly key: string; readonly problem: string; readonly fix: string }

/** All faults of one policy at once, so that an operator mends them in one go. */
export class PolicyError extends Error {
  readonly faults: readonly PolicyFault[]

  constructor(faults: readonly PolicyFault[]) {
    super(faults.map((fault) => `${fault.key}: ${fault.problem}`).join('; '))
    this.name = 'PolicyError'
    this.faults = faults
  }
}

const switches = [
  'refuseWebViews',
  'refuseUnknownHosts',
  'deviceGrant',
  'dpop',
  'dpopNonces',
  'requestObjects',
  'requestUris',
  'requestObjectEncryption',
  'sessionManagement',
  'backchannelGrant',
  'stepUpStrict',
  'requirePushedDetails',
] as const

const choices: Readonly<Record<string, readonly string[]>> = {
  acrUnmetError: acrUnmetErrors,
  pkceExceptions: ['forbidden', 'dated'] satisfies PkceExceptions[],
  profile: securityProfiles,
}

/** Names of every setting. */
export const policyKeys: readonly string[] = [...Object.keys(floor), ...switches, ...Object.keys(choices), 'stages']

function faultOf(key: string, value: unknown): PolicyFault | undefined {
  if (value === undefined) return undefined
  if ((switches as readonly string[]).includes(key)) {
    return typeof value === 'boolean'
      ? undefined
      : { key, problem: 'must be true or false', fix: `write ${key}: true or ${key}: false` }
  }
  const allowed = Object.hasOwn(choices, key) ? choices[key] : undefined
  if (allowed !== undefined) {
    return typeof value === 'string' && allowed.includes(value)
      ? undefined
      : { key, problem: 'is none of the values it may have', fix: `use ${allowed.join(' or ')}` }
  }
  if (key === 'stages') {
    const fault = typeof value === 'object' && value !== null ? stageFault(value) : { name: '', fix: 'name stages' }
    return fault && { key: `stages.${fault.name}`, problem: 'is no stage of a tightening', fix: fault.fix }
  }
  if (!Object.hasOwn(floor, key)) {
    const close = nearest(key, policyKeys)
    return { key, problem: 'is not a setting', fix: close === undefined ? 'remove it' : `did you mean ${close}?` }
  }
  const bounds = floor[key as PolicyNumber]
  if (typeof value !== 'number' || !Number.isFinite(value))
    return { key, problem: 'must be a number', fix: `the default is ${bounds.default}` }
  if (value < bounds.min)
    return { key, problem: `${value} is below the floor`, fix: `use at least ${bounds.min} ${bounds.unit}` }
  if (value > bounds.max)
    return { key, problem: `${value} is above the ceiling`, fix: `use at most ${bounds.max} ${bounds.unit}` }
  return undefined
}

/** Checks and freezes a policy. Throws `PolicyError` on an unknown key or a value outside its bounds. */
export function createPolicy(options: PolicyOptions = {}): Policy {
  const faults: PolicyFault[] = []
  for (const [key, value] of Object.entries(options)) {
    const fault = faultOf(key, value)
    if (fault !== undefined) faults.push(fault)
  }
  // What the values themselves say comes first: of a profile or stages that there are not, nothing follows.
  if (faults.length > 0) throw new PolicyError(faults)
  const profile = options.profile ?? 'oauth21'
  const stages = stagesOf({ ...options.stages, ...enforced(profile) })
  faults.push(...profilePolicyFaults(profile, options))
  if (options.dpop === false && stages.requireSenderConstraint === 'enforce')
    faults.push({
      key: 'stages.requireSenderConstraint',
      problem: 'nobody would get a token while proofs of possession are not taken',
      fix: 'leave policy.dpop on, or go back to warn',
    })
  for (const key of ['requestUris', 'requestObjectEncryption'] as const)
    if (options.requestObjects === false && options[key] === true)
      faults.push({
        key: `policy.${key}`,
        problem: 'is about signed requests, which are not taken',
        fix: 'leave policy.requestObjects on, or this off',
      })
  if (options.requestObjects === false && stages.requireSignedRequests === 'enforce')
    faults.push({
      key: 'stages.requireSignedRequests',
      problem: 'nobody would get in while signed requests are not taken',
      fix: 'leave policy.requestObjects on, or go back to warn',
    })
  if (faults.length > 0) throw new PolicyError(faults)
  const numbers: Record<string, number> = {}
  for (const key of Object.keys(floor) as PolicyNumber[]) numbers[key] = options[key] ?? floor[key].default
  return Object.freeze({
    ...numbers,
    refuseWebViews: options.refuseWebViews ?? false,
    refuseUnknownHosts: options.refuseUnknownHosts ?? false,
    deviceGrant: options.deviceGrant ?? false,
    backchannelGrant: options.backchannelGrant ?? false,
    dpop: options.dpop ?? true,
    dpopNonces: options.dpopNonces ?? false,
    requestObjects: options.requestObjects ?? true,
    requestUris: options.requestUris ?? false,
    requestObjectEncryption: options.requestObjectEncryption ?? false,
    sessionManagement: options.sessionManagement ?? false,
    acrUnmetError: options.acrUnmetError ?? 'unmet_authentication_requirements',
    stepUpStrict: options.stepUpStrict ?? false,
    requirePushedDetails: options.requirePushedDetails ?? true,
    pkceExceptions: options.pkceExceptions ?? 'forbidden',
    profile,
    stages,
  }) as Policy
}

const enforced = (profile: SecurityProfile): Partial<Stages> =>
  Object.fromEntries(tighteningsOf[profile].map((name) => [name, 'enforce']))

/** Settings that would take back what the profile demands; nothing of it can be switched off (FAPI 2.0, B-FAPI-06, B-FAPI-10). */
function profilePolicyFaults(profile: SecurityProfile, options: PolicyOptions): readonly PolicyFault[] {
  if (profile === 'oauth21') return []
  const faults: PolicyFault[] = tighteningsOf[profile]
    .filter((name) => (options.stages?.[name] ?? 'enforce') !== 'enforce')
    .map((name) => ({
      key: `stages.${name}`,
      problem: `the profile ${profile} enforces it`,
      fix: 'leave it out, or set policy.profile to oauth21',
    }))
  const lifetimes = [
    ['authorizationCodeLifetime', profileLifetimes.authorizationCode],
    ['pushedRequestLifetime', profileLifetimes.pushedRequest],
  ] as const
  for (const [key, most] of lifetimes)
    if ((options[key] ?? 0) > most)
      faults.push({ key, problem: `is above what the profile ${profile} allows`, fix: `use at most ${most} s` })
  if (options.pkceExceptions === 'dated')
    faults.push({
      key: 'pkceExceptions',
      problem: `the profile ${profile} has no exceptions from PKCE`,
      fix: 'leave it out, or set policy.profile to oauth21',
    })
  if (options.requestUris === true)
    faults.push({
      key: 'requestUris',
      problem: `requests are pushed under the profile ${profile}, and never fetched`,
      fix: 'leave it out',
    })
  return faults
}

/** What holds for one client: the stricter of the policy and the client's own wish. */
export type ClientPolicy = {
  readonly accessTokenLifetime: number
  readonly refreshTokenIdle: number
  readonly refreshTokenAbsolute: number
  readonly authorizationCodeLifetime: number
  readonly pushedRequestLifetime: number
}

const stricter = (limit: number, wish: number | undefined, least: number): number =>
  wish === undefined ? limit : Math.max(least, Math.min(limit, wish))

const settled = new WeakMap<Policy, WeakMap<Client, ClientPolicy>>()

/**
 * Clients only tighten: no wish of a client makes anything longer than the policy says (design, section 5). Policy and
 * client records never change, so the answer is worked out once for each pair.
 */
export function effectivePolicy(policy: Policy, client: Client): ClientPolicy {
  let known = settled.get(policy)
  if (known === undefined) settled.set(policy, (known = new WeakMap<Client, ClientPolicy>()))
  let answer = known.get(client)
  if (answer === undefined) known.set(client, (answer = stricterOf(policy, client)))
  return answer
}

type Lifetimes = Pick<ClientPolicy, 'accessTokenLifetime' | 'refreshTokenIdle' | 'refreshTokenAbsolute'>

/** What the policy says for clients of this kind, before any wish. */
function limitsFor(policy: Policy, client: Client): Lifetimes {
  const { accessTokenLifetime, refreshTokenIdle, refreshTokenAbsolute } = policy
  if (isAgent(client))
    return {
      accessTokenLifetime: Math.min(policy.agentAccessTokenLifetime, accessTokenLifetime),
      refreshTokenIdle: Math.min(policy.agentRefreshTokenIdle, refreshTokenIdle),
      refreshTokenAbsolute: Math.min(policy.agentRefreshTokenAbsolute, refreshTokenAbsolute),
    }
  if (!isBrowserBased(client)) return { accessTokenLifetime, refreshTokenIdle, refreshTokenAbsolute }
  return {
    accessTokenLifetime,
    refreshTokenIdle: Math.min(policy.browserRefreshTokenIdle, refreshTokenIdle),
    refreshTokenAbsolute: Math.min(policy.browserRefreshTokenAbsolute, refreshTokenAbsolute),
  }
}

function stricterOf(policy: Policy, client: Client): ClientPolicy {
  const {
    accessTokenLifetime: access,
    refreshTokenIdle: idle,
    refreshTokenAbsolute: absolute,
  } = limitsFor(policy, client)
  const { authorizationCodeLifetime: code, pushedRequestLifetime: pushed } = policy
  const fapi = isFapi(policy, client)
  return {
    authorizationCodeLifetime: fapi ? Math.min(code, profileLifetimes.authorizationCode) : code,
    pushedRequestLifetime: fapi ? Math.min(pushed, profileLifetimes.pushedRequest) : pushed,
    accessTokenLifetime: stricter(access, client.accessTokenLifetime, Math.min(access, 60)),
    refreshTokenIdle: stricter(idle, client.refreshTokenIdle, Math.min(idle, 300)),
    refreshTokenAbsolute: stricter(absolute, client.refreshTokenAbsolute, Math.min(absolute, 300)),
  }
}
