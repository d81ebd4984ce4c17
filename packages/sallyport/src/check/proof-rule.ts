import { isCertificateMethod } from '@sallyport/server'
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

const certificates = 'certificate-not-offered'

/** The same of client certificates, while nobody takes them or no authority vouches for them (B-MTLS-02, B-MTLS-08). */
export function certificateFindings({ config, clients, declarations }: Subject): readonly CheckFinding[] {
  const { accept, trustAnchors } = config.mtls
  const off = accept === 'off'
  const why = off ? 'mtls.accept is off and no certificate is taken' : 'mtls.trustAnchors names no authority'
  const fix = off ? 'set mtls.accept, or take the member out' : 'set mtls.trustAnchors, or use another method'
  return [
    ...clients.flatMap(({ name, client, place }) => {
      const { authenticationMethod: method } = client
      const unproven =
        isCertificateMethod(method) && (off || (method === 'tls_client_auth' && trustAnchors === undefined))
      const unbound = client.certificateBoundAccessTokens && off
      if (!unproven && !unbound) return []
      const member = unproven ? 'authenticationMethod' : 'certificateBoundAccessTokens'
      const problem = `it gets no token, since ${why}`
      return [{ rule: certificates, key: `clients.${name}.${member}`, origin: place(member), problem, fix } as const]
    }),
    ...declarations.resources
      .filter(({ resource }) => off && resource.binding === 'mtls')
      .map((declared) => {
        const problem = `nobody gets a token for it, since ${why}`
        const key = `resources.${declared.key}.binding`
        return { rule: certificates, key, origin: placeIn(declared)('binding'), problem, fix } as const
      }),
  ]
}
