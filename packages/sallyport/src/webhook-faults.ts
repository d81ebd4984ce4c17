import { isLoopback } from './bind-rules.ts'
import type { ConfigFault } from './config/layers.ts'

/** Where a setting was written: a flag, a variable, a file with its line. */
export type PlaceOf = (key: string) => string

/** A webhook as it is configured: both or neither. */
export type WebhookSettings = { readonly webhook: string | undefined; readonly secret: string | undefined }

const leastSecret = 32

const fault = (key: string, origin: string, problem: string, fix: string): ConfigFault => ({
  key,
  origin,
  problem,
  fix,
  kind: 'weak',
})

/** What is wrong with where a group of settings wants things to be sent: they travel encrypted and signed. */
export function webhookFaults(
  group: 'alerts' | 'notices',
  { webhook, secret }: WebhookSettings,
  placeOf: PlaceOf,
): readonly ConfigFault[] {
  if (webhook === undefined) return []
  const faults: ConfigFault[] = []
  const url = URL.canParse(webhook) ? new URL(webhook) : undefined
  const fits = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  const address = `${group}.webhook`
  if (url === undefined || !fits || url.username !== '' || url.password !== '' || url.hash !== '')
    faults.push(
      fault(address, placeOf(address), 'is no https URL without credentials and fragment', 'use an https URL'),
    )
  if (secret === undefined || secret.length < leastSecret)
    faults.push(
      fault(
        `${group}.secret`,
        placeOf(secret === undefined ? address : `${group}.secret`),
        `has fewer than ${leastSecret} characters`,
        'use some from: openssl rand -base64 32',
      ),
    )
  return faults
}
