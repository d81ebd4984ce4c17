import { identityScopes, refuse, scopeWithin } from '@sallyport/protocol'
import type { Client } from '../model/client.ts'
import type { Resource } from '../model/resource.ts'

/** Registered resources by id. */
export type Resources = ReadonlyMap<string, Resource>

const ofApis = (scope: readonly string[]): readonly string[] => scope.filter((value) => !identityScopes.includes(value))

const namesOf = ({ scopes }: Resource): readonly string[] => scopes.map(({ name }) => name)

/** Whether a client may have tokens for a resource; no list means every one. */
export const mayUse = ({ resources }: Client, id: string): boolean => resources === undefined || resources.includes(id)

/**
 * The registered API that the whole scope belongs to, where nothing names one. None where no API claims any of it, so that an
 * installation without a registry has nothing to name; refused where it is spread, since a guess would leave something out.
 */
export function onlyOwner(known: Resources, client: Client, scope: readonly string[]): readonly string[] {
  const wanted = ofApis(scope)
  const claiming = [...known.values()].filter((resource) => namesOf(resource).some((name) => wanted.includes(name)))
  if (claiming.length === 0) return []
  const owners = claiming.filter((resource) => mayUse(client, resource.id) && scopeWithin(wanted, namesOf(resource)))
  if (owners.length !== 1) throw refuse('resource_needed')
  return owners.map(({ id }) => id)
}

/** A scope of which nothing is left was asked of the wrong API: refused, since a token for nothing would look like success (A-AUTHZ-08). */
export function requireMeaning(scope: readonly string[], left: readonly string[]): readonly string[] {
  if (left.length === 0 && ofApis(scope).length > 0) throw refuse('scope_elsewhere')
  return left
}

/** The part of a scope that means something at an audience; at the issuer, what no resource claims for itself. */
export function scopeAt(known: Resources, audience: string, scope: readonly string[]): readonly string[] {
  const resource = known.get(audience)
  if (resource !== undefined) {
    const own = namesOf(resource)
    return scope.filter((value) => own.includes(value))
  }
  if (known.size === 0) return scope
  const claimed = new Set([...known.values()].flatMap(namesOf))
  return scope.filter((value) => identityScopes.includes(value) || !claimed.has(value))
}
