import type { Reason, Seconds } from '@sallyport/protocol'
import type { Page } from './page.ts'

/** What is counted of a client. A closed set, so that a row has a largest size. */
export const usageNames = [
  'authorization_requests',
  'pushed_requests',
  'signed_requests',
  'with_s256',
  'with_state',
  'with_nonce',
  'codes_issued',
  'codes_issued_under_exception',
  'codes_redeemed',
  'codes_redeemed_with_verifier',
  'codes_redeemed_under_exception',
  'redirect_uri_at_token',
  'authenticated_by_secret',
  'authenticated_by_key',
  'bearer_tokens',
  'bound_tokens',
  'refreshes',
  'client_credentials',
  'device_codes_redeemed',
  'assertions_redeemed',
  'tokens_exchanged',
  'backchannel_requests_redeemed',
  'openid_without_nonce',
] as const

export type UsageName = (typeof usageNames)[number]

export type UsageCounts = { readonly [name in UsageName]?: number }

/** Refusals by reason; the reasons are those of the protocol and no text from outside. */
export type RefusalCounts = { readonly [reason in Reason]?: number }

/** What one client did in one week of ISO 8601 (A-GOV-03). */
export type ClientUsage = {
  readonly clientId: string
  /** Such as `2026-W48`; weeks sort as text. */
  readonly week: string
  readonly counts: UsageCounts
  readonly refused: RefusalCounts
}

/** When a client was last seen, and what is known of its software. */
export type LastUse = {
  readonly clientId: string
  /** The last code or token that was given, or the last request with a proof of who the client is. */
  readonly usedAt: Seconds | undefined
  /** The library it names in its requests to the token endpoint. */
  readonly library: string | undefined
  readonly refusal: { readonly reason: Reason; readonly at: Seconds } | undefined
  /** When each of its secrets was last used, by the id of the secret; the latest few. */
  readonly secrets: SecretUses
}

export type SecretUses = Readonly<Record<string, Seconds>>

/** Uses of secrets that are kept; a client has two that live. */
const maxSecretUses = 4

/** What came together since the last write. */
export type UsageDelta = ClientUsage & Omit<LastUse, 'clientId'>

/** How clients use the server, in aggregates that stay small whatever the traffic. */
export type UsageStore = {
  /**
   * Adds to what is there, all of it or nothing. Law: counts add up whatever the order and the number of nodes; of two
   * instants the later stays. Of a client that is not there (any more) nothing is written.
   */
  add(deltas: readonly UsageDelta[]): Promise<void>
  /** Rows of the weeks from `since` on, by client and then week. `after` is the `next` of the page before. */
  list(
    filter: { readonly clientId?: string | undefined; readonly since?: string | undefined },
    after: string | undefined,
    limit: number,
  ): Promise<Page<ClientUsage>>
  lastUse(clientId: string): Promise<LastUse | undefined>
}

const day = 86_400

/** The week of ISO 8601 an instant lies in, in UTC: weeks begin on Monday, and belong to the year of their Thursday. */
export function isoWeek(at: number): string {
  // 1 January 1970 was a Thursday.
  const thursday = Math.floor((Math.floor(at / day) + 3) / 7) * 7 * day
  const year = new Date(thursday * 1000).getUTCFullYear()
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / 1000) / (7 * day)) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

/** The instant after the end of the week an instant lies in. */
export const weekEnd = (at: number): number => (Math.floor((Math.floor(at / day) + 3) / 7) * 7 + 4) * day

/** Two counts as one. */
export function addCounts<T extends Readonly<Record<string, number>>>(first: T, second: T): T {
  const sum: Record<string, number> = { ...first }
  for (const [name, value] of Object.entries(second)) sum[name] = (sum[name] ?? 0) + value
  return sum as T
}

const later = (first: Seconds | undefined, second: Seconds | undefined): Seconds | undefined =>
  first === undefined || (second !== undefined && second > first) ? second : first

/** The later use of each secret; of more than a few, the latest. */
export function mergeSecretUses(first: SecretUses, second: SecretUses): SecretUses {
  const merged: Record<string, Seconds> = { ...first }
  for (const [id, at] of Object.entries(second)) merged[id] = later(merged[id], at) ?? at
  const latest = Object.entries(merged).sort(([, a], [, b]) => b - a)
  return Object.fromEntries(latest.slice(0, maxSecretUses))
}

/** What is known of a client after `delta` came to what was known `before`. */
export function mergeLastUse(before: LastUse | undefined, delta: UsageDelta): LastUse {
  const newer = before?.refusal === undefined || (delta.refusal?.at ?? 0) >= before.refusal.at
  return {
    clientId: delta.clientId,
    usedAt: later(before?.usedAt, delta.usedAt),
    library: delta.library ?? before?.library,
    refusal: newer ? (delta.refusal ?? before?.refusal) : before.refusal,
    secrets: mergeSecretUses(before?.secrets ?? {}, delta.secrets),
  }
}
