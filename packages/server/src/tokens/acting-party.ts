import { refuse, type Seconds } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import { maxActors, type ExchangeRule } from '../exchange-policy.ts'
import type { Actor } from '../model/access-token.ts'
import type { Authorization } from '../model/authorization.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import type { ExchangeRequest } from './exchange-request.ts'
import { presentedToken, type PresentedToken } from './presented-token.ts'

/** Who acts with the new token. */
export type ActingParty = {
  /** `sub` of whoever acts: the client itself, or whom its actor token names. */
  readonly sub: string
  /** What the token says of it; `undefined` for impersonation. */
  readonly actor: Actor | undefined
  readonly depth: number
  /** Authorizations that the actor's own rights rest on; the new one ends with them. */
  readonly parents: readonly string[]
  readonly expiresAt: Seconds | undefined
}

export type ActingFacts = {
  readonly request: ExchangeRequest
  readonly subject: PresentedToken & { readonly authorization: Authorization }
  readonly rule: ExchangeRule
  readonly senderKey: string | undefined
}

const depthOf = (actor: Actor | undefined): number => (actor === undefined ? 0 : 1 + depthOf(actor.act))

/**
 * Delegation (RFC 8693 section 4.1): whoever acts is named, and those that acted before stay inside, as history that decides
 * nothing (B-TX-09). Only a rule that says so lets the client act as the person without a trace in the token (B-TX-11).
 */
export async function actingParty(
  ctx: Context,
  client: AuthenticatedClient,
  { request, subject, rule, senderKey }: ActingFacts,
): Promise<ActingParty> {
  const before = subject.authorization.derived?.actor
  if (request.actor === undefined && rule.impersonation === true) {
    // History is never washed away, and some people are never acted as.
    if (before !== undefined) throw refuse('exchange_not_allowed', { detail: 'delegated before' })
    if (ctx.exchange.neverImpersonated.has(subject.authorization.subject))
      throw refuse('exchange_not_allowed', { detail: 'never impersonated' })
    return { sub: client.id, actor: undefined, depth: 0, parents: [], expiresAt: undefined }
  }
  const named = request.actor === undefined ? undefined : await actorOf(ctx, client, { request, rule, senderKey })
  const sub = named?.sub ?? client.id
  const actor: Actor = before === undefined ? { sub } : { sub, act: before }
  const depth = depthOf(actor)
  if (depth > maxActors) throw refuse('exchange_depth')
  const { authorization, expiresAt } = named ?? {}
  const parents = authorization === undefined ? [] : [authorization.id, ...(authorization.derived?.parents ?? [])]
  return { sub, actor, depth, parents, expiresAt }
}

/** An actor token of the client's own: with anybody else's it would say that somebody acts who knows nothing of it. */
async function actorOf(
  ctx: Context,
  client: AuthenticatedClient,
  { request, rule, senderKey }: Pick<ActingFacts, 'request' | 'rule' | 'senderKey'>,
): Promise<PresentedToken> {
  if (rule.actorTokens !== true) throw refuse('exchange_not_allowed', { detail: 'actor token' })
  const { token = '', type = '' } = request.actor ?? {}
  const found = await presentedToken(ctx, client, token, type)
  if (typeof found === 'string') throw refuse('exchange_actor', { detail: found })
  if (found.clientId !== client.id) throw refuse('exchange_actor', { detail: 'another client' })
  if (found.authorization?.derived?.actor !== undefined) throw refuse('exchange_actor', { detail: 'delegated itself' })
  if (found.boundTo !== undefined && found.boundTo !== senderKey) throw refuse('exchange_actor', { detail: 'key' })
  return found
}

/** Members by which a token can name an actor; one that is not among them names nobody here. */
const naming: ReadonlySet<string> = new Set(['sub', 'iss', 'client_id'])

/** Where the subject token names who may act, whoever acts must be that in every member (RFC 8693 section 4.4, B-TX-10). */
export function requireMayAct(ctx: Context, client: AuthenticatedClient, mayAct: unknown, { sub }: ActingParty): void {
  if (mayAct === undefined) return
  const facts: Readonly<Record<string, unknown>> = { sub, iss: ctx.issuer, client_id: client.id }
  const members = typeof mayAct === 'object' && mayAct !== null ? Object.entries(mayAct) : []
  // An issuer alone names nobody.
  const names = members.some(([name]) => name !== 'iss')
  if (!names || !members.every(([name, value]) => naming.has(name) && facts[name] === value))
    throw refuse('exchange_may_act')
}
