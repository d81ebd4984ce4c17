import { encryptionKey, numericDate, refuse, signJwt } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { ResponseMode } from '../model/authorization-request.ts'
import type { Client } from '../model/client.ts'
import { encryptJwt, type Encryption } from '../tokens/encrypt.ts'

/** Whether a response travels as one signed JWT. */
export const isSigned = (mode: ResponseMode): boolean => mode === 'query.jwt' || mode === 'form_post.jwt'

/**
 * An authorization response as a JWT for its client alone (JARM section 2.1): signed, and then encrypted where the client
 * wants that (section 2.2). `iss` is also the one of RFC 9207 (B-JARM-02).
 */
export async function responseJwt(
  ctx: Context,
  call: Call,
  client: Client,
  members: Readonly<Record<string, string>>,
): Promise<string> {
  const encryption = await responseEncryption(ctx, call, client)
  const now = ctx.now()
  const exp = numericDate(now) + ctx.policy.authorizationResponseLifetime
  const claims = { ...members, iss: ctx.issuer, aud: client.id, exp }
  const signed = await signJwt(ctx.keys().signer(client.authorizationAlgorithm, now), 'JWT', claims)
  return encryption === undefined ? signed : encryptJwt(signed, encryption)
}

/** The key of a client that wants its responses encrypted; without it there is no response, and never a readable one instead. */
export async function responseEncryption(ctx: Context, call: Call, client: Client): Promise<Encryption | undefined> {
  const { authorizationEncryptionAlgorithm: alg, authorizationContentEncryption: enc } = client
  if (alg === undefined || enc === undefined) return undefined
  const set = await ctx.clientKeys.set(client, { requestId: call.id, network: call.network })
  const key = set === undefined ? undefined : encryptionKey(set, alg)
  if (key === undefined) throw refuse('response_key', { detail: set === undefined ? 'fetch' : alg })
  return { key, alg, enc }
}
