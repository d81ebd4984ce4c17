import { verificationKeys } from '@sallyport/protocol'
import type { Client } from '@sallyport/server'
import type { CheckFinding } from './finding.ts'
import type { CheckedClient, Subject } from './subject.ts'

type Demand = {
  readonly member: string
  readonly missing: (client: Client, subject: Subject) => boolean
  readonly problem: string
  readonly fix: string
}

const plainModes: readonly string[] = ['query', 'form_post']

/** FAPI 2.0 Message Signing, 5.3.1 and 5.4.1: requests and responses are signed, with an algorithm of the profile (B-MS-01, B-MS-03). */
const demands: readonly Demand[] = [
  {
    member: 'requireSignedRequests',
    missing: (client, { policy }) => !client.requireSignedRequests && policy.stages.requireSignedRequests !== 'enforce',
    problem: 'its requests need not be signed',
    fix: 'set it to true, or stages.requireSignedRequests to enforce',
  },
  {
    member: 'requestObjectAlgorithm',
    missing: ({ requestObjectAlgorithm: algorithm, jwks }) =>
      algorithm === 'RS256' ||
      (jwks !== undefined && verificationKeys(jwks, algorithm).some(({ alg }) => alg === 'RS256')),
    problem: 'its requests may be signed with RS256',
    fix: 'set it to PS256, ES256 or EdDSA',
  },
  {
    member: 'responseModes',
    missing: ({ responseModes }) =>
      responseModes === undefined || responseModes.some((mode) => plainModes.includes(mode)),
    problem: 'its responses may come unsigned',
    fix: 'set it to [jwt], or to other modes with jwt in their names',
  },
  {
    member: 'authorizationAlgorithm',
    missing: ({ authorizationAlgorithm }) => authorizationAlgorithm === 'RS256',
    problem: 'its responses are signed with RS256',
    fix: 'set it to PS256, ES256 or EdDSA',
  },
]

const findingsOf = (checked: CheckedClient, subject: Subject): readonly CheckFinding[] =>
  demands
    .filter(({ missing }) => missing(checked.client, subject))
    .map(({ member, problem, fix }) => ({
      rule: 'fapi2-unsigned',
      key: `clients.${checked.name}.${member}`,
      origin: checked.place(member),
      problem,
      fix,
    }))

/** What the profile for signed messages asks for beyond the security profile. */
export const messageSigning = (subject: Subject): readonly CheckFinding[] =>
  subject.clients
    .filter(({ client }) => client.grantTypes.includes('authorization_code'))
    .flatMap((checked) => findingsOf(checked, subject))
