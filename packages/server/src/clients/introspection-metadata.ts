import { isContentEncryptionAlgorithm, isJwsAlgorithm, isKeyEncryptionAlgorithm } from '@sallyport/protocol'
import { badMember, textOf, type MetadataDocument } from './metadata-fields.ts'
import type { ClientRegistration } from './registration.ts'

export type IntrospectionMembers = Required<
  Pick<
    ClientRegistration,
    'introspectionAlgorithm' | 'introspectionEncryptionAlgorithm' | 'introspectionContentEncryption'
  >
>

/** The text of a member, if it is one of the values that this server knows. */
function known<T extends string>(
  document: MetadataDocument,
  member: string,
  isKnown: (text: string) => text is T,
): T | undefined {
  const text = textOf(document, member)
  if (text === undefined || isKnown(text)) return text
  throw badMember(member, 'is no algorithm of this server')
}

/** In which form introspection answers a client (RFC 9701 section 6). */
export const introspectionMembers = (document: MetadataDocument): IntrospectionMembers => ({
  introspectionAlgorithm: known(document, 'introspection_signed_response_alg', isJwsAlgorithm),
  introspectionEncryptionAlgorithm: known(document, 'introspection_encrypted_response_alg', isKeyEncryptionAlgorithm),
  introspectionContentEncryption: known(document, 'introspection_encrypted_response_enc', isContentEncryptionAlgorithm),
})
