import type { Client, ClientSecret } from '@sallyport/server'

/**
 * The client with one more secret. At most two are alive: the newest of the old ones ends with the overlap, all others now.
 */
export function withNewSecret(client: Client, record: ClientSecret, overlapEnd: number): Client {
  const [old] = [...client.secrets].sort((a, b) => b.createdAt - a.createdAt)
  const kept =
    old === undefined ? [] : [{ ...old, expiresAt: Math.min(old.expiresAt, overlapEnd) as typeof old.expiresAt }]
  return { ...client, secrets: [record, ...kept] }
}
