import { OAuthError, refuse } from '@sallyport/protocol'
import { readableOrigin, withCors } from '../clients/cors.ts'
import { removeDynamicClient, replaceDynamicClient } from '../clients/dynamic-registration.ts'
import { requireRegistration } from '../clients/registration-access.ts'
import { registrationAnswer } from '../clients/registration-answer.ts'
import type { Call, Context } from '../context.ts'
import { errorJson, json } from '../http.ts'
import { readJsonBody } from '../json-body.ts'
import type { HttpResponse } from '../model/http.ts'
import { reportRefusal } from '../refusals.ts'

type Endpoint = (ctx: Context, call: Call) => Promise<HttpResponse>

/** Times a change is tried again when somebody else changed the client in between. */
const attempts = 3

const managed =
  (work: Endpoint): Endpoint =>
  async (ctx, call) => {
    try {
      if (call.request.fault !== undefined) throw refuse(call.request.fault)
      const response = await work(ctx, call)
      return withCors(response, await readableOrigin(ctx, call.request, refuse('registration_token')))
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
      await reportRefusal(ctx, call, 'manage', error)
      return withCors(errorJson(ctx, error), await readableOrigin(ctx, call.request, error))
    }
  }

/** The present record of a client, for the client itself (RFC 7592 section 2.1). */
export const readRegistration: Endpoint = managed(async (ctx, call) =>
  json(200, registrationAnswer(ctx, await requireRegistration(ctx, call))),
)

/** The client describes itself anew, as a whole (RFC 7592 section 2.2). */
export const replaceRegistration: Endpoint = managed(async (ctx, call) => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const held = await requireRegistration(ctx, call)
    if (ctx.registration.management === 'read_only') throw refuse('registration_read_only')
    const made = await replaceDynamicClient(ctx, call, held, readJsonBody(call.request))
    if (made !== undefined) return json(200, registrationAnswer(ctx, made, made))
  }
  throw refuse('overload')
})

/** The client goes, and everything issued to it (RFC 7592 section 2.3). */
export const deleteRegistration: Endpoint = managed(async (ctx, call) => {
  const { client } = await requireRegistration(ctx, call)
  if (ctx.registration.management === 'read_only') throw refuse('registration_read_only')
  await removeDynamicClient(ctx, client, 'self_service_deleted', { requestId: call.id, network: call.network })
  return { status: 204, headers: { 'cache-control': 'no-store', pragma: 'no-cache' }, body: '' }
})
