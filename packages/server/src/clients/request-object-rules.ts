import { isJwsAlgorithm, readKeySet, verificationKeys } from '@sallyport/protocol'
import { fetchTarget } from '../outbound/target.ts'
import type { ClientFault } from './client-fault.ts'
import { typeDefaults, type ClientRegistration } from './registration.ts'

const most = 20
const longest = 512

/** Addresses as they may stand in a request: short, and such as the server fetches; a digest of the content may stand behind (B-JAR-11). */
function addressFaults(uris: ClientRegistration['requestUris'], development: boolean): readonly ClientFault[] {
  const member = 'requestUris'
  if (uris === undefined) return []
  if (!Array.isArray(uris) || uris.length > most) return [{ member, problem: `has more than ${most} entries` }]
  const good = (uri: unknown): boolean =>
    typeof uri === 'string' &&
    uri.length <= longest &&
    fetchTarget(uri.split('#', 1)[0] ?? '', development) !== undefined
  return uris.every(good)
    ? []
    : [{ member, problem: `must be https URLs without user information, of at most ${longest} characters` }]
}

/** What a client that signs its requests needs: requests, and a key that its signatures can be verified with (RFC 9101 section 4). */
export function requestObjectFaults(input: ClientRegistration, development: boolean): readonly ClientFault[] {
  const { requestObjectAlgorithm: algorithm, requireSignedRequests = false, requestUris, jwks, jwksUri } = input
  const faults: ClientFault[] = [...addressFaults(requestUris, development)]
  const fetched = requestUris !== undefined && requestUris.length > 0
  if (algorithm === undefined && !requireSignedRequests && !fetched) return faults
  const signs = requireSignedRequests ? 'requireSignedRequests' : 'requestUris'
  const member = algorithm !== undefined && !requireSignedRequests ? 'requestObjectAlgorithm' : signs
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
