import type { Client } from '@sallyport/server'

const day = 86_400

/** So long before its end a secret is reported (A-CC-05). */
export const noticeDays = 30

/**
 * When the last secret of an active client ends, if that is within the notice or past already. An older secret that
 * runs out after a rotation is nothing to tell.
 */
export function endingSecret(client: Client, now: number): number | undefined {
  if (client.disabledAt !== undefined || client.secrets.length === 0) return undefined
  const end = Math.max(...client.secrets.map(({ expiresAt }) => expiresAt))
  return end - now <= noticeDays * day ? end : undefined
}
