import { parseStrictArray, refuse, type Form } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { maxDetails, maxDetailsLength, type AuthorizationDetail } from '../model/detail.ts'
import { canonical, detailsWithin } from '../narrow-details.ts'

const isDetail = (value: unknown): value is AuthorizationDetail =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  typeof (value as Readonly<Record<string, unknown>>)['type'] === 'string'

const mayUse = ({ authorizationDetailsTypes: types }: Client, type: string): boolean =>
  types === undefined || types.includes(type)

/**
 * The details a request asks for (RFC 9396 section 2): a JSON array within its bounds, every entry of a type that there is,
 * that this client may use, and that its schema fits (B-RAR-01, -02, -07). `undefined` when it names none.
 */
export function requestedDetails(ctx: Context, client: Client, form: Form): readonly AuthorizationDetail[] | undefined {
  const text = form.get('authorization_details')
  if (text === undefined) return undefined
  const bad = (detail: string): Error => refuse('details', { detail })
  if (text.length > maxDetailsLength) throw bad('size')
  const entries = parseStrictArray(text)
  if (typeof entries === 'string') throw bad(entries)
  if (entries.length === 0 || entries.length > maxDetails) throw bad('number of entries')
  const details: AuthorizationDetail[] = []
  for (const entry of entries) {
    if (!isDetail(entry)) throw bad('an entry is no object with a type')
    if (ctx.details.find(entry.type) === undefined) throw bad('unknown type')
    if (!mayUse(client, entry.type)) throw refuse('details_not_allowed')
    const fault = ctx.details.fault(entry)
    if (fault !== undefined) throw bad(fault)
    details.push(entry)
  }
  if (new Set(details.map(canonical)).size < details.length) throw bad('an entry stands there twice')
  return details
}

/** What was granted and may still be used: an operator may have taken a type away meanwhile (CO-10). */
const stillGranted = (
  ctx: Context,
  client: Client,
  granted: readonly AuthorizationDetail[],
): readonly AuthorizationDetail[] =>
  granted.filter(({ type }) => ctx.details.find(type) !== undefined && mayUse(client, type))

/** Whether a detail is for an API: it says so itself, or its type does (B-RAR-06). */
function isFor(ctx: Context, { type, ...fields }: AuthorizationDetail, audience: string): boolean {
  const { locations } = fields as { readonly locations?: unknown }
  if (Array.isArray(locations)) return locations.includes(audience)
  const { resources } = ctx.details.find(type) ?? {}
  return resources === undefined || resources.includes(audience)
}

export type DetailsWish = { readonly granted: readonly AuthorizationDetail[]; readonly audience: string }

/** The details of one access token: what was granted, or the narrower part that the request names, and of it what its API is for. */
export function detailsOfToken(
  ctx: Context,
  client: Client,
  form: Form,
  { granted, audience }: DetailsWish,
): readonly AuthorizationDetail[] {
  const left = granted.length === 0 ? granted : stillGranted(ctx, client, granted)
  const wanted = requestedDetails(ctx, client, form)
  if (wanted !== undefined && !detailsWithin(ctx.details, wanted, left)) throw refuse('details_wider')
  return (wanted ?? left).filter((detail) => isFor(ctx, detail, audience))
}

/** Details that a client asks for itself: no person agrees, so only types that are open for that (B-RAR-05). */
export function detailsOfMachine(
  ctx: Context,
  client: Client,
  form: Form,
  audience: string,
): readonly AuthorizationDetail[] {
  const wanted = requestedDetails(ctx, client, form) ?? []
  if (wanted.some(({ type }) => ctx.details.find(type)?.forMachines !== true)) throw refuse('details_wider')
  return wanted.filter((detail) => isFor(ctx, detail, audience))
}

/** For grants that carry no details: whoever asks for some is told, instead of getting a token without them. */
export function requireNoDetails(form: Form): void {
  if (form.has('authorization_details')) throw refuse('details_wider', { detail: 'not with this grant' })
}
