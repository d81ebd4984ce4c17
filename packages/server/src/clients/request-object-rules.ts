import { isJwsAlgorithm, readKeySet, verificationKeys } from '@sallyport/protocol'
import type { ClientFault } from './client-fault.ts'
import { typeDefaults, type ClientRegistration } from './registration.ts'

/** What a client that signs its requests needs: requests, and a key that its signatures can be verified with (RFC 9101 section 4). */
export function requestObjectFaults(input: ClientRegistration): readonly ClientFault[] {
  const { requestObjectAlgorithm: algorithm, requireSignedRequests = false, jwks, jwksUri } = input
  if (algorithm === undefined && !requireSignedRequests) return []
  const member = requireSignedRequests ? 'requireSignedRequests' : 'requestObjectAlgorithm'
  const faults: ClientFault[] = []
  if (!(input.grantTypes ?? typeDefaults[input.type].grants).includes('authorization_code'))
    faults.push({
      member,
      problem: 'is for clients with the grant authorization_code; others have no requests to sign',
      fix: 'leave it out',
    })
  if (jwks === undefined && jwksUri === undefined) faults.push({ member, problem: 'needs jwks or jwksUri' })
  if (algorithm !== undefined && !isJwsAlgorithm(algorithm))
    return [...faults, { member: 'requestObjectAlgorithm', problem: 'must be RS256, PS256, ES256, EdDSA or Ed25519' }]
  const set = jwks === undefined ? undefined : readKeySet(jwks)
  // What is wrong with the set as a whole is said by the rules for keys; that of an address is fetched later.
  if (typeof set === 'object' && verificationKeys(set, algorithm).length === 0)
    faults.push({
      member: 'jwks',
      problem: `has no key that request objects ${algorithm === undefined ? '' : `with ${algorithm} `}can be verified with`,
    })
  return faults
}
