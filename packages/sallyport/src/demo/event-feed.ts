import type { SecurityEvent } from '@sallyport/server'

/** The newest security events, for the pages of the demo. */
export type EventFeed = {
  add(event: SecurityEvent): void
  /** Newest first. */
  latest(count: number): readonly SecurityEvent[]
  /** The events of one request, oldest first. */
  ofRequest(requestId: string): readonly SecurityEvent[]
  /** Calls `listener` for every event from now on; the result stops it. */
  listen(listener: (event: SecurityEvent) => void): () => void
}

const kept = 500

/** Keeps the newest 500 events in memory; the store has them all. */
export function createEventFeed(): EventFeed {
  let events: SecurityEvent[] = []
  const listeners = new Set<(event: SecurityEvent) => void>()
  return {
    add: (event) => {
      events = [...events.slice(1 - kept), event]
      for (const listener of listeners) listener(event)
    },
    latest: (count) => events.slice(-count).reverse(),
    ofRequest: (requestId) => events.filter((event) => event.requestId === requestId),
    listen: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
