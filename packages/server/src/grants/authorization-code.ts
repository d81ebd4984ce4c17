import {
  lookupKey,
  refuse,
  verifierFault,
  type ExchangeClass,
  type Form,
  type OAuthError,
  type Reason,
} from '@sallyport/protocol'
import type { AuthenticatedClient } from '../model/client.ts'
import type { Call, Context } from '../context.ts'
import type { AuthorizationCode, AuthorizationCodeView } from '../model/authorization.ts'
import type { EventDraft } from '../model/route.ts'
import { codeFacts } from '../code-facts.ts'
import { failedExchange } from '../failed-exchange.ts'
import { exceptionFor } from '../relaxations.ts'
import { openUnder } from '../secrets.ts'
import { entitlement } from '../tokens/entitlement.ts'
import { requestedResources } from '../tokens/resource-scope.ts'
import { senderKeyFault } from '../tokens/sender-key.ts'
import { tokenGrant, type TokenGrant } from '../tokens/token-grant.ts'

/**
 * authorization_code (OAuth 2.1 section 4.1.3). The order of the checks is the guarantee: whatever fails before PKCE
 * leaves the code as it was; the first failed verifier destroys it; only whoever passes PKCE has proven possession, and
 * only then may a replay have consequences (A-PKCE-17, A-CODE-03 to -05).
 */
export async function authorizationCode(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
  form: Form,
  senderKey: string | undefined,
): Promise<TokenGrant> {
  const presented = form.get('code')
  if (presented === undefined) throw refuse('code_missing')
  const resources = requestedResources(form)
  const view = await ctx.store.findAuthorizationCode(lookupKey(presented))
  if (view === undefined) throw refuse('code_unknown')
  const { code } = view
  const fail = (reason: Reason, draft: Partial<EventDraft>): Promise<OAuthError> =>
    failedExchange(ctx, call, { client, reason, facts: codeFacts(ctx, call, view), draft })
  if (view.state === 'destroyed') throw await fail('code_unknown', { class: 'malformed' })

  if (code.clientId !== client.id)
    throw await fail('code_of_another_client', { event: 'token.code.client_mismatch', class: intercepted })
  const redirectUri = form.get('redirect_uri')
  if (redirectUri === undefined && client.requireRedirectUriAtToken)
    throw await fail('code_redirect_uri_missing', { class: 'malformed' })
  if (redirectUri !== undefined && redirectUri !== code.redirectUri)
    throw await fail('code_redirect_uri', { reason: 'redirect_uri', class: 'redirect_mismatch' })
  if (redirectUri !== undefined && !mayRepeatRedirectUri(ctx, client))
    throw await fail('code_redirect_uri_refused', { class: 'malformed' })
  const unproven = senderKeyFault(code.senderKey, senderKey)
  if (unproven !== undefined) throw await fail(unproven, keyEvent(unproven))
  const excepted = code.codeChallenge === undefined && (await isExcepted(ctx, client, code))
  const pkce = pkceFault(form.get('code_verifier'), code.codeChallenge, excepted)
  if (pkce !== undefined) {
    if (code.codeChallenge !== undefined) await destroy(ctx, view)
    throw await fail(pkce, pkceEvent(view, pkce))
  }

  // Possession is proven from here on.
  if (view.state === 'redeemed') {
    await revokeAfterReplay(ctx, call, view)
    throw await fail('code_redeemed', { event: 'token.code.replayed', class: 'suspected_replay' })
  }
  if (code.expiresAt <= ctx.now()) throw await fail('code_expired', { class: 'expired' })
  if (view.ended !== undefined) throw await fail(view.ended, { class: 'expired' })
  const { authorization } = view
  const redemption = { kind: 'authorization_code', digest: code.digest } as const
  const approved = { redemption, authorization, nonce: openNonce(presented, code) }
  return tokenGrant(await entitlement(ctx, client, approved, { resources, senderKey, form }))
}

/** The nonce of a code. An ID token without the nonce that was sent would lose a protection: then no token. */
function openNonce(presented: string, { nonce: sealed, digest }: AuthorizationCode): string | undefined {
  if (sealed === undefined) return undefined
  const nonce = openUnder(presented, sealed, digest)
  if (nonce === undefined) throw refuse('code_unknown', { detail: 'the nonce does not open with this code' })
  return nonce
}

/** OAuth 2.1 has dropped the parameter; once the server has too, only clients of OAuth 2.0 that are known by name send it (section 10.2). */
const mayRepeatRedirectUri = ({ policy }: Context, client: AuthenticatedClient): boolean =>
  client.requireRedirectUriAtToken || policy.stages.refuseRedirectUriAtToken !== 'enforce'

const intercepted: ExchangeClass = 'suspected_interception'

/** Whether a code without a challenge was issued under an exception that is in force; the redemption looks again. */
async function isExcepted(ctx: Context, client: AuthenticatedClient, code: AuthorizationCode): Promise<boolean> {
  const exception = await exceptionFor(ctx, client, ctx.now())
  return exception !== undefined && exception.id === code.exceptionId
}

/** Decides by the stored challenge whether a verifier is needed, never by what was sent (PK-06). */
function pkceFault(verifier: string | undefined, challenge: string | undefined, excepted: boolean): Reason | undefined {
  if (challenge === undefined) {
    if (verifier !== undefined) return 'verifier_without_challenge'
    return excepted ? undefined : 'challenge_absent'
  }
  return verifierFault(verifier, challenge)
}

/** Another key is somebody else's attempt; a proof that is left out may well be a client that forgot it. */
const keyEvent = (reason: Reason): Partial<EventDraft> =>
  reason === 'sender_key'
    ? { event: 'dpop.proof.rejected', reason: 'jkt_mismatch', class: intercepted }
    : { class: 'malformed' }

const pkceReasons: Partial<Record<Reason, string>> = { verifier_missing: 'pkce_required', pkce_mismatch: 'mismatch' }

function pkceEvent(view: AuthorizationCodeView, reason: Reason): Partial<EventDraft> {
  if (view.state === 'redeemed') return { event: 'token.code.replayed', reason: 'no_proof', class: intercepted }
  // Who it is was proven by its key or secret, and nothing but the deadline of its exception came between.
  if (reason === 'challenge_absent' && view.code.exceptionId !== undefined)
    return { event: 'token.pkce.failed', reason, class: 'expired' }
  const malformed = reason === 'verifier_syntax' || reason === 'verifier_without_challenge'
  return {
    event: 'token.pkce.failed',
    reason: pkceReasons[reason] ?? reason,
    class: malformed ? 'malformed' : intercepted,
  }
}

async function destroy(ctx: Context, view: AuthorizationCodeView): Promise<void> {
  await ctx.store.destroyAuthorizationCode(view.code.digest, ctx.now(), [])
}

/** Ends the family. Outside any redemption, so that no rolled-back transaction can take the revocation back. */
async function revokeAfterReplay(ctx: Context, call: Call, view: AuthorizationCodeView): Promise<void> {
  const { id, clientId, subject } = view.authorization
  const event = ctx.events.record(
    { event: 'grant.revoked', severity: 'high', clientId, subject, authorizationId: id, reason: 'code_replay' },
    { requestId: call.id, network: call.network },
  )
  if (await ctx.store.revokeAuthorization(id, 'code_replay', ctx.now(), [event])) ctx.events.stored([event])
}
