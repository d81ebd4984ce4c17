import { identityScopes, OAuthError, parseScope, refuse, scopeWithin, type Form } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { ExchangeRule } from '../exchange-policy.ts'
import type { Authorization } from '../model/authorization.ts'
import { isPublic, tokenExchangeGrant, type AuthenticatedClient } from '../model/client.ts'
import { effectivePolicy } from '../policy.ts'
import { actingParty, requireMayAct, type ActingParty } from '../tokens/acting-party.ts'
import { derivedAuthorization } from '../tokens/derived-authorization.ts'
import { exchangeRequest, ruleFor, type ExchangeRequest } from '../tokens/exchange-request.ts'
import { identityAssertion, identityAssertionTokenType } from '../tokens/identity-assertion.ts'
import { presentedToken, tokenTypes, type PresentedToken } from '../tokens/presented-token.ts'
import { requireNoDetails } from '../tokens/details.ts'
import { accessTokenTarget } from '../tokens/resource-scope.ts'
import { senderKeyFault } from '../tokens/sender-key.ts'
import { tokenGrant, type StoredAnswer, type TokenGrant } from '../tokens/token-grant.ts'

/**
 * Token exchange (RFC 8693): a token of this server becomes one for another API, in the hands of a client that an operator
 * named for it. The result never has more than the subject token: less scope, no longer life, and it says who acts.
 */
export async function tokenExchange(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant | StoredAnswer> {
  try {
    if (form.get('requested_token_type') !== identityAssertionTokenType || ctx.identityAudiences.clients.size === 0)
      return await exchanged(ctx, client, form, senderKey)
    if (isPublic(client)) throw refuse('grant_not_allowed')
    return await identityAssertion(ctx, call, client, form, senderKey)
  } catch (error) {
    if (!(error instanceof OAuthError) || error.reported) throw error
    throw await denied(ctx, call, client, error)
  }
}

async function exchanged(
  ctx: Context,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant> {
  if (isPublic(client)) throw refuse('client_auth_missing')
  requireNoDetails(form)
  const request = await exchangeRequest(ctx, client, form)
  const subject = await subjectOf(ctx, client, request)
  const rule = ruleFor(ctx, client, { target: request.target, kind: subject.kind, clientId: subject.clientId })
  requireSameHands(client, subject, senderKey)
  const acting = await actingParty(ctx, client, { request, subject, rule, senderKey })
  requireMayAct(ctx, client, subject.mayAct, acting)
  const target = await accessTokenTarget(ctx, {
    ...{ granted: [request.target], named: [request.target], client, senderKey },
    scope: exchangedScope(client, subject, rule, form),
    lifetime: effectivePolicy(ctx.policy, client).accessTokenLifetime,
  })
  if (request.issued === 'jwt' && target.accessTokenFormat !== 'jwt')
    throw refuse('exchange_token_type', { detail: 'the API takes handles' })
  const authorization = derivedFrom(ctx, client, { subject, acting, target })
  return tokenGrant({
    ...{ client, redemption: { kind: 'derivation', authorization }, authorization, ...target },
    ...{ idToken: undefined, refreshToken: undefined, issuedTokenType: tokenTypes[request.issued] },
    noted: {
      event: 'token.exchanged',
      severity: acting.actor === undefined ? 'medium' : 'info',
      ...{ clientId: client.id, subject: authorization.subject, authorizationId: authorization.id },
      detail: noted(subject, acting, target.audience),
    },
  })
}

type Subject = PresentedToken & { readonly authorization: Authorization }

async function subjectOf(ctx: Context, client: AuthenticatedClient, request: ExchangeRequest): Promise<Subject> {
  const { token, type } = request.subject
  const found = await presentedToken(ctx, client, token, type)
  if (typeof found === 'string') throw refuse('exchange_subject', { detail: found })
  const { authorization } = found
  // A client's own token stands for nobody whom somebody else could act for: whoever needs one asks for its own.
  if (authorization === undefined) throw refuse('exchange_subject', { detail: 'no person' })
  return { ...found, authorization }
}

/** A bound token is good in the hands of its key alone; an API that got it has a key of its own, and never a weaker token (B-TX-12). */
function requireSameHands(client: AuthenticatedClient, subject: Subject, senderKey: string | undefined): void {
  if (subject.boundTo === undefined) return
  if (subject.clientId !== client.id) {
    if (senderKey === undefined) throw refuse('proof_missing', { detail: 'subject token' })
    return
  }
  const fault = senderKeyFault(subject.boundTo, senderKey)
  if (fault === 'sender_key' || fault === 'sender_certificate') throw refuse('exchange_binding')
  if (fault !== undefined) throw refuse(fault, { detail: 'subject token' })
}

/** At most what subject token, rule and client each allow; what is asked beyond that is refused, never cut (B-TX-05). */
function exchangedScope(
  client: AuthenticatedClient,
  subject: Subject,
  rule: ExchangeRule,
  form: Form,
): readonly string[] {
  const ceiling = subject.scope.filter(
    (value) => rule.scope.includes(value) && client.scope.includes(value) && !identityScopes.includes(value),
  )
  const text = form.get('scope')
  const scope = text === undefined ? ceiling : parseScope(text)
  if (scope === undefined) throw refuse('scope_syntax')
  if (scope.length === 0 || !scopeWithin(scope, ceiling)) throw refuse('scope')
  return scope
}

type Facts = {
  readonly subject: Subject
  readonly acting: ActingParty
  readonly target: {
    readonly audience: string
    readonly scope: readonly string[]
    readonly accessTokenLifetime: number
  }
}

/** Ends with everything it came from, and not a second after the subject token (B-TX-07). */
function derivedFrom(ctx: Context, client: AuthenticatedClient, { subject, acting, target }: Facts): Authorization {
  const from = subject.authorization
  const ends = [subject.expiresAt, from.expiresAt, ...(acting.expiresAt === undefined ? [] : [acting.expiresAt])]
  return derivedAuthorization(ctx, {
    ...{ client, subject: from.subject, scope: target.scope, resources: [target.audience] },
    ...{ authentication: from.authentication, session: from, lifetime: target.accessTokenLifetime },
    derived: {
      parents: [...new Set([from.id, ...(from.derived?.parents ?? []), ...acting.parents])],
      actor: acting.actor,
      assertedBy: from.derived?.assertedBy,
      signInKnown: from.derived?.signInKnown ?? true,
    },
    notAfter: ends.reduce((first, one) => (one < first ? one : first)),
  })
}

const noted = (subject: Subject, { actor, depth }: ActingParty, audience: string): Record<string, string | number> => ({
  ...{ kind: subject.kind, from_client: subject.clientId, audience, depth },
  ...(actor === undefined ? { mode: 'impersonation' } : { mode: 'delegation', actor: actor.sub }),
})

/** Writes the event of a refused exchange, once, and gives the error to throw. */
async function denied(ctx: Context, call: Call, client: AuthenticatedClient, error: OAuthError): Promise<OAuthError> {
  const { reason, detail, headers, members } = error
  await ctx.events.write(
    {
      event: 'token.exchange.denied',
      severity: 'low',
      ...{ reason, clientId: client.id },
      detail: {
        grant_type: tokenExchangeGrant,
        ...(detail === undefined ? {} : { reason_detail: detail.slice(0, 200) }),
      },
    },
    { requestId: call.id, network: call.network },
  )
  return refuse(reason, { reported: true, headers, members })
}
