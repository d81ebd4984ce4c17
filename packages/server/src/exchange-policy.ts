import { canonicalResource, identityScopes, parseScope } from '@sallyport/protocol'
import { PolicyError, type PolicyFault } from './policy.ts'

/** What an operator may let clients exchange. */
export const subjectTokenKinds = ['access_token', 'refresh_token', 'id_token'] as const
export type SubjectTokenKind = (typeof subjectTokenKinds)[number]

/** Who may exchange what, for which API, with which scope (B-TX-02). What no rule names is refused. */
export type ExchangeRule = {
  readonly clients: readonly string[]
  /** Kinds of token that may be presented; access tokens alone when left out. */
  readonly subjectTokens?: readonly SubjectTokenKind[] | undefined
  /** The clients the presented token may have been issued to; any when left out. */
  readonly from?: readonly string[] | undefined
  /** Identifiers of registered APIs. */
  readonly targets: readonly string[]
  readonly scope: readonly string[]
  /** Somebody else than the client may be named as actor, by a token of the client's own. */
  readonly actorTokens?: boolean | undefined
  /** The new token does not say who acts (B-TX-11). */
  readonly impersonation?: boolean | undefined
}

/** What an operator says about exchanges of tokens. */
export type ExchangeOptions = {
  readonly rules?: readonly ExchangeRule[] | undefined
  /** Who may act on the tokens of a client, by the ids of both: its tokens say so in `may_act` (RFC 8693 section 4.4). */
  readonly mayAct?: Readonly<Record<string, string>> | undefined
  /** People as whom nobody ever acts without a trace in the token, whatever a rule says. */
  readonly neverImpersonated?: readonly string[] | undefined
}

declare const brand: unique symbol

/** Checked and frozen; only `createExchangePolicy` makes one. */
export type ExchangePolicy = {
  /** The rules that name a client; empty for most. */
  readonly rulesOf: (clientId: string) => readonly ExchangeRule[]
  /** Clients that may present their ID Tokens: these carry the means to find what they rest on. */
  readonly idTokensOf: ReadonlySet<string>
  /** False means that the grant is not offered. */
  readonly offered: boolean
  readonly mayAct: ReadonlyMap<string, string>
  readonly neverImpersonated: ReadonlySet<string>
  readonly [brand]: 'ExchangePolicy'
}

/** Actors in one token at most (B-TX-08): the last one, and those it acted for before. */
export const maxActors = 4

const mostRules = 1000
const mostNames = 10_000
const longest = 512

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= longest

const areTexts = (values: readonly unknown[] | undefined): boolean =>
  values === undefined || (values.length > 0 && values.every(isText))

export const kindsOf = ({ subjectTokens }: ExchangeRule): readonly SubjectTokenKind[] =>
  subjectTokens ?? ['access_token']

const takesIdTokens = (rule: ExchangeRule): boolean => rule.actorTokens === true || kindsOf(rule).includes('id_token')

function faultsOf(rule: ExchangeRule): readonly string[] {
  const { clients, from, targets, scope } = rule
  const faults: string[] = []
  if (clients.length === 0 || !clients.every(isText)) faults.push('names no clients')
  if (!areTexts(from)) faults.push('has a from that names no clients')
  if (targets.length === 0 || targets.some((value) => canonicalResource(value) !== value))
    faults.push('names no targets by their resource identifiers')
  if (scope.length === 0 || scope.some((value) => parseScope(value)?.length !== 1))
    faults.push('has a scope that is no list of scope values')
  if (scope.some((value) => identityScopes.includes(value))) faults.push('has scope values that belong to sign-in')
  const kinds = kindsOf(rule)
  if (kinds.length === 0 || kinds.some((kind) => !subjectTokenKinds.includes(kind)))
    faults.push(`has subjectTokens other than ${subjectTokenKinds.join(', ')}`)
  return faults
}

const meet = (one: readonly string[], other: readonly string[]): boolean => one.some((value) => other.includes(value))

/** Two rules that fit the same exchange would leave it to their order what comes of it. */
const overlap = (one: ExchangeRule, other: ExchangeRule): boolean =>
  meet(one.clients, other.clients) &&
  meet(one.targets, other.targets) &&
  meet(kindsOf(one), kindsOf(other)) &&
  (one.from === undefined || other.from === undefined || meet(one.from, other.from))

function ruleFaults(rules: readonly ExchangeRule[]): readonly string[] {
  if (rules.length > mostRules) return [`more than ${mostRules} rules`]
  const single = rules.flatMap((rule, index) => faultsOf(rule).map((problem) => `rule ${index + 1} ${problem}`))
  if (single.length > 0) return single
  const twice = rules.findIndex((rule, index) => rules.slice(0, index).some((before) => overlap(before, rule)))
  return twice === -1 ? [] : [`rule ${twice + 1} fits an exchange that another one fits as well`]
}

/** Checks and freezes what an operator says about exchanges. Throws `PolicyError` with every fault. */
export function createExchangePolicy(options: ExchangeOptions = {}): ExchangePolicy {
  const { rules = [], mayAct = {}, neverImpersonated = [] } = options
  const faults: PolicyFault[] = ruleFaults(rules).map((problem) => ({
    key: 'exchange.rules',
    problem,
    fix: 'give each rule clients, targets and scope, and name each exchange in one rule',
  }))
  const pairs = Object.entries(mayAct)
  if (pairs.length > mostNames || !pairs.every((pair) => pair.every(isText)))
    faults.push({ key: 'exchange.mayAct', problem: 'is no list of clients', fix: 'write client: actor' })
  if (neverImpersonated.length > mostNames || !neverImpersonated.every(isText))
    faults.push({ key: 'exchange.neverImpersonated', problem: 'is no list of people', fix: 'write their ids' })
  if (faults.length > 0) throw new PolicyError(faults)
  const byClient = new Map<string, ExchangeRule[]>()
  for (const rule of rules)
    for (const client of new Set(rule.clients)) byClient.set(client, [...(byClient.get(client) ?? []), rule])
  const none: readonly ExchangeRule[] = []
  const policy: Omit<ExchangePolicy, typeof brand> = {
    rulesOf: (clientId) => byClient.get(clientId) ?? none,
    idTokensOf: new Set(rules.filter(takesIdTokens).flatMap(({ clients }) => clients)),
    offered: rules.length > 0,
    mayAct: new Map(pairs),
    neverImpersonated: new Set(neverImpersonated),
  }
  return Object.freeze(policy as ExchangePolicy)
}
