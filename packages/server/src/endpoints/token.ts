import { OAuthError, refuse, type Form } from '@sallyport/protocol'
import { authenticateClient } from '../clients/authenticate.ts'
import { readableOrigin, requireAllowedOrigin, withCors } from '../clients/cors.ts'
import { countFailure, grantGuesses, isGrantGuess, requireNotThrottled } from '../clients/throttle.ts'
import { spokenFor } from '../limits.ts'
import type { Call, Context } from '../context.ts'
import { readStrictForm } from '../form.ts'
import { grants, isOffered } from '../grants/index.ts'
import { errorJson, header, json } from '../http.ts'
import {
  backchannelGrant,
  deviceGrant,
  jwtBearerGrant,
  tokenExchangeGrant,
  type AuthenticatedClient,
  type GrantType,
} from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import type { UsageName } from '../model/usage.ts'
import { addressesOf } from '../mutual-tls.ts'
import { holdsFor } from '../profiles.ts'
import { isWaiting, reportRefusal } from '../refusals.ts'
import { refusedTokenRequest } from '../refused-token-request.ts'
import { commit } from '../tokens/commit.ts'
import { issueTokens, type IssuedTokens } from '../tokens/issue.ts'
import { certificateKey, nonceHeader, provenSenderKey } from '../tokens/sender-key.ts'
import { provenBy } from '../usage.ts'

/**
 * The token endpoint (OAuth 2.1 section 3.2): parse, authenticate the client, ask the grant, sign, write once, answer.
 */
export async function token(ctx: Context, call: Call): Promise<HttpResponse> {
  let origin: string | undefined
  let client: AuthenticatedClient | undefined
  try {
    const form = readStrictForm(call.request)
    client = await authenticateClient(ctx, call, form)
    origin = requireAllowedOrigin(ctx, call.request, client)
    const counted = ctx.limits.token(spokenFor(client, call))
    if (counted !== undefined) await counted
    const grantType = form.get('grant_type')
    if (grantType === undefined) throw refuse('grant_type_missing')
    if (!isOffered(ctx, grantType)) throw refuse('grant_type')
    if (!client.grantTypes.includes(grantType)) throw refuse('grant_not_allowed')
    if (grantType !== 'client_credentials') requireNotThrottled(ctx, call, grantGuesses(client))
    const proven = senderKeyOf(ctx, call, client)
    const senderKey = typeof proven === 'object' ? await proven : proven
    const nonce = typeof proven === 'object' ? nonceHeader(ctx, ctx.secrets.tokenNonces) : undefined
    // A lost race is not guessed about: the grant is asked again and now sees the state the winner left.
    for (let attempt = 0; attempt < 2; attempt++) {
      const grant = await grants[grantType](ctx, call, client, form, senderKey)
      if ('storedAnswer' in grant) return withCors(json(200, grant.storedAnswer, nonce), origin)
      const issued = await issueTokens(ctx, call, grant)
      if (await commit(ctx, grant, issued)) {
        ctx.measure('tokens_issued', { grant_type: grantType, binding: issued.binding })
        noteUse(ctx, call, client, { grantType, form, binding: issued.binding })
        return withCors(json(200, issued.body, nonce), origin)
      }
    }
    throw refuse('code_race_lost')
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    // A device that waits for its person does what it is meant to do.
    if (isWaiting(error.reason)) return withCors(errorJson(ctx, error), origin)
    if (client !== undefined) ctx.usage.refused(client.id, error.reason)
    const facts = error.reported ? {} : await refusedTokenRequest(ctx, call.request, error, client)
    await reportRefusal(ctx, call, 'token', error, facts)
    if (client !== undefined && isGrantGuess(error.reason)) await countFailure(ctx, call, grantGuesses(client))
    return withCors(errorJson(ctx, error), origin ?? (await readableOrigin(ctx, call.request, error)))
  }
}

/** The key of the request, or else the certificate of its connection; a request with neither costs one look at its headers. */
function senderKeyOf(
  ctx: Context,
  call: Call,
  client: AuthenticatedClient,
): Promise<string | undefined> | string | undefined {
  if (header(call.request, 'dpop') !== undefined && ctx.policy.dpop) {
    if (client.certificateBoundAccessTokens) throw refuse('certificate_and_proof')
    return provenSenderKey(ctx, call, {
      uri: addressesOf(ctx, ctx.endpoints.token),
      clientId: client.id,
      nonces: ctx.secrets.tokenNonces,
    })
  }
  if (client.dpopBoundAccessTokens) throw refuse('proof_missing')
  const certificate = certificateKey(ctx, call)
  if (certificate === undefined && client.certificateBoundAccessTokens) throw refuse('certificate_missing')
  if (certificate === undefined && holdsFor(ctx.policy, client, 'requireSenderConstraint'))
    throw refuse('proof_missing')
  return certificate
}

type Used = {
  readonly grantType: GrantType
  readonly form: Form
  readonly binding: IssuedTokens['binding']
}

/** Counts a request that got tokens (A-GOV-03). */
function noteUse(ctx: Context, call: Call, client: AuthenticatedClient, { grantType, form, binding }: Used): void {
  const names: UsageName[] = [binding === 'bearer' ? 'bearer_tokens' : 'bound_tokens', ...provenBy(client)]
  if (grantType === 'refresh_token') names.push('refreshes')
  else if (grantType === 'client_credentials') names.push('client_credentials')
  else if (grantType === deviceGrant) names.push('device_codes_redeemed')
  else if (grantType === jwtBearerGrant) names.push('assertions_redeemed')
  else if (grantType === tokenExchangeGrant) names.push('tokens_exchanged')
  else if (grantType === backchannelGrant) names.push('backchannel_requests_redeemed')
  else {
    // Without a verifier a code is redeemed under a dated exception, or not at all.
    const proven = form.has('code_verifier')
    ctx.measure('codes_redeemed', { proof: proven ? 'verifier' : 'exception' })
    names.push('codes_redeemed', proven ? 'codes_redeemed_with_verifier' : 'codes_redeemed_under_exception')
    if (form.has('redirect_uri')) names.push('redirect_uri_at_token')
  }
  ctx.usage.note(client.id, names, call.request.headers)
}
