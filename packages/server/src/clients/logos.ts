import { after, formEncode, sha256 } from '@sallyport/protocol'
import type { Call, Context } from '../context.ts'
import type { Client } from '../model/client.ts'
import { maxLogoBytes, type ClientLogo } from '../model/logo.ts'
import { documentStillAccepted } from './documents.ts'
import { readRaster } from './raster.ts'

/** Seconds for which a picture is served before it is fetched anew, and for which a failure is remembered. */
const lifetime = 30 * 86_400
const pause = 600
const maxFailures = 10_000

const failures = new WeakMap<Context, Map<string, number>>()

/** Where this server serves the picture of a client; another address of the picture gives another one. */
export const logoPath = ({ basePath }: Context, { id, logoUri }: Client): string | undefined =>
  logoUri === undefined
    ? undefined
    : `${basePath}/oauth2/client-logo?client_id=${formEncode(id)}&v=${sha256(logoUri).slice(0, 8)}`

function failuresOf(ctx: Context): Map<string, number> {
  let map = failures.get(ctx)
  if (map === undefined) failures.set(ctx, (map = new Map<string, number>()))
  return map
}

/**
 * The picture of a client: kept, or fetched by the server, so that no browser ever asks the client's host for it (A-DCR-11,
 * A-CIMD-12, DC-13). `undefined` where there is none to show.
 */
export async function clientLogo(ctx: Context, call: Call, client: Client): Promise<ClientLogo | undefined> {
  const { id, logoUri } = client
  if (logoUri === undefined || client.disabledAt !== undefined || !documentStillAccepted(ctx, client)) return undefined
  const now = ctx.now()
  const known = await ctx.store.logos.find(id, now)
  if (known?.uri === logoUri) return known
  const failed = failuresOf(ctx)
  const key = `${id} ${logoUri}`
  if ((failed.get(key) ?? 0) > now) return undefined
  const logo = await fetched(ctx, call, { id, logoUri })
  if (logo === undefined) {
    if (failed.size >= maxFailures) failed.delete(failed.keys().next().value ?? '')
    failed.set(key, now + pause)
    return undefined
  }
  failed.delete(key)
  await ctx.store.logos.save(logo)
  return logo
}

async function fetched(
  ctx: Context,
  call: Call,
  { id, logoUri }: { readonly id: string; readonly logoUri: string },
): Promise<ClientLogo | undefined> {
  const answer = await ctx.fetch({
    purpose: 'logo',
    url: logoUri,
    maxBytes: maxLogoBytes,
    accept: 'image/png, image/jpeg, image/webp',
    source: { requestId: call.id, network: call.network },
  })
  if (!answer.ok || answer.status !== 200) return undefined
  const raster = readRaster(answer.body)
  // A host that calls it something else does not know what it serves.
  if (raster === undefined || raster.mediaType !== answer.contentType) return undefined
  return {
    clientId: id,
    uri: logoUri,
    mediaType: raster.mediaType,
    bytes: raster.bytes,
    expiresAt: after(ctx.now(), lifetime),
  }
}
