import { readKeySet } from '@sallyport/protocol'
import type { ClientFault } from './client-fault.ts'
import { subjectMembers, subjectNames, subjectProblem } from './certificate-subject.ts'
import type { ClientRegistration } from './registration.ts'

/** The rules for clients that come with certificates (RFC 8705 sections 2 and 3, B-MTLS-03). */
export function certificateFaults(input: ClientRegistration): ClientFault[] {
  return [...bindingFaults(input), ...subjectFaults(input), ...ownFaults(input)]
}

/** One token is bound in one way (RFC 7800 section 3.1, B-ATJ-08, B-DPOP-36). */
const bindingFaults = (input: ClientRegistration): ClientFault[] =>
  input.certificateBoundAccessTokens === true && input.dpopBoundAccessTokens === true
    ? [{ member: 'certificateBoundAccessTokens', problem: 'and dpopBoundAccessTokens exclude each other' }]
    : []

/** Exactly one way in which the certificate names the client: with two, whoever is either would be it. */
function subjectFaults(input: ClientRegistration): ClientFault[] {
  const given = subjectNames.filter((member) => input[member] !== undefined)
  const vouched = input.authenticationMethod === 'tls_client_auth'
  const faults: ClientFault[] = given.flatMap((member) => {
    const problem = vouched ? subjectProblem(member, input[member]) : 'is for clients with the method tls_client_auth'
    return problem === undefined ? [] : [{ member, problem }]
  })
  if (!vouched || given.length === 1) return faults
  const fix = `name one of ${Object.values(subjectMembers).join(', ')}`
  const problem = `needs exactly one name of the certificate; there are ${given.length}`
  return [...faults, { member: 'tlsClientAuthSubjectDn', problem, fix }]
}

/** A client whose own certificate proves it: that certificate is among its keys (RFC 8705 section 2.2.2). */
function ownFaults({ authenticationMethod, jwks, jwksUri }: ClientRegistration): ClientFault[] {
  if (authenticationMethod !== 'self_signed_tls_client_auth') return []
  if (jwks === undefined && jwksUri === undefined)
    return [{ member: 'authenticationMethod', problem: `${authenticationMethod} needs jwks or jwksUri` }]
  const set = jwks === undefined ? undefined : readKeySet(jwks)
  if (set === undefined || typeof set === 'string' || set.keys.some(({ x5c }) => x5c !== undefined)) return []
  return [{ member: 'jwks', problem: 'has no key with a certificate of its own (x5c)' }]
}
