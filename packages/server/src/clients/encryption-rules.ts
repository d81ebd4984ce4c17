import {
  contentEncryptionAlgorithms,
  encryptionKey,
  isContentEncryptionAlgorithm,
  isKeyEncryptionAlgorithm,
  keyEncryptionAlgorithms,
  readKeySet,
} from '@sallyport/protocol'
import type { ClientFault } from './client-fault.ts'
import { typeDefaults, type ClientRegistration } from './registration.ts'

/** What a client that asks for encrypted introspection answers needs: a known way, and a key of its own for it (A-INT-08). */
export function encryptionFaults(input: ClientRegistration): ClientFault[] {
  const { introspectionEncryptionAlgorithm: alg, introspectionContentEncryption: content, jwks, jwksUri } = input
  const member = 'introspectionEncryptionAlgorithm'
  const faults: ClientFault[] = []
  if (content !== undefined && !isContentEncryptionAlgorithm(content))
    faults.push({
      member: 'introspectionContentEncryption',
      problem: `must be ${contentEncryptionAlgorithms.join(', ')}`,
    })
  if (alg === undefined) {
    if (content !== undefined)
      faults.push({ member: 'introspectionContentEncryption', problem: `means nothing without ${member}` })
    return faults
  }
  if (!isKeyEncryptionAlgorithm(alg))
    return [...faults, { member, problem: `must be ${keyEncryptionAlgorithms.join(', ')}` }]
  if ((input.authenticationMethod ?? typeDefaults[input.type].methods[0]) === 'none')
    return [...faults, { member, problem: 'is for clients that introspect, and a public client never does' }]
  if (jwks === undefined && jwksUri === undefined) return [...faults, { member, problem: 'needs jwks or jwksUri' }]
  const set = jwks === undefined ? undefined : readKeySet(jwks)
  // What is wrong with the set as a whole is said by the rules for keys; that of an address is fetched later.
  if (typeof set === 'object' && encryptionKey(set, alg) === undefined)
    faults.push({ member: 'jwks', problem: `has no key with use enc that answers can be encrypted to with ${alg}` })
  return faults
}
