import type { Policy } from '@sallyport/server'
import type { CheckFinding } from './finding.ts'
import type { Subject } from './subject.ts'

/** What whoever comes by a door could be given although the FAPI profile has no such client. */
function weaker({ stages }: Policy, secrets: boolean): string {
  const ways: readonly (string | false)[] = [
    'be public',
    secrets && stages.requirePrivateKeyJwt !== 'enforce' && 'have a secret',
    'get ID Tokens signed with RS256',
    stages.requireSenderConstraint !== 'enforce' && 'get access tokens that are bound to no key',
    stages.requirePushedRequests !== 'enforce' && 'send requests that are not pushed',
  ]
  const said = ways.filter((way) => way !== false)
  return `${said.slice(0, -1).join(', ')} and ${said.at(-1) ?? ''}`
}

/**
 * FAPI 2.0 security profile, 5.3.2.1 (B-FAPI-01, B-FAPI-03): clients that nobody declared count as well. No setting holds
 * those who register themselves to a key, so an open door is a finding whatever the stages are.
 */
export function openDoors({ config, policy, issuerPlace: origin }: Subject): readonly CheckFinding[] {
  const { registration, metadataDocuments } = config
  const found: CheckFinding[] = []
  if (registration.mode !== undefined && registration.mode !== 'off')
    found.push({
      rule: 'fapi2-registration',
      key: 'registration.mode',
      origin,
      problem: `a client that registers itself may ${weaker(policy, true)}`,
      fix: 'set it to off, and register clients by an administrator',
    })
  if (metadataDocuments.accept !== undefined && metadataDocuments.accept !== 'none')
    found.push({
      rule: 'fapi2-registration',
      key: 'metadataDocuments.accept',
      origin,
      problem: `a client that is described by a document may ${weaker(policy, false)}`,
      fix: 'set it to none, and register clients by an administrator',
    })
  return found
}
