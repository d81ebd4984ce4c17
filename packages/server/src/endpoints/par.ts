import { OAuthError, parseForm, refuse, type Form } from '@sallyport/protocol'
import { boundToKey, countPush, storePushed, withoutCredentials } from '../authorization/pushed-request.ts'
import { mustSign, openRequestObject, useOnce, type SignedRequest } from '../authorization/request-object.ts'
import { settleRedirectUri } from '../authorization/settle-client.ts'
import { validateRequest } from '../authorization/validate-request.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import { readableOrigin, requireAllowedOrigin, withCors } from '../clients/cors.ts'
import { looksLikeDocument } from '../clients/document-url.ts'
import { documentClient } from '../clients/documents.ts'
import type { Call, Context } from '../context.ts'
import { readStrictForm } from '../form.ts'
import { errorJson, json } from '../http.ts'
import type { AuthenticatedClient } from '../model/client.ts'
import type { HttpResponse } from '../model/http.ts'
import { addressesOf } from '../mutual-tls.ts'
import { effectivePolicy } from '../policy.ts'
import { reportRefusal } from '../refusals.ts'
import { nonceHeader, provenSenderKey } from '../tokens/sender-key.ts'
import { provenBy } from '../usage.ts'

/**
 * The pushed authorization request endpoint (RFC 9126 section 2): parse, authenticate the client as at the token endpoint,
 * judge the request as the authorization endpoint would, store once, answer. What is stored are the parameters, not the
 * verdict: they are judged again by what is true when a browser comes with the reference (B-PAR-08).
 */
export async function pushedAuthorization(ctx: Context, call: Call): Promise<HttpResponse> {
  let origin: string | undefined
  let client: AuthenticatedClient | undefined
  try {
    const form = readStrictForm(call.request)
    const named = form.get('client_id')
    // The push may be the first that is heard of this application.
    if (named !== undefined && looksLikeDocument(named)) await documentClient(ctx, call, named)
    client = await authenticateClient(ctx, call, form)
    origin = requireAllowedOrigin(ctx, call.request, client)
    const counted = countPush(ctx, call, client)
    if (counted !== undefined) await counted
    if (form.has('request_uri')) throw refuse('jar_nested')
    const { text, form: pushed, mark, signed } = await whatIsPushed(ctx, call, client, form)
    await validateRequest(ctx, settleRedirectUri(client, pushed), pushed)
    const proof = { uri: addressesOf(ctx, ctx.endpoints.pushed), clientId: client.id, nonces: ctx.secrets.tokenNonces }
    const senderKey = await provenSenderKey(ctx, call, proof)
    const bound = boundToKey(text, pushed, senderKey)
    if (!(await useOnce(ctx, mark))) throw refuse('jar_replayed')
    const reference = await storePushed(ctx, client, { text: bound, signed })
    ctx.measure('requests_pushed', {})
    ctx.usage.note(client.id, provenBy(client))
    const answer = { request_uri: reference, expires_in: effectivePolicy(ctx.policy, client).pushedRequestLifetime }
    return withCors(json(201, answer, senderKey === undefined ? {} : nonceHeader(ctx, proof.nonces)), origin)
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error
    if (client !== undefined) ctx.usage.refused(client.id, error.reason)
    await reportRefusal(ctx, call, 'pushed', error, { clientId: client?.id })
    return withCors(errorJson(ctx, error), origin ?? (await readableOrigin(ctx, call.request, error)))
  }
}

type Pushed = Pick<SignedRequest, 'text' | 'form' | 'mark'> & { readonly signed: boolean }

/**
 * The parameters of the body, without what proves who sent them; or, where it carries a request object, what that says, and nothing
 * beside it (RFC 9126 section 3, B-JAR-01).
 */
async function whatIsPushed(ctx: Context, call: Call, client: AuthenticatedClient, form: Form): Promise<Pushed> {
  const object = ctx.policy.requestObjects ? form.get('request') : undefined
  if (object === undefined) {
    if (mustSign(ctx, client)) throw refuse('jar_required')
    const text = withoutCredentials(Buffer.from(call.request.body ?? new Uint8Array()).toString('utf8'))
    return { text, form: parseForm(text), mark: undefined, signed: false }
  }
  const { fault, ...opened } = await openRequestObject(ctx, call, client, object)
  if (fault !== undefined) throw fault
  return { ...opened, signed: true }
}
