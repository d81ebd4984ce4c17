import { identityScopes, refuse, type Form } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Client } from '../model/client.ts'

const absoluteUri = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i

/** RFC 8707 section 2 and A-RES-01: absolute, no fragment, no query, ASCII, at most ten of bounded length. */
export function requestedResources(form: Form): readonly string[] {
  const { resources } = form
  if (resources.length > 10) throw refuse('resource_syntax', { detail: 'more than 10 values' })
  for (const resource of resources) {
    if (resource.length > 512 || !absoluteUri.test(resource) || resource.includes('#') || resource.includes('?'))
      throw refuse('resource_syntax')
  }
  return [...new Set(resources)]
}

/** Refuses a resource that is unknown or that the client may not have; never drops one silently (A-RES-02). */
export async function requireAllowedResources(
  ctx: Context,
  client: Client,
  resources: readonly string[],
): Promise<void> {
  if (resources.length === 0) return
  const known = await ctx.resources()
  for (const resource of resources) {
    if (resource === ctx.issuer) continue
    if (!known.has(resource)) throw refuse('resource_unknown')
    if (client.resources !== undefined && !client.resources.includes(resource)) throw refuse('resource_unknown')
  }
}

/**
 * The one audience of an access token: the resource named at the token endpoint, or the only one granted, or the issuer
 * when none was named anywhere. Naming must stay inside the grant (A-RES-03, A-RT-08).
 */
export function chooseAudience(ctx: Context, granted: readonly string[], named: readonly string[]): string {
  if (named.length > 1) throw refuse('resource_ambiguous')
  const [one] = named
  if (one !== undefined) {
    if (granted.includes(one) || (granted.length === 0 && one === ctx.issuer)) return one
    throw refuse('resource_unknown', { detail: 'outside the grant' })
  }
  if (granted.length > 1) throw refuse('resource_ambiguous')
  return granted[0] ?? ctx.issuer
}

/** The part of a scope that means something at an audience (A-RES-04); at the issuer, what no resource claims for itself. */
export async function scopeFor(ctx: Context, audience: string, scope: readonly string[]): Promise<readonly string[]> {
  const resources = await ctx.resources()
  const resource = resources.get(audience)
  if (resource !== undefined) {
    const names = new Set(resource.scopes.map((entry) => entry.name))
    return scope.filter((value) => names.has(value))
  }
  if (resources.size === 0) return scope
  const claimed = new Set<string>()
  for (const other of resources.values()) for (const entry of other.scopes) claimed.add(entry.name)
  return scope.filter((value) => identityScopes.includes(value) || !claimed.has(value))
}

/** The lifetime of an access token at an audience: the stricter of client and resource. */
export async function lifetimeFor(ctx: Context, audience: string, lifetime: number): Promise<number> {
  const limit = (await ctx.resources()).get(audience)?.accessTokenLifetime
  return limit === undefined ? lifetime : Math.min(limit, lifetime)
}
