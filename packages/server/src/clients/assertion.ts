import { generateKeyPairSync, verify, type KeyObject } from 'node:crypto'
import {
  absentTyp,
  after,
  clockSkew,
  lookupKey,
  maxAssertionLength,
  maxAssertionLifetime,
  seconds,
  unverifiedClaims,
  verifyJwt,
  type JwtFault,
  type Reason,
  type VerifiedJwt,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { currentDocumentClient } from './documents.ts'
import { allowedKeys } from './profile-rules.ts'

/** Why an assertion does not count; `what` is for the operator. */
export type AssertionFault = { readonly reason: Reason; readonly what?: string | undefined }

type Presented = {
  readonly client: Client | undefined
  /** What is wrong with the client already, whatever its assertion says. */
  readonly unfit: Reason | undefined
  readonly assertion: string
}

type Claims = VerifiedJwt['claims']

/** Tokens of other kinds name their kind, so that none of them can stand in for an assertion (B-CA-10, RFC 8725 section 3.11). */
const types = [absentTyp, 'jwt', 'client-authentication+jwt']

const longestId = 512

/**
 * The client that an assertion proves: verifies the assertion (RFC 7523 section 3): key of the client, identity, audience, times, and at last that it was not
 * used before, which is the only thing that is written. The answer outside is the same whatever was wrong (B-CA-09).
 */
export async function provenByAssertion(
  ctx: Context,
  call: Call,
  { client, unfit, assertion }: Presented,
): Promise<Client | AssertionFault> {
  if (client === undefined || unfit !== undefined) {
    spendVerification(assertion)
    return { reason: unfit ?? 'client_auth_unknown' }
  }
  if (client.channel !== 'metadata_document') return proven(ctx, call, client, assertion)
  const current = await currentDocumentClient(ctx, call, client)
  if (current === undefined) return { reason: 'assertion_keys', what: client.id.slice(0, 200) }
  if (current.authenticationMethod !== 'private_key_jwt') return { reason: 'client_auth_method' }
  return proven(ctx, call, current, assertion)
}

async function proven(ctx: Context, call: Call, client: Client, assertion: string): Promise<Client | AssertionFault> {
  // One of our own tokens names us as its issuer; it is told apart before keys are looked for.
  if (unverifiedClaims(assertion)?.['iss'] === ctx.issuer)
    return { reason: 'assertion_typ', what: 'issued by this server' }
  const verified = await verifiedAssertion(ctx, call, client, assertion)
  if ('reason' in verified) return verified
  const fault = claimsFault(ctx, call, client, verified.claims) ?? (await replay(ctx, client, verified.claims))
  return fault ?? client
}

const reasonOf: Readonly<Record<JwtFault, Reason>> = {
  size: 'assertion_syntax',
  syntax: 'assertion_syntax',
  claims: 'assertion_syntax',
  crit: 'assertion_header',
  typ: 'assertion_typ',
  alg: 'assertion_alg',
  kid: 'assertion_kid',
  signature: 'assertion_signature',
}

/** With the keys that are at hand, and once more with new ones where the key is not among them (B-JWK-07). */
async function verifiedAssertion(
  ctx: Context,
  call: Call,
  client: Client,
  assertion: string,
): Promise<{ readonly claims: Claims } | AssertionFault> {
  if (assertion.length > maxAssertionLength) return { reason: 'assertion_syntax', what: 'size' }
  const source = { requestId: call.id, network: call.network }
  const keys = await ctx.clientKeys.find(client, source)
  if (keys === undefined) return { reason: 'assertion_keys', what: client.jwksUri?.slice(0, 200) }
  let verified = verifyJwt(assertion, types, allowedKeys(ctx.policy, client, keys))
  if (verified === 'kid') {
    const renewed = await ctx.clientKeys.again(client, source)
    if (renewed !== undefined) verified = verifyJwt(assertion, types, allowedKeys(ctx.policy, client, renewed))
  }
  if (typeof verified !== 'string') return verified
  if (verified !== 'signature') spendVerification(assertion)
  return { reason: reasonOf[verified], what: verified }
}

/** What the claims say wrong, in the order of RFC 7523 section 3; an absent claim is a fault, never a check less (CA-06). */
function claimsFault(ctx: Context, call: Call, client: Client, claims: Claims): AssertionFault | undefined {
  const { iss, sub, aud, exp, jti } = claims
  if (iss !== client.id) return { reason: 'assertion_subject', what: 'iss' }
  if (sub !== client.id) return { reason: 'assertion_subject', what: 'sub' }
  if (!audienceFits(ctx, call, client, aud)) return { reason: 'assertion_audience' }
  const now = ctx.now()
  const late = (what: string): AssertionFault => ({ reason: 'assertion_time', what })
  if (typeof exp !== 'number' || exp <= now || exp > now + maxAssertionLifetime) return late('exp')
  for (const what of ['iat', 'nbf'] as const) {
    const instant = claims[what]
    if (instant !== undefined && !(typeof instant === 'number' && instant <= now + clockSkew)) return late(what)
  }
  return typeof jti === 'string' && jti !== '' && jti.length <= longestId ? undefined : late('jti')
}

/**
 * The issuer as a string and nothing else: an assertion that also names somebody else could be used there. A client that
 * was registered for interoperability may name the address it sends to, alone or as the one entry of a list (B-CX-03).
 */
function audienceFits(ctx: Context, call: Call, { assertionAudience }: Client, audience: unknown): boolean {
  if (assertionAudience === 'issuer') return audience === ctx.issuer
  const only: unknown = Array.isArray(audience) && audience.length === 1 ? audience[0] : audience
  return only === ctx.issuer || only === ctx.endpoints.token || only === `${ctx.origin}${call.request.path}`
}

/** Single use for each client, at every endpoint and on every node, until it is over anyway (B-CA-05, CA-01). */
async function replay(ctx: Context, client: Client, { jti, exp }: Claims): Promise<AssertionFault | undefined> {
  const mark = `client-assertion:${lookupKey(`${client.id} ${String(jti)}`)}`
  const fresh = await ctx.store.rememberOnce(mark, after(seconds(Number(exp)), clockSkew), ctx.now())
  return fresh ? undefined : { reason: 'assertion_replayed' }
}

let decoy: KeyObject | undefined

/** As much work as a signature that does not fit, so that time does not tell which clients there are (B-CA-09). */
function spendVerification(assertion: string): void {
  decoy ??= generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  verify(
    'sha256',
    Buffer.from(assertion.slice(0, maxAssertionLength)),
    { key: decoy, dsaEncoding: 'ieee-p1363' },
    Buffer.alloc(64, 1),
  )
}
