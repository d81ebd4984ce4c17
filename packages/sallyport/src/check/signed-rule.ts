import type { CheckFinding } from './finding.ts'
import type { Subject } from './subject.ts'

const fix = 'leave policy.requestObjects on, or take the member out'

/** Whoever has to sign its requests gets nowhere while signed requests are not taken (B-JAR-08, B-JAR-09); an address that is never asked is told too (B-JAR-11). */
export function signedRequestFindings({ policy, clients }: Subject): readonly CheckFinding[] {
  const held: readonly CheckFinding[] = clients
    .filter(({ client }) => client.requireSignedRequests && !policy.requestObjects)
    .map(({ name, place }) => ({
      rule: 'signed-request-not-offered',
      key: `clients.${name}.requireSignedRequests`,
      origin: place('requireSignedRequests'),
      problem: 'none of its requests is taken, since policy.requestObjects is off',
      fix,
    }))
  const unasked: readonly CheckFinding[] = clients
    .filter(({ client }) => client.requestUris.length > 0 && !policy.requestUris)
    .map(({ name, place }) => ({
      rule: 'request-uri-not-offered',
      key: `clients.${name}.requestUris`,
      origin: place('requestUris'),
      problem: 'nothing is fetched from there, since policy.requestUris is off',
      fix: 'push its requests instead, or set policy.requestUris to true',
    }))
  return [...held, ...unasked]
}
