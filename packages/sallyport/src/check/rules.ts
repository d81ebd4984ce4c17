import { identityScopes } from '@sallyport/protocol'
import {
  backchannelGrant,
  deviceGrant,
  hasSecret,
  jwtBearerGrant,
  tokenExchangeGrant,
  IssuerError,
  parseIssuer,
  resourceFaults,
  type ClientFault,
  type GrantType,
} from '@sallyport/server'
import { bindFaults, isLoopback } from '../bind-rules.ts'
import type { DeclaredClient } from '../config/declared.ts'
import { exceptionRuleFindings } from './exception-rules.ts'
import type { CheckFinding, RuleId } from './finding.ts'
import { certificateFindings, proofFindings } from './proof-rule.ts'
import { proxyFindings } from './proxy-rule.ts'
import { signedRequestFindings } from './signed-rule.ts'
import { declaredFaults, placeIn, type Subject } from './subject.ts'

type Looked = readonly CheckFinding[]

/** What holds for every profile, in the order in which it is told (A-GOV-07). */
export const baseFindings = (subject: Subject): Looked => [
  ...issuerFindings(subject),
  ...listenerFindings(subject),
  ...proxyFindings(subject),
  ...outboundFindings(subject),
  ...openDoorFindings(subject),
  ...registrationFindings(subject),
  ...sharedFindings(subject),
  ...twiceFindings(subject),
  ...refusedResources(subject),
  ...resourceFindings(subject),
  ...scopeFindings(subject),
  ...grantFindings(subject),
  ...proofFindings(subject),
  ...signedRequestFindings(subject),
  ...certificateFindings(subject),
  ...secretFindings(subject),
  ...exceptionRuleFindings(subject),
]

function issuerFindings({ config, issuer, issuerPlace }: Subject): Looked {
  const found = (rule: RuleId, problem: string): CheckFinding => ({
    rule,
    key: 'issuer',
    origin: issuerPlace,
    problem,
    fix: 'set it to the https URL of this server',
  })
  if (issuer === undefined) return [found('issuer-not-https', 'is not set')]
  try {
    if (parseIssuer(issuer).secure) return []
    // Nobody configured it: the store was made on this machine to look around, and says so itself.
    if (config.issuer === undefined) {
      const problem = `${issuer} is plain http, only for development on one machine`
      const fix = 'make a store for the https URL of the server before anybody else uses it'
      return [{ rule: 'issuer-development', key: 'issuer', origin: issuerPlace, problem, fix }]
    }
    return [
      found('issuer-not-https', `${issuer} is plain http, which is for development on one machine`),
      found('hsts-missing', 'answers of an issuer without TLS carry no Strict-Transport-Security'),
    ]
  } catch (error) {
    if (!(error instanceof IssuerError)) throw error
    return [found('issuer-not-https', error.message)]
  }
}

function listenerFindings({ config }: Subject): Looked {
  const found: CheckFinding[] = bindFaults(config).map(({ key, origin, problem, fix }) => ({
    rule: 'listener-without-tls',
    key,
    origin,
    problem,
    fix,
  }))
  const { host } = config.management
  if (isLoopback(host)) return found
  const problem = 'health and metrics can be reached from other machines'
  return [
    ...found,
    { rule: 'management-exposed', key: 'management.host', origin: host, problem, fix: 'bind it to 127.0.0.1' },
  ]
}

/** Documents of clients must never come from loopback outside development (A-CIMD-04). */
function outboundFindings({ config, issuerPlace }: Subject): Looked {
  if (config.outbound.loopback !== true) return []
  const problem = 'documents could be fetched from this machine itself'
  return [{ rule: 'fetch-loopback', key: 'outbound.loopback', origin: issuerPlace, problem, fix: 'remove it' }]
}

/** Whoever may register anything with any redirect URI has a page of this issuer to phish with (A-DCR-02). */
function openDoorFindings({ config: { registration }, issuerPlace }: Subject): Looked {
  if (registration.mode !== 'open' || registration.redirectHosts !== undefined) return []
  const problem = 'anybody may register a client that returns to any host'
  const fix = 'name the hosts in registration.redirectHosts, or set the mode to initial_access_token'
  return [{ rule: 'registration-open', key: 'registration.mode', origin: issuerPlace, problem, fix }]
}

const uriMembers: ReadonlySet<string> = new Set(['redirectUris', 'postLogoutRedirectUris', 'allowedOrigins'])

/** Advice that is one word is the value that was most likely meant. */
const advice = ({ fix, member }: ClientFault): string => {
  if (fix === undefined) return `change ${member}`
  return fix.includes(' ') ? fix.replace(/add --redirect-uri/, 'add redirectUris') : `did you mean ${fix}?`
}

export const clientFinding = (key: string, origin: string, fault: ClientFault): CheckFinding => ({
  rule: uriMembers.has(fault.member) ? 'redirect-uri-not-exact' : 'client-refused',
  key,
  origin,
  problem: fault.problem,
  fix: advice(fault),
})

const registrationFindings = ({ declarations, policy }: Subject): Looked =>
  declarations.clients.flatMap((declared) =>
    declaredFaults(declared, policy.profile).map((fault) =>
      clientFinding(`clients.${declared.key}.${fault.member}`, placeIn(declared)(fault.member), fault),
    ),
  )

/** A response to a URI that two clients have could not be attributed to one of them (A-REDIR-13). */
function sharedFindings({ declarations }: Subject): Looked {
  const owner = new Map<string, string>()
  const found: CheckFinding[] = []
  for (const declared of declarations.clients) {
    for (const uri of new Set(declared.registration.redirectUris ?? [])) {
      if (!uri.startsWith('https://')) continue
      const first = owner.get(uri)
      if (first === undefined) owner.set(uri, declared.key)
      else found.push(shared(declared, uri, first))
    }
  }
  return found
}

const shared = (declared: DeclaredClient, uri: string, first: string): CheckFinding => ({
  rule: 'redirect-uri-shared',
  key: `clients.${declared.key}.redirectUris`,
  origin: placeIn(declared)('redirectUris'),
  problem: `${uri} belongs to ${first} already`,
  fix: 'give each client a redirect URI of its own',
})

function twiceFindings({ declarations }: Subject): Looked {
  const seen = new Map<string, string>()
  return declarations.clients.flatMap((declared) => {
    const first = seen.get(declared.id)
    if (first === undefined) seen.set(declared.id, declared.key)
    if (first === undefined) return []
    const problem = `is the client that ${first} is`
    const key = `clients.${declared.key}`
    return [{ rule: 'client-id-twice', key, origin: declared.origin, problem, fix: 'declare it once' } as const]
  })
}

/** What the server says against a resource, such as a binding that it cannot check. */
const refusedResources = ({ declarations }: Subject): Looked =>
  declarations.resources.flatMap((declared) =>
    resourceFaults(declared.resource).map(({ member, problem, fix }) => ({
      rule: 'resource-refused' as const,
      key: `resources.${declared.key}.${member}`,
      origin: placeIn(declared)(member),
      problem,
      fix: fix === undefined ? `change ${member}` : `use ${fix}`,
    })),
  )

/** Resources are compared only where the file declares some: otherwise they are kept elsewhere. */
function resourceFindings({ declarations, clients }: Subject): Looked {
  if (declarations.resources.length === 0) return []
  const known = new Set(declarations.resources.map(({ resource }) => resource.id))
  return clients.flatMap(({ name, client, place }) =>
    [...(client.resources ?? []), ...client.resourceServerOf].flatMap((id) => {
      if (known.has(id)) return []
      const member = client.resources?.includes(id) === true ? 'resources' : 'resourceServerOf'
      const problem = `${id.slice(0, 200)} is not declared`
      const fix = 'declare it below resources'
      return [
        { rule: 'resource-unknown', key: `clients.${name}.${member}`, origin: place(member), problem, fix } as const,
      ]
    }),
  )
}

const openIdScopes: ReadonlySet<string> = new Set([...identityScopes, 'openid', 'offline_access'])

function scopeFindings({ declarations, clients }: Subject): Looked {
  if (declarations.resources.length === 0) return []
  const known = new Set(declarations.resources.flatMap(({ resource }) => resource.scopes.map(({ name }) => name)))
  return clients.flatMap(({ name, client, place }) => {
    const strange = client.scope.filter((scope) => !known.has(scope) && !openIdScopes.has(scope))
    if (strange.length === 0) return []
    const problem = `${strange.join(' ').slice(0, 200)} belong to no declared resource`
    const fix = 'name them at a resource, or take them out'
    return [{ rule: 'scope-unknown', key: `clients.${name}.scope`, origin: place('scope'), problem, fix } as const]
  })
}

/** A grant that leads nowhere is a mistake in the one place or in the other. */
function grantFindings({ policy, config, clients }: Subject): Looked {
  const idle: Partial<Record<GrantType, readonly [problem: string, fix: string]>> = {}
  if (!policy.deviceGrant)
    idle[deviceGrant] = [
      'may use the grant for devices, which the policy does not offer',
      'set policy.deviceGrant to true after reading its risk assessment, or take the client out',
    ]
  if (!policy.backchannelGrant)
    idle[backchannelGrant] = [
      'may use the grant for requests without a browser, which the policy does not offer',
      'set policy.backchannelGrant to true after reading its risk assessment, or take the client out',
    ]
  if (config.exchange.trustedIssuers.length === 0)
    idle[jwtBearerGrant] = [
      'may bring assertions about people, and no issuer is trusted',
      'write the issuer into assertions.issuers, or take the grant out',
    ]
  if ((config.exchange.exchange.rules ?? []).length === 0 && config.exchange.identityAudiences.length === 0)
    idle[tokenExchangeGrant] = [
      'may exchange tokens, and no rule lets anybody',
      'write a rule into exchange.rules, or take the grant out',
    ]
  return clients.flatMap(({ name, client, place }) =>
    client.grantTypes.flatMap((grant): CheckFinding[] => {
      const [problem, fix] = idle[grant] ?? []
      if (problem === undefined || fix === undefined) return []
      const member = client.type === 'device' ? 'type' : 'grantTypes'
      return [{ rule: 'grant-not-offered', key: `clients.${name}.${member}`, origin: place(member), problem, fix }]
    }),
  )
}
const secretFindings = ({ clients }: Subject): Looked =>
  clients.flatMap(({ name, client, declared, place }) => {
    if (declared?.secret === undefined || hasSecret(client)) return []
    const member = Object.hasOwn(declared.places, 'secretFile') ? 'secretFile' : 'secret'
    const problem =
      client.authenticationMethod === 'none'
        ? `a client of type ${client.type} has no secret`
        : 'a client that authenticates with a key has no secret'
    return [
      {
        rule: 'secret-without-use',
        key: `clients.${name}.${member}`,
        origin: place(member),
        problem,
        fix: 'remove it',
      },
    ] as const
  })
