import {
  absentTyp,
  after,
  clockSkew,
  lookupKey,
  maxRequestObjectLength,
  maxRequestObjectLifetime,
  parseForm,
  parseStrictJson,
  refuse,
  requestObjectText,
  seconds,
  unverifiedClaims,
  verifyJwt,
  type Form,
  type JwtFault,
  type OAuthError,
  type Reason,
  type Seconds,
} from '@sallyport/protocol'
import { requestObjectKeys } from '../clients/request-object-keys.ts'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { holdsFor } from '../profiles.ts'
import { decryptRequest, isEncrypted } from '../tokens/decrypt-request.ts'
import { UnreadableRequest } from './pushed-request.ts'

/** What a client says in a request object that it did sign. */
export type SignedRequest = {
  /** The parameters as a form would carry them, and that form read. */
  readonly text: string
  readonly form: Form
  /** What is wrong with the object all the same. Its client is known, and so is where it waits. */
  readonly fault: OAuthError | undefined
  /** What has to be remembered before the request counts; `undefined` for an object without an id. */
  readonly mark: { readonly key: string; readonly until: Seconds } | undefined
}

type Claims = Readonly<Record<string, unknown>>

/** Whether every request of a client has to be signed: because it says so, or because the server wants it of all (B-JAR-08). */
export const mustSign = ({ policy }: Context, client: Client): boolean =>
  client.requireSignedRequests || holdsFor(policy, client, 'requireSignedRequests')

/** Old clients name no type, or none but JWT; all other types belong to something else (B-JAR-06, RFC 8725 section 3.11). */
const types = [absentTyp, 'jwt', 'oauth-authz-req+jwt']

const reasonOf: Readonly<Record<JwtFault, Reason>> = {
  size: 'jar_syntax',
  syntax: 'jar_syntax',
  claims: 'jar_syntax',
  crit: 'jar_syntax',
  typ: 'jar_typ',
  alg: 'jar_alg',
  kid: 'jar_keys',
  signature: 'jar_signature',
}

/**
 * Opens the request object that a request carries (RFC 9101 section 6): verifies it with a key of the client that the request
 * names, and reads its claims as the parameters, of which none outside it count (B-JAR-01, B-CX-06). Throws what makes it
 * unbelievable. Nothing is written.
 */
export async function openRequestObject(
  ctx: Context,
  call: Call,
  client: Client,
  sent: string,
): Promise<SignedRequest> {
  const object = ctx.policy.requestObjectEncryption && isEncrypted(sent) ? await opened(ctx, client, sent) : sent
  // Before anything is believed: where it is somebody else's, nobody is sent anywhere (JR-03).
  const named = unverifiedClaims(object, maxRequestObjectLength)
  if (named !== undefined && named['client_id'] !== client.id) throw refuse('jar_client')
  const claims = await verifiedClaims(ctx, call, client, object)
  const read = requestObjectText(claims)
  if ('unfit' in read) throw refuse('jar_claims', { detail: read.unfit, cause: new UnreadableRequest(client) })
  const { text } = read
  return { text, form: parseForm(text), fault: claimsFault(ctx, client, claims), mark: markOf(client, claims) }
}

async function opened(ctx: Context, client: Client, jwe: string): Promise<string> {
  const object = jwe.length > maxRequestObjectLength ? undefined : await decryptRequest(ctx, jwe)
  if (object === undefined) throw refuse('jar_encryption', { cause: new UnreadableRequest(client) })
  return object
}

/** With the keys that are at hand, and once more with new ones where the key is not among them (B-JWK-07). */
async function verifiedClaims(ctx: Context, call: Call, client: Client, object: string): Promise<Claims> {
  const unbelieved = (reason: Reason, detail?: string): OAuthError =>
    refuse(reason, { detail, cause: new UnreadableRequest(client) })
  if (object.length > maxRequestObjectLength) throw unbelieved('jar_syntax', 'size')
  const keys = await requestObjectKeys(ctx, call, client)
  if (keys === undefined) throw unbelieved('jar_keys', client.jwksUri === undefined ? 'none' : 'fetch')
  let verified = verifyJwt(object, types, keys, maxRequestObjectLength)
  if (verified === 'kid') {
    const renewed = await requestObjectKeys(ctx, call, client, true)
    if (renewed !== undefined) verified = verifyJwt(object, types, renewed, maxRequestObjectLength)
  }
  if (typeof verified === 'string') throw unbelieved(reasonOf[verified], verified)
  // A claim that is there twice has two meanings.
  const strict = parseStrictJson(Buffer.from(object.split('.', 2)[1] ?? '', 'base64url'))
  if (typeof strict === 'string') throw unbelieved('jar_syntax', strict)
  return strict
}

/** What the claims say wrong of the object itself (RFC 9101 sections 4 and 10.8, JR-06, JR-07). */
function claimsFault(ctx: Context, client: Client, claims: Claims): OAuthError | undefined {
  const { iss, sub, aud, jti } = claims
  if ('request' in claims || 'request_uri' in claims) return refuse('jar_inside')
  const wrong = (detail: string): OAuthError => refuse('jar_claims', { detail })
  if (iss !== undefined && iss !== client.id) return wrong('iss')
  // As an assertion it would prove who the client is; it travels through browsers.
  if (sub === client.id) return refuse('jar_typ', { detail: 'sub' })
  if (!(Array.isArray(aud) ? aud : [aud]).includes(ctx.issuer)) return wrong('aud')
  // Who demands signatures wants to know of each for how long it is good (FAPI 2.0 Message Signing 5.3.1, B-MS-02).
  if (mustSign(ctx, client)) for (const name of ['exp', 'nbf']) if (claims[name] === undefined) return wrong(name)
  const late = lateClaim(claims, ctx.now())
  if (late !== undefined) return wrong(late)
  if (jti === undefined) return undefined
  if (typeof jti !== 'string' || jti === '' || jti.length > longestId) return wrong('jti')
  // It can only be remembered for as long as the object is good for.
  return lastInstant(claims) === undefined ? wrong('exp') : undefined
}

const longestId = 512

/** The claim by which an object is over, not good yet, or good for too long (B-JAR-05). */
function lateClaim(claims: Claims, now: Seconds): string | undefined {
  for (const name of ['exp', 'nbf', 'iat']) {
    const instant = claims[name]
    if (instant !== undefined && !(typeof instant === 'number' && Number.isFinite(instant))) return name
  }
  const { exp, nbf, iat } = claims as Readonly<Record<string, number | undefined>>
  for (const [name, instant] of [['nbf', nbf] as const, ['iat', iat] as const])
    if (instant !== undefined && instant > now + clockSkew) return name
  const begin = nbf ?? iat
  if (begin !== undefined && begin < now - maxRequestObjectLifetime) return nbf === undefined ? 'iat' : 'nbf'
  if (exp === undefined) return undefined
  return exp <= now || exp > (begin ?? now) + maxRequestObjectLifetime ? 'exp' : undefined
}

/** When an object stops being good, by its end or by its age. */
function lastInstant({ exp, nbf, iat }: Claims): number | undefined {
  if (typeof exp === 'number') return exp
  const begin = nbf ?? iat
  return typeof begin === 'number' ? begin + maxRequestObjectLifetime : undefined
}

function markOf(client: Client, claims: Claims): SignedRequest['mark'] {
  const { jti } = claims
  const last = lastInstant(claims)
  if (typeof jti !== 'string' || last === undefined || !Number.isFinite(last)) return undefined
  return { key: `request-object:${lookupKey(`${client.id} ${jti}`)}`, until: after(seconds(last), clockSkew) }
}

/** Whether an object may count: one with an id does once, over all time, on all nodes (B-JAR-12). */
export const useOnce = async (ctx: Context, mark: SignedRequest['mark']): Promise<boolean> =>
  mark === undefined || (await ctx.store.rememberOnce(mark.key, mark.until, ctx.now()))
