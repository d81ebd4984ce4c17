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

/**
 * Answers that can be encrypted: those of introspection, which public clients never get (A-INT-08), those to authorization
 * requests (B-JARM-06), ID Tokens (B-IDT-14) and UserInfo (B-UI-09).
 */
const kinds = [
  { member: 'introspectionEncryptionAlgorithm', contentMember: 'introspectionContentEncryption', confidential: true },
  { member: 'authorizationEncryptionAlgorithm', contentMember: 'authorizationContentEncryption', confidential: false },
  { member: 'idTokenEncryptionAlgorithm', contentMember: 'idTokenContentEncryption', confidential: false },
  { member: 'userinfoEncryptionAlgorithm', contentMember: 'userinfoContentEncryption', confidential: false },
] as const

/** What a client that asks for encrypted answers needs: a known way, and a key of its own for it. */
export const encryptionFaults = (input: ClientRegistration): readonly ClientFault[] => [
  ...kinds.flatMap((kind) => faultsOf(input, kind)),
  ...unsignedFaults(input),
]

/** Encrypted alone, an answer could be anybody's: the key that it is encrypted to is public (B-UI-09). */
const unsignedFaults = (input: ClientRegistration): readonly ClientFault[] =>
  input.userinfoEncryptionAlgorithm === undefined || input.userinfoAlgorithm !== undefined
    ? []
    : [{ member: 'userinfoEncryptionAlgorithm', problem: 'needs userinfoAlgorithm: only what is signed is encrypted' }]

function faultsOf(
  input: ClientRegistration,
  { member, contentMember, confidential }: (typeof kinds)[number],
): readonly ClientFault[] {
  const { [member]: alg, [contentMember]: content, jwks, jwksUri } = input
  const faults: ClientFault[] = []
  if (content !== undefined && !isContentEncryptionAlgorithm(content))
    faults.push({ member: contentMember, problem: `must be ${contentEncryptionAlgorithms.join(', ')}` })
  if (alg === undefined) {
    if (content !== undefined) faults.push({ member: contentMember, problem: `means nothing without ${member}` })
    return faults
  }
  if (!isKeyEncryptionAlgorithm(alg))
    return [...faults, { member, problem: `must be ${keyEncryptionAlgorithms.join(', ')}` }]
  if (confidential && (input.authenticationMethod ?? typeDefaults[input.type].methods[0]) === 'none')
    return [...faults, { member, problem: 'is for clients that introspect, and a public client never does' }]
  if (jwks === undefined && jwksUri === undefined) return [...faults, { member, problem: 'needs jwks or jwksUri' }]
  const set = jwks === undefined ? undefined : readKeySet(jwks)
  // What is wrong with the set as a whole is said by the rules for keys; that of an address is fetched later.
  if (typeof set === 'object' && encryptionKey(set, alg) === undefined)
    faults.push({ member: 'jwks', problem: `has no key with use enc that answers can be encrypted to with ${alg}` })
  return faults
}
