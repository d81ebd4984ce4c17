import { isContentEncryptionAlgorithm, isKeyEncryptionAlgorithm } from '@sallyport/protocol'
import { responseModeNames, type ResponseModeName } from '../model/authorization-request.ts'
import type { Client } from '../model/client.ts'
import type { ClientFault } from './client-fault.ts'
import { algorithmOf, badMember, knownOf, textsOf, type MetadataDocument } from './metadata-fields.ts'
import type { ClientRegistration } from './registration.ts'

/** What a client says of the answers to its authorization requests (JARM section 3). */
export type AuthorizationResponses = Pick<
  Client,
  'authorizationAlgorithm' | 'authorizationEncryptionAlgorithm' | 'authorizationContentEncryption' | 'responseModes'
>

/** With the values that JARM has where nothing is said. */
export const authorizationResponses = (input: ClientRegistration): AuthorizationResponses => ({
  authorizationAlgorithm: input.authorizationAlgorithm ?? 'RS256',
  authorizationEncryptionAlgorithm: input.authorizationEncryptionAlgorithm,
  authorizationContentEncryption:
    input.authorizationEncryptionAlgorithm === undefined
      ? undefined
      : (input.authorizationContentEncryption ?? 'A128CBC-HS256'),
  responseModes: input.responseModes,
})

const isName = (text: string): text is ResponseModeName => (responseModeNames as readonly string[]).includes(text)

/** Modes of other servers are passed over, but somebody who wants none that is offered here could never be answered (B-JARM-04). */
function modesOf(document: MetadataDocument): readonly ResponseModeName[] | undefined {
  const named = textsOf(document, 'response_modes')
  const known = named?.filter(isName)
  if (known?.length === 0) throw badMember('response_modes', 'names no response mode of this server')
  return known
}

/** The same, as client metadata has it. */
export const authorizationResponseMembers = (
  document: MetadataDocument,
): { readonly [member in keyof AuthorizationResponses]: ClientRegistration[member] } => ({
  authorizationAlgorithm: algorithmOf(document, 'authorization_signed_response_alg'),
  authorizationEncryptionAlgorithm: knownOf(document, 'authorization_encrypted_response_alg', isKeyEncryptionAlgorithm),
  authorizationContentEncryption: knownOf(
    document,
    'authorization_encrypted_response_enc',
    isContentEncryptionAlgorithm,
  ),
  responseModes: modesOf(document),
})

/** The rules for it, beside those for encryption. */
export function responseModeFaults({ responseModes: modes }: ClientRegistration): readonly ClientFault[] {
  if (modes === undefined) return []
  const good =
    Array.isArray(modes) && modes.length > 0 && modes.every((mode) => typeof mode === 'string' && isName(mode))
  return good ? [] : [{ member: 'responseModes', problem: `must be some of ${responseModeNames.join(', ')}` }]
}
