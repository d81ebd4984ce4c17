import { floor } from '@sallyport/protocol'
import type { Client } from '@sallyport/server'

/**
 * Until when a stopped agent has to stay stopped, while some token of it may still be unexpired: an access token that it got
 * for itself belongs to no grant that could be ended, so it would work again with the agent.
 */
export const restsUntil = ({ type, disabledAt }: Client, now: number): number | undefined => {
  if (type !== 'agent' || disabledAt === undefined) return undefined
  const until = disabledAt + floor.agentAccessTokenLifetime.max
  return until > now ? until : undefined
}
