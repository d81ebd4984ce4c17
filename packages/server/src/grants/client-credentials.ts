import { identityScopes, parseScope, refuse, scopeWithin, type Form } from '@sallyport/protocol'
import type { AuthenticatedClient } from '../model/client.ts'
import type { Call, Context } from '../context.ts'
import { isAgent, isPublic } from '../model/client.ts'
import { effectivePolicy } from '../policy.ts'
import { detailsOfMachine } from '../tokens/details.ts'
import { accessTokenTarget, resourcesOfGrant } from '../tokens/resource-scope.ts'
import { tokenGrant, type TokenGrant } from '../tokens/token-grant.ts'

/** client_credentials (OAuth 2.1 section 4.2): confidential clients, no person, no refresh token, nothing written. */
export async function clientCredentials(
  ctx: Context,
  _call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant> {
  if (isPublic(client)) throw refuse('grant_not_allowed')
  await requireRunning(ctx, client)
  const scope = requestedScope(client, form)
  const resources = await resourcesOfGrant(ctx, client, form, scope)
  const lifetime = effectivePolicy(ctx.policy, client).accessTokenLifetime
  const target = await accessTokenTarget(ctx, {
    granted: resources,
    named: resources,
    scope,
    lifetime,
    client,
    senderKey,
  })
  return tokenGrant({
    client,
    redemption: { kind: 'none' },
    authorization: undefined,
    ...target,
    details: detailsOfMachine(ctx, client, form, target.audience),
    idToken: undefined,
    refreshToken: undefined,
  })
}

/**
 * An agent that was stopped gets nothing from then on, on any node: its record is read anew, since no write would look at it
 * here. Of other clients a record may be a second old.
 */
async function requireRunning(ctx: Context, client: AuthenticatedClient): Promise<void> {
  if (!isAgent(client)) return
  const record = await ctx.store.findClient(client.id)
  if (record?.disabledAt !== undefined || record === undefined) throw refuse('client_auth_disabled')
}

function requestedScope(client: AuthenticatedClient, form: Form): readonly string[] {
  const ceiling = client.machineScope ?? client.scope
  const text = form.get('scope')
  if (text === undefined) {
    const fallback = client.defaultScope.filter((value) => !identityScopes.includes(value) && ceiling.includes(value))
    if (fallback.length === 0) throw refuse('scope_missing')
    return fallback
  }
  const scope = parseScope(text)
  if (scope === undefined) throw refuse('scope_syntax')
  if (scope.some((value) => identityScopes.includes(value))) throw refuse('scope_user_only')
  if (!scopeWithin(scope, ceiling) || !scopeWithin(scope, client.scope)) throw refuse('scope')
  return scope
}
