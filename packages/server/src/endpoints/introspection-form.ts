import { encryptionKey, numericDate, refuse, signJwt } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header, json } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { encryptJwt, type Encryption } from '../tokens/encrypt.ts'

const jwtMediaType = 'application/token-introspection+jwt'

/** The answer about a token nobody may know more of: nothing else stands in it (A-INT-03). */
const inactive = { active: false }

/** In which form an introspection answer goes out: as it is, signed, or signed and then encrypted for the caller. */
export type IntrospectionForm = 'json' | 'jwt' | Encryption

/** Media types that a request accepts; one with a weight of zero is not among them (RFC 9110 section 12.5.1). */
function accepted(call: Call): readonly string[] {
  return (header(call.request, 'accept') ?? '')
    .slice(0, 1000)
    .toLowerCase()
    .split(',')
    .filter((range) => !/;\s*q=0(?:\.0{0,3})?\s*(?:;|$)/.test(range))
    .map((range) => range.split(';')[0]?.trim() ?? '')
}

/**
 * The form a caller asked for (RFC 9701 section 4). A signed answer has to be named and to be enabled for the caller; one
 * that takes nothing else gets 406 instead of an answer without the signature it counts on (A-INT-07). Where answers are
 * encrypted there is no other form, whatever else would be accepted (A-INT-08).
 */
export function introspectionForm(
  ctx: Context,
  call: Call,
  client: Client,
): IntrospectionForm | Promise<IntrospectionForm> {
  const types = accepted(call)
  const named = types.includes(jwtMediaType)
  const alg = client.introspectionAlgorithm
  const signs = alg !== undefined && ctx.algorithms.includes(alg)
  if (client.introspectionEncryptionAlgorithm !== undefined) {
    if (!named) throw refuse('introspection_encrypted_only')
    if (!signs) throw refuse('introspection_form')
    return encryptionFor(ctx, call, client)
  }
  if (!named) return 'json'
  if (signs) return 'jwt'
  if (types.some((type) => type === 'application/json' || type === 'application/*' || type === '*/*')) return 'json'
  throw refuse('introspection_form')
}

/** The key of the caller; without one there is no answer, and never a plain one instead (B-IDT-15). */
async function encryptionFor(ctx: Context, call: Call, client: Client): Promise<Encryption> {
  const { introspectionEncryptionAlgorithm: alg, introspectionContentEncryption: enc } = client
  const set = await ctx.clientKeys.set(client, { requestId: call.id, network: call.network })
  if (set === undefined) throw refuse('introspection_keys_unavailable', { headers: { 'retry-after': '60' } })
  const key = alg === undefined ? undefined : encryptionKey(set, alg)
  if (key === undefined || alg === undefined || enc === undefined) throw refuse('introspection_key_missing')
  return { key, alg, enc }
}

/**
 * The answer in its form. The JWT of RFC 9701 section 5 has a type of its own and neither `sub` nor `exp` at the top, so
 * that nobody can take it for an access token.
 */
export async function introspectionAnswer(
  ctx: Context,
  client: Client,
  form: IntrospectionForm,
  answer: object = inactive,
): Promise<HttpResponse> {
  const alg = client.introspectionAlgorithm
  if (form === 'json' || alg === undefined) return json(200, answer)
  const now = ctx.now()
  const claims = { iss: ctx.issuer, aud: client.id, iat: numericDate(now), token_introspection: answer }
  const signed = await signJwt(ctx.keys().signer(alg, now), 'token-introspection+jwt', claims)
  const body = form === 'jwt' ? signed : await encryptJwt(signed, form)
  return json(200, body, { 'content-type': jwtMediaType })
}
