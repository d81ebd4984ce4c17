import {
  createExchangePolicy,
  createIdentityAudiences,
  createTrustedIssuers,
  PolicyError,
  type ExchangeOptions,
  type ExchangeRule,
  type IdentityAudience,
  type TrustedIssuer,
} from '@sallyport/server'
import { declaredClientId } from './declared-ids.ts'
import { list, type Kind } from './kinds.ts'
import { recordList } from './record-list.ts'
import { setting, type Setting } from './setting.ts'

/** The first fault that the server would not start with. */
function firstFault(make: () => unknown): string | undefined {
  try {
    make()
    return undefined
  } catch (error) {
    if (error instanceof PolicyError) return error.faults[0]?.problem
    throw error
  }
}

/** Pairs of clients: members in a file, JSON in the environment. */
const clientPairs: Kind<Readonly<Record<string, string>>> = {
  parse: (written) => {
    const fix = 'write client: actor, one pair a line'
    let value: unknown = written
    try {
      if (typeof written === 'string') value = JSON.parse(written)
    } catch {
      return { problem: 'is not JSON', fix }
    }
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    const pairs = isObject ? Object.entries(value as object) : []
    if (!isObject || pairs.length > 10_000 || !pairs.every(([, actor]) => typeof actor === 'string' && actor !== ''))
      return { problem: 'holds no pairs of clients', fix }
    return { value: value as Readonly<Record<string, string>> }
  },
  write: (value) => JSON.stringify(value),
  schema: { type: 'object', additionalProperties: { type: 'string', minLength: 1 } },
}

const trustedIssuers = setting(
  'assertions.issuers',
  recordList<TrustedIssuer>({
    members: {
      issuer: 'text',
      accepts: 'text',
      jwks: 'keys',
      jwksUri: 'text',
      algorithm: 'text',
      tenant: 'text',
      clients: 'texts',
      scope: 'texts',
      resources: 'texts',
      people: 'any',
    },
    required: ['issuer', 'clients', 'scope', 'people'],
    judge: (entries) => firstFault(() => createTrustedIssuers(entries)),
    fix: 'write issuer, jwksUri or jwks, clients, scope, and people: same, or people with each identifier there and here',
  }),
  'Other issuers whose assertions about people count (JWT bearer grant, ID-JAG), each for named clients and scopes',
  { fallback: [] as readonly TrustedIssuer[] },
)

const identityAudiences = setting(
  'assertions.audiences',
  recordList<IdentityAudience>({
    members: {
      audience: 'text',
      clients: 'words',
      scope: 'texts',
      resources: 'texts',
      knownAs: 'text',
      people: 'texts',
      maxAge: 'seconds',
      acrValues: 'texts',
    },
    required: ['audience', 'clients', 'scope'],
    judge: (entries) => firstFault(() => createIdentityAudiences(entries)),
    fix: 'write audience, clients with what each is called there, and scope',
  }),
  'Other authorization servers for which clients may get identity assertions (ID-JAG) of people who signed in here',
  { fallback: [] as readonly IdentityAudience[] },
)
const rules = setting(
  'exchange.rules',
  recordList<ExchangeRule>({
    members: {
      clients: 'texts',
      subjectTokens: 'texts',
      from: 'texts',
      targets: 'texts',
      scope: 'texts',
      actorTokens: 'flag',
      impersonation: 'flag',
    },
    required: ['clients', 'targets', 'scope'],
    judge: (entries) => firstFault(() => createExchangePolicy({ rules: entries })),
    fix: 'write clients, targets and scope, and where needed subjectTokens, from, actorTokens, impersonation',
  }),
  'Who may exchange whose tokens, for which APIs, with which scope; what no rule names is refused',
  { fallback: [] as readonly ExchangeRule[] },
)
const mayAct = setting(
  'exchange.mayAct',
  clientPairs,
  'Which client alone may act with the tokens of another one, as client: actor; its tokens say so in may_act',
  { fallback: {} },
)
const neverImpersonated = setting(
  'exchange.neverImpersonated',
  list,
  'People, by id, whom no client acts as without a trace in the token, whatever a rule says',
  { fallback: [] as readonly string[] },
)

/** Everything about tokens that come from other tokens. */
export const exchangeSettings: readonly Setting<unknown>[] = [
  ...[trustedIssuers, identityAudiences, rules, mayAct, neverImpersonated],
].map((one) => one as unknown as Setting<unknown>)

/** What the server is told. */
export type ExchangeConfig = {
  readonly trustedIssuers: readonly TrustedIssuer[]
  readonly identityAudiences: readonly IdentityAudience[]
  readonly exchange: ExchangeOptions
}

/** Clients may be named as they are declared. */
export const exchangeOptions = (value: <T>(setting: Setting<T>) => T): ExchangeConfig => ({
  trustedIssuers: value(trustedIssuers).map((entry) => ({ ...entry, clients: entry.clients.map(declaredClientId) })),
  identityAudiences: value(identityAudiences).map(({ clients, knownAs, ...entry }) => ({
    ...entry,
    knownAs: knownAs === undefined ? undefined : declaredClientId(knownAs),
    clients: Object.fromEntries(Object.entries(clients).map(([client, there]) => [declaredClientId(client), there])),
  })),
  exchange: {
    rules: value(rules).map((rule) => ({
      ...rule,
      clients: rule.clients.map(declaredClientId),
      from: rule.from?.map(declaredClientId),
    })),
    mayAct: Object.fromEntries(
      Object.entries(value(mayAct)).map(([client, actor]) => [declaredClientId(client), declaredClientId(actor)]),
    ),
    neverImpersonated: value(neverImpersonated),
  },
})
