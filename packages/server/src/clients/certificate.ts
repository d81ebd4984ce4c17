import { clockSkew, readCertificate, type ClientCertificate, type KeySet } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import type { AssertionFault } from './assertion.ts'
import { namesClient } from './certificate-subject.ts'

/**
 * Whether the certificate of the connection proves a client (RFC 8705 section 2). That the sender has the key of the
 * certificate was proven in the handshake; here is asked whose it is. The answer outside is the same whatever was wrong.
 */
export async function provenByCertificate(ctx: Context, call: Call, client: Client): Promise<Client | AssertionFault> {
  const { certificate } = call.request
  // One that cannot be read was refused before.
  if (certificate === undefined || typeof certificate === 'string') return { reason: 'cert_missing' }
  const fault =
    client.authenticationMethod === 'tls_client_auth'
      ? await authorityFault(ctx, client, certificate)
      : await ownFault(ctx, call, client, certificate)
  return fault ?? client
}

/** Section 2.1: an authority vouches for the certificate, and it names the client. */
async function authorityFault(
  { mutualTls, now }: Context,
  client: Client,
  certificate: ClientCertificate,
): Promise<AssertionFault | undefined> {
  if (mutualTls?.check === undefined)
    return { reason: 'cert_invalid', what: 'no authority is trusted (mtls.trustAnchors)' }
  const found = await mutualTls.check(certificate, now())
  if (typeof found === 'string') return { reason: 'cert_invalid', what: found }
  return namesClient(client, found.names) ? undefined : { reason: 'cert_subject' }
}

const holds = (set: KeySet | undefined, own: string): boolean => set?.keys.some(({ x5c }) => x5c?.[0] === own) === true

/** Section 2.2: the certificate itself is among the keys of the client; nobody vouches for it, and it vouches for nobody. */
async function ownFault(
  ctx: Context,
  call: Call,
  client: Client,
  { der }: ClientCertificate,
): Promise<AssertionFault | undefined> {
  const certificate = readCertificate(der)
  if (certificate === undefined) return { reason: 'cert_invalid', what: 'it cannot be read' }
  const [from, to] = [certificate.validFromDate.getTime() / 1000, certificate.validToDate.getTime() / 1000]
  const now = ctx.now()
  if (from > now + clockSkew || to <= now) return { reason: 'cert_invalid', what: 'it is not valid now' }
  const own = Buffer.from(der).toString('base64')
  const source = { requestId: call.id, network: call.network }
  const set = await ctx.clientKeys.set(client, source)
  if (holds(set, own)) return undefined
  // The client may have published it since (B-MTLS-05).
  await ctx.clientKeys.again(client, source)
  const renewed = await ctx.clientKeys.set(client, source)
  if (renewed === undefined) return { reason: 'cert_keys', what: client.jwksUri?.slice(0, 200) }
  return holds(renewed, own) ? undefined : { reason: 'cert_unknown' }
}
