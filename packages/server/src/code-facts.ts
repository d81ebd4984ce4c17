import { lookupKey, type Form } from '@sallyport/protocol'
import type { Call, Context } from './context.ts'
import { agentDigest } from './http.ts'
import type { AuthorizationCodeView } from './model/authorization.ts'
import type { EventDraft } from './model/route.ts'

/** What the event of a failed exchange says of the code: enough to judge it by, and nothing to redeem it with (A-LOG-01). */
export function codeFacts(
  ctx: Context,
  call: Call,
  { code, authorization, state }: AuthorizationCodeView,
): Pick<EventDraft, 'subject' | 'authorizationId' | 'detail'> {
  return {
    subject: authorization.subject,
    authorizationId: authorization.id,
    detail: {
      grant_type: 'authorization_code',
      code_state: state,
      code_age: Math.round((ctx.now() - code.issuedAt) * 1000) / 1000,
      authorization_network: code.network,
      ...(code.agent === undefined ? {} : { same_agent: code.agent === agentDigest(call.request) }),
    },
  }
}

/**
 * The same where the client was refused before its code was looked at: only to tell a stolen code from a mistyped secret.
 * It is read and left as it is, and the answer does not depend on it (A-PKCE-17).
 */
export async function factsOfPresentedCode(
  ctx: Context,
  call: Call,
  form: Form,
): Promise<Pick<EventDraft, 'subject' | 'authorizationId' | 'detail' | 'class'>> {
  const code = form.get('grant_type') === 'authorization_code' ? form.get('code') : undefined
  if (code === undefined || !call.request.path.endsWith('/token')) return {}
  const exchange = { class: 'client_auth_failed', detail: { grant_type: 'authorization_code' } }
  // The answer is the same when the store is away, so the event goes without.
  const view = await ctx.store.findAuthorizationCode(lookupKey(code)).catch(() => undefined)
  return view === undefined ? exchange : { ...exchange, ...codeFacts(ctx, call, view) }
}
