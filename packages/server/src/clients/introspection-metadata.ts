import { isContentEncryptionAlgorithm, isJwsAlgorithm, isKeyEncryptionAlgorithm } from '@sallyport/protocol'
import { knownOf, type MetadataDocument } from './metadata-fields.ts'
import type { ClientRegistration } from './registration.ts'

export type IntrospectionMembers = Required<
  Pick<
    ClientRegistration,
    'introspectionAlgorithm' | 'introspectionEncryptionAlgorithm' | 'introspectionContentEncryption'
  >
>

/** In which form introspection answers a client (RFC 9701 section 6). */
export const introspectionMembers = (document: MetadataDocument): IntrospectionMembers => ({
  introspectionAlgorithm: knownOf(document, 'introspection_signed_response_alg', isJwsAlgorithm),
  introspectionEncryptionAlgorithm: knownOf(document, 'introspection_encrypted_response_alg', isKeyEncryptionAlgorithm),
  introspectionContentEncryption: knownOf(
    document,
    'introspection_encrypted_response_enc',
    isContentEncryptionAlgorithm,
  ),
})
