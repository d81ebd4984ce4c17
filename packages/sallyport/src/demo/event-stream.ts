import type { ServerResponse } from 'node:http'
import type { Demo } from './demo.ts'
import type { EventFeed } from './event-feed.ts'
import { eventItem } from './pages/event-view.ts'

const maxStreams = 20
const heartbeat = 15_000

export type EventStreams = { open(res: ServerResponse): void; close(): void }

/** Sends security events to open pages as they happen (server-sent events); at most twenty pages at a time. */
export function createEventStreams(demo: Demo, feed: EventFeed): EventStreams {
  const streams = new Set<ServerResponse>()
  const send = (text: string): void => {
    for (const stream of streams) stream.write(text)
  }
  const stop = feed.listen((event) => {
    const html = eventItem(demo, event).toString()
    send(
      `${html
        .split('\n')
        .map((line) => `data: ${line}`)
        .join('\n')}\n\n`,
    )
  })
  const timer = setInterval(() => {
    send(': still here\n\n')
  }, heartbeat)
  timer.unref()
  return {
    open: (res) => {
      if (streams.size >= maxStreams) {
        res.writeHead(503, { 'retry-after': '10' }).end()
        return
      }
      res.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      res.write('retry: 2000\n\n')
      streams.add(res)
      res.on('close', () => streams.delete(res))
    },
    close: () => {
      stop()
      clearInterval(timer)
      for (const stream of streams) stream.end()
    },
  }
}
