import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Connect, ConnectTarget, FetchRequest, FetchResult, OutboundOptions, Resolve } from '@sallyport/server'
import { onTestFinished } from 'vitest'
import { createFetcher } from '../../src/outbound/fetcher.ts'
import type { EventDraft } from '../../src/model/route.ts'

/** A host on the internet as a test plays it: what it sends to each connection, byte by byte. */
export type Host = (socket: Socket, request: string) => void

/** An answer with a body, as it goes over the wire. */
export const answer =
  (body: string, headers: readonly string[] = [], status = '200 OK'): Host =>
  (socket) => {
    const lines = [`HTTP/1.1 ${status}`, `content-length: ${Buffer.byteLength(body)}`, ...headers, '', body]
    socket.end(lines.join('\r\n'))
  }

export type LyingNetwork = {
  readonly fetch: (request: Partial<FetchRequest> & { readonly url: string }) => Promise<FetchResult>
  /** Every connection that was opened. */
  readonly connections: ConnectTarget[]
  /** Requests as they arrived. */
  readonly requests: string[]
  readonly events: EventDraft[]
  readonly lookups: string[]
  clock: { seconds: number }
}

type Facts = {
  readonly host?: Host
  /** Answers of the name server, one for each question; the last one is repeated. */
  readonly names?: readonly (readonly string[])[]
  readonly development?: boolean
  readonly options?: Partial<OutboundOptions>
}

/** A fetcher in a network where names lead where a test says and every connection ends at a listener that sees it. */
export async function lyingNetwork({ host, names, development, options }: Facts = {}): Promise<LyingNetwork> {
  const requests: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    let seen = ''
    socket.on('data', (part) => {
      seen += part.toString('latin1')
      if (!seen.includes('\r\n\r\n')) return
      requests.push(seen)
      ;(host ?? answer('{}'))(socket, seen)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const connections: ConnectTarget[] = []
  const lookups: string[] = []
  const events: EventDraft[] = []
  const clock = { seconds: 1_000_000 }
  const toListener: Connect = (target, signal) => {
    connections.push(target)
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, signal })
      socket.once('error', reject)
      socket.once('connect', () => resolve(socket))
    })
  }
  const resolve: Resolve = (name) => {
    lookups.push(name)
    const answers = names ?? [['93.184.215.14']]
    return Promise.resolve(answers[Math.min(lookups.length, answers.length) - 1] ?? [])
  }
  const fetcher = createFetcher(
    {
      events: {
        write: (draft) => {
          events.push(draft)
          return Promise.resolve()
        },
      },
      now: () => clock.seconds,
      development: development ?? false,
    },
    { connect: toListener, resolve, ...options },
  )
  return {
    fetch: (request) =>
      fetcher({ purpose: 'metadata_document', maxBytes: 5120, accept: 'application/json', ...request }),
    connections,
    requests,
    events,
    lookups,
    clock,
  }
}
