import type { Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import type { DeviceRequest } from '../model/device.ts'
import type { FetchResult } from '../model/outbound.ts'
import { openPing } from '../secrets.ts'

/** Seconds before each attempt. A client that was not reached finds the answer where it polls. */
const waits = [0, 2, 10]

const seconds = (count: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, count * 1000).unref()
  })

/** Taken, or refused in a way that another attempt would not change (CIBA section 10.2): redirects, credentials that do not count. */
const isSettled = (result: FetchResult): boolean =>
  result.ok ? result.status < 500 && result.status !== 429 : result.fault === 'redirect' || result.fault === 'url'

/**
 * Tells a client in ping mode that there is a decision about its request, whichever it is; what it is stays at the token
 * endpoint. Runs beside the answer to the person and never rejects: a client that cannot be reached stops nothing (B-CIBA-06).
 */
export async function notifyClient(
  ctx: Context,
  client: Client,
  { backchannel, digest }: DeviceRequest,
): Promise<void> {
  const url = client.backchannelNotificationEndpoint
  const ping = backchannel?.ping === undefined ? undefined : openPing(ctx.secrets, backchannel.ping, digest)
  if (url === undefined || ping === undefined) return
  const request = {
    purpose: 'ping',
    url,
    maxBytes: 4096,
    accept: '*/*',
    authorization: `Bearer ${ping.token}`,
    content: { type: 'application/json', body: JSON.stringify({ auth_req_id: ping.id }) },
  } as const
  let result: FetchResult | undefined
  for (const wait of waits) {
    if (wait > 0) await seconds(wait)
    result = await ctx.fetch(request)
    if (isSettled(result)) break
  }
  const taken = result?.ok === true && (result.status === 204 || result.status === 200)
  ctx.measure('backchannel_pings', { outcome: taken ? 'delivered' : 'failed' })
}
