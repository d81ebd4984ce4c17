import { canonicalResource, refuse, type Form } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import { kindsOf, type ExchangeRule, type SubjectTokenKind } from '../exchange-policy.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import { tokenTypes } from './presented-token.ts'
import { requestedResources, requireAllowedResources } from './resource-scope.ts'

/** A token as it came, with the type it is said to have. */
export type Declared = { readonly token: string; readonly type: string }

/** What an exchange asks for, each part of the right form. */
export type ExchangeRequest = {
  readonly subject: Declared
  readonly actor: Declared | undefined
  /** The one API that the new token is for. */
  readonly target: string
  readonly issued: 'access_token' | 'jwt'
}

/** Longer tokens are not looked at; our own are far below. */
const maxTokenLength = 16_384

/** Parameters with which other servers let a client choose whom to be; here nobody chooses (TX-09). */
const choosing = ['requested_subject', 'requested_issuer', 'subject_issuer']

/** The token of one party and its declared type, which come together or not at all (RFC 8693 section 2.1, B-TX-01). */
function declared(form: Form, party: 'subject' | 'actor', types: readonly string[]): Declared | undefined {
  const token = form.get(`${party}_token`)
  const type = form.get(`${party}_token_type`)
  if (token === undefined && type === undefined) return undefined
  if (token === undefined || type === undefined || token.length > maxTokenLength)
    throw refuse('exchange_parameters', { detail: party })
  if (!types.includes(type)) throw refuse('exchange_token_type', { detail: party })
  return { token, type }
}

const subjectTypes: readonly string[] = Object.values(tokenTypes)
const { access_token, jwt, id_token } = tokenTypes
const actorTypes: readonly string[] = [access_token, jwt, id_token]

/** Reads the request before any token is looked at: its form, whether the client may exchange at all, and for which API. */
export async function exchangeRequest(ctx: Context, client: AuthenticatedClient, form: Form): Promise<ExchangeRequest> {
  const subject = declared(form, 'subject', subjectTypes)
  if (subject === undefined) throw refuse('exchange_parameters', { detail: 'subject' })
  const actor = declared(form, 'actor', actorTypes)
  const wanted = form.get('requested_token_type') ?? access_token
  if (wanted !== access_token && wanted !== jwt) throw refuse('exchange_token_type', { detail: 'requested' })
  const rules = ctx.exchange.rulesOf(client.id)
  const chosen = choosing.find((name) => form.has(name))
  if (rules.length === 0) throw refuse('exchange_not_allowed', { detail: 'no rule' })
  if (chosen !== undefined) throw refuse('exchange_not_allowed', { detail: chosen })
  const target = targetOf(form, rules)
  await requireAllowedResources(ctx, client, [target])
  return { subject, actor, target, issued: wanted === jwt ? 'jwt' : 'access_token' }
}

/** The one API that is named, as `resource` or as `audience`; the only one that the rules have where none is (B-TX-04). */
function targetOf(form: Form, rules: readonly ExchangeRule[]): string {
  const audience = form.get('audience')
  const named = new Set(requestedResources(form))
  if (audience !== undefined) named.add(canonicalResource(audience) ?? audience)
  const allowed = new Set(rules.flatMap(({ targets }) => targets))
  const [target] = named.size === 0 ? allowed : named
  if (named.size > 1 || (named.size === 0 && allowed.size > 1)) throw refuse('exchange_target', { detail: 'several' })
  if (target === undefined || !allowed.has(target)) throw refuse('exchange_target')
  return target
}

type Wanted = { readonly target: string; readonly kind: SubjectTokenKind; readonly clientId: string }

/** The one rule that allows the exchange (B-TX-02). */
export function ruleFor(ctx: Context, client: AuthenticatedClient, { target, kind, clientId }: Wanted): ExchangeRule {
  const rule = ctx.exchange
    .rulesOf(client.id)
    .find(
      (one) => one.targets.includes(target) && kindsOf(one).includes(kind) && one.from?.includes(clientId) !== false,
    )
  if (rule === undefined) throw refuse('exchange_not_allowed', { detail: `${kind} of ${clientId}`.slice(0, 200) })
  return rule
}
