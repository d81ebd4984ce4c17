import type { IncomingMessage, ServerResponse } from 'node:http'
import { BlockList, isIPv4, isIPv6, type Socket } from 'node:net'
import type { HttpFault, HttpRequest, HttpResponse } from '../model/http.ts'
import type { Server } from '../server.ts'
import { certificateSource, type CertificateOptions } from './client-certificate.ts'
import { closeLingering } from './close-lingering.ts'
import { peerOf, trusts } from './trusts.ts'

export { closeLingering }

export type NodeAdapterOptions = CertificateOptions & {
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-For` counts (A-GEN-06); empty: nobody's. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Told the peer whose forwarded headers were not believed (HH-02). */
  readonly onForwardedIgnored?: ((peer: string) => void) | undefined
  /** Told each answer before it is written: node keeps no headers that are written at once, as these are. */
  readonly onAnswer?: ((res: ServerResponse, answer: HttpResponse) => void) | undefined
}

/** Headers that must not be doubled: node keeps the first and drops the rest in silence. Proofs it joins, and two joined are none. */
const single = new Set(['authorization', 'content-type', 'content-length', 'host', 'content-encoding'])

const maxHeaders = 100

const isRead = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD'

/** A body that means nothing, and that a proxy may have taken for the next request (RFC 9110 section 9.3.1). */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0

/** Of a request of HTTP/1.1 nobody can say whom it is for (RFC 9112 section 3.2); older ones have no such field. */
const hostMissing = ({ httpVersion, headers }: IncomingMessage): boolean =>
  httpVersion === '1.1' && headers.host === undefined

function headerFault(req: IncomingMessage): HttpFault | undefined {
  const raw = req.rawHeaders
  if (raw.length > maxHeaders * 2) return 'header_count'
  let seen: Set<string> | undefined
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    // Two hosts are two requests for two readers (RFC 9112 section 3.2).
    if (seen?.has(name) === true) return name === 'host' ? 'framing' : 'header_duplicated'
    ;(seen ??= new Set()).add(name)
  }
  if (hostMissing(req) || (isRead(req) && hasBody(req))) return 'framing'
  const { expect } = req.headers
  return expect === undefined || expect.toLowerCase() === '100-continue' ? undefined : 'expectation'
}

function proxyList(ranges: readonly string[]): BlockList | undefined {
  if (ranges.length === 0) return undefined
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
    if (family === undefined) throw new TypeError(`trusted proxy ${range} is not an address or CIDR range`)
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

const forwarded = ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'forwarded']

/** The right-most hop that is not one of our own proxies; the socket's peer unless that is a proxy (HH-02). */
function clientAddress(
  req: IncomingMessage,
  list: BlockList | undefined,
  ignored: NodeAdapterOptions['onForwardedIgnored'],
): string {
  const peer = peerOf(req)
  if (list === undefined || !trusts(list, peer)) {
    if (ignored !== undefined && forwarded.some((name) => req.headers[name] !== undefined)) ignored(peer)
    return peer
  }
  const hops = String(req.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => hop.trim())
  for (let hop = hops.pop(); hop !== undefined; hop = hops.pop()) {
    if (!isIPv4(hop) && !isIPv6(hop)) return peer
    if (!trusts(list, hop)) return hop
  }
  return peer
}

/**
 * A `(req, res)` listener for node:http. Caps the body while reading, refuses doubled headers, copies nothing else: node's
 * own header object is the record.
 */
export function nodeListener(
  server: Server,
  options: NodeAdapterOptions = {},
): (req: IncomingMessage, res: ServerResponse) => void {
  const proxies = proxyList(options.trustedProxies ?? [])
  const certificateOf = certificateSource(options, proxies)
  const limit = server.maxBodyBytes
  // Connections that end with the answer to a request that was at fault: nothing behind it is read (HH-07).
  const ending = new WeakSet<Socket>()
  return (req, res) => {
    if (ending.has(req.socket)) return
    const url = req.url ?? '/'
    const mark = url.indexOf('?')
    const finish = (body: Uint8Array | undefined, fault: HttpFault | undefined): void => {
      const request: HttpRequest = {
        method: req.method ?? 'GET',
        path: mark === -1 ? url : url.slice(0, mark),
        query: mark === -1 ? '' : url.slice(mark + 1),
        headers: req.headers,
        body,
        remoteAddress: clientAddress(req, proxies, options.onForwardedIgnored),
        certificate: certificateOf?.(req),
        fault: fault ?? headerFault(req),
      }
      if (request.fault !== undefined) ending.add(req.socket)
      void server.handle(request).then((response) => {
        const last = request.fault !== undefined || response.status === 413
        if (last) endAfterAnswer(req)
        options.onAnswer?.(res, response)
        write(res, response, last)
      })
    }
    readBody(req, limit, finish)
  }
}

function readBody(
  req: IncomingMessage,
  limit: number,
  finish: (body: Uint8Array | undefined, fault: HttpFault | undefined) => void,
): void {
  if (isRead(req)) {
    finish(undefined, undefined)
    return
  }
  let only: Buffer | undefined
  let chunks: Buffer[] | undefined
  let length = 0
  let done = false
  const end = (fault: HttpFault | undefined): void => {
    if (done) return
    done = true
    finish(fault !== undefined ? undefined : chunks !== undefined ? Buffer.concat(chunks) : only, fault)
  }
  if (Number(req.headers['content-length'] ?? 0) > limit) {
    req.pause()
    end('size')
    return
  }
  req.on('data', (chunk: Buffer) => {
    if (done) return
    length += chunk.length
    if (length > limit) {
      req.pause()
      end('size')
    } else if (only === undefined) only = chunk
    else (chunks ??= [only]).push(chunk)
  })
  req.on('end', () => {
    end(undefined)
  })
}

/**
 * Makes the answer to a request the last one of its connection. What was cut off or is not to be trusted leaves bytes on it,
 * which must never be read as a request (HH-07).
 */
export function endAfterAnswer(req: IncomingMessage): void {
  const { socket } = req
  // What node:http does after the last answer of a connection.
  socket.destroySoon = () => {
    req.resume()
    closeLingering(socket)
  }
}

function write(res: ServerResponse, response: HttpResponse, last: boolean): void {
  const { status, headers, body } = response
  if (res.destroyed) return
  const flat: (string | readonly string[])[] = []
  for (const name in headers) flat.push(name, headers[name] ?? '')
  // The answer to a HEAD says how long the body would be.
  if (status !== 304 && status !== 204 && headers['content-length'] === undefined)
    flat.push('content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength))
  if (last) flat.push('connection', 'close')
  res.writeHead(status, flat as string[])
  res.end(body)
}
