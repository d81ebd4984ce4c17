import {
  canonicalResource,
  identityScopes,
  isJwsAlgorithm,
  parseScope,
  readKeySet,
  type JwsAlgorithm,
  type KeySet,
} from '@sallyport/protocol'
import { PolicyError, type PolicyFault } from './policy.ts'

/** What counts from an issuer: assertions about people (RFC 7523), or identity assertions of its sign-in (ID-JAG). */
export const assertionKinds = ['jwt', 'id-jag'] as const
export type AssertionKind = (typeof assertionKinds)[number]

/**
 * Who the person of an assertion is here: the one with the same identifier, or whom a list names. Nobody is found by an
 * e-mail address, and nobody is made (B-JAG-05).
 */
export type PersonRule = 'same' | Readonly<Record<string, string>>

/** Another issuer whose word about people counts, for the clients and within the bounds that are named (B-JB-01). */
export type TrustedIssuer = {
  readonly issuer: string
  readonly accepts?: AssertionKind | undefined
  /** Its public keys, or the address where it publishes them; never both. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] } | undefined
  readonly jwksUri?: string | undefined
  /** The one algorithm it signs with; what each key says when left out. */
  readonly algorithm?: JwsAlgorithm | undefined
  /** The tenant that its assertions have to name; none when left out. */
  readonly tenant?: string | undefined
  readonly clients: readonly string[]
  readonly scope: readonly string[]
  /** The APIs that tokens may be for; those of the client when left out. */
  readonly resources?: readonly string[] | undefined
  readonly people: PersonRule
}

declare const brand: unique symbol

/** Checked and frozen, with the keys as they are verified with. */
export type AssertionIssuer = {
  /** Names it among those whose keys are kept; no client has such an id. */
  readonly id: string
  readonly issuer: string
  readonly accepts: AssertionKind
  readonly jwks: KeySet | undefined
  readonly jwksUri: string | undefined
  readonly authenticationAlgorithm: JwsAlgorithm | undefined
  readonly tenant: string | undefined
  readonly clients: ReadonlySet<string>
  readonly scope: readonly string[]
  readonly resources: readonly string[] | undefined
  readonly people: 'same' | ReadonlyMap<string, string>
}

/** Whose assertions about people count; only `createTrustedIssuers` makes one. */
export type TrustedIssuers = {
  /** The entries for one issuer; empty for a stranger. */
  readonly of: (issuer: unknown) => readonly AssertionIssuer[]
  /** The kinds that count from anybody at all; empty means that the grant is not offered. */
  readonly kinds: ReadonlySet<AssertionKind>
  readonly [brand]: 'TrustedIssuers'
}

/** Bounds of what is written about other issuers. */
export const mostTrustedIssuers = 100
const mostPeople = 10_000
const longest = 512

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= longest

/** Everything wrong with one entry. */
function faultsOf(entry: TrustedIssuer, own: string): readonly string[] {
  const { issuer, accepts = 'jwt', jwks, jwksUri, algorithm, clients, scope, resources, people } = entry
  const faults: string[] = []
  if (!isText(issuer) || !URL.canParse(issuer)) faults.push('the issuer is no address')
  if (issuer === own) faults.push('this server does not take assertions of its own')
  if (!assertionKinds.includes(accepts)) faults.push(`accepts is none of ${assertionKinds.join(', ')}`)
  if ((jwks === undefined) === (jwksUri === undefined)) faults.push('needs either jwks or jwksUri')
  const keys = jwks === undefined ? undefined : readKeySet(jwks)
  if (typeof keys === 'string') faults.push(`jwks ${keys}`)
  if (jwksUri !== undefined && (!isText(jwksUri) || !URL.canParse(jwksUri))) faults.push('jwksUri is no address')
  if (algorithm !== undefined && !isJwsAlgorithm(algorithm)) faults.push('algorithm is none that is known')
  if (clients.length === 0 || !clients.every(isText)) faults.push('needs clients, each by its id')
  if (scope.some((value) => parseScope(value)?.length !== 1)) faults.push('scope is no list of scope values')
  if (scope.some((value) => identityScopes.includes(value))) faults.push('scope has values that belong to sign-in')
  if (scope.length === 0) faults.push('needs scope, the most that a token may have')
  if (resources?.some((value) => canonicalResource(value) !== value) === true)
    faults.push('resources is no list of resource identifiers')
  return [...faults, ...peopleFaults(people)]
}

function peopleFaults(people: PersonRule): readonly string[] {
  if (people === 'same') return []
  const pairs = Object.entries(people)
  if (pairs.length === 0 || pairs.length > mostPeople) return [`people names nobody, or more than ${mostPeople}`]
  return pairs.every((pair) => pair.every(isText)) ? [] : ['people has an entry that is no short text']
}

/** Two entries that fit the same assertion would leave it to their order what counts. */
function overlap(one: TrustedIssuer, other: TrustedIssuer): boolean {
  const same = one.issuer === other.issuer && one.tenant === other.tenant
  return (
    same && (one.accepts ?? 'jwt') === (other.accepts ?? 'jwt') && one.clients.some((id) => other.clients.includes(id))
  )
}

function readEntry(entry: TrustedIssuer): AssertionIssuer {
  const { issuer, accepts = 'jwt', jwks, jwksUri, algorithm, tenant, people } = entry
  const keys = jwks === undefined ? undefined : readKeySet(jwks)
  return Object.freeze({
    // By address and keys: entries for the same issuer share what is fetched for it.
    id: `issuer ${issuer} ${jwksUri ?? ''}`,
    issuer,
    accepts,
    jwks: typeof keys === 'string' ? undefined : keys,
    jwksUri,
    authenticationAlgorithm: algorithm,
    tenant,
    clients: new Set(entry.clients),
    scope: entry.scope,
    resources: entry.resources,
    people: people === 'same' ? people : new Map(Object.entries(people)),
  })
}

/** Checks and freezes what an operator says about other issuers. Throws `PolicyError` with every fault. */
export function createTrustedIssuers(entries: readonly TrustedIssuer[] = [], own = ''): TrustedIssuers {
  const key = 'assertions.issuers'
  const fix = 'give each issuer its keys, the clients, the scope and whom its people are here'
  const faults: PolicyFault[] = entries.flatMap((entry) =>
    faultsOf(entry, own).map((problem) => ({ key, problem: `${entry.issuer}: ${problem}`, fix })),
  )
  if (entries.length > mostTrustedIssuers)
    faults.push({ key, problem: `has more than ${mostTrustedIssuers} entries`, fix: 'trust fewer issuers' })
  const twice = entries.find((entry, index) => entries.slice(0, index).some((before) => overlap(before, entry)))
  if (twice !== undefined)
    faults.push({ key, problem: `${twice.issuer}: two entries fit the same client`, fix: 'name each client in one' })
  if (faults.length > 0) throw new PolicyError(faults)
  const known = Map.groupBy(entries.map(readEntry), ({ issuer }) => issuer)
  const none: readonly AssertionIssuer[] = []
  const trusted: Omit<TrustedIssuers, typeof brand> = {
    of: (issuer: unknown) => (typeof issuer === 'string' ? (known.get(issuer) ?? none) : none),
    kinds: new Set(entries.map(({ accepts = 'jwt' }) => accepts)),
  }
  return Object.freeze(trusted as TrustedIssuers)
}
