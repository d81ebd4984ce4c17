import type { IncomingMessage, Server as HttpServer, ServerOptions, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { closeLingering, endAfterAnswer } from '@sallyport/server/adapters/node'
import { CommandFailure, exitCode } from './failure.ts'
import { createServer } from './node-http.ts'
import { suites, type TlsMaterial } from './tls.ts'
import { createUnparsedReader, lastResponse, requestFrom, type ParserError } from './unparsed-request.ts'

export type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** What was wrong with bytes that never became a request. */
export type FramingFault = 'framing' | 'timeout' | 'size' | 'connections'

export type ListenerOptions = {
  /** Speak TLS with this certificate. */
  readonly tls?: TlsMaterial | undefined
  /** Ask clients for a certificate, and take any: whose it is, the server finds out (RFC 8705 section 2). */
  readonly clientCertificates?: boolean | undefined
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  /** True for peers that stand for many, such as proxies. */
  readonly stands?: ((address: string) => boolean) | undefined
  readonly onFault: (fault: FramingFault, address: string) => void
}

const maxHeaders = 100
const answers: Readonly<Record<FramingFault, string>> = {
  framing: '400 Bad Request',
  timeout: '408 Request Timeout',
  size: '431 Request Header Fields Too Large',
  connections: '503 Service Unavailable',
}

const faultOf = (error: NodeJS.ErrnoException): FramingFault => {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'size'
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timeout' : 'framing'
}

/** A plain answer, and the end of the connection: what follows on it must never be read as a request (HH-07). */
function refuseSocket(socket: Socket, fault: FramingFault, early = false): void {
  // Before there is TLS, nothing that is said would be understood.
  if (early) socket.destroy()
  if (socket.writable) socket.end(`HTTP/1.1 ${answers[fault]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  // A connection beyond the limit is not kept for a moment longer.
  if (fault === 'connections') socket.destroySoon()
  else closeLingering(socket)
}

/** Counts the connections of each address and closes those beyond the limit (IN-05). */
function limitConnections(server: HttpServer, options: ListenerOptions): void {
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    if (options.stands?.(address) === true) return
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left === 0) open.delete(address)
      else open.set(address, left)
    })
    if (count <= options.maxConnectionsPerAddress) return
    options.onFault('connections', address)
    refuseSocket(socket, 'connections', options.tls !== undefined)
  })
}

/** The answer that was begun last on each connection. */
type Latest = WeakMap<Socket, ServerResponse>

/** Runs `then` once everything that came before on the connection is answered; a request in parts never will be. */
function afterAnswers(latest: Latest, socket: Socket, then: () => void): void {
  const res = latest.get(socket)
  if (res === undefined || res.writableFinished || !res.req.complete) then()
  else res.once('finish', then)
}

/**
 * What node:http gives to no listener of requests. CONNECT, and methods that its parser does not know, the server answers
 * as it answers any wrong method (IN-10, HH-08); broken bytes get a plain refusal. Each in its turn, as the last answer of
 * the connection.
 */
function answerTheRest(server: HttpServer, options: ListenerOptions, latest: Latest, answer: Listener): void {
  const unparsed = createUnparsedReader()
  const refused = new WeakSet<Socket>()
  const refuse = (socket: Socket, fault: FramingFault): void => {
    options.onFault(fault, socket.remoteAddress ?? '')
    refuseSocket(socket, fault)
  }
  const answerLast = (req: IncomingMessage, socket: Socket): void => {
    const res = lastResponse(req, socket)
    if (res === undefined) refuse(socket, 'framing')
    else answer(req, res)
  }
  server.on('clientError', (error: ParserError, socket: Socket) => {
    // Nothing came in, or the peer is gone: nobody is there to be told.
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    // The parser complains of every further packet.
    if (refused.has(socket)) return
    const head = unparsed(error, socket)
    if (head === 'waiting') return
    refused.add(socket)
    afterAnswers(latest, socket, () => {
      if (typeof head === 'object') answerLast(requestFrom(head, socket), socket)
      else refuse(socket, head ?? faultOf(error))
    })
  })
  server.on('connect', (req: IncomingMessage, socket: Socket) => {
    // Node took its own limits off this connection.
    socket.on('error', () => socket.destroy())
    socket.setTimeout(server.timeout, () => socket.destroy())
    afterAnswers(latest, socket, () => {
      answerLast(req, socket)
    })
  })
}

const limits: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 16 * 1024,
  noDelay: true,
  // Refused by the server itself, with the request's id and an event.
  requireHostHeader: false,
}

/** node:https is loaded only where it is needed. */
function bareServer({ tls, clientCertificates = false }: ListenerOptions): HttpServer {
  if (tls === undefined) return createServer(limits)
  const https = process.getBuiltinModule('node:https')
  const server = https.createServer({
    ...limits,
    ...suites,
    ...tls,
    requestCert: clientCertificates,
    rejectUnauthorized: false,
    handshakeTimeout: 10_000,
    ALPNProtocols: ['http/1.1'],
  })
  // A handshake that fails is no request: nothing is answered, and it says nothing about anybody.
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
  return server
}

/**
 * The public HTTP server with every limit on slow, large and many: 10 s for headers, 20 s for a request, 16 KiB and 100
 * header fields. Requests that arrive before `serve` wait for it.
 */
export function createPublicListener(options: ListenerOptions): {
  server: HttpServer
  serve(listener: Listener): void
} {
  const server = bareServer(options)
  server.maxConnections = options.maxConnections
  server.maxRequestsPerSocket = 0
  // A peer that never reads its answer holds a connection for so long, twice at most, and no longer.
  server.timeout = 15_000
  server.on('drop', (data?: { readonly remoteAddress?: string }) => {
    options.onFault('connections', data?.remoteAddress ?? '')
  })
  limitConnections(server, options)
  let waiting: [IncomingMessage, ServerResponse][] | undefined = []
  let current: Listener = (req, res) => waiting?.push([req, res])
  const latest: Latest = new WeakMap()
  const answer: Listener = (req, res) => {
    latest.set(req.socket, res)
    if (req.rawHeaders.length > maxHeaders * 2) {
      options.onFault('size', req.socket.remoteAddress ?? '')
      endAfterAnswer(req)
      res.writeHead(431, { connection: 'close', 'content-length': 0 }).end()
      return
    }
    // While it stops, every answer is the last one of its connection.
    if (!server.listening) res.shouldKeepAlive = false
    current(req, res)
  }
  server.on('request', answer)
  // The server says no to what it cannot meet, with the request's id (RFC 9110 section 10.1.1).
  server.on('checkExpectation', answer)
  answerTheRest(server, options, latest, answer)
  return {
    server,
    serve: (listener) => {
      current = listener
      for (const [req, res] of waiting ?? []) listener(req, res)
      waiting = undefined
    },
  }
}

const listenOnce = (server: HttpServer, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, () => {
      server.removeListener('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })

const furthest = 20

/**
 * Listens; with `mayMove` on the next free port when the wanted one is taken, but on none that is `reserved` for another
 * listener of this process. Resolves the port.
 */
export async function listen(
  server: HttpServer,
  host: string,
  port: number,
  mayMove: boolean,
  reserved: readonly number[] = [],
): Promise<number> {
  for (let candidate = port; ; candidate++) {
    if (candidate !== port && reserved.includes(candidate)) continue
    try {
      return await listenOnce(server, candidate, host)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EADDRINUSE' && mayMove && candidate < port + furthest && candidate < 65_535) continue
      throw new CommandFailure(exitCode.failed, whyNot(code, host, candidate))
    }
  }
}

function whyNot(code: string | undefined, host: string, port: number): string {
  const place = `port ${port} on ${host}`
  if (code === 'EADDRINUSE') return `${place} is in use; choose another port or stop the program that has it`
  if (code === 'EACCES') return `${place} may not be used by this user; choose a port above 1023`
  if (code === 'EADDRNOTAVAIL') return `${host} is no address of this machine`
  return `${place} cannot be used (${code ?? 'unknown error'})`
}
