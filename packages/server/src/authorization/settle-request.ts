import { parseForm, refuse, type Form } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { readBody } from '../form.ts'
import { header } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { PushedRequestUse } from '../model/pushed-request.ts'
import { fetchRequestObject } from './fetch-request.ts'
import { mustPush, namesPushedRequest, openPushed, UnreadableRequest } from './pushed-request.ts'
import { openRequestObject, type SignedRequest } from './request-object.ts'
import { requireClient, settleClient, settleRedirectUri, type SettledClient } from './settle-client.ts'

const webView = /; wv\)|\bFBA[NV]\/|\bInstagram\b|\bLine\//

/** Parameters of a GET are in the query, those of a POST in the body alone (PP-03). */
function readParameters(ctx: Context, call: Call): Form {
  const { request } = call
  if (request.fault !== undefined) throw refuse(request.fault)
  if (ctx.policy.refuseWebViews && webView.test(header(request, 'user-agent') ?? '')) throw refuse('web_view')
  if (request.method !== 'POST') return parseForm(request.query)
  if (request.query !== '') throw refuse('query_on_post')
  return readBody(request)
}

/** What is asked for and by whom, and how it came: pushed before, or signed, or both, or neither. */
export type Asked = {
  readonly form: Form
  readonly settled: SettledClient
  readonly use: PushedRequestUse | undefined
  readonly signed: boolean
  readonly object?: SignedRequest
}

/** Whether the request of a browser says what it asks for in a request object, or where one is (RFC 9101); with both it says nothing. */
const carriesObject = ({ policy }: Context, form: Form): boolean =>
  (policy.requestObjects && form.has('request') && !form.has('request_uri')) ||
  (policy.requestUris && form.has('request_uri') && !form.has('request'))

/**
 * Finds out what the browser asks for: what it brings itself, what its client signed, or what its client pushed before
 * (RFC 9126 section 4).
 */
export async function settleRequest(ctx: Context, call: Call): Promise<Asked> {
  const sent = readParameters(ctx, call)
  const byReference = namesPushedRequest(sent)
  if (!byReference && !carriesObject(ctx, sent)) {
    const settled = await settleClient(ctx, call, sent)
    const counted = count(ctx, call, settled.client)
    if (counted !== undefined) await counted
    return { form: sent, settled, use: undefined, signed: false }
  }
  const client = await requireClient(ctx, call, sent)
  const counted = count(ctx, call, client)
  if (counted !== undefined) await counted
  if (!byReference) return signedByClient(ctx, call, client, sent)
  const { form, use, signed } = await openPushed(ctx, call, client, sent)
  return { form, settled: settleRedirectUri(client, form), use, signed }
}

async function signedByClient(ctx: Context, call: Call, client: Client, sent: Form): Promise<Asked> {
  if (sent.duplicated.has('request') || sent.duplicated.has('request_uri')) throw refuse('param_duplicated')
  // Not even opened where it may not come this way (JR-11).
  if (mustPush(ctx, client)) throw refuse('par_required', { cause: new UnreadableRequest(client) })
  const uri = sent.get('request_uri')
  const text = uri === undefined ? sent.get('request') : await fetchRequestObject(ctx, call, client, uri)
  const object = await openRequestObject(ctx, call, client, text ?? '')
  const { form } = object
  return { form, settled: settleRedirectUri(client, form), use: undefined, signed: true, object }
}

const count = (ctx: Context, call: Call, client: Client): void | Promise<void> =>
  ctx.limits.authorize(`${client.id} ${call.network}`)
