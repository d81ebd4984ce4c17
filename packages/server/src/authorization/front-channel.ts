import { appendToRedirectUri, formEncode } from '@sallyport/protocol'
import type { Context } from '../context.ts'
import type { Session } from '../model/interaction.ts'
import { sessionFor } from '../subjects.ts'

/** Frames on one page: more applications than anybody signs in to at one browser. */
const maxFrames = 50

/**
 * The addresses that the signed-out page loads so that applications forget the browser (Front-Channel Logout sections 2 and
 * 3, B-LOG-13). To be asked before the sessions end, since nothing of them is there afterwards.
 */
export async function logoutFrames(ctx: Context, ending: readonly Session[]): Promise<readonly string[]> {
  if (ending.length === 0) return []
  const frames = new Set<string>()
  for (const { sessionId, clientId } of await ctx.store.logouts.clientsOf(ending.map(({ id }) => id))) {
    const client = await ctx.clients.find(clientId)
    if (client?.frontchannelLogoutUri === undefined || client.disabledAt !== undefined) continue
    const uri = client.frontchannelLogoutUri
    const named = `iss=${formEncode(ctx.issuer)}&sid=${formEncode(sessionFor(ctx, client, sessionId))}`
    frames.add(client.frontchannelLogoutSessionRequired ? appendToRedirectUri(uri, named) : uri)
  }
  return [...frames].slice(0, maxFrames)
}

/** The origins that a page with these frames has to let in, and no others. */
export const frameSources = (frames: readonly string[]): readonly string[] => [
  ...new Set(frames.map((frame) => new URL(frame).origin)),
]
