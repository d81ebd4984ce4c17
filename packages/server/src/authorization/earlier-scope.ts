import { identityScopes, scopeWithin } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { Consent, Session } from '../model/interaction.ts'
import { maxPage } from '../model/retention.ts'

/** What a person allowed a client before and that is still in force. */
export type Earlier = {
  /** Scope values that mean the same for the present request. */
  readonly scope: readonly string[]
  /** True when there is anything at all. */
  readonly known: boolean
}

export const nothingEarlier: Earlier = { scope: [], known: false }

/**
 * The part of an earlier agreement that holds for a request too. A scope value is the API's own word, so it counts only
 * where all APIs of the request were part of that agreement; what is about the account itself counts everywhere.
 */
export function carriedScope(
  earlier: Pick<Consent, 'scope' | 'resources'>,
  resources: readonly string[],
): readonly string[] {
  const same = resources.length === 0 ? earlier.resources.length === 0 : scopeWithin(resources, earlier.resources)
  return same ? earlier.scope : earlier.scope.filter((value) => identityScopes.includes(value))
}

/**
 * Reads what the client of a request was allowed before by the person who is signed in: remembered agreement, and
 * authorizations that have not ended. One page of them will do: where there are more, the page says too often that
 * something is new, never too seldom.
 */
export async function earlierScope(
  ctx: Context,
  { subject }: Session,
  { clientId, resources }: AuthorizationRequest,
): Promise<Earlier> {
  const now = ctx.now()
  const consent = await ctx.store.findConsent(subject, clientId, now)
  const { items } = await ctx.store.admin.listAuthorizations({ subject, clientId, given: true }, undefined, maxPage)
  const live = items.flatMap(({ authorization, revokedAt }) =>
    revokedAt === undefined && authorization.expiresAt > now ? [authorization] : [],
  )
  const agreements = consent === undefined ? live : [...live, consent]
  return {
    scope: [...new Set(agreements.flatMap((one) => carriedScope(one, resources)))],
    known: agreements.length > 0,
  }
}
