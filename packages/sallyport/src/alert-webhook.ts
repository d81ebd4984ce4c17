import type { Alert } from '@sallyport/server'
import { schemaVersion } from './terminal.ts'
import { createWebhook, type Webhook, type WebhookOptions } from './webhook.ts'

export type AlertWebhookOptions = Omit<WebhookOptions, 'idHeader'> & { readonly issuer: string }

/** Delivers alerts one after another, each until the receiver took it or its attempts are used up (A-LOG-03). */
export type AlertWebhook = Pick<Webhook, 'close'> & { send(alert: Alert): void }

const body = (alert: Alert, issuer: string): string =>
  JSON.stringify({
    schema_version: schemaVersion,
    id: alert.id,
    issuer,
    kind: alert.kind,
    verdict: alert.verdict,
    client_id: alert.clientId,
    count: alert.count,
    first_at: new Date(alert.firstAt * 1000).toISOString(),
    last_at: new Date(alert.lastAt * 1000).toISOString(),
    request_id: alert.requestId,
    final: alert.final,
  })

export function createAlertWebhook({ issuer, ...options }: AlertWebhookOptions): AlertWebhook {
  const webhook = createWebhook({ ...options, idHeader: 'sallyport-alert' })
  return { send: (alert) => webhook.send(alert.id, body(alert, issuer)), close: webhook.close }
}
