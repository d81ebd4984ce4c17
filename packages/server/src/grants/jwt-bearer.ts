import { identityScopes, parseScope, refuse, scopeWithin, seconds, type Form } from '@sallyport/protocol'
import { requireFirstUse, trustedAssertion, type TrustedAssertion } from '../clients/trusted-assertion.ts'
import type { Call, Context } from '../context.ts'
import type { Authentication } from '../model/authorization.ts'
import { isPublic, type AuthenticatedClient } from '../model/client.ts'
import { effectivePolicy } from '../policy.ts'
import { derivedAuthorization } from '../tokens/derived-authorization.ts'
import { requireNoDetails } from '../tokens/details.ts'
import {
  accessTokenTarget,
  requestedResources,
  requireAllowedResources,
  resourceOfScope,
} from '../tokens/resource-scope.ts'
import { senderKeyFault } from '../tokens/sender-key.ts'
import { tokenGrant, type TokenGrant } from '../tokens/token-grant.ts'

/**
 * The JWT bearer grant (RFC 7523 section 2.1), for assertions about people and for identity assertions of another sign-in
 * (ID-JAG). Everything is settled before the assertion is marked as used; no refresh token and no ID Token come of it.
 */
export async function jwtBearer(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant> {
  if (isPublic(client)) throw refuse('client_auth_missing')
  const presented = form.get('assertion')
  if (presented === undefined) throw refuse('bearer_assertion_missing')
  const assertion = await trustedAssertion(ctx, call, client, presented)
  const unproven = senderKeyFault(assertion.boundTo, senderKey)
  if (unproven !== undefined) throw refuse(unproven, { detail: 'assertion' })
  const subject = await personOf(ctx, assertion)
  requireNoDetails(form)
  const wanted = grantedScope(client, assertion, form)
  const named = await namedResources(ctx, client, assertion, form)
  const resources = named.length === 0 ? await resourceOfScope(ctx, client, wanted) : named
  const lifetime = effectivePolicy(ctx.policy, client).accessTokenLifetime
  const wish = { granted: resources, named: resources, scope: wanted, lifetime, client, senderKey }
  const target = await accessTokenTarget(ctx, wish)
  await requireFirstUse(ctx, assertion)
  const { authentication, signInKnown } = signInOf(ctx, assertion)
  const authorization = derivedAuthorization(ctx, {
    ...{ client, subject, scope: target.scope, resources, authentication, session: undefined },
    derived: { parents: [], actor: undefined, assertedBy: assertion.from.issuer, signInKnown },
    lifetime: target.accessTokenLifetime,
    notAfter: undefined,
  })
  return tokenGrant({
    client,
    redemption: { kind: 'derivation', authorization },
    authorization,
    ...target,
    idToken: undefined,
    refreshToken: undefined,
    noted: {
      event: 'token.assertion.accepted',
      clientId: client.id,
      subject,
      authorizationId: authorization.id,
      detail: { assertion_issuer: assertion.from.issuer, kind: assertion.from.accepts, audience: target.audience },
    },
  })
}

/** Exactly one person who is known here and may sign in; an assertion makes nobody (B-JB-04, B-JAG-05). */
async function personOf(ctx: Context, { from, subject }: TrustedAssertion): Promise<string> {
  const here = from.people === 'same' ? subject : from.people.get(subject)
  if (
    here === undefined ||
    (await ctx.accounts.findClaims(here)) === undefined ||
    !(await ctx.store.subjectActive(here))
  )
    throw refuse('bearer_assertion_person')
  return here
}

/** At most what operator, client and assertion each allow; what is asked beyond that is refused, never cut (B-JB-03). */
function grantedScope(client: AuthenticatedClient, { from, claims }: TrustedAssertion, form: Form): readonly string[] {
  const asserted = assertedScope(claims['scope'])
  const ceiling = (asserted ?? from.scope).filter((value) => from.scope.includes(value) && client.scope.includes(value))
  const text = form.get('scope')
  if (text === undefined) {
    const fallback = asserted === undefined ? client.defaultScope.filter((value) => ceiling.includes(value)) : ceiling
    if (fallback.length === 0) throw refuse('scope_missing')
    return fallback
  }
  const scope = parseScope(text)
  if (scope === undefined) throw refuse('scope_syntax')
  if (scope.some((value) => identityScopes.includes(value))) throw refuse('scope_user_only')
  if (!scopeWithin(scope, ceiling)) throw refuse('scope')
  return scope
}

function assertedScope(claim: unknown): readonly string[] | undefined {
  if (claim === undefined) return undefined
  const scope = typeof claim === 'string' ? parseScope(claim) : undefined
  if (scope === undefined) throw refuse('bearer_assertion_claims', { detail: 'scope' })
  return scope
}

/** The API the token is for, where anybody names it: named in the request or, by its issuer, in the assertion; within what operator and client allow. */
async function namedResources(
  ctx: Context,
  client: AuthenticatedClient,
  { from, claims }: TrustedAssertion,
  form: Form,
): Promise<readonly string[]> {
  const asserted = assertedResources(claims['resource'])
  const requested = requestedResources(form)
  const fallback = client.defaultResource === undefined ? [] : [client.defaultResource]
  const named = requested.length > 0 ? requested : (asserted ?? fallback)
  if (named.length > 1) throw refuse('resource_ambiguous')
  await requireAllowedResources(ctx, client, named)
  for (const resource of named)
    if (from.resources?.includes(resource) === false || asserted?.includes(resource) === false)
      throw refuse('resource_unknown', { detail: 'outside the assertion' })
  if (named.length === 0 && from.resources !== undefined) throw refuse('resource_unknown', { detail: 'none was named' })
  return named
}

function assertedResources(claim: unknown): readonly string[] | undefined {
  if (claim === undefined) return undefined
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  if (values.length === 0 || values.length > 10 || !values.every((value) => typeof value === 'string'))
    throw refuse('bearer_assertion_claims', { detail: 'resource' })
  return values
}

/** When and how the person signed in there, where the assertion says so; otherwise the token says nothing of it. */
function signInOf(
  ctx: Context,
  { claims }: TrustedAssertion,
): { readonly authentication: Authentication; readonly signInKnown: boolean } {
  const { auth_time: time, acr, amr } = claims
  const known = typeof time === 'number' && time > 0 && time <= ctx.now() + 30
  const methods = Array.isArray(amr) ? amr.filter((one) => typeof one === 'string').slice(0, 10) : []
  return {
    authentication: {
      time: known ? seconds(time) : ctx.now(),
      acr: known && typeof acr === 'string' ? acr.slice(0, 200) : undefined,
      amr: known ? methods : [],
    },
    signInKnown: known,
  }
}
