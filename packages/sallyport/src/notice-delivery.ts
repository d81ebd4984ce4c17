import { randomUUID } from 'node:crypto'
import type { PersonNotice } from '@sallyport/accounts'
import type { ConfigFault } from './config/layers.ts'
import type { Config } from './config/load.ts'
import type { Metrics } from './metrics.ts'
import { post } from './post.ts'
import { schemaVersion } from './terminal.ts'
import { createWebhook } from './webhook.ts'
import { webhookFaults, type PlaceOf } from './webhook-faults.ts'
import { now } from './workplace.ts'

export type NoticeDelivery = {
  /** `undefined` where nobody is to be told. */
  readonly send: ((notice: PersonNotice) => Promise<void>) | undefined
  close(): Promise<void>
}

/** What is wrong with where notices are to go: they say who is asked for what. */
export const noticeFaults = ({ notices }: Pick<Config, 'notices'>, placeOf: PlaceOf): readonly ConfigFault[] =>
  webhookFaults('notices', notices, placeOf)

/** What happened, in the names of the wire; the rest says how to reach the person. */
function facts(notice: PersonNotice): Readonly<Record<string, unknown>> {
  if (notice.kind === 'request_waits')
    return { binding_message: notice.bindingMessage, expires_at: new Date(notice.expiresAt * 1000).toISOString() }
  return { scope: notice.scope.join(' '), device_network: notice.deviceNetwork, network: notice.network }
}

const body = (id: string, notice: PersonNotice): string =>
  JSON.stringify({
    schema_version: schemaVersion,
    id,
    issuer: notice.issuer,
    kind: notice.kind,
    at: new Date(notice.at * 1000).toISOString(),
    sub: notice.subject,
    username: notice.username,
    email: notice.claims['email_verified'] === true ? notice.claims['email'] : undefined,
    locale: notice.claims['locale'],
    client_id: notice.clientId,
    client_name: notice.clientName,
    ...facts(notice),
    url: notice.pageUrl,
  })

/**
 * Tells the configured webhook what a person has to hear of, so that a program of the operator's tells the person: by a push
 * message, a mail. Without one, people find it on their pages.
 */
export function noticeDelivery({ notices }: Config, metrics: Metrics): NoticeDelivery {
  const { webhook: url, secret } = notices
  if (url === undefined || secret === undefined) return { send: undefined, close: async () => undefined }
  const onOutcome = (outcome: string): void => {
    metrics.count('notice_deliveries', { outcome })
  }
  const webhook = createWebhook({ url, secret, idHeader: 'sallyport-notice', post, onOutcome, now })
  return {
    send: async (notice) => {
      const id = randomUUID()
      webhook.send(id, body(id, notice))
    },
    close: webhook.close,
  }
}
