import { lookupKey, refuse, type Form, type OAuthError, type Reason } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { failedExchange, waitingFacts } from '../failed-exchange.ts'
import { backchannelGrant, type AuthenticatedClient } from '../model/client.ts'
import type { EventDraft } from '../model/route.ts'
import { entitlement } from '../tokens/entitlement.ts'
import { requestedResources } from '../tokens/resource-scope.ts'
import { tokenGrant, type TokenGrant } from '../tokens/token-grant.ts'

/**
 * The grant of backchannel requests (CIBA section 10.1), in poll and ping mode alike: the binding to the client comes first
 * and leaves the request as it was, then is told how things stand.
 */
export async function backchannel(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant> {
  const presented = form.get('auth_req_id')
  if (presented === undefined) throw refuse('auth_req_id_missing')
  const resources = requestedResources(form)
  const view = await ctx.store.devices.find(lookupKey(presented))
  // The code of a device is redeemed by its own grant, where its challenge is asked for.
  if (view?.request.backchannel === undefined) throw refuse('auth_req_id_unknown')
  const { request } = view
  const facts = waitingFacts(ctx, view, backchannelGrant)
  const fail = (reason: Reason, draft: Partial<EventDraft>): Promise<OAuthError> =>
    failedExchange(ctx, call, { client, reason, facts, draft })

  if (request.clientId !== client.id)
    throw await fail('auth_req_id_of_another_client', {
      event: 'token.code.client_mismatch',
      class: 'suspected_interception',
    })
  // Its client proved who it is, so a second request is a fault of its own or of whoever has its key.
  if (view.state === 'redeemed')
    throw await fail('auth_req_id_redeemed', { event: 'token.code.replayed', class: 'suspected_replay' })
  if (view.state === 'denied' || view.state === 'disowned') throw await fail('backchannel_denied', {})
  if (request.expiresAt <= ctx.now()) throw await fail('auth_req_id_expired', { class: 'expired' })
  const { authorization } = view
  if (authorization === undefined) {
    const early = await ctx.store.devices.poll(request.digest, ctx.now())
    throw refuse(early ? 'slow_down' : 'authorization_pending', { reported: true })
  }
  if (view.ended !== undefined) throw await fail(view.ended, { class: 'expired' })
  const redemption = { kind: 'device_code', digest: request.digest } as const
  return tokenGrant(
    await entitlement(ctx, client, { redemption, authorization, nonce: undefined }, { resources, senderKey, form }),
  )
}
