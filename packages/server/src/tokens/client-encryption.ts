import {
  encryptionKey,
  refuse,
  type ContentEncryptionAlgorithm,
  type KeyEncryptionAlgorithm,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { encryptJwt } from './encrypt.ts'

/** How a client wants what is for it alone; `undefined` where it takes it readable. */
type Wish = {
  readonly alg: KeyEncryptionAlgorithm | undefined
  readonly enc: ContentEncryptionAlgorithm | undefined
}

/**
 * A signed JWT for its client alone: encrypted where the client wants that (OpenID Connect Core section 10.2). Without a key
 * of the client there is nothing, and never a readable one instead (B-IDT-15).
 */
export async function forClientAlone(
  ctx: Context,
  call: Call,
  client: Client,
  signed: string,
  { alg, enc }: Wish,
): Promise<string> {
  if (alg === undefined || enc === undefined) return signed
  const set = await ctx.clientKeys.set(client, { requestId: call.id, network: call.network })
  const key = set === undefined ? undefined : encryptionKey(set, alg)
  if (key === undefined) throw refuse('answer_key', { detail: set === undefined ? 'fetch' : alg })
  return encryptJwt(signed, { key, alg, enc })
}
