import { createPublicKey } from 'node:crypto'
import {
  isJwsAlgorithm,
  openUnusedLifetime,
  parseScope,
  registrationBounds,
  type VerificationKey,
} from '@sallyport/protocol'
import type { GrantType } from './model/client.ts'
import { PolicyError, type PolicyFault } from './policy.ts'

/** Who may register clients over the network: nobody, holders of an initial access token, or anybody (A-DCR-02). */
export type RegistrationMode = 'off' | 'initial_access_token' | 'open'

/** Somebody whose software statements count (RFC 7591 section 2.3), with public keys that name their algorithm. */
export type StatementIssuer = {
  readonly issuer: string
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] }
}

/** What an operator says about dynamic registration. */
export type RegistrationOptions = {
  readonly mode?: RegistrationMode | undefined
  /** Most that a self-registered client may ask for; an initial access token can have a ceiling of its own. */
  readonly scope?: readonly string[] | undefined
  /** Those of `registrationGrants` that a client may register, authorization_code among them. */
  readonly grantTypes?: readonly GrantType[] | undefined
  /** Whoever registers itself is a client of MCP servers, with their rules for redirect URIs (A-MCP-05). */
  readonly mcp?: boolean | undefined
  /** Hosts that redirect URIs may name, with an initial access token as well; any host when left out. */
  readonly redirectHosts?: readonly string[] | undefined
  /** Registrations tried from one network in an hour. */
  readonly perNetwork?: number | undefined
  readonly mostClients?: number | undefined
  /** Seconds without use after which a self-registered client is removed. */
  readonly unusedLifetime?: number | undefined
  /** Whether clients may change and remove themselves, or only look. */
  readonly management?: 'full' | 'read_only' | undefined
  readonly statementIssuers?: readonly StatementIssuer[] | undefined
  /** Names that no self-registered client may have or look like. */
  readonly reservedNames?: readonly string[] | undefined
}

declare const brand: unique symbol

/** Checked and frozen; only `createRegistrationPolicy` makes one. */
export type RegistrationPolicy = {
  readonly mode: RegistrationMode
  readonly scope: readonly string[]
  readonly grantTypes: readonly GrantType[]
  readonly mcp: boolean
  readonly redirectHosts: readonly string[] | undefined
  readonly perNetwork: number
  readonly mostClients: number
  readonly unusedLifetime: number
  readonly management: 'full' | 'read_only'
  readonly statementIssuers: ReadonlyMap<string, readonly VerificationKey[]>
  readonly reservedNames: readonly string[]
  readonly [brand]: 'RegistrationPolicy'
}

/** What a client that nobody looked at may ask for unless the operator says otherwise. */
export const quarantineScope: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** client_credentials is not among them: a machine's own rights are given by administrators alone (DC-09). */
export const registrationGrants: readonly GrantType[] = ['authorization_code', 'refresh_token']

const modes: readonly string[] = ['off', 'initial_access_token', 'open']

function publicKeys({ issuer, jwks }: StatementIssuer, faults: PolicyFault[]): readonly VerificationKey[] {
  const object = (problem: string): void => {
    const fix = 'give each issuer an https address and public keys that name kid and alg'
    faults.push({ key: 'registration.statementIssuers', problem, fix })
  }
  if (typeof issuer !== 'string' || !URL.canParse(issuer)) object('an issuer is no address')
  if (!Array.isArray(jwks.keys) || jwks.keys.length === 0) object(`${issuer} has no keys`)
  return jwks.keys.flatMap((jwk) => {
    const { kid, alg } = jwk
    if (typeof kid !== 'string' || !isJwsAlgorithm(alg) || 'd' in jwk || 'k' in jwk) {
      object(`a key of ${issuer} is not a public key with kid and alg`)
      return []
    }
    try {
      return [{ kid, alg, key: createPublicKey({ key: jwk, format: 'jwk' }) }]
    } catch {
      object(`a key of ${issuer} cannot be read`)
      return []
    }
  })
}

function choiceFaults(options: RegistrationOptions): PolicyFault[] {
  const faults: PolicyFault[] = []
  const { mode = 'off', grantTypes = registrationGrants, scope = [] } = options
  if (!modes.includes(mode))
    faults.push({ key: 'registration.mode', problem: 'is no mode', fix: `use ${modes.join(', ')}` })
  const refused = grantTypes.find((grant) => !registrationGrants.includes(grant))
  if (refused !== undefined)
    faults.push({
      key: 'registration.grants',
      problem: `${refused} is given by administrators alone`,
      fix: `use ${registrationGrants.join(', ')}`,
    })
  if (!grantTypes.includes('authorization_code'))
    faults.push({
      key: 'registration.grants',
      problem: 'has no authorization_code, so that nobody could register',
      fix: 'add authorization_code, or set registration.mode to off',
    })
  if (scope.some((value) => parseScope(value)?.length !== 1))
    faults.push({ key: 'registration.scope', problem: 'is no list of scope values', fix: 'write [openid, profile]' })
  return faults
}

function numberOf(
  name: keyof typeof registrationBounds,
  value: number | undefined,
  most: number,
  faults: PolicyFault[],
): number {
  const { default: fallback, min } = registrationBounds[name]
  const number = value ?? Math.min(fallback, most)
  if (!Number.isInteger(number) || number < min || number > most)
    faults.push({
      key: `registration.${name}`,
      problem: `${number} is not from ${min} to ${most}`,
      fix: `the default is ${fallback}`,
    })
  return number
}

/** Checks and freezes what an operator says about registration. Throws `PolicyError` with every fault. */
export function createRegistrationPolicy(options: RegistrationOptions = {}): RegistrationPolicy {
  const faults = choiceFaults(options)
  const { mode = 'off', management = 'full' } = options
  const longest = mode === 'open' ? openUnusedLifetime : registrationBounds.unusedLifetime.max
  const policy: Omit<RegistrationPolicy, typeof brand> = {
    mode,
    scope: options.scope ?? quarantineScope,
    grantTypes: options.grantTypes ?? registrationGrants,
    mcp: options.mcp ?? false,
    redirectHosts: options.redirectHosts,
    perNetwork: numberOf('perNetwork', options.perNetwork, registrationBounds.perNetwork.max, faults),
    mostClients: numberOf('mostClients', options.mostClients, registrationBounds.mostClients.max, faults),
    unusedLifetime: numberOf('unusedLifetime', options.unusedLifetime, longest, faults),
    management,
    statementIssuers: new Map(
      (options.statementIssuers ?? []).map((one) => [one.issuer, publicKeys(one, faults)] as const),
    ),
    reservedNames: options.reservedNames ?? [],
  }
  if (faults.length > 0) throw new PolicyError(faults)
  return Object.freeze(policy as RegistrationPolicy)
}
