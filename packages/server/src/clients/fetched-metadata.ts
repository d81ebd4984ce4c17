import { encryptionKey, verificationKeys } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { fetchKeySet } from './client-keys.ts'
import { badMember } from './metadata-fields.ts'
import { sectorDocumentFault } from './sector-document.ts'

/**
 * What a client points at instead of saying it: looked at last, when nothing else is wrong, for only then is anything fetched
 * for a stranger. `before` is the client as it was; what it pointed at then is not fetched again.
 */
export async function requireFetchedMetadata(ctx: Context, call: Call, client: Client, before?: Client): Promise<void> {
  const source = { requestId: call.id, network: call.network }
  const fault = await sectorDocumentFault(ctx.fetch, client, source)
  if (fault !== undefined) throw badMember('sector_identifier_uri', fault.problem)
  const certified = comesAnew(client, before)
  const [signs, reads] = [signsAnew(client, before), readsAnew(client, before)]
  if (!(signs || reads || certified) || client.jwksUri === undefined) return
  const found = await fetchKeySet(ctx.fetch, client.jwksUri, source)
  if (typeof found === 'string') throw badMember('jwks_uri', found)
  if (signs && verificationKeys(found.set, client.authenticationAlgorithm).length === 0)
    throw badMember('jwks_uri', 'has no key that the assertions of the client can be verified with')
  if (certified && !found.set.keys.some(({ x5c }) => x5c !== undefined))
    throw badMember('jwks_uri', 'has no key with a certificate of its own (x5c)')
  for (const member of encrypted) {
    const { [member]: alg } = client
    if (reads && alg !== undefined && encryptionKey(found.set, alg) === undefined)
      throw badMember('jwks_uri', `has no key with use enc that answers can be encrypted to with ${alg}`)
  }
}

/** A client that could never prove who it is shall hear of it now (A-DCR-08, B-JWK-08). */
const signsAnew = (client: Client, before: Client | undefined): boolean =>
  client.authenticationMethod === 'private_key_jwt' &&
  (before?.authenticationMethod !== client.authenticationMethod ||
    before.jwksUri !== client.jwksUri ||
    before.authenticationAlgorithm !== client.authenticationAlgorithm)

/** The same for a client whose own certificate proves it (B-MTLS-05). */
const comesAnew = (client: Client, before: Client | undefined): boolean =>
  client.authenticationMethod === 'self_signed_tls_client_auth' &&
  (before?.authenticationMethod !== client.authenticationMethod || before.jwksUri !== client.jwksUri)

const encrypted = [
  'introspectionEncryptionAlgorithm',
  'authorizationEncryptionAlgorithm',
  'idTokenEncryptionAlgorithm',
  'userinfoEncryptionAlgorithm',
] as const

/** The same for a client that could never be answered (A-INT-08, B-JARM-06). */
const readsAnew = (client: Client, before: Client | undefined): boolean =>
  encrypted.some(
    (member) =>
      client[member] !== undefined && (before?.[member] !== client[member] || before.jwksUri !== client.jwksUri),
  )
