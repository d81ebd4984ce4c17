import { identityScopes, provesClientIdentity, scopeWithin, type Reason, type Seconds } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import type { AuthorizationDetail } from '../model/detail.ts'
import { isAgent, isPublic, isSelfRegistered, type Client } from '../model/client.ts'
import { maxFailedCodes, type Consent, type Interaction, type Session } from '../model/interaction.ts'
import type { InteractionStep } from '../model/interactions.ts'
import { subjectFor } from '../subjects.ts'
import { countsAs, levelWish } from './levels.ts'

/** What happens next with a validated request. */
export type Decision =
  | { readonly kind: 'refuse'; readonly reason: Reason }
  | {
      readonly kind: 'step'
      readonly step: InteractionStep
      /** The step may be left out: it is for a level that is only wished for. */
      readonly optional?: boolean
    }
  | {
      readonly kind: 'approve'
      readonly session: Session
      readonly scope: readonly string[]
      readonly details: readonly AuthorizationDetail[]
      /** Agreement to remember, when the person just gave it. */
      readonly remember: boolean
    }

/** What a decision is made from; nothing else is looked at. */
export type DecisionFacts = {
  readonly client: Client
  readonly request: AuthorizationRequest
  /** The session that the request means: the one in use, or that of the person it names. */
  readonly session: Session | undefined
  /** How many people are signed in at this browser. */
  readonly accounts: number
  readonly consent: Consent | undefined
  readonly interaction: Interaction | undefined
  /** Authentication context classes that the person could reach, where the request asks for more than there is. */
  readonly reachable: readonly string[]
  readonly now: Seconds
}

const step = (name: InteractionStep): Decision => ({ kind: 'step', step: name })
const refusal = (reason: Reason): Decision => ({ kind: 'refuse', reason })

/** Pure: the same facts give the same decision, at the first request and at every step after it. */
export function decide(ctx: Context, facts: DecisionFacts): Decision {
  const decision = nextStep(ctx, facts)
  if (decision.kind !== 'step' || !facts.request.prompt.includes('none')) return decision
  // prompt=none never shows a page (OpenID Connect Core section 3.1.2.6).
  if (decision.step === 'login' || decision.step === 'factor') return refusal('login_required')
  return refusal(decision.step === 'account' ? 'account_selection_required' : 'consent_required')
}

/** The session a request is about: that of the person it names, if that one is signed in here, or else the one in use. */
export function sessionMeant(
  ctx: Context,
  { client, request }: Pick<DecisionFacts, 'client' | 'request'>,
  current: Session | undefined,
  aside: readonly Session[],
): Session | undefined {
  if (aside.length === 0) return current
  const meant = subjectMeant(request)
  const isMeant = ({ subject }: Session): boolean => subjectFor(ctx, client, subject) === meant
  if (meant === undefined || (current !== undefined && isMeant(current))) return current
  return aside.find(isMeant) ?? current
}

/** The person a request names, by the identifier its client knows; nobody else will do. */
const subjectMeant = (request: AuthorizationRequest): string | undefined =>
  request.hintedSubject ?? subjectClaim(request)

function nextStep(ctx: Context, facts: DecisionFacts): Decision {
  const { session, request, interaction, accounts } = facts
  const meant = subjectMeant(request)
  // Others stand aside: which of them is meant is for the person to say.
  const open = meant === undefined && interaction?.account !== 'another' && !request.prompt.includes('login')
  if (session === undefined) return step(open && accounts > 0 ? 'account' : 'login')
  const signedInHere = interaction?.loginSessionId === session.id
  if (interaction?.account === 'another' && !signedInHere) return step('login')
  if (needsFreshLogin(facts, session) && !signedInHere) return step('login')
  // Too many wrong codes: whoever sits there begins again with the first factor (BF-07).
  if ((interaction?.failedCodes ?? 0) >= maxFailedCodes) return step('login')
  if (open && accounts > 1 && request.prompt.includes('none')) return step('account')
  if (meant !== undefined && meant !== subjectFor(ctx, facts.client, session.subject))
    return signedInHere ? refusal('login_required') : step('login')
  const level = levelStep(ctx, facts, session, signedInHere)
  if (level !== undefined) return level
  const chosen = interaction?.account === 'chosen' || signedInHere
  if (request.prompt.includes('select_account') && !chosen) return step('account')
  return consentStep(facts, session)
}

/** Whether the person has to sign in again: prompt=login, or an authentication older than max_age (B-OIDC-12, -15). */
function needsFreshLogin({ request, interaction, now }: DecisionFacts, session: Session): boolean {
  if (request.prompt.includes('login') || request.maxAge === 0) return true
  if (request.maxAge === undefined) return false
  return session.authentication.time < (interaction?.createdAt ?? now) - request.maxAge
}

const acrRefusal = (ctx: Context): Reason =>
  ctx.policy.acrUnmetError === 'access_denied' ? 'acr_unmet_denied' : 'acr_unmet'

/** A requested value of `sub` binds the request to that person (B-OIDC-23). */
const subjectClaim = (request: AuthorizationRequest): string | undefined => request.claims?.idToken['sub']?.value

/**
 * What a level asks of the person (B-OIDC-18, -19; RFC 9470 section 5): the first of the values that they have or can reach is
 * the one to go for. An essential one must be reached, others only where the policy is strict; and nobody is asked in vain.
 */
function levelStep(
  ctx: Context,
  { request, interaction, reachable }: DecisionFacts,
  session: Session,
  signedInHere: boolean,
): Decision | undefined {
  const wish = levelWish(request)
  if (wish === undefined) return undefined
  const { acrValues, factorUrl } = ctx.accounts
  const has = (value: string): boolean => countsAs(acrValues, session.authentication.acr, value)
  const enough = wish.values.some(has) || !(wish.essential || ctx.policy.stepUpStrict)
  const best = wish.values.find((value) => has(value) || reachable.includes(value))
  if (best !== undefined && has(best)) return undefined
  if (enough && (wish.essential || request.prompt.includes('none') || interaction?.levelKept === true)) return undefined
  // Without a page for the missing factor alone the sign-in page asks for everything, once.
  const mayAsk = factorUrl !== undefined || !signedInHere
  if (best === undefined || !mayAsk) return enough ? undefined : refusal(acrRefusal(ctx))
  return factorUrl === undefined ? step('login') : { kind: 'step', step: 'factor', optional: enough }
}

/** Names of the claims that a request asks for one by one; they need agreement like scopes do (B-OIDC-24). */
export const requestedClaimNames = (request: AuthorizationRequest): readonly string[] => {
  if (request.claims === undefined) return []
  const names = [...Object.keys(request.claims.userinfo), ...Object.keys(request.claims.idToken)]
  return [...new Set(names)].filter((name) => !protocolNames.includes(name))
}

const protocolNames: readonly string[] = ['sub', 'acr', 'amr', 'auth_time']

/**
 * Whether agreement may be remembered for this client: another program could pose as a public client without an exact
 * https redirect URI, so that one always asks again (A-AUTHZ-16, CS-07).
 */
export const mayRemember = (
  client: Client,
  request: Pick<AuthorizationRequest, 'redirectUri' | 'scope' | 'authorizationDetails'>,
): boolean =>
  // One payment that was allowed allows no other (CS-06).
  (request.authorizationDetails ?? noDetails).length === 0 &&
  (!isPublic(client) || provesClientIdentity(request.redirectUri)) &&
  // What acts by itself gets nothing without somebody looking.
  !isAgent(client) &&
  // What nobody looked at is asked about anew each time it wants more than to know who somebody is (A-UI-10).
  (!isSelfRegistered(client) || scopeWithin(request.scope, identityScopes))

const noDetails: readonly AuthorizationDetail[] = []

function consentStep({ client, request, consent, interaction }: DecisionFacts, session: Session): Decision {
  const { decision } = interaction ?? {}
  if (decision?.subject === session.subject) {
    if (!decision.allow) return refusal('user_denied')
    const details = decision.details ?? request.authorizationDetails ?? noDetails
    return { kind: 'approve', session, scope: decision.scope, details, remember: decision.remember }
  }
  // Whoever vouches for a client vouches for no payment: details are always shown (B-RAR-03).
  if ((request.authorizationDetails ?? noDetails).length > 0) return step('consent')
  const offline = 'offline_access'
  if (client.firstParty && !request.prompt.includes('consent'))
    return { kind: 'approve', session, scope: request.scope, details: noDetails, remember: false }
  const silent = request.scope.filter((value) => value !== offline)
  const covered =
    consent !== undefined &&
    scopeWithin(silent, consent.scope) &&
    scopeWithin(request.resources, consent.resources) &&
    scopeWithin(requestedClaimNames(request), consent.claims)
  if (request.prompt.includes('consent') || !covered || !mayRemember(client, request)) return step('consent')
  // No page was shown, so offline access does not count in this answer (B-OIDC-37).
  return { kind: 'approve', session, scope: silent, details: noDetails, remember: false }
}
