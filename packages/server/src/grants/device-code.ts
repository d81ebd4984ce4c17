import {
  lookupKey,
  refuse,
  verifierFault,
  type ExchangeClass,
  type Form,
  type OAuthError,
  type Reason,
  type VerifierFault,
} from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { failedExchange, waitingFacts } from '../failed-exchange.ts'
import { deviceGrant, type AuthenticatedClient } from '../model/client.ts'
import type { EventDraft } from '../model/route.ts'
import { entitlement } from '../tokens/entitlement.ts'
import { requestedResources } from '../tokens/resource-scope.ts'
import { tokenGrant, type TokenGrant } from '../tokens/token-grant.ts'

/**
 * The device code grant (RFC 8628 section 3.4). The binding to the client comes first and leaves the code as it was, then
 * the challenge where the device sent one: the first failed verifier destroys the code. Only then is told how things stand.
 */
export async function deviceCode(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant> {
  const presented = form.get('device_code')
  if (presented === undefined) throw refuse('device_code_missing')
  const resources = requestedResources(form)
  const view = await ctx.store.devices.find(lookupKey(presented))
  if (view === undefined || view.state === 'destroyed') throw refuse('device_code_unknown')
  const { request } = view
  if (request.backchannel !== undefined) throw refuse('device_code_unknown')
  const facts = waitingFacts(ctx, view, deviceGrant)
  const fail = (reason: Reason, draft: Partial<EventDraft>): Promise<OAuthError> =>
    failedExchange(ctx, call, { client, reason, facts, draft })

  if (request.clientId !== client.id)
    throw await fail('device_code_of_another_client', { event: 'token.code.client_mismatch', class: intercepted })
  const { codeChallenge: challenge } = request
  // A verifier means nothing for a code without a challenge, and is ignored there (A-PKCE-18).
  const pkce = challenge === undefined ? undefined : verifierFault(form.get('code_verifier'), challenge)
  if (pkce !== undefined) {
    await ctx.store.devices.end(request.digest, { as: 'destroyed', sessionId: undefined }, ctx.now(), [])
    throw await fail(pkce, view.state === 'redeemed' ? replayed : { event: 'token.pkce.failed', ...pkceEvents[pkce] })
  }
  // Nothing proves that whoever comes second is not the first once more, so the tokens of the first live on (DV-03).
  if (view.state === 'redeemed') throw await fail('device_code_redeemed', replayed)
  if (view.state === 'denied' || view.state === 'disowned') throw await fail('device_denied', {})
  if (request.expiresAt <= ctx.now()) throw await fail('device_code_expired', { class: 'expired' })
  const { authorization } = view
  if (authorization === undefined) {
    const early = await ctx.store.devices.poll(request.digest, ctx.now())
    throw refuse(early ? 'slow_down' : 'authorization_pending', { reported: true })
  }
  if (view.ended !== undefined) throw await fail(view.ended, { class: 'expired' })
  const redemption = { kind: 'device_code', digest: request.digest } as const
  const approved = { redemption, authorization, nonce: undefined }
  return tokenGrant(await entitlement(ctx, client, approved, { resources, senderKey, form }))
}

const intercepted: ExchangeClass = 'suspected_interception'

const replayed: Partial<EventDraft> = { event: 'token.code.replayed', reason: 'no_proof', class: intercepted }

const pkceEvents: Readonly<Record<VerifierFault, { readonly reason: string; readonly class: ExchangeClass }>> = {
  verifier_missing: { reason: 'pkce_required', class: intercepted },
  verifier_syntax: { reason: 'verifier_syntax', class: 'malformed' },
  pkce_mismatch: { reason: 'mismatch', class: intercepted },
}
