import { verificationKeys } from '@sallyport/protocol'
import { bindsTokens, type Client } from '@sallyport/server'
import { openDoors } from './fapi-doors.ts'
import type { CheckFinding, RuleId } from './finding.ts'
import { messageSigning } from './message-signing.ts'
import { placeIn, type CheckedClient, type Subject } from './subject.ts'

export const profiles = ['oauth21', 'fapi2', 'fapi2-message-signing', 'mcp'] as const
export type Profile = (typeof profiles)[number]

export const isProfile = (text: string): text is Profile => (profiles as readonly string[]).includes(text)

function fapi2(subject: Subject): readonly CheckFinding[] {
  return [
    ...fapi2Server(subject),
    ...openDoors(subject),
    ...subject.clients.flatMap(fapi2Client),
    ...weaklySigned(subject),
    ...unbound(subject),
    ...unpushed(subject),
  ]
}

/** What a profile asks for beyond the rules that always hold. OAuth 2.1 is what always holds. */
export const profileFindings: Readonly<Record<Profile, (subject: Subject) => readonly CheckFinding[]>> = {
  oauth21: () => [],
  fapi2,
  'fapi2-message-signing': (subject) => [...fapi2(subject), ...messageSigning(subject)],
  mcp: (subject) => [...mcpServer(subject), ...subject.clients.flatMap(mcpClient)],
}

/** FAPI 2.0 security profile, 5.3.2.1 (B-FAPI-02, B-FAPI-06). */
function fapi2Server({ policy, issuerPlace }: Subject): readonly CheckFinding[] {
  const found: CheckFinding[] = []
  if (policy.authorizationCodeLifetime > 60)
    found.push({
      rule: 'fapi2-code-lifetime',
      key: 'policy.authorizationCodeLifetime',
      origin: issuerPlace,
      problem: `a code lives ${policy.authorizationCodeLifetime} s`,
      fix: 'set it to 60s or less',
    })
  if (policy.pkceExceptions !== 'forbidden')
    found.push({
      rule: 'fapi2-exceptions',
      key: 'policy.pkceExceptions',
      origin: issuerPlace,
      problem: 'a client could be excepted from PKCE',
      fix: 'leave it out, or set it to forbidden',
    })
  return found
}

/** RS256 is for nobody under the profile, access tokens included (FAPI 2.0 security profile 5.4.1, B-CX-20). */
const weaklySigned = ({ declarations }: Subject): readonly CheckFinding[] =>
  declarations.resources
    .filter(({ resource }) => resource.format === 'jwt' && resource.signingAlgorithm === 'RS256')
    .map((declared) => ({
      rule: 'fapi2-algorithm',
      key: `resources.${declared.key}.signingAlgorithm`,
      origin: placeIn(declared)('signingAlgorithm'),
      problem: 'its tokens are signed with RS256',
      fix: 'leave it out for ES256, or use PS256 or Ed25519',
    }))

type At = { readonly rule: RuleId; readonly member: string; readonly problem: string; readonly fix: string }

const at = ({ name, place }: CheckedClient, { rule, member, problem, fix }: At): CheckFinding => ({
  rule,
  key: `clients.${name}.${member}`,
  origin: place(member),
  problem,
  fix,
})

/** FAPI 2.0 security profile, 5.3.2.1 and 5.4.1 (B-FAPI-01, B-FAPI-03, B-FAPI-12). */
function fapi2Client(checked: CheckedClient): readonly CheckFinding[] {
  const { type, authenticationMethod, idTokenAlgorithm, assertionAudience } = checked.client
  const found: CheckFinding[] = []
  const fix = 'make it a web or service client that proves itself by a key'
  if (authenticationMethod === 'none')
    found.push(
      at(checked, { rule: 'fapi2-public-client', member: 'type', problem: `a client of type ${type} is public`, fix }),
    )
  if (authenticationMethod.startsWith('client_secret')) {
    const problem = `${authenticationMethod} is a shared secret`
    found.push(at(checked, { rule: 'fapi2-shared-secret', member: 'authenticationMethod', problem, fix }))
  }
  if (idTokenAlgorithm === 'RS256')
    found.push(
      at(checked, {
        rule: 'fapi2-algorithm',
        member: 'idTokenAlgorithm',
        problem: 'ID Tokens are signed with RS256',
        fix: 'set it to PS256, ES256 or EdDSA',
      }),
    )
  if (assertionAudience !== 'issuer') {
    const problem = 'assertions may name an endpoint as their audience'
    found.push(
      at(checked, { rule: 'fapi2-assertion-audience', member: 'assertionAudience', problem, fix: 'leave it out' }),
    )
  }
  if (signsWithRs256(checked.client)) {
    const problem = 'assertions may be signed with RS256'
    const mend = 'register a key for PS256, ES256 or EdDSA alone'
    found.push(at(checked, { rule: 'fapi2-algorithm', member: 'authenticationAlgorithm', problem, fix: mend }))
  }
  return found
}

/** FAPI 2.0 security profile, 5.3.2.1 (B-FAPI-02): no access token without a key it is bound to. */
function unbound({ clients, policy }: Subject): readonly CheckFinding[] {
  if (policy.stages.requireSenderConstraint === 'enforce') return []
  const problem = 'it may get access tokens that are bound to no key'
  const fix = 'set it to true, or stages.requireSenderConstraint to enforce'
  return clients
    .filter(({ client }) => !bindsTokens(client))
    .map((checked) => at(checked, { rule: 'fapi2-bearer', member: 'dpopBoundAccessTokens', problem, fix }))
}

/** FAPI 2.0 security profile, 5.3.2.2 items 2 and 3 (B-FAPI-08): requests come by a push alone. */
function unpushed({ clients, policy }: Subject): readonly CheckFinding[] {
  if (policy.stages.requirePushedRequests === 'enforce') return []
  const direct = ({ client }: CheckedClient): boolean =>
    client.grantTypes.includes('authorization_code') && !client.requirePushedRequests
  const problem = 'its requests may come through the browser alone'
  const fix = 'set it to true, or stages.requirePushedRequests to enforce'
  return clients
    .filter(direct)
    .map((checked) => at(checked, { rule: 'fapi2-direct-request', member: 'requirePushedRequests', problem, fix }))
}

/** B-CA-06: what counts is what an assertion could be signed with, not what is. */
const signsWithRs256 = ({ jwks, authenticationAlgorithm: algorithm }: Client): boolean =>
  algorithm === 'RS256' || (jwks !== undefined && verificationKeys(jwks, algorithm).some(({ alg }) => alg === 'RS256'))

/** MCP authorization: tokens are asked for one server each, by its resource (RFC 8707). */
function mcpServer(subject: Subject): readonly CheckFinding[] {
  const { issuerPlace } = subject
  const { mode, mcp } = subject.config.registration
  const door: CheckFinding = {
    rule: 'mcp-registration',
    key: 'registration.mcp',
    origin: issuerPlace,
    problem: 'a client that registers itself could return to a scheme of its own',
    fix: 'set it to true',
  }
  return [...resourceless(subject), ...(mode !== 'off' && mcp !== true ? [door] : [])]
}

function resourceless({ declarations, resourcesInStore, issuerPlace }: Subject): readonly CheckFinding[] {
  if (declarations.resources.length > 0 || resourcesInStore) return []
  const problem = 'no resource is declared or registered, so no token can be for one server alone'
  const fix = 'declare each MCP server below resources'
  return [{ rule: 'mcp-no-resource', key: 'resources', origin: issuerPlace, problem, fix }]
}

function mcpClient(checked: CheckedClient): readonly CheckFinding[] {
  const { resources, redirectUris } = checked.client
  const found: CheckFinding[] = []
  if (resources === undefined) {
    const problem = 'may ask for tokens for every resource'
    const fix = 'name the servers it uses'
    found.push(at(checked, { rule: 'mcp-unnamed-resource', member: 'resources', problem, fix }))
  }
  const own = redirectUris.find((uri) => !/^https?:\/\//.test(uri))
  if (own !== undefined) {
    const problem = `${own.slice(0, 200)} has a scheme that any program can take`
    const fix = 'use https, or http on the loopback interface'
    found.push(at(checked, { rule: 'mcp-private-scheme', member: 'redirectUris', problem, fix }))
  }
  return found
}
