import { isJwsAlgorithm, readKeySet, verificationKeys } from '@sallyport/protocol'
import { securityProfiles } from '../model/profile.ts'
import { fetchTarget } from '../outbound/target.ts'
import type { ClientFault } from './client-fault.ts'
import type { ClientRegistration } from './registration.ts'

/** What an assertion may name as its audience, by client (B-CX-03). */
export const assertionAudiences = ['issuer', 'interop'] as const

/** The rules for the keys of a client and for what it signs with them (A-DCR-08, B-JWK-08, B-REG-06). */
export function keyFaults(input: ClientRegistration, development: boolean): ClientFault[] {
  const faults: ClientFault[] = []
  const { jwks, jwksUri, authenticationMethod, authenticationAlgorithm: algorithm, assertionAudience } = input
  const signs = authenticationMethod === 'private_key_jwt'
  if (algorithm !== undefined && !isJwsAlgorithm(algorithm))
    faults.push({ member: 'authenticationAlgorithm', problem: 'must be RS256, PS256, ES256, EdDSA or Ed25519' })
  if (assertionAudience !== undefined && !assertionAudiences.includes(assertionAudience))
    faults.push({ member: 'assertionAudience', problem: `must be ${assertionAudiences.join(' or ')}` })
  if (input.profile !== undefined && !securityProfiles.includes(input.profile))
    faults.push({ member: 'profile', problem: `must be ${securityProfiles.join(' or ')}` })
  for (const member of ['authenticationAlgorithm', 'assertionAudience'] as const) {
    if (input[member] !== undefined && input[member] !== 'issuer' && !signs)
      faults.push({ member, problem: 'is for clients with the method private_key_jwt' })
  }
  if (signs && jwks === undefined && jwksUri === undefined)
    faults.push({ member: 'authenticationMethod', problem: 'private_key_jwt needs jwks or jwksUri' })
  if (jwks !== undefined && jwksUri !== undefined)
    faults.push({ member: 'jwksUri', problem: 'and jwks exclude each other' })
  if (jwksUri !== undefined && !isKeysAddress(jwksUri, development))
    faults.push({ member: 'jwksUri', problem: 'must be an https URL without user information and fragment' })
  if (jwks !== undefined) {
    const problem = setProblem(input)
    if (problem !== undefined) faults.push({ member: 'jwks', problem })
  }
  return faults
}

const isKeysAddress = (uri: unknown, development: boolean): boolean =>
  typeof uri === 'string' && fetchTarget(uri, development) !== undefined

function setProblem({
  jwks,
  authenticationMethod,
  authenticationAlgorithm: algorithm,
}: ClientRegistration): string | undefined {
  const set = readKeySet(jwks)
  if (typeof set === 'string') return set
  if (authenticationMethod !== 'private_key_jwt' || verificationKeys(set, algorithm).length > 0) return undefined
  return `has no key that signatures ${algorithm === undefined ? 'of this server' : `with ${algorithm}`} can be verified with`
}
