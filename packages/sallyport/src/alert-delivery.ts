import type { Alert } from '@sallyport/server'
import { createAlertWebhook } from './alert-webhook.ts'
import { isLoopback } from './bind-rules.ts'
import type { ConfigFault } from './config/layers.ts'
import type { Config } from './config/load.ts'
import type { Metrics } from './metrics.ts'
import { post } from './post.ts'
import { now } from './workplace.ts'

export type AlertDelivery = { send(alert: Alert): void; close(): Promise<void> }

/** Where a setting was written: a flag, a variable, a file with its line. */
export type PlaceOf = (key: string) => string

const leastSecret = 32

const fault = (key: string, origin: string, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'weak',
})

/** What is wrong with where alerts are to go: they tell an attacker much, so they travel encrypted and signed. */
export function alertFaults({ alerts }: Pick<Config, 'alerts'>, placeOf: PlaceOf): readonly ConfigFault[] {
  const { webhook, secret } = alerts
  if (webhook === undefined) return []
  const faults: ConfigFault[] = []
  const url = URL.canParse(webhook) ? new URL(webhook) : undefined
  const fits = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url === undefined || !fits || url.username !== '' || url.password !== '' || url.hash !== '')
    faults.push(
      fault(
        'alerts.webhook',
        placeOf('alerts.webhook'),
        'is no https URL without credentials and fragment',
        'use an https URL',
      ),
    )
  if (secret === undefined || secret.length < leastSecret)
    faults.push(
      fault(
        'alerts.secret',
        secret === undefined ? placeOf('alerts.webhook') : placeOf('alerts.secret'),
        `has fewer than ${leastSecret} characters`,
        'use some from: openssl rand -base64 32',
      ),
    )
  return faults
}

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
