import { after, codeMemory, lookupKey, type Seconds } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { agentDigest } from '../http.ts'
import { orderedId } from '../ids.ts'
import type { Authorization, AuthorizationCode, SecurityEvent } from '../model/authorization.ts'
import type { AuthorizationDetail } from '../model/detail.ts'
import { canonical } from '../narrow-details.ts'
import type { AuthorizationRequest } from '../model/authorization-request.ts'
import { hearsOfLogout, isAgent, isBrowserBased, type Client } from '../model/client.ts'
import type { Consent, Interaction, Session } from '../model/interaction.ts'
import type { CodeIssue } from '../model/store.ts'
import { effectivePolicy } from '../policy.ts'
import { sealUnder } from '../secrets.ts'
import { mayRemember, requestedClaimNames } from './decide.ts'
import { carriedScope, earlierScope } from './earlier-scope.ts'
import { toldAuthentication } from './levels.ts'
import { pushedUse } from './pushed-request.ts'

export type Approval = {
  readonly client: Client
  readonly request: AuthorizationRequest
  readonly session: Session
  readonly scope: readonly string[]
  readonly details: readonly AuthorizationDetail[]
  readonly remember: boolean
  readonly interaction: Interaction | undefined
}

/** A code for the client, or why none was issued. */
export type ApprovalResult = { readonly outcome: CodeIssue; readonly code: string }

/**
 * Makes the authorization and its code, in one durable write that also ends the interaction and remembers the consent
 * (A-AUTHZ-15). The code is 32 random bytes; only its digest is stored.
 */
export async function approve(ctx: Context, call: Call, approval: Approval): Promise<ApprovalResult> {
  const now = ctx.now()
  const handle = ctx.random.handle()
  const authorization = authorizationFor(ctx, approval, now)
  const digest = lookupKey(handle)
  const { nonce } = approval.request
  const code: AuthorizationCode = {
    digest,
    authorizationId: authorization.id,
    clientId: approval.client.id,
    redirectUri: approval.request.redirectUri,
    codeChallenge: approval.request.codeChallenge,
    exceptionId: approval.request.exceptionId,
    senderKey: approval.request.senderKey,
    nonce: nonce === undefined ? undefined : sealUnder(handle, nonce, digest),
    issuedAt: now,
    expiresAt: after(now, effectivePolicy(ctx.policy, approval.client).authorizationCodeLifetime),
    network: call.network,
    agent: isBrowserBased(approval.client) ? agentDigest(call.request) : undefined,
  }
  const consent = approval.remember ? await rememberedConsent(ctx, approval, now) : undefined
  const decided = approval.interaction?.decision !== undefined
  const given = decided ? await consentEvents(ctx, call, approval, authorization) : noEvents
  const excepted = exceptionEvents(ctx, call, approval, authorization)
  const events = excepted.length === 0 ? given : [...given, ...excepted]
  const { interaction } = approval
  const outcome = await ctx.store.issueCode(
    {
      authorization,
      code,
      interaction: interaction === undefined ? undefined : { digest: interaction.digest, version: interaction.version },
      pushed: pushedUse(ctx, call, approval.request, interaction),
      consent,
      hearsOfLogout: hearsOfLogout(approval.client, approval.scope),
      events,
    },
    now,
  )
  if (outcome === 'issued') ctx.events.stored(events)
  return { outcome, code: handle }
}

function authorizationFor(
  ctx: Context,
  { client, request, session, scope, details }: Approval,
  now: Seconds,
): Authorization {
  const refreshes = client.grantTypes.includes('refresh_token')
  const { refreshTokenAbsolute } = effectivePolicy(ctx.policy, client)
  const idToken = request.claims?.idToken
  const offline = scope.includes('offline_access') && !isBrowserBased(client)
  const ends = after(now, refreshes ? refreshTokenAbsolute : codeMemory + ctx.policy.accessTokenLifetime)
  return {
    id: orderedId(now, ctx.random),
    clientId: client.id,
    subject: session.subject,
    sessionId: session.id,
    scope,
    resources: request.resources,
    claims: request.claims,
    authorizationDetails: details.length === 0 ? undefined : details,
    authentication: toldAuthentication(ctx, request, session),
    tellAuthTime: request.maxAge !== undefined || client.requireAuthTime || idToken?.['auth_time'] !== undefined,
    tellAcr: request.acrValues.length > 0 || idToken?.['acr'] !== undefined,
    offline,
    deviceNetwork: undefined,
    derived: undefined,
    createdAt: now,
    // Without offline access nothing outlives the session, however that ends (A-RT-11).
    expiresAt: offline || ends < session.expiresAt ? ends : session.expiresAt,
  }
}

/** Agreement grows: what was allowed before stays part of it as far as it means the same (MCP, incremental consent). */
async function rememberedConsent(
  ctx: Context,
  { client, request, session, scope }: Approval,
  now: Seconds,
): Promise<Consent | undefined> {
  if (!mayRemember(client, request)) return undefined
  const before = await ctx.store.findConsent(session.subject, client.id, now)
  const kept = before === undefined ? [] : carriedScope(before, request.resources)
  return {
    subject: session.subject,
    clientId: client.id,
    scope: [...new Set([...kept, ...scope])],
    resources: request.resources,
    claims: [...new Set([...(before?.claims ?? []), ...requestedClaimNames(request)])],
    grantedAt: now,
    expiresAt: after(now, ctx.policy.consentLifetime),
  }
}

/** Which details were allowed: their types, and a digest of all that was shown, since the words themselves are nobody's business (JR-16). */
const shownDetails = (details: readonly AuthorizationDetail[]) => ({
  details: [...new Set(details.map(({ type }) => type))].join(' '),
  details_digest: lookupKey(canonical(details)),
})

async function consentEvents(
  ctx: Context,
  call: Call,
  approval: Approval,
  authorization: Authorization,
): Promise<readonly SecurityEvent[]> {
  const { client, session, scope, request, details, remember } = approval
  const earlier = await earlierScope(ctx, session, request)
  const draft = {
    event: 'consent.granted',
    clientId: client.id,
    subject: session.subject,
    authorizationId: authorization.id,
    detail: {
      scope: scope.join(' '),
      requested_scope: request.scope.join(' '),
      ...(earlier.scope.length === 0 ? {} : { earlier_scope: earlier.scope.join(' ') }),
      resources: request.resources.join(' '),
      ...(details.length === 0 ? {} : shownDetails(details)),
      ...(isAgent(client) ? { agent: true } : {}),
      remembered: remember,
    },
  }
  return [ctx.events.record(draft, { requestId: call.id, network: call.network })]
}

/** Every code without a challenge is loud (A-GOV-01). */
function exceptionEvents(
  ctx: Context,
  call: Call,
  { client, session, request }: Approval,
  authorization: Authorization,
): readonly SecurityEvent[] {
  if (request.exceptionId === undefined) return noEvents
  const draft = {
    event: 'pkce.exception.used',
    severity: 'medium' as const,
    clientId: client.id,
    subject: session.subject,
    authorizationId: authorization.id,
    detail: { exception: request.exceptionId },
  }
  return [ctx.events.record(draft, { requestId: call.id, network: call.network })]
}

const noEvents: readonly SecurityEvent[] = []
