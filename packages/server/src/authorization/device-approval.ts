import { after, type Seconds } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { orderedId } from '../ids.ts'
import type { Authorization, SecurityEvent } from '../model/authorization.ts'
import { hearsOfLogout, type Client } from '../model/client.ts'
import type { DeviceRequest } from '../model/device.ts'
import type { DeviceDecision } from '../model/device-page.ts'
import type { Session } from '../model/interaction.ts'
import type { Notice } from '../model/notice.ts'
import { effectivePolicy } from '../policy.ts'
import { tellPerson } from './tell-person.ts'

/** A request that this session may decide about. */
export type Decidable = { readonly client: Client; readonly session: Session; readonly request: DeviceRequest }

/** Writes what a person decided, in one durable write; false when the request is over. */
export async function decideDevice(
  ctx: Context,
  call: Call,
  decidable: Decidable,
  decision: DeviceDecision,
): Promise<boolean> {
  const now = ctx.now()
  const { request, session } = decidable
  if (decision !== 'allow') {
    const events = [refusalEvent(ctx, call, decidable, decision)]
    const as = decision === 'deny' ? 'denied' : 'disowned'
    const ended = await ctx.store.devices.end(request.digest, { as, sessionId: session.id }, now, events)
    if (ended) ctx.events.stored(events)
    return ended
  }
  const authorization = authorizationFor(ctx, decidable, now)
  const events = [await approvalEvent(ctx, call, decidable, authorization)]
  const outcome = await ctx.store.devices.approve(
    { digest: request.digest, authorization, hearsOfLogout: hearsOfLogout(decidable.client, request.scope), events },
    now,
  )
  if (outcome !== 'approved') return false
  ctx.events.stored(events)
  tellPerson(ctx, call, noticeOf(ctx, call, decidable, authorization))
  return true
}

const noticeOf = (
  ctx: Context,
  { network }: Call,
  { client, request }: Decidable,
  authorization: Authorization,
): Notice => ({
  kind: 'device_approved',
  issuer: ctx.issuer,
  subject: authorization.subject,
  clientId: client.id,
  clientName: client.name,
  scope: authorization.scope,
  authorizationId: authorization.id,
  deviceNetwork: request.network,
  network,
  at: authorization.createdAt,
})

/** Consent was shown and is never remembered: nobody knows whether the next device is this one (A-DEV-14). */
function authorizationFor(ctx: Context, { client, session, request }: Decidable, now: Seconds): Authorization {
  const refreshes = client.grantTypes.includes('refresh_token')
  const { refreshTokenAbsolute, accessTokenLifetime } = effectivePolicy(ctx.policy, client)
  const offline = request.scope.includes('offline_access')
  // The device comes for its tokens until its code expires.
  const shortest = after(request.expiresAt, accessTokenLifetime)
  const ends = refreshes ? after(now, refreshTokenAbsolute) : shortest
  const expiresAt = ends > shortest ? ends : shortest
  return {
    id: orderedId(now, ctx.random),
    clientId: client.id,
    subject: session.subject,
    sessionId: session.id,
    scope: request.scope,
    resources: request.resources,
    claims: undefined,
    authentication: session.authentication,
    tellAuthTime: client.requireAuthTime,
    tellAcr: request.backchannel?.tellAcr ?? false,
    offline,
    deviceNetwork: request.network,
    derived: undefined,
    createdAt: now,
    // Without offline access nothing outlives the session, however that ends (A-RT-11).
    expiresAt: offline || expiresAt < session.expiresAt ? expiresAt : session.expiresAt,
  }
}

/** Approvals from afar of one client within an hour that somebody should look at: so it looks when codes are sent around. */
const farWindow = 3600
const manyFar = 10

async function approvalEvent(
  ctx: Context,
  call: Call,
  { client, session, request }: Decidable,
  authorization: Authorization,
): Promise<SecurityEvent> {
  const near = call.network === request.network
  // A backchannel request comes from the server of an application, which is never where the person is.
  const far =
    near || request.backchannel !== undefined
      ? 0
      : await ctx.store.count(`device-far:${client.id}`, farWindow, ctx.now())
  const suspicious = far >= manyFar
  return ctx.events.record(
    {
      ...(request.backchannel === undefined ? { event: 'device.approved' } : { event: 'backchannel.approved' }),
      severity: suspicious ? 'medium' : 'info',
      reason: suspicious ? 'many_from_afar' : undefined,
      clientId: client.id,
      subject: session.subject,
      authorizationId: authorization.id,
      detail: {
        scope: authorization.scope.join(' '),
        resources: authorization.resources.join(' '),
        device_network: request.network,
        same_network: near,
        age: Math.round(ctx.now() - request.createdAt),
      },
    },
    { requestId: call.id, network: call.network },
  )
}

function refusalEvent(
  ctx: Context,
  call: Call,
  { client, session, request }: Decidable,
  decision: DeviceDecision,
): SecurityEvent {
  const disowned = decision === 'disown'
  return ctx.events.record(
    {
      ...(request.backchannel === undefined ? { event: 'device.denied' } : { event: 'backchannel.denied' }),
      severity: disowned ? 'high' : 'info',
      reason: disowned ? 'not_started' : 'declined',
      clientId: client.id,
      subject: session.subject,
      detail: { device_network: request.network, same_network: call.network === request.network },
    },
    { requestId: call.id, network: call.network },
  )
}
