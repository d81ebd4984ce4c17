import type { CheckFinding } from './finding.ts'
import { placeIn, type Subject } from './subject.ts'

const rule = 'proof-not-offered'

/** Whoever demands tokens that are bound to a key gets none while proofs of possession are not taken (B-DPOP-33). */
export function proofFindings({ policy, clients, declarations }: Subject): readonly CheckFinding[] {
  if (policy.dpop) return []
  return [
    ...clients
      .filter(({ client }) => client.dpopBoundAccessTokens)
      .map(
        ({ name, place }) =>
          ({
            rule,
            key: `clients.${name}.dpopBoundAccessTokens`,
            origin: place('dpopBoundAccessTokens'),
            problem: 'it gets no token, since policy.dpop is off and no proof is taken',
            fix: 'leave policy.dpop on, or take the member out',
          }) as const,
      ),
    ...declarations.resources
      .filter(({ resource }) => resource.binding === 'dpop')
      .map(
        (declared) =>
          ({
            rule,
            key: `resources.${declared.key}.binding`,
            origin: placeIn(declared)('binding'),
            problem: 'nobody gets a token for it, since policy.dpop is off and no proof is taken',
            fix: 'leave policy.dpop on, or take the member out',
          }) as const,
      ),
  ]
}
