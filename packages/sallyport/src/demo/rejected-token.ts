import type { Random, Seconds } from '@sallyport/protocol'
import type { BearerReason } from '@sallyport/resource'
import { orderedId, type SecurityEvent } from '@sallyport/server'
import type { DemoAddresses } from './demo.ts'

/** What a protected program of the demo is made from. */
export type ProtectedOptions = {
  readonly addresses: DemoAddresses
  readonly random: Random
  readonly now: () => Seconds
  readonly onEvent: (event: SecurityEvent) => void
}

export type Rejected = {
  readonly requestId: string
  readonly reason: BearerReason
  readonly surface: 'demo_api' | 'demo_mcp'
}

/** The event that a reason is written down as: what is wrong with a proof is no fault of the token. */
function eventOf(reason: BearerReason): Pick<SecurityEvent, 'event' | 'severity' | 'reason'> {
  if (reason === 'dpop_replayed') return { event: 'dpop.proof.replayed', severity: 'high', reason }
  if (reason === 'jkt_mismatch') return { event: 'dpop.proof.rejected', severity: 'low', reason }
  if (!reason.startsWith('dpop_')) return { event: 'jwt.rejected', severity: 'low', reason }
  return { event: 'dpop.proof.rejected', severity: 'low', reason: reason.slice('dpop_'.length) }
}

/** The event of a token that was not accepted. */
export const rejectedToken = (
  { random, now }: Pick<ProtectedOptions, 'random' | 'now'>,
  { requestId, reason, surface }: Rejected,
): SecurityEvent => ({
  id: orderedId(now(), random),
  ...eventOf(reason),
  ts: now(),
  requestId,
  clientId: undefined,
  subject: undefined,
  authorizationId: undefined,
  network: undefined,
  class: undefined,
  count: 1,
  detail: { surface },
})
