import type { Alert } from '@sallyport/server'
import { createAlertWebhook } from './alert-webhook.ts'
import type { ConfigFault } from './config/layers.ts'
import type { Config } from './config/load.ts'
import type { Metrics } from './metrics.ts'
import { post } from './post.ts'
import { webhookFaults, type PlaceOf } from './webhook-faults.ts'
import { now } from './workplace.ts'

export type AlertDelivery = { send(alert: Alert): void; close(): Promise<void> }

/** What is wrong with where alerts are to go: they tell an attacker much. */
export const alertFaults = ({ alerts }: Pick<Config, 'alerts'>, placeOf: PlaceOf): readonly ConfigFault[] =>
  webhookFaults('alerts', alerts, placeOf)

/** An alert in the log. */
export const alertLine = ({ id, clientId, count, verdict, requestId, final }: Alert): Record<string, unknown> => ({
  alert: id,
  client_id: clientId,
  count,
  verdict,
  request_id: requestId,
  final,
})

/** Sends alerts to the configured webhook, or nowhere. */
export function alertDelivery({ alerts }: Config, issuer: string, metrics: Metrics): AlertDelivery {
  const { webhook, secret } = alerts
  if (webhook === undefined || secret === undefined) return { send: () => undefined, close: async () => undefined }
  const onOutcome = (outcome: string): void => {
    metrics.count('alert_deliveries', { outcome })
  }
  return createAlertWebhook({ url: webhook, secret, issuer, post, onOutcome, now })
}
