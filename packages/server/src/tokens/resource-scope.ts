import { canonicalResource, isCertificateSenderKey, refuse, type Form, type JwsAlgorithm } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import type { Resource, TokenBinding, TokenFormat } from '../model/resource.ts'
import { holdsFor, isFapi, isFapiAlgorithm } from '../profiles.ts'
import { mayUse, onlyOwner, requireMeaning, scopeAt } from './api-scopes.ts'

/** The resources a request names, in canonical form (RFC 8707 section 2, A-RES-01, A-RES-05); at most ten. */
export function requestedResources(form: Form): readonly string[] {
  const { resources } = form
  if (resources.length > 10) throw refuse('resource_syntax', { detail: 'more than 10 values' })
  const canonical = new Set<string>()
  for (const resource of resources) {
    const one = canonicalResource(resource)
    if (one === undefined) throw refuse('resource_syntax')
    canonical.add(one)
  }
  return [...canonical]
}

/**
 * The resources a new grant is for: those the request names, or the client's default (A-RES-06), or the one API that all of the
 * scope belongs to (RFC 9068 section 3, B-ATJ-03). Without any the grant is for the issuer alone, which is what sign-in and
 * UserInfo need. A scope that could give no token is refused here, before anybody is asked.
 */
export async function resourcesOfGrant(
  ctx: Context,
  client: Client,
  form: Form,
  scope: readonly string[],
): Promise<readonly string[]> {
  const named = requestedResources(form)
  const { defaultResource } = client
  const chosen = named.length === 0 && defaultResource !== undefined ? [defaultResource] : named
  await requireAllowedResources(ctx, client, chosen)
  const known = await ctx.resources()
  if (chosen.length === 0) return onlyOwner(known, client, scope)
  requireMeaning(
    scope,
    chosen.flatMap((resource) => scopeAt(known, resource, scope)),
  )
  return chosen
}

/** The same for a grant that is given without a word about resources. */
export const resourceOfScope = async (
  ctx: Context,
  client: Client,
  scope: readonly string[],
): Promise<readonly string[]> => onlyOwner(await ctx.resources(), client, scope)

/** An issuer with a closing slash is named without it in canonical form. */
const isIssuer = (ctx: Context, resource: string): boolean => resource === ctx.issuer || resource === ctx.resource

/** UserInfo by its own name or by that of the issuer, which are two audiences of one API. */
const isOwn = (ctx: Context, resource: string): boolean =>
  isIssuer(ctx, resource) || resource === ctx.endpoints.userinfo

/** Refuses a resource that is unknown or that the client may not have; never drops one silently (A-RES-02). */
export async function requireAllowedResources(
  ctx: Context,
  client: Client,
  resources: readonly string[],
): Promise<void> {
  if (resources.length === 0) return
  const known = await ctx.resources()
  for (const resource of resources) {
    if (isOwn(ctx, resource)) continue
    if (!known.has(resource)) throw refuse('resource_unknown')
    if (!mayUse(client, resource)) throw refuse('resource_unknown')
  }
}

/** The part of what was granted that the client may still have; no ceiling means all of it (CO-10). */
export const stillAllowed = (granted: readonly string[], ceiling: readonly string[] | undefined): readonly string[] =>
  ceiling === undefined || granted.every((value) => ceiling.includes(value))
    ? granted
    : granted.filter((value) => ceiling.includes(value))

/** The resources of a grant that the client may still ask for; a grant of which none is left gives no token for anything else. */
export function resourcesLeft(granted: readonly string[], client: Client): readonly string[] {
  const left = stillAllowed(granted, client.resources)
  if (left.length === 0 && granted.length > 0) throw refuse('resource_unknown', { detail: 'no longer allowed' })
  return left
}

/** What a grant leaves open about its access token. */
export type AccessTokenWish = {
  /** Resources of the grant. */
  readonly granted: readonly string[]
  /** Resources named in this very request. */
  readonly named: readonly string[]
  readonly scope: readonly string[]
  /** The client's lifetime in seconds. */
  readonly lifetime: number
  /** Who asks. */
  readonly client: Client
  /** What the request was proven with. */
  readonly senderKey: string | undefined
}

export type AccessTokenTarget = {
  readonly audience: string
  readonly scope: readonly string[]
  readonly accessTokenFormat: TokenFormat
  readonly accessTokenAlgorithm: JwsAlgorithm
  /** What the access token is bound to. */
  readonly senderKey: string | undefined
  /** Seconds; the stricter of client and resource. */
  readonly accessTokenLifetime: number
}

/** Whether an audience is still one that tokens are issued for; a token for an API that is gone is over with it. */
export const isKnownAudience = async (ctx: Context, audience: string): Promise<boolean> =>
  isOwn(ctx, audience) || (await ctx.resources()).has(audience)

/**
 * Settles for whom an access token is, what it may do there, how long, and to what it is bound (A-RES-03, A-RES-04).
 */
export async function accessTokenTarget(ctx: Context, wish: AccessTokenWish): Promise<AccessTokenTarget> {
  const chosen = chooseAudience(ctx, wish.granted, wish.named)
  const audience = isIssuer(ctx, chosen) ? ctx.issuer : chosen
  const resources = await ctx.resources()
  const resource = resources.get(audience)
  if (!isOwn(ctx, audience)) {
    if (resource === undefined) throw refuse('resource_unknown', { detail: 'no longer registered' })
    requireBinding(resource.binding, wish.senderKey)
  }
  const limit = resource?.accessTokenLifetime
  return {
    audience,
    scope: requireMeaning(wish.scope, scopeAt(resources, audience, wish.scope)),
    accessTokenFormat: resource?.format ?? 'jwt',
    accessTokenAlgorithm: signedWith(ctx, wish.client, resource),
    senderKey: boundTo(ctx, wish, resource),
    accessTokenLifetime: limit === undefined ? wish.lifetime : Math.min(limit, wish.lifetime),
  }
}

/** What the API is registered with; under FAPI 2.0 it is never RS256 (B-CX-20). */
function signedWith({ policy }: Context, client: Client, resource: Resource | undefined): JwsAlgorithm {
  const wanted = resource?.signingAlgorithm ?? 'ES256'
  return isFapiAlgorithm(wanted) || !isFapi(policy, client) ? wanted : 'ES256'
}

/** Whoever demands that tokens be bound gets none without: that would be the weaker token under the same name. */
function requireBinding(binding: TokenBinding, senderKey: string | undefined): void {
  if (binding === 'dpop' && (senderKey === undefined || isCertificateSenderKey(senderKey)))
    throw refuse('proof_missing', { detail: 'resource' })
  if (binding !== 'mtls' || (senderKey !== undefined && isCertificateSenderKey(senderKey))) return
  throw refuse(senderKey === undefined ? 'certificate_missing' : 'certificate_and_proof', { detail: 'resource' })
}

/**
 * A proof is made for this one request, so whoever sends one wants a bound token. A certificate comes with every connection: it
 * binds where client, API or operator say so, since others could not use what they get elsewhere (RFC 8705 section 3.4).
 */
function boundTo({ policy }: Context, wish: AccessTokenWish, resource: Resource | undefined): string | undefined {
  const { senderKey, client } = wish
  if (senderKey === undefined || !isCertificateSenderKey(senderKey)) return senderKey
  const wanted =
    client.certificateBoundAccessTokens ||
    resource?.binding === 'mtls' ||
    holdsFor(policy, client, 'requireSenderConstraint')
  return wanted ? senderKey : undefined
}

/**
 * The one audience of an access token: the resource named at the token endpoint, or the only one granted, or the issuer
 * when none was named anywhere. Naming must stay inside the grant (A-RT-08).
 */
function chooseAudience(ctx: Context, granted: readonly string[], named: readonly string[]): string {
  if (named.length > 1) throw refuse('resource_ambiguous')
  const [one] = named
  if (one !== undefined) {
    if (granted.includes(one) || (granted.length === 0 && isOwn(ctx, one))) return one
    throw refuse('resource_unknown', { detail: 'outside the grant' })
  }
  if (granted.length > 1) throw refuse('resource_ambiguous')
  return granted[0] ?? ctx.issuer
}
