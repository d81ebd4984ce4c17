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

/** The event of a token that was not accepted. */
export const rejectedToken = (
  { random, now }: Pick<ProtectedOptions, 'random' | 'now'>,
  { requestId, reason, surface }: Rejected,
): SecurityEvent => ({
  id: orderedId(now(), random),
  event: 'jwt.rejected',
  severity: 'low',
  ts: now(),
  requestId,
  clientId: undefined,
  subject: undefined,
  authorizationId: undefined,
  network: undefined,
  reason,
  class: undefined,
  count: 1,
  detail: { surface },
})
