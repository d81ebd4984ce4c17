import { equalInConstantTime, lookupKey, refuse, resourceMetadataUrl } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import { header } from '../http.ts'
import type { Client } from '../model/client.ts'
import type { DynamicRegistration, InitialAccessToken } from '../model/registrations.ts'

/** A client whose registration access token was shown. */
export type PresentedRegistration = {
  readonly client: Client
  readonly registration: DynamicRegistration
  /** Digest of the token that was shown. */
  readonly presented: string
}

const bearer = /^bearer +([A-Za-z0-9\-._~+/]{1,512}=*)$/i

/**
 * One answer for every way in which a token can be no good (A-DCM-02). Only at the address that has a document of RFC 9728
 * is it named: what is said there would not be of the address of one client.
 */
const refused = (ctx: Context, call: Call) => {
  const { registration } = ctx.endpoints
  const named = ctx.origin + call.request.path === registration
  const more = named ? `, resource_metadata="${resourceMetadataUrl(registration)}"` : ''
  return refuse('registration_token', {
    headers: { 'www-authenticate': `Bearer realm="${ctx.issuer}", error="invalid_token"${more}` },
  })
}

/** Digest of the bearer token in the header; a token in the address or in the body is none. */
function presentedDigest(ctx: Context, call: Call): string {
  const token = bearer.exec(header(call.request, 'authorization') ?? '')?.[1]
  if (token === undefined || call.request.query !== '') throw refused(ctx, call)
  return lookupKey(token)
}

/** The initial access token of a request, still good for a registration; the write that spends it looks again. */
export async function requireInitialToken(ctx: Context, call: Call): Promise<InitialAccessToken> {
  const token = await ctx.store.registrations.findToken(presentedDigest(ctx, call))
  if (token === undefined || token.expiresAt <= ctx.now() || token.used >= token.uses) throw refused(ctx, call)
  return token
}

/**
 * The client that a management request is for, if the registration access token is its own (RFC 7592 section 3). An unknown
 * client, the token of another one and a token whose time is over are told apart by nobody.
 */
export async function requireRegistration(ctx: Context, call: Call): Promise<PresentedRegistration> {
  const presented = presentedDigest(ctx, call)
  const clientId = call.request.path.slice(call.request.path.lastIndexOf('/') + 1)
  const registration = await ctx.store.registrations.find(clientId)
  if (registration === undefined) throw refused(ctx, call)
  const { tokenDigest, previous } = registration
  const current = equalInConstantTime(presented, tokenDigest)
  const before = previous !== undefined && previous.until > ctx.now() && equalInConstantTime(presented, previous.digest)
  const client = current || before ? await ctx.store.findClient(clientId) : undefined
  if (client === undefined || client.disabledAt !== undefined) throw refused(ctx, call)
  if (!current || previous === undefined) return { client, registration, presented }
  // The new token arrived, so the old one has done its work.
  await ctx.store.registrations.confirmToken(clientId, tokenDigest)
  return { client, registration: { ...registration, previous: undefined }, presented }
}
