import type { OAuthError, Reason } from '@sallyport/protocol'
import type { Call, Context } from './context.ts'

/** Where a request was refused. */
export type Surface =
  | 'authorize'
  | 'pushed'
  | 'token'
  | 'revoke'
  | 'introspect'
  | 'userinfo'
  | 'logout'
  | 'device'
  | 'register'
  | 'manage'
  | 'interaction'
  | 'http'

const eventOf: Readonly<Record<Surface, string>> = {
  authorize: 'authz.request.rejected',
  pushed: 'authz.request.rejected',
  token: 'token.request.rejected',
  revoke: 'token.request.rejected',
  introspect: 'token.request.rejected',
  userinfo: 'jwt.rejected',
  logout: 'logout.rejected',
  device: 'token.request.rejected',
  register: 'client.registration.rejected',
  manage: 'client.registration.rejected',
  interaction: 'authz.request.rejected',
  http: 'http.request.rejected',
}

const httpReasons: ReadonlySet<Reason> = new Set([
  'method',
  'path',
  'host',
  'content_type',
  'encoding',
  'size',
  'header_count',
  'header_duplicated',
  'expectation',
  'framing',
  'query_on_post',
  'query_credential',
  'param_count',
  'param_encoding',
  'control_char',
  'return_to',
])

const waiting: ReadonlySet<Reason> = new Set(['authorization_pending', 'slow_down'])

/** True for the answers to a device whose person has not decided yet: no refusal, so no event and no count (RFC 8628 section 3.5). */
export const isWaiting = (reason: Reason): boolean => waiting.has(reason)

/** Reasons by which events are told apart under a name of their own (DP-12). */
const eventReasons: Partial<Record<Reason, string>> = { token_cnf: 'cnf', token_certificate: 'cnf' }

const events: Partial<Record<Reason, string>> = {
  redirect_uri_mismatch: 'authz.redirect_uri.mismatch',
  csrf: 'csrf.rejected',
  token_of_another_client: 'token.revoke.denied',
  bearer_assertion_replayed: 'token.assertion.replayed',
  introspection_not_allowed: 'token.introspect.denied',
  origin_not_allowed: 'http.request.rejected',
  store_unavailable: 'store.unavailable',
  logout_hint: 'logout.rejected',
  logout_redirect: 'logout.rejected',
}

/** A token that is no good at somebody's registration is somebody else's business, not a bad request. */
const managementEvents: Partial<Record<Reason, string>> = { registration_token: 'admin.access.denied' }

function eventFor(surface: Surface, reason: Reason): string {
  const managing = surface === 'manage' ? managementEvents[reason] : undefined
  return managing ?? events[reason] ?? (httpReasons.has(reason) ? 'http.request.rejected' : eventOf[surface])
}

/** What is known of a refused request beside the reason. */
export type RefusalFacts = {
  readonly clientId?: string | undefined
  readonly subject?: string | undefined
  /** Class of a failed code exchange. */
  readonly class?: string | undefined
  readonly detail?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** Writes the event of a refusal unless it was written where it was found, and counts it. */
export async function reportRefusal(
  ctx: Context,
  call: Call,
  surface: Surface,
  error: OAuthError,
  facts: RefusalFacts = {},
): Promise<void> {
  ctx.measure('requests_rejected', { surface, error: error.code, reason: error.reason })
  if (error.reported) return
  const event = eventFor(surface, error.reason)
  await ctx.events.write(
    {
      event,
      reason: eventReasons[error.reason] ?? error.reason,
      clientId: facts.clientId,
      subject: facts.subject,
      class: facts.class,
      detail: {
        surface: error.reason === 'csrf' ? (call.request.path.split('/').at(-1) ?? '') : surface,
        ...(error.detail === undefined ? {} : { reason_detail: error.detail.slice(0, 200) }),
        ...facts.detail,
      },
    },
    { requestId: call.id, network: call.network },
  )
}
