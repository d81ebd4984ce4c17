import type { Context } from '../context.ts'
import type { IssuedTokens } from './issue.ts'
import type { TokenGrant } from './token-grant.ts'

/**
 * THE write: redeems what the grant is for and stores what was issued, together or not at all. False when somebody else
 * was faster or the authorization ended meanwhile; then nothing was written. A grant that redeems nothing writes
 * nothing, unless the token it gives is a handle.
 */
export async function commit(ctx: Context, grant: TokenGrant, issued: IssuedTokens): Promise<boolean> {
  if (grant.redemption.kind === 'none' && issued.records.accessToken === undefined) return true
  const won = await ctx.store.redeem(grant.redemption, issued.records, ctx.now())
  if (won) ctx.events.stored(issued.records.events)
  return won
}
