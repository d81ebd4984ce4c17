import type { Form, OAuthError, Reason } from '@sallyport/protocol'
import { presented } from './clients/credentials.ts'
import type { Context } from './context.ts'
import { readBody } from './form.ts'
import { isOffered } from './grants/index.ts'
import { header } from './http.ts'
import { clientIdForRecords } from './ids.ts'
import { backchannelGrant, deviceGrant, type AuthenticatedClient } from './model/client.ts'
import type { HttpRequest } from './model/http.ts'
import type { RefusalFacts } from './refusals.ts'

/** A form that was refused as a whole still tells whose it was; `undefined` where there is none to read. */
function formOf(request: HttpRequest): Form | undefined {
  try {
    return readBody(request)
  } catch {
    return undefined
  }
}

/** The value of a parameter that was sent once. */
const only = (form: Form | undefined, name: string): string | undefined =>
  form === undefined || form.duplicated.has(name) ? undefined : form.get(name)

function namedClient(request: HttpRequest, form: Form | undefined): string | undefined {
  if (form === undefined) return undefined
  try {
    return form.duplicated.has('client_id') ? undefined : presented(header(request, 'authorization'), form).clientId
  } catch {
    return only(form, 'client_id')
  }
}

/** Said of nobody's fault but the request's: it could not have been right, whoever sent it. */
const malformed: ReadonlySet<string> = new Set(['invalid_request', 'invalid_target', 'invalid_scope'])
const unknown: ReadonlySet<Reason> = new Set(['code_unknown', 'device_code_unknown', 'auth_req_id_unknown'])

/** As long as the address of a metadata document may be (A-CIMD-01). */
const maxIdLength = 512

const exchanges: ReadonlySet<string> = new Set(['authorization_code', deviceGrant, backchannelGrant])

/** What the request wanted to redeem: one code, whatever else is wrong with it. */
function isExchange(form: Form | undefined): boolean {
  const grantType = only(form, 'grant_type')
  if (grantType !== undefined) return exchanges.has(grantType)
  return form !== undefined && (form.has('code') || form.has('device_code') || form.has('auth_req_id'))
}

/**
 * What the event of a refused token request tells beside its reason: the client where it is known, by name if it never got to
 * prove itself, the grant type, and that a code exchange was malformed (A-LOG-01).
 */
export async function refusedTokenRequest(
  ctx: Context,
  request: HttpRequest,
  error: OAuthError,
  client: AuthenticatedClient | undefined,
): Promise<RefusalFacts> {
  const form = formOf(request)
  const grantType = only(form, 'grant_type')
  const named = client === undefined ? namedClient(request, form) : undefined
  const known = client ?? (named === undefined || named.length > maxIdLength ? undefined : await find(ctx, named))
  const stranger = known === undefined ? clientIdForRecords(named) : undefined
  return {
    clientId: known?.id,
    class: (malformed.has(error.code) || unknown.has(error.reason)) && isExchange(form) ? 'malformed' : undefined,
    detail: {
      ...(grantType !== undefined && isOffered(ctx, grantType) ? { grant_type: grantType } : {}),
      ...(stranger === undefined ? {} : { presented_client_id: stranger }),
    },
  }
}

/** A store that is away does not keep a refusal from being written down. */
async function find(ctx: Context, id: string): Promise<{ readonly id: string } | undefined> {
  try {
    return await ctx.clients.find(id)
  } catch {
    return undefined
  }
}
