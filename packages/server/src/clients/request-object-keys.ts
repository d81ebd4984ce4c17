import { verificationKeys, type JwsAlgorithm, type KeySet, type VerificationKey } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { allowedKeys } from './profile-rules.ts'

/** Sets never change; a new one is another object. */
type ByAlgorithm = Map<JwsAlgorithm | undefined, readonly VerificationKey[]>
const imported = new WeakMap<KeySet, ByAlgorithm>()

function keysFor(set: KeySet, algorithm: JwsAlgorithm | undefined): readonly VerificationKey[] {
  const known: ByAlgorithm = imported.get(set) ?? new Map<JwsAlgorithm | undefined, readonly VerificationKey[]>()
  imported.set(set, known)
  let keys = known.get(algorithm)
  if (keys === undefined) known.set(algorithm, (keys = verificationKeys(set, algorithm)))
  return keys
}

/**
 * The keys that request objects of a client are verified with, which are those of its assertions but may have another algorithm
 * (OpenID Connect Registration section 2); `undefined` where there are none. `again` looks for a key that is not among them, as
 * often as that is allowed (B-JWK-07).
 */
export async function requestObjectKeys(
  ctx: Context,
  call: Call,
  client: Client,
  again = false,
): Promise<readonly VerificationKey[] | undefined> {
  const source = { requestId: call.id, network: call.network }
  if (again && (await ctx.clientKeys.again(client, source)) === undefined) return undefined
  const set = await ctx.clientKeys.set(client, source)
  return set === undefined ? undefined : allowedKeys(ctx.policy, client, keysFor(set, client.requestObjectAlgorithm))
}
