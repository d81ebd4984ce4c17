import { canonicalResource, parseScope } from '@sallyport/protocol'
import { PolicyError, type PolicyFault } from './policy.ts'

/**
 * Another authorization server that takes this one's word for who signed in (ID-JAG): which clients may go there, as whom,
 * for which people and with what (B-JAG-03).
 */
export type IdentityAudience = {
  /** Its issuer identifier. */
  readonly audience: string
  /** The clients that may get assertions for it, each with the id that it has there. */
  readonly clients: Readonly<Record<string, string>>
  readonly scope: readonly string[]
  /** Identifiers of APIs there; without them no assertion names one. */
  readonly resources?: readonly string[] | undefined
  /** The client by which its own application signs people in here: it knows them as that client does. The asking client when left out. */
  readonly knownAs?: string | undefined
  /** The only people, by id; everybody when left out. */
  readonly people?: readonly string[] | undefined
  /** Seconds since the sign-in at most. */
  readonly maxAge?: number | undefined
  /** Authentication context classes of which the sign-in must have one. */
  readonly acrValues?: readonly string[] | undefined
}

declare const brand: unique symbol

/** Checked and frozen; only `createIdentityAudiences` makes one. */
export type IdentityAudiences = {
  readonly of: (audience: string) => IdentityAudience | undefined
  /** Every client that some audience is open to. */
  readonly clients: ReadonlySet<string>
  readonly [brand]: 'IdentityAudiences'
}

const most = 1000
const mostNames = 10_000
const longest = 512

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= longest

const areTexts = (values: readonly unknown[] | undefined): boolean =>
  values === undefined || (values.length > 0 && values.length <= mostNames && values.every(isText))

function faultsOf(entry: IdentityAudience, own: string): readonly string[] {
  const { audience, clients, scope, resources, knownAs, people, maxAge, acrValues } = entry
  const pairs = Object.entries(clients)
  const faults: string[] = []
  if (!isText(audience) || !/^https:\/\//.test(audience) || !URL.canParse(audience))
    faults.push('the audience is no https address of an issuer')
  if (audience === own) faults.push('this server takes no assertions of its own')
  if (pairs.length === 0 || pairs.length > mostNames || !pairs.every((pair) => pair.every(isText)))
    faults.push('clients names none, or not what each is called there')
  if (scope.length === 0 || scope.some((value) => parseScope(value)?.length !== 1))
    faults.push('scope is no list of scope values')
  if (resources?.some((value) => canonicalResource(value) !== value) === true)
    faults.push('resources is no list of resource identifiers')
  if (knownAs !== undefined && !isText(knownAs)) faults.push('knownAs is no client')
  if (!areTexts(people)) faults.push('people names nobody')
  if (!areTexts(acrValues)) faults.push('acrValues names no classes')
  if (maxAge !== undefined && !(Number.isInteger(maxAge) && maxAge > 0)) faults.push('maxAge is no number of seconds')
  return faults
}

/** Checks and freezes what an operator says about other authorization servers. Throws `PolicyError` with every fault. */
export function createIdentityAudiences(entries: readonly IdentityAudience[] = [], own = ''): IdentityAudiences {
  const key = 'assertions.audiences'
  const faults: PolicyFault[] = entries.flatMap((entry) =>
    faultsOf(entry, own).map((problem) => ({
      key,
      problem: `${entry.audience}: ${problem}`,
      fix: 'give each audience its clients as they are called there, and the scope',
    })),
  )
  const known = new Map(entries.map((entry) => [entry.audience, Object.freeze({ ...entry })]))
  if (known.size < entries.length || entries.length > most)
    faults.push({ key, problem: `names an audience twice, or more than ${most}`, fix: 'write one entry for each' })
  if (faults.length > 0) throw new PolicyError(faults)
  const audiences: Omit<IdentityAudiences, typeof brand> = {
    of: (audience) => known.get(audience),
    clients: new Set(entries.flatMap(({ clients }) => Object.keys(clients))),
  }
  return Object.freeze(audiences as IdentityAudiences)
}
