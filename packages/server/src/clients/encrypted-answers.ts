import { isContentEncryptionAlgorithm, isKeyEncryptionAlgorithm } from '@sallyport/protocol'
import type { Client } from '../model/client.ts'
import { knownOf, type MetadataDocument } from './metadata-fields.ts'
import type { ClientRegistration } from './registration.ts'

/** What a client says of the encryption of its ID Tokens and UserInfo answers (OpenID Registration section 2). */
export type EncryptedAnswers = Pick<
  Client,
  | 'idTokenEncryptionAlgorithm'
  | 'idTokenContentEncryption'
  | 'userinfoEncryptionAlgorithm'
  | 'userinfoContentEncryption'
>

/** With the content encryption that OpenID Connect has where only the algorithm is said. */
export const encryptedAnswers = (input: ClientRegistration): EncryptedAnswers => ({
  idTokenEncryptionAlgorithm: input.idTokenEncryptionAlgorithm,
  idTokenContentEncryption:
    input.idTokenEncryptionAlgorithm === undefined ? undefined : (input.idTokenContentEncryption ?? 'A128CBC-HS256'),
  userinfoEncryptionAlgorithm: input.userinfoEncryptionAlgorithm,
  userinfoContentEncryption:
    input.userinfoEncryptionAlgorithm === undefined ? undefined : (input.userinfoContentEncryption ?? 'A128CBC-HS256'),
})

/** The same, as client metadata has it. */
export const encryptedAnswerMembers = (document: MetadataDocument): EncryptedAnswers => ({
  idTokenEncryptionAlgorithm: knownOf(document, 'id_token_encrypted_response_alg', isKeyEncryptionAlgorithm),
  idTokenContentEncryption: knownOf(document, 'id_token_encrypted_response_enc', isContentEncryptionAlgorithm),
  userinfoEncryptionAlgorithm: knownOf(document, 'userinfo_encrypted_response_alg', isKeyEncryptionAlgorithm),
  userinfoContentEncryption: knownOf(document, 'userinfo_encrypted_response_enc', isContentEncryptionAlgorithm),
})
