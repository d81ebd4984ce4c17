import { refuse, type OAuthError, type Reason } from '@sallyport/protocol'
import type { Call, Context } from './context.ts'
import type { Client } from './model/client.ts'
import type { DeviceView } from './model/device.ts'
import type { EventDraft } from './model/route.ts'

/** What the event of a failed exchange tells of what was to be redeemed. */
export type ExchangeFacts = Pick<EventDraft, 'subject' | 'authorizationId' | 'detail'>

export type FailedExchange = {
  readonly client: Client
  readonly reason: Reason
  readonly facts: ExchangeFacts
  /** Where the event differs from a plain refusal. */
  readonly draft: Partial<EventDraft>
}

/** Writes the event of a failed exchange, once, and gives the error to throw (A-LOG-01). */
export async function failedExchange(
  ctx: Context,
  call: Call,
  { client, reason, facts, draft }: FailedExchange,
): Promise<OAuthError> {
  const detail = { ...facts.detail, reason_id: reason }
  await ctx.events.write(
    { event: 'token.request.rejected', reason, clientId: client.id, ...facts, detail, ...draft },
    { requestId: call.id, network: call.network },
  )
  return refuse(reason, { reported: true })
}

/** The facts of a request that a person decides about elsewhere. */
export const waitingFacts = (
  ctx: Context,
  { request, state, authorization }: DeviceView,
  grantType: string,
): ExchangeFacts => ({
  subject: authorization?.subject ?? request.backchannel?.subject,
  authorizationId: authorization?.id,
  detail: {
    grant_type: grantType,
    code_state: state,
    code_age: Math.round((ctx.now() - request.createdAt) * 1000) / 1000,
    authorization_network: request.network,
    challenged: request.codeChallenge !== undefined,
  },
})
